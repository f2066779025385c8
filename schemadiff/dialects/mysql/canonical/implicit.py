"""Indexes and names that the server generates. Pure.

An InnoDB foreign key needs an index that begins with its columns. Where there is none the server makes one, under
the name of the foreign key, or of its first column when the key was given no name; it drops it silently when a
later index serves as well, and keeps it when the key is dropped (MySQL 9.7 manual, 15.1.24.5; MariaDB alike).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from operator import attrgetter

from schemadiff.dialects.mysql.server.product import Product
from schemadiff.schema import Check, Exclude, ForeignKey, Index, Options, Table, Unique, plain_parts
from schemadiff.schema.matching import Named, find

_SERVER_NAME = re.compile(r".*_ibfk_\d+", re.DOTALL)
_UNSEEN_OPTIONS = ("TABLESPACE",)


def with_implicit(live: Table, known: Sequence[Table], product: Product) -> Table:
    """The live table, the indexes marked that the server made for foreign keys and no `known` description lists."""
    likely = [index for index in live.indexes for key in live.foreign_keys if _is_made_for(index, key)]
    if not likely:
        return live
    listed = {index.name.lower() for table in known for index in table.indexes if index.name}
    unlisted = [index for index in likely if index.name and index.name.lower() not in listed]
    prefixed = [index for table in known for index in _prefixed(table, product)] if unlisted else []
    made = [index.name for index in unlisted if _is_needed(index, live, product, prefixed)]
    if not made:
        return live
    indexes = [
        dataclasses.replace(index, implicit=True) if index.name in made else index for index in live.indexes
    ]
    return dataclasses.replace(live, indexes=tuple(indexes))


def settle(current: Table, desired: Table) -> Table:
    """`desired` with the indexes that the server made in `current` for foreign keys and nobody has named, with the
    prefixes of its primary key where nobody said any, and without the options that no live table is ever read with.

    An index that `desired` adds and that will serve the foreign key does not change this: its CREATE takes the
    server's own one away (see `sql.alter`), and no revision ever mentions that.
    """
    if desired.options.extra not in ((), current.options.extra):
        desired = _with_live_options(current, desired)
    key, now = desired.primary_key, current.primary_key
    if key and now and now.parts and not key.parts and key.columns == now.columns:
        desired = dataclasses.replace(desired, primary_key=dataclasses.replace(key, parts=now.parts))
    made = tuple(
        index
        for index in current.indexes
        if index.implicit and not any(_same_name(index.name, other.name) for other in desired.indexes)
    )
    return dataclasses.replace(desired, indexes=(*desired.indexes, *made)) if made else desired


def _with_live_options(current: Table, desired: Table) -> Table:
    live = dict(current.options.extra)
    shown = {**live, **dict(current.options.shown)}
    wanted = dict(desired.options.shown)
    extra = tuple(
        (key, live[key] if key in live and wanted.get(key, value) == shown[key] else value)
        for key, value in desired.options.extra
        if key not in _UNSEEN_OPTIONS or live.get(key) == value
    )
    if desired.options.extra == extra:
        return desired
    return dataclasses.replace(desired, options=_with_extra(desired.options, extra))


def without_foreign_keys(table: Table, product: Product) -> Table:
    """The table as an engine has it that takes foreign keys and forgets them, but for the indexes that it makes."""
    for key in table.foreign_keys:
        if not is_served(table, key, product):
            name = index_name(key, (index.name for index in table.indexes))
            index = Index(plain_parts(key.columns), name)
            table = dataclasses.replace(table, indexes=(*table.indexes, index))
    return dataclasses.replace(table, foreign_keys=())


def _is_needed(index: Index, table: Table, product: Product, prefixed: Sequence[Index]) -> bool:
    """Whether the index looks as if the server had made it for a foreign key that no other one serves.
    `prefixed` are indexes that serve none, however the server reports them.
    """
    return is_plain(index) and any(
        _is_made_for(index, key) and not is_served(table, key, product, [index, *prefixed])
        for key in table.foreign_keys
    )


def _is_made_for(index: Index, key: ForeignKey) -> bool:
    """Whether the index has the foreign key's columns, and a name that the server would have given it."""
    return index.columns == key.columns and _is_named_for(index, key)


def _prefixed(desired: Table, product: Product) -> tuple[Index, ...]:
    """The indexes that were given with a prefix length: where that is all of the column the server reports none."""
    if product.whole_prefix_serves:
        return ()
    return tuple(
        index
        for index in desired.indexes
        if index.written and any(part.length is not None for part in index.written.parts)
    )


def is_plain(index: Index) -> bool:
    """Whether the index says nothing but the names of its columns."""
    return _but_columns(index) == _PLAIN and index.parts == plain_parts(index.columns)


_but_columns = attrgetter(
    *(one.name for one in dataclasses.fields(Index) if one.compare and one.name not in {"parts", "name"})
)
_PLAIN = _but_columns(Index(()))


def serves(columns: Iterable[str], key: ForeignKey) -> bool:
    """Whether an index on these columns can be the foreign key's: it begins with the key's columns in their order."""
    return tuple(columns)[: len(key.columns)] == key.columns


def index_serves(index: Index, key: ForeignKey, product: Product) -> bool:
    """As `serves`; an index by prefix or by an expression does not, one in descending order on MariaDB alone."""
    begin = index.parts[: len(key.columns)]
    whole = all(
        part.column is not None and part.length is None and (product.descending_serves or not part.descending)
        for part in begin
    )
    return index.kind is None and whole and serves(index.columns, key)


def is_served(table: Table, key: ForeignKey, product: Product, without: Iterable[Index] = ()) -> bool:
    """Whether the table has an index for the foreign key, not counting some."""
    left_out = [index.name for index in without]
    own = table.primary_key
    if (
        own
        and serves(own.columns, key)
        and all(part == (None, False) for part in own.parts[: len(key.columns)])
    ):
        return True
    return any(index_serves(index, key, product) for index in table.indexes if index.name not in left_out)


def _is_named_for(index: Index, key: ForeignKey) -> bool:
    return _same_name(index.name, key.name) or bool(index.name and is_named_for(index.name, key.columns[0]))


def is_named_for(name: str, column: str) -> bool:
    """Whether the name is that of the column, maybe with a number, as the server makes one for an index."""
    name, column = name.lower(), column.lower()
    return name == column or is_numbered(name, f"{column}_")


def is_numbered(name: str, start: str) -> bool:
    """Whether the name is the start and a number."""
    return name.startswith(start) and name[len(start) :].isdecimal()


def _same_name(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()


def _with_extra(options: Options, extra: tuple[tuple[str, str], ...]) -> Options:
    return dataclasses.replace(options, extra=extra)


def index_name(key: ForeignKey, taken: Iterable[str | None]) -> str:
    """The name that the server gives to the index that it makes for a foreign key that is created like this."""
    return key.name or free_name(key.columns[0], taken)


def spare_index_name(key: ForeignKey, taken: Iterable[str | None]) -> str:
    """A name for an index that takes the place of the server's, for a foreign key that is there already: no
    ``t_ibfk_1`` for one that was given no name.
    """
    given = None if key.name is None or _SERVER_NAME.fullmatch(key.name) else key.name
    return given or free_name(key.columns[0], taken)


def followers(table: Table, old: str, new: str, product: Product) -> dict[str, str]:
    """The server's own indexes that are named for a column, with the names that they would have under its new one:
    the server leaves them their old names, but makes them with the new ones in a fresh database.
    """
    made = [index for index in table.indexes if index.implicit]
    if table.columns:
        # Where the table comes from revisions and not from the server, its own indexes are not known.
        made += [
            Index(plain_parts(key.columns), spare_index_name(key, (index.name for index in table.indexes)))
            for key in table.foreign_keys
            if not is_served(table, key, product)
        ]
    taken = [index.name for index in table.indexes]
    return {
        index.name: free_name(new, taken)
        for index in made
        if index.name and index.columns[0] == old and is_named_for(index.name, old)
    }


def free_name(column: str, taken: Iterable[str | None]) -> str:
    """The name that the server gives to an index without one, which begins with that column."""
    used = {name.lower() for name in taken if name}
    name, number = column, 2
    while name.lower() in used:
        name, number = f"{column}_{number}", number + 1
    return name


def find_made(things: tuple[Named, ...], thing: Named, table: Table) -> Named | None:
    """As `find`; but what is looked for without a name is one without a name, or with one that the server made up,
    before it is one that somebody has named.
    """
    if thing.name is None and thing not in things:
        alike = tuple(other for other in things if dataclasses.replace(other, name=None) == thing)
        made = (other for other in alike if other.name and _is_made(other.name, other, table))
        found = next(made, None)
        if found is not None:
            return found
    return find(things, thing)


def _is_made(name: str, thing: Index | ForeignKey | Check | Unique | Exclude, table: Table) -> bool:
    match thing:
        case Index() | Unique():
            return is_named_for(name, thing.columns[0] if thing.columns else "")
        case ForeignKey():
            return is_server_name(name, table)
        case Check():
            starts = (f"{table.name.name}_chk_".lower(), "constraint_")
            return any(is_numbered(name.lower(), start) for start in starts)
        case Exclude():
            return False


def as_given(table: Table, product: Product) -> Table:
    """The table as it is to be created, so that its foreign keys which the server had named get their indexes under
    the names that it gave them: without a name where it counts to that name again, else beside such an index.
    """
    made = [key for key in table.foreign_keys if key.name and is_server_name(key.name, table)]
    if not made:
        return table
    begin = f"{table.name.name}_ibfk_"
    if [key.name for key in made] == [f"{begin}{number}" for number in range(1, len(made) + 1)]:
        bare = {id(key): dataclasses.replace(key, name=None) for key in made}
        keys = tuple(bare.get(id(key), key) for key in table.foreign_keys)
        return dataclasses.replace(table, foreign_keys=keys)
    for key in made:
        if not is_served(table, key, product):
            name = free_name(key.columns[0], (index.name for index in table.indexes))
            index = Index(plain_parts(key.columns), name, implicit=True)
            table = dataclasses.replace(table, indexes=(*table.indexes, index))
    return table


def foreign_key_name(table: Table, key: ForeignKey) -> str:
    """The name that the server gave to the table's foreign key without one: they are counted."""
    unnamed = [other for other in table.foreign_keys if other.name is None]
    number = unnamed.index(key) + 1 if key in unnamed else 1
    return f"{table.name.name}_ibfk_{number}"


def next_foreign_key_name(table: Table) -> str | None:
    """The name of the table's next foreign key without one, in a fresh table: one that takes the place of another has
    its name. ``None`` where the names of the others are not known.
    """
    return _lowest(f"{table.name.name}_ibfk_", [key.name for key in table.foreign_keys])


def next_check_name(table: Table, product: Product) -> str | None:
    """As `next_foreign_key_name`, for a CHECK of the table."""
    begin = product.check_name.format(table=table.name.name, number="")
    return _lowest(begin, [check.name for check in table.checks if check.column is None or check.name])


def under_new_name(table: Table, old: str, product: Product) -> Table:
    """The table, which was called `old`: both servers rename ``<table>_ibfk_n`` with the table, and MySQL
    ``<table>_chk_n`` as well.
    """
    new = table.name.name

    def renamed(name: str | None, infix: str) -> str | None:
        begin = f"{old}{infix}"
        if name and name.startswith(begin) and name[len(begin) :].isdigit():
            return f"{new}{infix}{name[len(begin) :]}"
        return name

    keys = tuple(dataclasses.replace(key, name=renamed(key.name, "_ibfk_")) for key in table.foreign_keys)
    checks = table.checks
    if "{table}" in product.check_name:
        checks = tuple(dataclasses.replace(check, name=renamed(check.name, "_chk_")) for check in checks)
    return dataclasses.replace(table, foreign_keys=keys, checks=checks)


def is_server_name(name: str, table: Table) -> bool:
    """Whether it looks like a name that the server gave to a foreign key of the table."""
    return is_numbered(name.lower(), f"{table.name.name}_ibfk_".lower())


def is_counted_on(name: str, others: Iterable[str | None]) -> bool:
    """Whether the server, which counts on from its highest number, gives that name by itself."""
    begin, number = name.rstrip("0123456789"), int(name[len(name.rstrip("0123456789")) :])
    return number == max(_numbers(begin, others), default=0) + 1


def _lowest(begin: str, names: Sequence[str | None]) -> str | None:
    if None in names:
        return None
    taken = _numbers(begin, names)
    return f"{begin}{next(number for number in range(1, len(taken) + 2) if number not in taken)}"


def _numbers(begin: str, names: Iterable[str | None]) -> set[int]:
    ends = (name[len(begin) :] for name in names if name and name.lower().startswith(begin.lower()))
    return {int(end) for end in ends if end.isdigit()}


def check_name(table: Table, check: Check, product: Product) -> str:
    """The name that the server gave to the table's CHECK without one: they are counted."""
    unnamed = [other for other in table.checks if other.name is None and other.column is None]
    number = unnamed.index(check) + 1 if check in unnamed else 1
    return product.check_name.format(table=table.name.name, number=number)
