"""What the server makes by itself: indexes for foreign keys, and names. Pure.

An InnoDB foreign key needs an index that begins with its columns. Where there is none the server makes one, under
the name of the foreign key, or of its first column when the key was given no name; it drops it silently when a
later index serves as well, and keeps it when the key is dropped (MySQL 9.7 manual, 15.1.24.5; MariaDB alike).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from schemadiff.dialects.mysql.facts import Product
from schemadiff.schema import Check, ForeignKey, Index, Options, Part, Table

_SERVER_NAME = re.compile(r".*_ibfk_\d+", re.DOTALL)
_UNSEEN_OPTIONS = ("PARTITION_BY", "PARTITIONS", "SUBPARTITION_BY", "SUBPARTITIONS", "TABLESPACE")


def settle(current: Table, desired: Table) -> Table:
    """`desired` with the indexes that the server made in `current` for foreign keys and nobody has named, and without
    the options that no live table is ever read with.

    An index that `desired` adds and that will serve the foreign key does not change this: its CREATE takes the
    server's own one away (see ``alter.py``), and no revision ever mentions that.
    """
    extra = tuple(option for option in desired.options.extra if option[0] not in _UNSEEN_OPTIONS)
    if len(extra) != len(desired.options.extra) and current.options.extra != desired.options.extra:
        desired = dataclasses.replace(desired, options=_with_extra(desired.options, extra))
    made = tuple(
        dataclasses.replace(index, implicit=True)
        for index in made_by_server(current)
        if not any(_same_name(index.name, other.name) for other in desired.indexes)
    )
    return dataclasses.replace(desired, indexes=(*desired.indexes, *made)) if made else desired


def made_by_server(table: Table) -> tuple[Index, ...]:
    """The live table's indexes that look as if the server had made them for a foreign key."""
    if not table.foreign_keys:
        return ()
    return tuple(
        index
        for index in table.indexes
        if any(
            index.columns == key.columns
            and _is_named_for(index, key)
            and not _served_otherwise(table, key, index)
            for key in table.foreign_keys
        )
        and is_plain(index)
    )


def is_plain(index: Index) -> bool:
    """Whether the index says nothing but the names of its columns."""
    parts = tuple(Part(name) for name in index.columns)
    return dataclasses.replace(index, constraint=False, implicit=False) == Index(parts, index.name)


def serves(columns: Iterable[str], key: ForeignKey) -> bool:
    """Whether an index on these columns can be the foreign key's: it begins with the key's columns in their order."""
    return tuple(columns)[: len(key.columns)] == key.columns


def index_serves(index: Index, key: ForeignKey) -> bool:
    """As `serves`; an index by prefix, in descending order or by an expression does not."""
    begin = index.parts[: len(key.columns)]
    whole = all(part.column is not None and part.length is None and not part.descending for part in begin)
    return index.kind is None and whole and serves(index.columns, key)


def is_served(table: Table, key: ForeignKey, without: Iterable[Index] = ()) -> bool:
    """Whether the table has an index for the foreign key, not counting some."""
    left_out = [index.name for index in without]
    if table.primary_key and serves(table.primary_key.columns, key):
        return True
    return any(index_serves(index, key) for index in table.indexes if index.name not in left_out)


def _served_otherwise(table: Table, key: ForeignKey, index: Index) -> bool:
    return is_served(table, key, [index])


def _is_named_for(index: Index, key: ForeignKey) -> bool:
    first = re.escape(key.columns[0])
    return _same_name(index.name, key.name) or bool(
        index.name and re.fullmatch(rf"{first}(?:_\d+)?", index.name, re.IGNORECASE)
    )


def _same_name(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()


def _with_extra(options: Options, extra: tuple[tuple[str, str], ...]) -> Options:
    return dataclasses.replace(options, extra=extra)


def index_name(key: ForeignKey, taken: Iterable[str | None]) -> str:
    """The name that the server gives to the index that it makes for the foreign key."""
    if key.name and not _SERVER_NAME.fullmatch(key.name):
        return key.name
    return free_name(key.columns[0], taken)


def free_name(column: str, taken: Iterable[str | None]) -> str:
    """The name that the server gives to an index without one, which begins with that column."""
    used = {name.lower() for name in taken if name}
    name, number = column, 2
    while name.lower() in used:
        name, number = f"{column}_{number}", number + 1
    return name


def foreign_key_name(table: Table, key: ForeignKey) -> str:
    """The name that the server gave to the table's foreign key without one: they are counted."""
    unnamed = [other for other in table.foreign_keys if other.name is None]
    number = unnamed.index(key) + 1 if key in unnamed else 1
    return f"{table.name.name}_ibfk_{number}"


def check_name(table: Table, check: Check, product: Product) -> str:
    """The name that the server gave to the table's CHECK without one: they are counted."""
    unnamed = [other for other in table.checks if other.name is None and other.column is None]
    number = unnamed.index(check) + 1 if check in unnamed else 1
    return product.check_name.format(table=table.name.name, number=number)
