"""The arguments of SQLAlchemy types as source text has them. Pure."""

from __future__ import annotations

import ast
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.types import TypeEngine

from schemadiff.errors import UnsupportedError
from schemadiff.revisions.writer.python_source import Node


class UnsayableError(UnsupportedError):
    """A type that no call of SQLAlchemy's own says."""


def type_arguments(source: TypeEngine[Any]) -> list[Node]:
    """The arguments of a type as its repr has them, the first ones without their names where that reads better."""
    try:
        call = ast.parse(repr(source), mode="eval").body
        if not isinstance(call, ast.Call):
            return []
        positional = [ast.literal_eval(argument) for argument in call.args]
        keywords = {
            str(word.arg): ast.literal_eval(word.value) for word in call.keywords if word.arg not in _DERIVED
        }
    except (SyntaxError, ValueError) as error:
        raise UnsayableError(f"no revision file can say the type {source!r}") from error
    for name in _LEADING.get(type(source).__visit_name__.lower(), ()):
        if name not in keywords:
            break
        positional.append(keywords.pop(name))
    return [*positional, *keywords.items()]


def public_kind(kind: type[TypeEngine[Any]]) -> type[TypeEngine[Any]]:
    """The type that a revision file can name: the nearest of its bases that is SQLAlchemy's own, if not itself.

    Raises `UnsayableError` where there is none: application code, which no revision imports.
    """
    for known in kind.__mro__:
        words = known.__module__.split(".")
        if words[0] == "schemadiff" or words[:2] == ["sqlalchemy", "dialects"]:
            return known
        if words[0] == "sqlalchemy" and issubclass(known, TypeEngine) and _is_exported(known):
            return known
    raise UnsayableError(f"no revision file can say the type {kind.__module__}.{kind.__name__}")


def _is_exported(kind: type[TypeEngine[Any]]) -> bool:
    # These say nothing by themselves: each type derived from them has words of its own.
    bare = (TypeEngine, sa.types.UserDefinedType, sa.types.TypeDecorator, sa.types.NullType)
    return kind not in bare and getattr(sa, kind.__name__, None) is kind


def says_the_same(
    kind: type[TypeEngine[Any]], arguments: list[Node], source: TypeEngine[Any], dialect: sa.Dialect
) -> bool:
    """Whether the type of SQLAlchemy's with these arguments is stored as the one that is derived from it: that may
    have a constructor, or words in SQL, of its own.
    """
    positional = [one for one in arguments if not isinstance(one, tuple)]
    keywords: dict[str, Any] = dict(one for one in arguments if isinstance(one, tuple))
    process = dialect.type_compiler_instance.process
    try:
        return bool(process(kind(*positional, **keywords)) == process(source))
    except (TypeError, exc.CompileError):
        return False


_DERIVED = ("astext_type", "asdecimal", "text_type")
"""Arguments that a type's repr shows and that say nothing about the column."""

_LEADING = {
    **dict.fromkeys(
        (
            "string",
            "unicode",
            "varchar",
            "char",
            "nchar",
            "nvarchar",
            "text",
            "unicode_text",
            "binary",
            "varbinary",
        ),
        ("length",),
    ),
    **dict.fromkeys(("numeric", "decimal"), ("precision", "scale")),
    **dict.fromkeys(("large_binary", "blob", "bit"), ("length",)),
    **dict.fromkeys(("float", "double", "real"), ("precision",)),
}
