"""A new operation has to be thought of wherever operations are told apart: no match lets it through in silence."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import get_args

from schemadiff.operations import Operation
from tests.test_imports import PACKAGE, SOURCES, imports, parsed

NAMES = {kind.__name__ for kind in get_args(Operation)}

SILENT = {
    # What a column, a table or a key does to others; the rest leaves them as they are.
    "dialects/postgresql/sql/enums.py:_leaving",
    "dialects/postgresql/sql/enums.py:_texts",
    "dialects/sqlite/sql/rowids.py:_tables",
    "planning/mentions.py:_taking",
    "planning/replay.py:after",
    "revisions/database_defaults.py:say",
    # What one server does not do in one statement, or not without more; the rest it does.
    "dialects/mysql/online/cost_groups.py:_kind",
    "dialects/mysql/sql/one_alter.py:_brings",
    "dialects/mysql/sql/one_alter.py:_drops_target",
    "dialects/mysql/sql/one_alter.py:_may_copy",
    "dialects/mysql/sql/one_alter.py:joins",
    "dialects/mysql/sql/virtual_columns.py:leaves_rebuilt",
    "dialects/postgresql/online/concurrently.py:_sort",
    "dialects/postgresql/online/leftovers.py:retraction",
    "dialects/postgresql/online/lock_levels.py:_method",
    "dialects/postgresql/sql/alter_table.py:_fits",
    "dialects/postgresql/sql/alter_table.py:statements",
    "dialects/sqlite/sql/alter.py:_native",
    "dialects/sqlite/sql/alter.py:_rebuild",
    "dialects/sqlite/sql/alter.py:statements",
    # What is resolved by the live schema; the rest says all by itself.
    "dialects/mysql/sql/live_names.py:resolved",
    "planning/live_names.py:find_drops",
    "planning/live_names.py:forget_names",
    # The last case raises, or says no to what it cannot know.
    "dialects/mysql/sql/alter.py:add",
    "dialects/postgresql/sql/alter_table.py:_stretch",
    "execute/live_schema.py:_stands_alone",
    "execute/live_schema.py:is_opaque",
    "planning/grouping.py:_is_apart",
    "planning/planner.py:is_done",
    "planning/planner.py:plan",
}
"""Functions whose match on three or more operations ends in a ``case _`` that is silent. The list only shrinks: ask
`operations.subject` what an operation is about, or end in `assert_never`.
"""


def matches(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Match]]:
    """Yield the matches below a node, each with the name of the function that it stands in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Match):
            yield function, node
        yield from matches(node, node.name if isinstance(node, ast.FunctionDef) else function)


def told_apart(match: ast.Match, others: Collection[str] = ()) -> set[str]:
    """Return the names of the operations that stand in the patterns of the match. `others` are modules and classes of
    the same names that are none.
    """
    patterns = (node for case in match.cases for node in ast.walk(case.pattern))
    classes = (ast.unparse(node.cls) for node in patterns if isinstance(node, ast.MatchClass))
    return {name.rpartition(".")[2] for name in classes if name.partition(".")[0] not in others} & NAMES


def effects(module: str) -> set[str]:
    """Return how a module calls the effects of Alembic's revisions, which have the names of operations."""
    room = "schemadiff.alembic.effects"
    names = {name.rpartition(".")[2] for _, name in imports(module) if name.startswith(f"{room}.")}
    return names | ({"fx"} if any(name == room for _, name in imports(module)) else set())


def is_silent(match: ast.Match) -> bool:
    """Return whether the last case takes whatever is left, without `assert_never`."""
    last = match.cases[-1]
    takes_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
    return takes_all and "assert_never" not in ast.unparse(last)


def test_no_match_lets_an_operation_through_in_silence() -> None:
    silent = {
        f"{path.relative_to(PACKAGE).as_posix()}:{name}"
        for module, path in SOURCES.items()
        for name, match in matches(parsed(path))
        if len(told_apart(match, effects(module))) > 2 and is_silent(match)
    }
    assert not silent - SILENT, "ask operations.subject, or end the match in assert_never"
    assert not SILENT - silent, "take these off the list"


def test_a_match_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    last = "        case _:\n            {}\n"
    cases = "".join(f"        case {name}():\n            pass\n" for name in sorted(NAMES)[:3])
    for body, silent in (("pass", True), ("assert_never(operation)", False)):
        path.write_text(f"def told(operation):\n    match operation:\n{cases}{last.format(body)}")
        ((name, match),) = matches(parsed(path))
        assert (name, told_apart(match), is_silent(match)) == ("told", set(sorted(NAMES)[:3]), silent)
