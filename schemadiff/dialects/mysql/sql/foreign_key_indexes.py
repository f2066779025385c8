"""The indexes that the server made for foreign keys, while one ALTER TABLE changes what they are for. Pure.

They go with their foreign keys, or when another index serves as well, and come back when the last one that serves is
dropped. Otherwise the server would leave them behind, or refuse the statement (1553).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from schemadiff.dialects.mysql.canonical import implicit
from schemadiff.dialects.mysql.server.product import Facts, Product
from schemadiff.dialects.mysql.sql.clauses import Clauses
from schemadiff.dialects.mysql.sql.create import index_definition
from schemadiff.schema import ForeignKey, Index, Table, plain_parts


def keep_foreign_keys_served(
    pending: Clauses, after: Table, returning: Collection[ForeignKey], facts: Facts
) -> Table:
    """`after`, the table that the pending ALTER leads to, with the indexes that it will have then; the clauses for them
    are added to the ALTER. The index stays where a key of a later ALTER, `returning`, would have the same one.

    Where `before` knows of no index at all for a key that goes, it came from revisions: the server has made one.
    """
    before, product = pending.before, facts.product
    for columns in dict.fromkeys(key.columns for key in pending.gone_keys):
        # Several keys on the same columns have one index between them, which the last one gave its name.
        alike = [key for key in (*pending.gone_keys, *before.foreign_keys) if key.columns == columns]
        key = alike[-1]
        made = [index for index in before.indexes if index.implicit and index.columns == key.columns]
        if not made and before.columns and not implicit.is_served(before, key, product):
            name = implicit.spare_index_name(key, (index.name for index in before.indexes))
            made = [Index(plain_parts(key.columns), name, implicit=True)]
        for index in made:
            others = [other.name for other in after.indexes if other.name != index.name]
            if any(
                one.columns == index.columns and implicit.spare_index_name(one, others) == index.name
                for one in returning
            ):
                continue
            if not _is_needed(index, pending, after, product):
                pending.drop_index(index.name or key.columns[0])
                after = _without_index(after, index)
            else:
                after = _named_for_another(index, pending, after)
    for index in after.indexes:
        keys = [key for key in after.foreign_keys if implicit.index_serves(index, key, product)]
        served = [implicit.is_served(after, key, product, [index]) for key in keys]
        if index.implicit and (all(served) if keys else _is_covered(after, index, product)):
            pending.drop_index(index.name or index.columns[0])
            after = _without_index(after, index)
    for key in after.foreign_keys:
        if key not in before.foreign_keys or implicit.is_served(after, key, product):
            continue
        if implicit.is_served(before, key, product):
            name = implicit.spare_index_name(key, (index.name for index in after.indexes))
            index = Index(plain_parts(key.columns), name, implicit=True)
            pending.additions.append(f"ADD {index_definition(index, facts, word='INDEX')}")
            after = dataclasses.replace(after, indexes=(*after.indexes, index))
    return after


def _named_for_another(index: Index, pending: Clauses, after: Table) -> Table:
    """The server names its index for the last one of several foreign keys on the same columns: when that one goes, it
    gets the name that it would have without.
    """
    keys = [key for key in after.foreign_keys if key.columns == index.columns]
    taken = [other.name for other in after.indexes if other.name != index.name]
    name = implicit.spare_index_name(keys[-1], taken) if keys else index.name
    if name == index.name or name in taken or not index.name or not name:
        return after
    pending.renamed_indexes[index.name] = name
    renamed = dataclasses.replace(index, name=name)
    indexes = tuple(renamed if other.name == index.name else other for other in after.indexes)
    return dataclasses.replace(after, indexes=indexes)


def _is_needed(index: Index, pending: Clauses, after: Table, product: Product) -> bool:
    """Whether a foreign key that stays, or one that comes and would get an index of this name, uses the index. One of
    fewer columns, which does so while the longer one is there, gets its own instead.
    """
    for key in after.foreign_keys:
        if index.columns == key.columns and not implicit.is_served(after, key, product, [index]):
            if key in pending.before.foreign_keys or implicit.index_name(key, ()) == index.name:
                return True
    return False


def _is_covered(table: Table, index: Index, product: Product) -> bool:
    """Whether the server would take its own index away, with no foreign key now, for another one that begins alike."""
    return implicit.is_served(table, ForeignKey(index.columns, table.name, index.columns), product, [index])


def _without_index(table: Table, index: Index) -> Table:
    return dataclasses.replace(
        table, indexes=tuple(other for other in table.indexes if other.name != index.name)
    )
