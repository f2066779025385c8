"""The statements of one function of an Alembic revision file -> their effects, in Alembic's order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from schemadiff.alembic.effects import (
    AddColumn,
    Change,
    DropIndex,
    Effect,
    MakeIndex,
    Operation,
    Script,
    Unknown,
)
from schemadiff.alembic.migration import Batch, Call, Statement, Unread
from schemadiff.alembic.verbs import changes_of, words_of


def script(statements: Sequence[Statement], copies: bool) -> Script:
    """Return the operations and effects of the statements. ``copies`` says whether Alembic copies a table in a batch
    that does more than add plain columns and indexes.
    """
    operations: list[Operation] = []
    effects: list[Effect] = []
    rebuilt = {one.batch for one in _batches(statements) if _is_rebuilt(one, copies)}
    for number, statement in enumerate(statements, 1):
        if isinstance(statement, Unread):
            changes: list[Change] = [Unknown(statement.words)]
            words = statement.words
        else:
            changes, words = changes_of(statement), words_of(statement)
        batch = statement.batch if isinstance(statement, Call) else None
        operations.append(Operation(number, statement.line, words))
        effects += [
            Effect(one, number, batch if batch in rebuilt and not isinstance(one, MakeIndex) else None)
            for one in changes
        ]
    return Script(tuple(operations), tuple(_in_order(effects, statements, rebuilt)))


@dataclass(frozen=True, slots=True)
class _Block:
    batch: Batch
    changes: tuple[Change, ...]


def _batches(statements: Iterable[Statement]) -> Iterator[_Block]:
    blocks: dict[Batch, list[Change]] = {}
    for one in statements:
        if isinstance(one, Call) and one.batch is not None:
            blocks.setdefault(one.batch, []).extend(changes_of(one))
    for batch, changes in blocks.items():
        yield _Block(batch, tuple(changes))


def _is_rebuilt(block: _Block, copies: bool) -> bool:
    """Whether Alembic copies the table, as its SQLite implementation decides (`requires_recreate_in_batch`)."""
    if block.batch.recreate != "auto":
        return block.batch.recreate == "always"
    return copies and not all(map(_is_plain, block.changes))


def _is_plain(change: Change) -> bool:
    match change:
        case MakeIndex() | DropIndex():
            return True
        case AddColumn(column=column):
            default = column.server_default
            if isinstance(default, sa.Computed):
                return not default.persisted
            return not isinstance(getattr(default, "arg", None), sa.ClauseElement)
        case _:
            return False


def _in_order(
    effects: Sequence[Effect], statements: Sequence[Statement], rebuilt: Collection[Batch]
) -> Iterator[Effect]:
    """The effects as Alembic carries them out: where a batch copies the table, indexes come last."""
    late: list[Effect] = []
    current: Batch | None = None
    for one in effects:
        statement = statements[one.operation - 1]
        batch = statement.batch if isinstance(statement, Call) else None
        if batch != current:
            yield from late
            late, current = [], batch
        if batch in rebuilt and isinstance(one.change, MakeIndex):
            late.append(one)
        else:
            yield one
    yield from late
