"""A domain created again under the columns that have it, where ALTER DOMAIN cannot change it: the type below it, its
collation, and, while a column holds an array of it, what its values must be. Pure text.

The old one gives up its name, the columns move to the new one by casts that refuse what does not fit, and it goes.
What speaks of such a column (CHECKs, foreign keys, exclusion constraints, expressions in indexes, generated columns)
is dropped before and made again after; other indexes the server makes again by itself.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schemadiff.dialects.postgresql.canonical.types import is_named, parse, quoted
from schemadiff.dialects.postgresql.server.sql_text import END, IDENTIFIER, mask, quote, unquote, value, words
from schemadiff.dialects.postgresql.sql import create, dependents, generated
from schemadiff.dialects.postgresql.sql.conversion import using
from schemadiff.errors import UnsupportedError
from schemadiff.schema import Check, Column, Domain, Exclude, ForeignKey, Index, Name, Schema, Table, Type

_LONGEST = 40
"""Bytes of a domain's name that are kept in the name of the old one."""


_COLUMN = rf"\w+|{IDENTIFIER}\d+{END}"


@dataclass(slots=True)
class _Around:
    """Statements before the columns move and after."""

    first: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)


def alters_in_place(before: Domain, after: Domain, schema: Schema) -> bool:
    """Whether ALTER DOMAIN leads from one to the other. It changes everything but the type below; while a column holds
    an array of the domain, PostgreSQL 15 refuses to look at the values ("cannot alter type because column uses it").
    """
    if (before.type, before.collation) != (after.type, after.collation):
        return False
    stricter = (
        before.nullable and not after.nullable,
        set(after.checks) - set(before.checks),
        set(before.not_valid) - set(after.not_valid),
    )
    if not any(stricter):
        return True
    return not any(
        is_named(column.type, after.name) and column.type.sql.endswith("[]")
        for table in schema.tables.values()
        for column in table.columns
    )


def made_anew(before: Domain, after: Domain, creation: Sequence[str], schema: Schema) -> Iterator[str]:
    """The statements that put `after`, made by `creation`, in the place of `before`.

    Raises `UnsupportedError` where another domain is made of it.
    """
    for other in schema.objects.values():
        if isinstance(other, Domain) and is_named(Type(other.type), before.name):
            raise UnsupportedError(
                f'domain "{after.name}": the type that it is made of cannot change ({before.type} -> {after.type}) '
                f'while the domain "{other.name}" is made of it',
                hint="Declare a domain of another name, and give that to the columns.",
            )
    name = before.name.name.encode()[:_LONGEST].decode(errors="ignore")
    old = Name(f"{name}_schemadiff_old", before.name.schema)
    around, moves = _Around(), []
    users = {
        table.name: [column for column in table.columns if is_named(column.type, before.name)]
        for table in schema.tables.values()
    }
    for table in schema.tables.values():
        if columns := users[table.name]:
            computed = [
                column
                for column in table.columns
                if column.generated
                and (column in columns or _speaks_of(column.generated.expression, columns))
            ]
            _make_room(table, columns, computed, around, before)
            moves += list(_move(table, columns, computed, before, after))
        for key in table.foreign_keys:
            joined = [*users[table.name], *users.get(key.target, ())]
            if {one.name for one in joined}.intersection((*key.columns, *key.target_columns)):
                _give_way(table, key, around)
    yield from around.first
    yield f"ALTER DOMAIN {quoted(before.name)} RENAME TO {quote(old.name)}"
    yield from creation
    yield from moves
    yield from around.last
    yield f"DROP DOMAIN {quoted(old)}"


def _make_room(
    table: Table, columns: Sequence[Column], computed: Sequence[Column], around: _Around, domain: Domain
) -> None:
    for check in table.checks:
        if _rests_on(check, columns):
            plain = _plain(check.expression, columns, domain)
            _give_way(table, check, around, dataclasses.replace(check, expression=plain))
    for exclude in table.excludes:
        if _rests_on(exclude, columns):
            _give_way(table, exclude, around)
    for index in table.indexes:
        if _rests_on(index, columns):
            around.first.append(f"DROP INDEX {create.index_name(table.name, index, table)}")
            around.last += dependents.create_index(table, _plain_index(index, columns, domain))
    if computed:
        rest = dataclasses.replace(
            table,
            checks=tuple(one for one in table.checks if not _rests_on(one, columns)),
            indexes=tuple(one for one in table.indexes if not _rests_on(one, columns)),
        )
        around.last += generated.restored(computed, rest)


def _give_way(
    table: Table,
    constraint: Check | ForeignKey | Exclude,
    around: _Around,
    again: Check | ForeignKey | Exclude | None = None,
) -> None:
    """The constraint goes, and comes `again`."""
    around.first.append(dependents.drop(table, constraint))
    around.last += dependents.add_again(table, constraint, again)


def _move(
    table: Table, columns: Sequence[Column], computed: Sequence[Column], before: Domain, after: Domain
) -> Iterator[str]:
    clauses = [f"DROP COLUMN {quote(column.name)}" for column in computed]
    for column in columns:
        if column in computed:
            continue
        name, array = quote(column.name), "[]" if column.type.sql.endswith("[]") else ""
        kind = f"{quoted(after.name)}{array}"
        if column.default is not None:
            clauses.append(f"ALTER COLUMN {name} DROP DEFAULT")
        cast = using(name, Type(before.type + array), Type(after.type + array))
        collate = f" COLLATE {quote(column.collation)}" if column.collation else ""
        clauses.append(f"ALTER COLUMN {name} TYPE {kind}{collate}" + (f" USING {cast}" if cast else ""))
        if column.default is not None:
            clauses.append(f"ALTER COLUMN {name} SET DEFAULT {_default(column, before)}")
    for column in computed:
        assert column.generated is not None
        expression = _plain(column.generated.expression, columns, before)
        again = dataclasses.replace(
            column, generated=dataclasses.replace(column.generated, expression=expression)
        )
        clauses.append(f"ADD COLUMN {create.column(again)}")
    yield f"ALTER TABLE {quoted(table.name)}" + (
        f" {clauses[0]}" if len(clauses) == 1 else "\n  " + ",\n  ".join(clauses)
    )


def _default(column: Column, domain: Domain) -> str:
    """The default, a constant without the type that it had as a value of the domain."""
    text = create.default(column)
    masked = mask(text)
    constant, _, cast = masked.skeleton.partition("::")
    if len(masked.pieces) == 1 and value(masked.pieces[0]) is not None and cast:
        return masked.restore(constant)
    return f"'{text}'" if re.fullmatch(r"-?\d+(?:\.\d+)?", text) else text


def _plain_index(index: Index, columns: Sequence[Column], domain: Domain) -> Index:
    # The collation of an expression is that of what it is computed from, unless it says another one itself.
    parts = tuple(
        dataclasses.replace(
            part,
            expression=_plain(part.expression, columns, domain),
            collation=None if part.collation == domain.collation else part.collation,
        )
        if part.expression and _speaks_of(part.expression, columns)
        else part
        for part in index.parts
    )
    return dataclasses.replace(index, parts=parts, where=index.where and _plain(index.where, columns, domain))


def _plain(text: str, columns: Sequence[Column], domain: Domain) -> str:
    """The text without the casts of the columns to the type that was below them, which the server writes."""
    masked = mask(text)
    kind = parse(domain.type)
    # Strings of any length are compared as text.
    known = {kind.cast or kind.kind, *(["text"] if kind.kind == "character varying" else [])}
    names = {column.name for column in columns}

    def plain(match: re.Match[str]) -> str:
        return match[1] if unquote(masked.restore(match[1])) in names else match[0]

    casts = "|".join(map(re.escape, known))
    return masked.restore(re.sub(rf"\(({_COLUMN})\)::(?:{casts})(?![\w(\[])", plain, masked.skeleton))


def _rests_on(thing: Check | Exclude | Index, columns: Sequence[Column]) -> bool:
    return not {column.name for column in columns}.isdisjoint(dependents.words_of(thing))


def _speaks_of(text: str, columns: Sequence[Column]) -> bool:
    return not {column.name for column in columns}.isdisjoint(words(text))
