"""Writes tests/flask_migrate_surface.json: the names in Flask-Migrate's surface, as it tells them itself.

    .venv/bin/python -m tools.flask_migrate_surface

It is installed into an environment of its own. Kept are names and defaults alone: the commands of `flask db` with their
options and arguments, the functions with their parameters, the keywords of `Migrate` and of Alembic's ``configure()``.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tools.cached_environment import python_of

REQUIREMENTS = ("flask-migrate==4.1.0", "alembic==1.20.1")
TARGET = Path(__file__).resolve().parent.parent / "tests" / "flask_migrate_surface.json"

ASK = """
import inspect, json
import click, flask_migrate
from alembic.runtime.environment import EnvironmentContext
from flask_migrate.cli import db

def parameters(function):
    found = inspect.signature(function).parameters.values()
    return {
        one.name: None if one.default is one.empty else one.default
        for one in found
        if one.name != "self" and one.kind is not one.VAR_KEYWORD
    }

def options(command):
    return {
        one.name: {"flags": one.opts, "takes_value": not one.is_flag}
        for one in command.params
        if isinstance(one, click.Option)
    }

def described(command):
    arguments = {one.name: one.default for one in command.params if isinstance(one, click.Argument)}
    named = {name: value if isinstance(value, str) else None for name, value in arguments.items()}
    return {"options": options(command), "arguments": named}

print(json.dumps({
    "group": options(db),
    "commands": {name: described(one) for name, one in db.commands.items()},
    "functions": {
        name.replace("-", "_"): parameters(getattr(flask_migrate, name.replace("-", "_"))) for name in db.commands
    },
    "migrate": parameters(flask_migrate.Migrate.__init__),
    "init_app": parameters(flask_migrate.Migrate.init_app),
    "methods": [name for name in vars(flask_migrate.Migrate) if not name.startswith("_")],
    "configure": sorted(parameters(EnvironmentContext.configure)),
}))
"""


def main() -> None:
    """Asks and writes."""
    python = python_of("flask_migrate_surface", "flask", *REQUIREMENTS)
    told = subprocess.run([str(python), "-c", ASK], check=True, capture_output=True, text=True).stdout
    found = {"of": list(REQUIREMENTS), **json.loads(told)}
    TARGET.write_text(f"{json.dumps(found, indent=1)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
