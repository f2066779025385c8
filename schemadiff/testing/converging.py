"""Models, and what they become, taken forth and back on a database: what must hold of any of them.

An empty database is taken to the first models, to the second and back by the same calls that the commands make. On the
way it has to be as a fresh ``create_all`` of the models, by what the server itself says, and ``check`` has to agree.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import hypothesis
import sqlalchemy as sa

from schemadiff.commands.apply import apply, rollback
from schemadiff.commands.check import check
from schemadiff.commands.plan import plan

Definitions = Mapping[str, Sequence[str]]
"""The tables as the server has them, each in lines whose order does not count."""


class Databases(NamedTuple):
    """Three empty databases: for ``create_all`` of the first models, of the second ones, and for revisions."""

    before: sa.Engine
    after: sa.Engine
    revised: sa.Engine


class Models(NamedTuple):
    """Models, and a function that says what the server has of them, so that names which it made up do not count."""

    metadata: sa.MetaData
    definitions: Callable[[sa.Engine], Definitions]


def create_all(database: sa.Engine, metadata: sa.MetaData) -> None:
    """Creates the tables of random models; what the server itself refuses is no example."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, about cycles of foreign keys
            metadata.create_all(database)
    except (sa.exc.DBAPIError, sa.exc.CompileError, sa.exc.CircularDependencyError) as error:
        hypothesis.event(f"create_all is refused: {str(error).splitlines()[0][:90]}")
        hypothesis.reject()


def converge(
    databases: Databases,
    before: Models,
    after: Models,
    versions: Path,
    between: Callable[[sa.Engine], object] = lambda _: None,
) -> None:
    """Takes `databases.revised` to the models before, to those after, and back; the other two are created already.
    `between` is called with it before the second models, after them, and when they are rolled back.

    Raises `AssertionError`, which says what is otherwise.
    """
    database = databases.revised
    for fresh, models in ((databases.before, before), (databases.after, after)):
        drift = check(fresh, models.metadata, versions)
        assert not drift, f"create_all then check: {drift}"
    fresh_before = before.definitions(databases.before)
    fresh_after = after.definitions(databases.after)

    _plan(database, before.metadata, versions)
    apply(database, versions, allow=["all"])
    expect_same(before.definitions(database), fresh_before, "revision 1 is not as create_all")
    between(database)

    missing = check(database, after.metadata, versions).missing
    planned = _plan(database, after.metadata, versions)
    assert bool(missing) == planned, f"check and plan disagree: {missing}"
    if not planned:
        expect_same(after.definitions(database), fresh_after, "the plan was blind")
    else:
        apply(database, versions, allow=["all"])
        drift = check(database, after.metadata, versions)
        assert not drift, f"apply then check: {drift}"
        expect_same(after.definitions(database), fresh_after, "revision 2 is not as create_all")
        between(database)
        rollback(database, versions, allow=["all"])
        drifted = check(database, after.metadata, versions).drifted
        assert not drifted, f"drift after rollback: {drifted}"
        expect_same(before.definitions(database), fresh_before, "rolled back is not as before")
        between(database)

    rollback(database, versions, to=0, allow=["all"])
    expect_same(before.definitions(database), {}, "something is left")


def expect_same(found: Definitions, wanted: Definitions, otherwise: str) -> None:
    """Raises `AssertionError` with the lines that differ."""
    if found != wanted:
        lines = difflib.unified_diff(_lines(wanted), _lines(found), "wanted", "found", lineterm="", n=0)
        raise AssertionError("\n".join([otherwise, *lines]))


def _plan(database: sa.Engine, metadata: sa.MetaData, versions: Path) -> bool:
    """Whether a revision was written; it says what was planned."""
    planned = plan(database, metadata, versions, message="change", no_renames=True)
    assert not planned.found
    return planned.path is not None


def _lines(tables: Definitions) -> list[str]:
    return [f"{name}: {line}" for name in sorted(tables) for line in tables[name]]
