"""The Flask extension: ``Migrate(app, db)``, the commands of ``flask db``, and the same as functions.

    db = SQLAlchemy()
    app = Flask(__name__)
    db.init_app(app)
    Migrate(app, db)

Each command is the one of `schemadiff` that does the same, on the application's database and models, under the names
that Flask-Migrate's users know. The functions do what the commands do, in an application context, and raise the errors
of `schemadiff` where a command exits.

surface        what each command, option and keyword of Flask-Migrate becomes
extension      Migrate
commands       the commands of flask db
functions      the same as functions
calls          one call of either: what was given becomes a project and options
binds          the databases of an application
targets        head, base, -1, +2, 1:3
own_work       what no command of schemadiff does: init, heads, edit, list-templates
project        the project of the current application
configuration  what the functions of @migrate.configure are given
speech         texts in the words of flask db
"""

from __future__ import annotations

try:
    import flask as flask
except ModuleNotFoundError as error:
    raise ImportError(
        f'schemadiff.flask needs Flask, and "{error.name}" is not installed: '
        "pip install 'sqlalchemy-schemadiff[flask]'"
    ) from None

from schemadiff.flask.commands import db_commands
from schemadiff.flask.extension import Migrate
from schemadiff.flask.functions import (
    branches,
    check,
    current,
    downgrade,
    edit,
    heads,
    history,
    init,
    list_templates,
    merge,
    migrate,
    revision,
    show,
    stamp,
    upgrade,
)

__all__ = [
    "Migrate",
    "branches",
    "check",
    "current",
    "db_commands",
    "downgrade",
    "edit",
    "heads",
    "history",
    "init",
    "list_templates",
    "merge",
    "migrate",
    "revision",
    "show",
    "stamp",
    "upgrade",
]
