"""Operations on one table -> SQL: DuckDB's own ALTERs where they serve, else copies. Pure.

DuckDB 2.0 neither adds nor drops a constraint, and alters no table that has an index or is referred to, but to add a
column that may be NULL, or to change a default. So the table is copied, and with it all that refer to it: rows out,
tables dropped from the last to the first, made anew from the first to the last, rows in. All is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

from schemadiff import operations as op
from schemadiff.dialects import Expectation, Statement
from schemadiff.dialects.contract.statements import carrying
from schemadiff.dialects.shared.lexer import Lexer
from schemadiff.dialects.shared.rename_in_expressions import applied
from schemadiff.dialects.shared.standard_sql import (
    beside,
    column,
    comment_on,
    comments,
    create_table,
    create_whole,
    drop_index,
    listed,
    qualified,
    quoted,
)
from schemadiff.errors import UnsupportedError
from schemadiff.schema import Name, Schema, Table
from schemadiff_duckdb.canonical import canonical

_COPY = "_schemadiff_{}"


def statements(operations: Sequence[op.Operation], before: Schema) -> tuple[Statement, ...]:
    """The statements that carry the operations out on a database whose schema is `before`."""
    result: list[Statement] = []
    schema = before
    for whole, some in groupby(operations, lambda one: isinstance(one, op.CreateTable | op.DropTable)):
        group = list(some)
        if not whole:
            result += _changed(group, schema)
        for one in group:
            if isinstance(one, op.CreateTable):
                result += carrying([one], create_whole(canonical(one.table)))
            elif isinstance(one, op.DropTable):
                result += carrying([one], [f"DROP TABLE {qualified(one.table.name)}"])
            schema = _after(one, schema)
    return tuple(result)


def _after(operation: op.Operation, schema: Schema) -> Schema:
    return applied(operation, schema, lambda text, old, new: Lexer().renamed(text, old, quoted(new)))


def _changed(operations: Sequence[op.Operation], schema: Schema) -> list[Statement]:
    result: list[Statement] = []
    now = schema
    for operation in operations:
        after = _after(operation, now)
        texts = _in_place(operation, now, after)
        if texts is None:
            return _copied(operations, schema)
        result += carrying([operation], texts)
        now = after
    return result


def _in_place(operation: op.Operation, now: Schema, after: Schema) -> Iterable[str] | None:
    """The statements without a copy; ``None`` where DuckDB cannot do that."""
    match operation:
        case op.CreateIndex(table=name, index=index):
            return beside(canonical(Table(name, (), indexes=(index,))))
        case op.DropIndex(table=name):
            left = after.tables[name].indexes
            return [drop_index(name, one) for one in now.tables[name].indexes if one not in left]
        case op.AddColumn(table=name) if (
            added := after.tables[name].columns[-1]
        ).nullable and not added.generated:
            text = f"ALTER TABLE {qualified(name)} ADD COLUMN {column(added)}"
            return [text, *comments(Table(name, (added,)))]
        case op.AlterColumn(table=name, before=old, after=new) if (
            replace(old, default=new.default, comment=new.comment) == new
        ):
            alter = f"ALTER TABLE {qualified(name)} ALTER COLUMN {quoted(new.name)}"
            texts = [f"{alter} DROP DEFAULT" if new.default is None else f"{alter} SET DEFAULT {new.default}"]
            about = [comment_on(f"COLUMN {qualified(name)}.{quoted(new.name)}", new.comment)]
            return texts * (old.default != new.default) + about * (old.comment != new.comment)
        case op.AlterTable(table=name, after=options):
            return [comment_on(f"TABLE {qualified(name)}", options.comment)]
        case _:
            return None


def _copied(operations: Sequence[op.Operation], schema: Schema) -> list[Statement]:
    first = op.touched(operations[0])
    assert first is not None
    final, last = schema, first
    sources = {one.name: one.name for one in schema.tables[first].columns}
    for operation in operations:
        final = _after(operation, final)
        match operation:
            case op.RenameTable():
                last = operation.after
            case op.RenameColumn():
                sources[operation.after] = sources.pop(operation.before, "")
            case op.AddColumn():
                sources[operation.column.name] = ""
            case op.AlterColumn():
                sources[operation.after.name] = sources.pop(operation.before.name, "")
            case _:
                pass
    olds = _family(first, schema)
    before = {last if one == first else one: schema.tables[one] for one in olds}
    new = {one: canonical(final.tables[one]) for one in _ordered(list(before), final)}
    copies = {one: one._replace(name=_COPY.format(one.name)) for one in olds}
    texts = [f"CREATE TABLE {qualified(copies[one])} AS SELECT * FROM {qualified(one)}" for one in olds]
    texts += [f"DROP TABLE {qualified(one)}" for one in reversed(_ordered(olds, schema))]
    for name, table in new.items():
        old = before[name]
        known = sources if name == last else {one.name: one.name for one in table.columns}
        texts += [create_table(table), *_rows(table, old, known, copies[old.name])]
    texts += [f"DROP TABLE {qualified(copy)}" for copy in copies.values()]
    texts += [text for table in new.values() for text in beside(table)]
    result = carrying(operations, texts)
    held = [_held(before[name], table, sources) for name, table in new.items()]
    result[0] = replace(result[0], expects=tuple(filter(None, held)))
    return result


def _rows(table: Table, old: Table, sources: Mapping[str, str], copy: Name) -> Iterator[str]:
    """The statement that puts the rows back, each value as one of the new type."""
    kinds = {one.name: one.type.sql for one in old.columns}
    values = {}
    for one in table.columns:
        source = sources.get(one.name)
        if source and not one.generated:
            value = quoted(source)
            values[one.name] = value if kinds[source] == one.type.sql else f"CAST({value} AS {one.type.sql})"
    if values:
        into = f"INSERT INTO {qualified(table.name)} ({listed(list(values))})"
        yield f"{into} SELECT {', '.join(values.values())} FROM {qualified(copy)}"


def _family(name: Name, schema: Schema) -> list[Name]:
    """The table, and all that refer to it or to one of these."""
    found = [name]
    for one in found:
        for other, table in schema.tables.items():
            if other not in found and any(key.target == one for key in table.foreign_keys):
                found.append(other)
    return found


def _ordered(names: Sequence[Name], schema: Schema) -> list[Name]:
    """The tables, those that others refer to before these."""
    targets = {one: {key.target for key in schema.tables[one].foreign_keys} for one in names}
    try:
        return list(TopologicalSorter({one: targets[one] & {*names} - {one} for one in names}).static_order())
    except CycleError as error:
        circle = ", ".join(map(str, dict.fromkeys(error.args[1])))
        raise UnsupportedError(f"DuckDB cannot have foreign keys in a circle: {circle}") from None


def _held(before: Table, after: Table, sources: Mapping[str, str]) -> Expectation | None:
    """DuckDB looks at each row for itself: rows that refer to others of their table cannot be put back at once."""
    own = [one for key in after.foreign_keys if key.target == after.name for one in key.columns]
    used = [sources[one] for one in own if sources.get(one)]
    if not used:
        return None
    where = " OR ".join(f"{quoted(one)} IS NOT NULL" for one in used)
    return Expectation(
        f"SELECT {quoted(used[0])} FROM {qualified(before.name)} WHERE {where}",
        "value",
        f"rows of {before.name} refer to rows of the same table, and DuckDB cannot copy such a table at once",
        "Set these columns to NULL in a revision before this one, and back in one after it.",
    )
