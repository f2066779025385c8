"""The rows of a table that is rebuilt: copied with their rowids, their values in the forms of the new types. Pure text.

Rows keep their rowids because others know them by these: a full-text index with external content, an R*Tree, an
application that reads `rowid`. SQLite's manual, "Rowid Tables": a column of one of the three names hides it, and where
all three are columns nobody can refer to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemadiff.dialects.contract.statements import Expectation
from schemadiff.dialects.sqlite.canonical.tables import AUTOINCREMENT, WITHOUT_ROWID
from schemadiff.dialects.sqlite.server.tokens import literal, quote
from schemadiff.dialects.sqlite.sql.conversion import Conversion, conversion
from schemadiff.dialects.sqlite.sql.create import qualified
from schemadiff.schema import Name, Table, Type


class Source(NamedTuple):
    """The column that values come from, and the type that they have there, as far as it is known what that stores."""

    column: str
    type: Type


def copy(old: Table, new: Table, sources: Mapping[str, Source | None]) -> tuple[str, ...]:
    """The statements that copy the rows of `old`, and the number that it has counted to, to `new`."""
    pairs = [(quote(column), _value(column, source, new)) for column, source in _copied(new, sources)]
    pairs = [*_rowids(old, new, sources), *pairs]
    texts = []
    if pairs:
        into, values = (", ".join(some) for some in zip(*pairs, strict=True))
        insert = "INSERT OR ABORT" if _resolves_conflicts(new) else "INSERT"
        texts.append(
            f"{insert} INTO {qualified(new.name)} ({into}) SELECT {values} FROM {qualified(old.name)}"
        )
    if AUTOINCREMENT in old.options.extra and AUTOINCREMENT in new.options.extra:
        counters = qualified(Name("sqlite_sequence", old.name.schema))
        texts += [
            f"DELETE FROM {counters} WHERE name = {literal(new.name.name)}",
            f"INSERT INTO {counters} (name, seq) SELECT {literal(new.name.name)}, seq FROM {counters}"
            f" WHERE name = {literal(old.name.name)}",
        ]
    return tuple(texts)


def expected(old: Table, new: Table, sources: Mapping[str, Source | None]) -> Iterator[Expectation]:
    """Preconditions on the rows, so that no value is lost when they are copied."""
    row = "NULL" if WITHOUT_ROWID in old.options.extra else rowid(old) or "NULL"
    for column, source in _copied(new, sources):
        found = _conversion(column, source, new)
        if found is not None and found.holds is not None:
            value = quote(source.column)
            wrong = f"{value} IS NOT NULL AND NOT ifnull(({found.holds}), 0)"
            yield Expectation(
                f"SELECT {row} FROM {qualified(old.name)} WHERE {wrong}",
                "rowid",
                f"of the values of column {old.name}.{source.column} cannot become {_type(column, new).sql}: "
                f"{found.rule}",
                "Correct these values before the change: by hand, or with op.execute(…) in the revision where that is "
                "not applied anywhere yet.",
                found.portable,
            )


STATISTICS = (Name("sqlite_stat1"), Name("sqlite_stat4"))
"""The tables in which ANALYZE keeps what it found. Dropping a table takes what is known of it out of them."""


def statistics(old: Table, new: Table, kept_in: Iterable[Name]) -> Iterator[str]:
    """The statements that note what ANALYZE found of `old` for `new` as well, but for indexes that have changed."""
    same = [index.name for index in new.indexes if index in old.indexes and index.name]
    gone = [index.name for index in old.indexes if index.name and index.name not in same]
    for name in kept_in:
        known = qualified(name._replace(schema=old.name.schema))
        columns = "idx, stat" if name.name == "sqlite_stat1" else "idx, neq, nlt, ndlt, sample"
        left = f" AND idx NOT IN ({', '.join(map(literal, gone))})" if gone else ""
        yield (
            f"INSERT INTO {known} (tbl, {columns}) SELECT {literal(new.name.name)}, {columns} FROM {known} "
            f"WHERE tbl = {literal(old.name.name)}{left}"
        )


def statistics_renamed(before: Name, after: Name, kept_in: Iterable[Name]) -> Iterator[str]:
    """The statements that note them for the table under its own name: a rename leaves them alone."""
    for name in kept_in:
        known = qualified(name._replace(schema=after.schema))
        yield f"UPDATE {known} SET tbl = {literal(after.name)} WHERE tbl = {literal(before.name)}"


def _copied(new: Table, sources: Mapping[str, Source | None]) -> Iterator[tuple[str, Source]]:
    for column in new.columns:
        source = sources.get(column.name)
        if column.generated is None and source is not None:
            yield column.name, source


def _type(column: str, table: Table) -> Type:
    return next(one.type for one in table.columns if one.name == column)


def _conversion(column: str, source: Source, new: Table) -> Conversion | None:
    return conversion(quote(source.column), source.type, _type(column, new))


def _value(column: str, source: Source, new: Table) -> str:
    found = _conversion(column, source, new)
    return found.value if found else quote(source.column)


def _rowids(old: Table, new: Table, sources: Mapping[str, Source | None]) -> list[tuple[str, str]]:
    """Return the column that receives the rowids and the expression they come from, as a list of at most one pair:
    empty if a column's values carry them, or they cannot be copied.
    """
    if any(WITHOUT_ROWID in table.options.extra for table in (old, new)):
        return []
    named = alias(new)
    source = rowid(old)
    if named is not None:
        is_new = sources.get(named) is None
        return [(quote(named), source)] if is_new and source else []
    known = _free(old, new)
    return [(known, known)] if known else []


def alias(table: Table) -> str | None:
    """The column that is another name of the rowid (SQLite's manual, "ROWIDs and the INTEGER PRIMARY KEY")."""
    key = table.primary_key
    if key is None or len(key.columns) != 1:
        return None
    return key.columns[0] if _type(key.columns[0], table).sql == "INTEGER" else None


def rowid(table: Table) -> str | None:
    """The name by which a query gets the rowid; ``None`` where nothing has one."""
    named = alias(table)
    return quote(named) if named is not None else _free(table)


def _free(*tables: Table) -> str | None:
    taken = {column.name.lower() for table in tables for column in table.columns}
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)


def _resolves_conflicts(table: Table) -> bool:
    """Whether an ON CONFLICT of its own would let the copy leave out rows or make up values."""
    keys = (table.primary_key, *table.uniques)
    return any(one.on_conflict for one in (*table.columns, *keys) if one is not None)
