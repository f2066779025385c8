"""The arguments of SQLAlchemy types as source text has them. Pure."""

from __future__ import annotations

import ast
from typing import Any

from sqlalchemy.types import TypeEngine

from schemadiff.errors import UnsupportedError
from schemadiff.source import Node


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
        raise UnsupportedError(f"no revision file can say the type {source!r}") from error
    for name in _LEADING.get(type(source).__visit_name__.lower(), ()):
        if name not in keywords:
            break
        positional.append(keywords.pop(name))
    return [*positional, *keywords.items()]


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
