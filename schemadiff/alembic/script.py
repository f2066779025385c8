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
    made = [[Unknown(one.words)] if isinstance(one, Unread) else changes_of(one) for one in statements]
    batches = [one.batch if isinstance(one, Call) else None for one in statements]
    rebuilt = {one.batch for one in _blocks(batches, made) if _is_rebuilt(one, copies)}
    for number, (statement, changes, batch) in enumerate(zip(statements, made, batches, strict=True), 1):
        words = statement.words if isinstance(statement, Unread) else words_of(statement, changes)
        operations.append(Operation(number, statement.line, words))
        effects += [
            Effect(one, number, batch if batch in rebuilt and not isinstance(one, MakeIndex) else None)
            for one in changes
        ]
    return Script(tuple(operations), tuple(_in_order(effects, batches, rebuilt)))


@dataclass(frozen=True, slots=True)
class _Block:
    batch: Batch
    changes: tuple[Change, ...]


def _blocks(batches: Iterable[Batch | None], made: Iterable[Sequence[Change]]) -> Iterator[_Block]:
    blocks: dict[Batch, list[Change]] = {}
    for batch, changes in zip(batches, made, strict=True):
        if batch is not None:
            blocks.setdefault(batch, []).extend(changes)
    for batch, together in blocks.items():
        yield _Block(batch, tuple(together))


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
    effects: Sequence[Effect], batches: Sequence[Batch | None], rebuilt: Collection[Batch]
) -> Iterator[Effect]:
    """The effects as Alembic carries them out: where a batch copies the table, indexes come last."""
    late: list[Effect] = []
    current: Batch | None = None
    for one in effects:
        batch = batches[one.operation - 1]
        if batch != current:
            yield from late
            late, current = [], batch
        if batch in rebuilt and isinstance(one.change, MakeIndex):
            late.append(one)
        else:
            yield one
    yield from late
