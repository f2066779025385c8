"""The options of an `sa.Table` -> `Options`: what its keyword arguments say of the table as a whole. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

import sqlalchemy as sa

from schemadiff.dialects import Dialect
from schemadiff.schema import Options, Table

_UNSAID = Options(written=Options())
_ENGINE = ("engine",)
_CHARSET = ("charset", "default_charset", "default_character_set", "character_set")
_COLLATION = ("collate", "default_collate", "collation")


def arguments_for(prefixes: Iterable[str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments that are meant for the dialects of these prefixes, without the prefix."""
    found = {}
    for prefix in prefixes:
        for key, value in arguments.items():
            if key.startswith(f"{prefix}_"):
                found[key.removeprefix(f"{prefix}_")] = value
    return found


def arguments_of(
    item: sa.Column[Any] | sa.Constraint | sa.Index | sa.Table, prefixes: Iterable[str]
) -> dict[str, Any]:
    """The keyword arguments that it was given for the dialects of these prefixes, without the prefix."""
    # Most have none, and SQLAlchemy's view of them takes its time to say so.
    return arguments_for(prefixes, item.kwargs) if "dialect_options" in vars(item) else {}


def table_options(table: sa.Table, prefixes: Iterable[str], words: Collection[str]) -> Options:
    """Return the options that the table is declared with: by keyword arguments of these prefixes, and by those of the
    `words` that stand before TABLE.
    """
    if not vars(table).get("dialect_options") and table.comment is None and not table._prefixes:
        return _UNSAID
    arguments = arguments_of(table, prefixes).items()
    given = {key.lower().replace(" ", "_"): value for key, value in arguments if value is not None}
    before = {str(word).upper() for word in table._prefixes}
    given |= {word.lower(): True for word in before.intersection(words)}

    def take(names: tuple[str, ...]) -> str | None:
        values = [given.pop(name) for name in names if name in given]
        return str(values[0]) if values else None

    read = Options(
        comment=table.comment,
        engine=take(_ENGINE),
        charset=take(_CHARSET),
        collation=take(_COLLATION),
        extra=tuple(
            sorted((key.upper(), "" if value is True else str(value)) for key, value in given.items())
        ),
    )
    return dataclasses.replace(read, written=read)


def read_options(options: Mapping[str, object], table: Table, dialect: Dialect) -> Options:
    """`table`'s options after those keyword arguments of `sa.Table` are given to it."""
    scratch = sa.Table(table.name.name, sa.MetaData(), **cast(Any, options))
    read = table_options(scratch, dialect.option_prefixes, dialect.table_prefixes)
    old = table.options.written or table.options
    given = {name.removeprefix(f"{prefix}_") for name in options for prefix in dialect.option_prefixes}
    names = {"comment": ("comment",), "engine": _ENGINE, "charset": _CHARSET, "collation": _COLLATION}
    changed = {field: getattr(read, field) for field, keys in names.items() if given.intersection(keys)}
    kept = {
        key: text for key, text in old.extra if key not in dialect.table_prefixes or "prefixes" not in options
    }
    extra = {**kept, **dict(read.extra)}
    cleared = {name.partition("_")[2].upper() for name, value in options.items() if value is None}
    extra = {key: value for key, value in extra.items() if key not in cleared}
    written = dataclasses.replace(old, **changed, extra=tuple(sorted(extra.items())), written=None)
    lone = dataclasses.replace(table, options=dataclasses.replace(written, written=written))
    return dialect.canonical(lone).options
