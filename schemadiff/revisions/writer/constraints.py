"""Constraints -> the calls of a revision file that declare them. Pure.

An exclusion constraint has parts as an index has, and is written with these.
"""

from __future__ import annotations

import re
from typing import Any

from schemadiff.dialects import Dialect
from schemadiff.revisions.writer.python_source import Call, Node, Strings
from schemadiff.schema import Check, Constraint, Exclude, ForeignKey, PrimaryKey, Unique
from schemadiff.schema.fields import words


def call(constraint: Constraint, dialect: Dialect, *, inline: bool) -> Call:
    """The call of `sa` that declares the constraint; `inline`: among the arguments of its column."""
    prefix = dialect.option_prefixes[0]
    match constraint:
        case PrimaryKey():
            arguments = [
                *constraint.columns,
                *common_arguments(constraint),
                *_key_options(constraint, prefix),
            ]
            return Call("sa.PrimaryKeyConstraint", arguments)
        case Unique():
            arguments = [
                *constraint.columns,
                *common_arguments(constraint),
                *_key_options(constraint, prefix),
            ]
            if not constraint.nulls_distinct:
                arguments.append((f"{prefix}_nulls_not_distinct", True))
            return Call("sa.UniqueConstraint", arguments)
        case Check():
            text = constraint.written or constraint.expression
            info: dict[str, Any] = {}
            if constraint.column and not constraint.name and dialect.column_checks and not inline:
                info["column"] = constraint.column
            arguments = [escape_binds(text), *common_arguments(constraint), *_not_valid(constraint, prefix)]
            return Call("sa.CheckConstraint", [*arguments, *_info({**info, **words(constraint)})])
        case ForeignKey():
            written = constraint.written or constraint
            targets = [f"{constraint.target}.{name}" for name in constraint.target_columns]
            arguments = [Strings(list(constraint.columns)), Strings(targets), *_named(constraint)]
            for key, value in (
                ("ondelete", written.on_delete),
                ("onupdate", written.on_update),
                ("match", constraint.match),
            ):
                if value:
                    arguments.append((key, value))
            arguments += [*_deferrable(constraint), *_comment(constraint), *_not_valid(constraint, prefix)]
            arguments += _info(words(constraint))
            return Call("sa.ForeignKeyConstraint", arguments)
        case Exclude():
            raise AssertionError("written with its parts")


def common_arguments(constraint: Constraint) -> list[Node]:
    """The arguments that every constraint takes: its name, when it is checked, its comment."""
    return [*_named(constraint), *_deferrable(constraint), *_comment(constraint)]


def _named(constraint: Constraint) -> list[Node]:
    return [("name", constraint.name)] if constraint.name else []


def _deferrable(constraint: Constraint) -> list[Node]:
    when = None if isinstance(constraint, Check) else constraint.deferrable
    if not when:
        return []
    return [("deferrable", True), *([("initially", "DEFERRED")] if "DEFERRED" in when else [])]


def _comment(constraint: Constraint) -> list[Node]:
    return [("comment", constraint.comment)] if constraint.comment else []


def _key_options(constraint: PrimaryKey | Unique, prefix: str) -> list[Node]:
    include = Strings(list(constraint.include)) if constraint.include else None
    values = (("on_conflict", constraint.on_conflict), ("include", include))
    options: list[Node] = [(f"{prefix}_{key}", value) for key, value in values if value]
    told = words(constraint)
    if isinstance(constraint, PrimaryKey):
        parts = dict(zip(constraint.columns, constraint.parts, strict=False))
        if lengths := {name: length for name, (length, _) in parts.items() if length}:
            told["length"] = lengths
        if descending := [name for name, (_, down) in parts.items() if down]:
            told["descending"] = descending
    return [*options, *_info(told)]


def _info(words: dict[str, Any]) -> list[Node]:
    """Return the ``info`` argument for attributes for which SQLAlchemy has none."""
    return [("info", {"schemadiff": words})] if words else []


def _not_valid(constraint: Check | ForeignKey, prefix: str) -> list[Node]:
    return [(f"{prefix}_not_valid", True)] if constraint.not_valid else []


def escape_binds(sql: str) -> str:
    """SQL for `sa.text`, which takes ``:name`` for a parameter: a colon before a word gets a backslash."""
    return re.sub(r"(?<![:\w\x5c]):(?=\w)", r"\\:", sql)
