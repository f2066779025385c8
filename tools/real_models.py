"""Holds schemadiff to the models of well-known packages: create_all is followed by silence, apply does the same.

    make real-models
    .venv/bin/python -m tools.real_models [--package NAME]... [--engine NAME]...

Each package gets an environment of its own in the project's cache folder, since no two of them agree on their
dependencies, with this checkout in it. For each engine two empty databases are made, on the servers that the tests
use: create_all fills one, and check must be quiet there; plan and apply fill the other, which must then be defined as
the first. Where create_all itself is refused there is nothing to compare, and the reason is printed.

Some 450 packages are downloaded the first time (3 GB on disk); after that a run takes some minutes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.databases import Databases
from tests.servers.fleet import Fleet
from tools.cached_environment import PROJECT, python_of
from tools.install_servers import ENGINES as SERVERS
from tools.model_judge import Assignment, Verdict

ENGINES = ("sqlite", *SERVERS)
JUDGE_SECONDS = 1200


@dataclasses.dataclass(frozen=True)
class Package:
    """A package of the index and where its models are; see `Assignment`.

    ``part`` tells two databases of one package apart. By engine, ``settings`` are variables of the environment that the
    models look at.
    """

    name: str
    version: str
    models: tuple[str, ...]
    imports: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    part: str | None = None

    @property
    def title(self) -> str:
        """The package's name in the table."""
        return f"{self.name} ({self.part})" if self.part else self.name

    @property
    def requirement(self) -> str:
        """The requirement for pip."""
        return f"{self.name}=={self.version}"


_KEYSTONE = """
    application_credential.backends.sql assignment.backends.sql assignment.role_backends.sql_model
    catalog.backends.sql credential.backends.sql endpoint_policy.backends.sql federation.backends.sql
    identity.backends.sql_model identity.mapping_backends.sql identity.shadow_backends.sql limit.backends.sql
    oauth1.backends.sql policy.backends.sql resource.backends.sql_model resource.config_backends.sql
    revoke.backends.sql trust.backends.sql
"""

_MYSQLS = ("mysql", "mariadb")

PACKAGES = (
    Package("nova", "34.0.0", ("nova.db.main.models:BASE",)),
    Package("nova", "34.0.0", ("nova.db.api.models:BASE",), part="api"),
    Package("cinder", "29.0.0", ("cinder.db.models:BASE",)),
    Package("neutron", "29.0.0", ("neutron.db.migration.models.head:get_metadata",)),
    Package(
        "keystone",
        "30.0.0",
        ("keystone.common.sql.core:ModelBase",),
        tuple(f"keystone.{module}" for module in _KEYSTONE.split()),
    ),
    Package("galaxy-data", "26.1.2", ("galaxy.model:mapper_registry",)),
    Package(
        "apache-airflow-core",
        "3.3.2",
        ("airflow.models.base:Base",),
        ("airflow.models:import_all_models",),
        {engine: {"AIRFLOW__DATABASE__SQL_ENGINE_COLLATION_FOR_IDS": "utf8mb3_bin"} for engine in _MYSQLS},
    ),
    Package("buildbot", "4.3.0", ("buildbot.db.model:Model",)),
    Package(
        "aiida-core",
        "2.9.4",
        ("aiida.storage.psql_dos.models.base:Base",),
        ("aiida.storage.psql_dos.orm",),
    ),
)


def environment_of(package: Package) -> Path:
    """The Python of the package's environment, which is made when it is not there for this version."""
    return python_of(f"real_models/{package.name}", "postgresql", package.requirement)


def judge(package: Package, engine: str, databases: Databases) -> Verdict:
    """Return the verdict on the package's models on one engine; raises `CalledProcessError` when they could not be
    loaded.
    """
    python = environment_of(package)
    with (
        tempfile.TemporaryDirectory() as home,
        _database(engine, databases, home, "created") as created,
        _database(engine, databases, home, "planned") as planned,
    ):
        assignment, verdict = Path(home, "assignment.json"), Path(home, "verdict.json")
        given = Assignment(package.imports, package.models, created, planned)
        assignment.touch(0o600)  # the URLs may hold a password
        assignment.write_text(json.dumps(dataclasses.asdict(given)))
        subprocess.run(
            [python, "-W", "ignore", "-m", "tools.model_judge", assignment, verdict],
            cwd=PROJECT,
            # Some packages write a configuration into the home folder when they are imported.
            env={**os.environ, "HOME": home, "AIRFLOW_HOME": home, **package.settings.get(engine, {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=JUDGE_SECONDS,
            check=True,
        )
        found = json.loads(verdict.read_text())
    return Verdict(**{**found, "differences": tuple(found["differences"])})


@contextmanager
def _database(engine: str, databases: Databases, folder: str, name: str) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/{name}.sqlite"
        return
    url = databases.create(engine)
    try:
        yield url
    finally:
        databases.drop(engine, url)


def outcome(verdict: Verdict) -> str:
    """A verdict in a few words."""
    if verdict.refused is not None:
        return "refused"
    match len(verdict.differences):
        case 0:
            return "quiet"
        case 1:
            return "1 difference"
        case count:
            return f"{count} differences"


def report(verdicts: Mapping[tuple[str, str], Verdict]) -> str:
    """The table, package by engine, and under it each reason and each difference in full."""
    engines = list(dict.fromkeys(engine for _, engine in verdicts))
    rows = [("package", "SQLAlchemy", "tables", "columns", *engines)]
    for package in dict.fromkeys(package for package, _ in verdicts):
        own = {engine: verdicts[package, engine] for engine in engines if (package, engine) in verdicts}
        one = next(iter(own.values()))
        outcomes = [outcome(own[engine]) if engine in own else "-" for engine in engines]
        rows.append((package, one.sqlalchemy, str(one.tables), str(one.columns), *outcomes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    for (package, engine), verdict in verdicts.items():
        said = list(verdict.differences)
        if verdict.refused is not None:
            said.insert(0, f"create_all is refused: {verdict.refused}")
        if said:
            lines += ["", f"{package} on {engine}:", *(textwrap.indent(line, "  ") for line in said)]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Judge the packages named, all where none is; return 1 when a difference was found, 2 for other trouble."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.real_models", description=str(__doc__).partition("\n")[0]
    )
    names = list(dict.fromkeys(package.name for package in PACKAGES))
    parser.add_argument("--package", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--engine", action="append", choices=ENGINES, metavar="NAME", help=", ".join(ENGINES))
    chosen = parser.parse_args(arguments)
    packages = [package for package in PACKAGES if package.name in (chosen.package or names)]
    return _run(packages, chosen.engine or ENGINES)


def _run(packages: Iterable[Package], engines: Sequence[str]) -> int:
    verdicts: dict[tuple[str, str], Verdict] = {}
    fleet = Fleet()
    databases = Databases(fleet.url)
    failed = False
    try:
        for package in packages:
            environment_of(package)
            for engine in engines:
                print(f"{package.title} {package.version} on {engine}: ", end="", flush=True)
                try:
                    verdicts[package.title, engine] = judge(package, engine, databases)
                except subprocess.CalledProcessError as error:
                    failed = True
                    print(f"failed\n{textwrap.indent((error.stderr or '')[-3000:], '  ')}", flush=True)
                else:
                    print(outcome(verdicts[package.title, engine]), flush=True)
    finally:
        databases.close()
        fleet.stop()
    if verdicts:
        print(f"\n{report(verdicts)}")
    return 2 if failed else int(any(verdict.differences for verdict in verdicts.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
