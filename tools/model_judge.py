"""Holds schemadiff to one package's own models, in that package's environment: real_models.py runs it there.

    python -m tools.model_judge ASSIGNMENT VERDICT

Both are JSON files. A package may print what it likes when it is imported, so nothing is said on standard output.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected, open_engine
from schemadiff.dialects.shared.driver_errors import server_words
from schemadiff.models.loading import load_models
from schemadiff.models.reader import read
from tests.definitions import definitions, names_in


@dataclasses.dataclass(frozen=True)
class Assignment:
    """The models to load, and two empty databases: one for create_all, one for schemadiff.

    ``imports`` are modules, and functions as ``module:function``, that register the models before ``models``
    (``module:attribute``, as schemadiff takes it) is looked at.
    """

    imports: tuple[str, ...]
    models: tuple[str, ...]
    created: str
    planned: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """``refused`` is the server's or SQLAlchemy's reason why create_all failed; nothing was compared then."""

    sqlalchemy: str
    tables: int = 0
    columns: int = 0
    refused: str | None = None
    differences: tuple[str, ...] = ()


def judge(assignment: Assignment) -> Verdict:
    """Return what create_all, check, plan, apply and rollback make of the models."""
    for name in assignment.imports:
        module, _, function = name.partition(":")
        imported = importlib.import_module(module)
        if function:
            getattr(imported, function)()
    models = tuple(one for path in assignment.models for one in load_models(path))
    tables = [table for one in models for table in one.tables.values()]
    verdict = Verdict(sa.__version__, len(tables), sum(len(table.columns) for table in tables))
    if (refused := _create_all(assignment.created, models)) is not None:
        return dataclasses.replace(verdict, refused=refused)
    return dataclasses.replace(verdict, differences=tuple(_differences(assignment, models)))


def _create_all(url: str, models: Sequence[sa.MetaData]) -> str | None:
    """Why it was refused, or ``None``."""
    engine = open_engine(url)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, about cycles of foreign keys
            for one in models:
                one.create_all(engine)
    except sa.exc.DBAPIError as error:
        return f"{server_words(error)}: {' '.join((error.statement or '').split())[:60]} ..."
    except sa.exc.SQLAlchemyError as error:
        return str(error).splitlines()[0]
    finally:
        engine.dispose()
    return None


def _differences(assignment: Assignment, models: Sequence[sa.MetaData]) -> Iterator[str]:
    created, planned = open_engine(assignment.created), open_engine(assignment.planned)
    with tempfile.TemporaryDirectory() as directory:
        versions = Path(directory, "versions")
        try:
            yield from _drift("create_all, then check", schemadiff.check(created, models, versions))
            with connected(created) as (_, dialect):
                given = names_in(read(models, dialect))
            nothing = definitions(planned, given)
            schemadiff.plan(planned, models, versions, message="all of it")
            schemadiff.apply(planned, versions)
            yield from _drift("plan, apply, then check", schemadiff.check(planned, models, versions))
            made, wanted = definitions(planned, given), definitions(created, given)
            yield from unlike("made by apply", made, "made by create_all", wanted)
            schemadiff.rollback(planned, versions, to=0, allow=["all"])
            yield from unlike("left by rollback", definitions(planned, given), "there before", nothing)
        except schemadiff.SchemadiffError as error:
            yield f"{type(error).__name__}: {error}"
        finally:
            created.dispose()
            planned.dispose()


def _drift(when: str, drift: schemadiff.Drift) -> Iterator[str]:
    for operation in (*drift.missing, *drift.drifted):
        yield f"{when}: {operation.describe()}"
    for thing in drift.unsupported:
        yield f"{when}: cannot be represented: {thing}"


def unlike(what: str, found: dict[str, list[str]], other: str, wanted: dict[str, list[str]]) -> Iterator[str]:
    """The lines in which the tables of the two databases differ."""
    for name in sorted(found.keys() | wanted.keys()):
        lines = difflib.unified_diff(wanted.get(name, []), found.get(name, []), lineterm="", n=0)
        for line in list(lines)[2:]:
            if not line.startswith("@@"):
                yield f"{name}: {what if line.startswith('+') else other}: {line[1:]}"
        if name not in found or name not in wanted:
            yield f"{name}: only in what was {what if name in found else other}"


def main(assignment: str, verdict: str) -> None:
    """Reads the one file and writes the other."""
    given = json.loads(Path(assignment).read_text())
    lists = {name: tuple(given[name]) for name in ("imports", "models")}
    found = judge(Assignment(**{**given, **lists}))
    Path(verdict).write_text(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
