"""Effects of an Alembic revision -> schemadiff's operations on a live schema: those that are left, or what undoes those
that are done. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from schemadiff.alembic import effects as fx
from schemadiff.alembic.columns import changed
from schemadiff.alembic.effects import Change
from schemadiff.alembic.facts import constraint_of, index_of
from schemadiff.dialects import Dialect
from schemadiff.errors import ReplayError, UnsupportedError
from schemadiff.operations import Operation
from schemadiff.operations import tables as ops
from schemadiff.revisions.recorder import Recorder
from schemadiff.schema import Column, Constraint, Index, Table


class AlembicRecorder(Recorder):
    """Records what Alembic's verbs do, on a schema that is live: what is dropped is what is there."""

    def take(self, operations: Iterable[Operation]) -> None:
        """Records operations as they are."""
        for one in operations:
            self._record(one)

    def do(self, change: Change) -> None:
        """Records one effect. Raises `ReplayError` where it does not fit, `UnsupportedError` for what is unknown."""
        match change:
            case fx.MakeTable(table=(name, schema), elements=elements, options=options):
                self.create_table(name, *elements, schema=schema, **options)
            case fx.DropTable(table=name):
                self._record(ops.DropTable(self._live(name)))
            case fx.RenameTable(table=before, after=after):
                self._record(ops.RenameTable(self._dialect.named(*before), self._dialect.named(*after)))
            case fx.CommentTable(table=name, comment=comment):
                self._comment(self._live(name), comment)
            case fx.AddColumn(table=(name, schema), column=column):
                self.add_column(name, column, schema=schema)
            case fx.DropColumn(table=place, name=gone):
                table = self._live(place)
                self._record(ops.DropColumn(table.name, self._column(table, gone)))
            case fx.RenameColumn(table=(name, schema), name=before_name, after=after_name):
                self.rename_column(name, before_name, after_name, schema=schema)
            case fx.AlterColumn(table=place, name=called, to=to):
                self._alter(self._live(place), called, to)
            case fx.MakeIndex(table=(name, schema)):
                self.create_index(name, change.make(), schema=schema)
            case fx.DropIndex(table=place_or_none, name=called):
                self._drop_index(place_or_none, called)
            case fx.AddConstraint(table=(name, schema)):
                self.add_constraint(name, change.make(), schema=schema)
            case fx.DropConstraint(table=place, name=called_or_none, kind=kind):
                table = self._live(place)
                self._drop_constraint(table, constraint_of(table, called_or_none, kind), called_or_none)
            case fx.Execute(sql=sql):
                self.execute(sql)
            case fx.Insert():
                for sql in insertions(change, self._dialect):
                    self.execute(sql)
            case fx.Unknown(words=words):
                raise UnsupportedError(words)

    def undo(self, change: Change, back: Sequence[Change]) -> None:
        """Records what undoes an effect; `back` is what the file's ``downgrade`` does. Raises `UnsupportedError` where
        nobody says what was there before.
        """
        match change:
            case fx.MakeTable(table=name):
                self.do(fx.DropTable(name))
            case fx.RenameTable(table=before, after=after):
                self.do(fx.RenameTable(after, before))
            case fx.AddColumn(table=name, column=column):
                self.do(fx.DropColumn(name, column.name))
            case fx.RenameColumn(table=name, name=before_name, after=after_name):
                self.do(fx.RenameColumn(name, after_name, before_name))
            case fx.MakeIndex(table=name, name=called):
                self.do(fx.DropIndex(name, called))
            case fx.AddConstraint(table=name, name=called_or_none, kind=kind) if (
                called_or_none or kind == "primary"
            ):
                self.do(fx.DropConstraint(name, called_or_none, kind))
            case fx.AddConstraint(table=(name, schema)):
                self.drop_constraint(name, change.make(), schema=schema)
            case fx.CommentTable(table=name, was=was) if was is not fx.UNSAID:
                self.do(fx.CommentTable(name, was))
            case fx.AlterColumn(table=name, name=column):
                self.do(fx.AlterColumn(name, column, _before(change, back), {}))
            case _:
                for other in _counterparts(change, back):
                    self.do(other)

    def _live(self, table: fx.Table) -> Table:
        return self._table("alembic", *table)

    def _column(self, table: Table, name: str) -> Column:
        column = table.column(name)
        if column is None:
            raise ReplayError(f'there is no column "{table.name}.{name}"')
        return column

    def _alter(self, table: Table, name: str, to: Any) -> None:
        before = self._column(table, name)
        after = changed(before, table, to, self._dialect)
        if after != before:
            self._record(ops.AlterColumn(table.name, before, after))

    def _comment(self, table: Table, comment: str | None) -> None:
        after = dataclasses.replace(table.options, comment=comment)
        if after != table.options:
            self._record(ops.AlterTable(table.name, table.options, after))

    def _drop_index(self, place: fx.Table | None, name: str) -> None:
        tables = [self._live(place)] if place else list(self.schema.tables.values())
        for table in tables:
            index = index_of(table, name)
            if index is not None:
                self._record(ops.DropIndex(table.name, index))
                return
        raise ReplayError(f'there is no index "{name}"')

    def _drop_constraint(self, table: Table, found: Constraint | Index | None, name: str | None) -> None:
        if found is None:
            raise ReplayError(f'table "{table.name}" has no constraint "{name}"')
        if isinstance(found, Index):
            self._record(ops.DropIndex(table.name, found))
        else:
            self._record(ops.DropConstraint(table.name, found))


def insertions(change: fx.Insert, dialect: Dialect) -> list[str]:
    """The statements that insert the rows. Raises `UnsupportedError` for a value that has no literal."""
    found = []
    for row in change.rows:
        try:
            statement = change.table.insert().values(dict(row))
            found.append(
                str(statement.compile(dialect=dialect.sqlalchemy, compile_kwargs={"literal_binds": True}))
            )
        except Exception as error:
            words = " ".join(str(error).split())
            raise UnsupportedError(f"a row for {change.table.name} cannot be written: {words}") from None
    return found


def _before(change: fx.AlterColumn, back: Iterable[Change]) -> dict[str, Any]:
    """Return the column's attributes before the change: from ``downgrade``, else from the ``existing_…`` of the change
    itself.
    """
    was = dict(change.was)
    for other in back:
        if isinstance(other, fx.AlterColumn) and (other.table, other.name) == (change.table, change.name):
            was.update({key: value for key, value in other.to.items() if key in change.to})
    missing = sorted(set(change.to) - set(was))
    if missing:
        raise UnsupportedError(
            f"nobody says what the {missing[0]} of column {change.table[0]}.{change.name} was before"
        )
    return was


def _counterparts(change: Change, back: Sequence[Change]) -> list[Change]:
    """Return the changes of ``downgrade`` that bring back what the effect has dropped."""
    found: list[Change] = []
    match change:
        case fx.DropTable(table=name):
            found = [
                one
                for one in back
                if isinstance(one, fx.MakeTable | fx.MakeIndex | fx.AddConstraint) and one.table == name
            ]
            found = found if any(isinstance(one, fx.MakeTable) for one in found) else []
        case fx.DropColumn(table=name, name=column):
            found = [
                one
                for one in back
                if isinstance(one, fx.AddColumn) and (one.table, one.column.name) == (name, column)
            ]
        case fx.DropIndex(table=place, name=called):
            found = [
                one
                for one in back
                if isinstance(one, fx.MakeIndex) and one.name == called and place in (None, one.table)
            ]
        case fx.DropConstraint(table=name, name=called_or_none, kind=kind):
            found = [
                one
                for one in back
                if isinstance(one, fx.AddConstraint)
                and one.table == name
                and (
                    one.kind == "primary" == kind or (one.name == called_or_none and kind in (None, one.kind))
                )
            ]
        case _:
            pass
    if not found:
        raise UnsupportedError("nobody says how to undo it: downgrade() has nothing that brings it back")
    return found
