"""``module:attribute`` as settings name an object: names, keys and calls with literal arguments.

    app:db                              an attribute
    app:db.metadatas["reports"]         of an attribute, and of what has keys
    app:create_app("testing", db=None)  what a function returns

What stands behind the colon is parsed, and its arguments are literals: nothing of it is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemadiff.models import syntax

_OPEN, _CLOSED = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """``.name``"""

    name: str

    def of(self, value: Any) -> object:
        return getattr(value, self.name)


@dataclass(frozen=True, slots=True)
class Key:
    """``["name"]``"""

    key: Any

    def of(self, value: Any) -> object:
        return value[self.key]


@dataclass(frozen=True, slots=True)
class Call:
    """``("testing", debug=True)``"""

    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]

    def of(self, value: Any) -> object:
        return value(*self.arguments, **dict(self.keywords))


Step = Attribute | Key | Call


def parse(text: str) -> tuple[Step, ...]:
    """The steps that lead from a module to the object. Raises `ValueError` with the part that cannot be one."""
    try:
        body = syntax.parse(text.strip()).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(text) from None
    match body:
        case [ast.Expr(value=expression)]:
            return tuple(_steps(expression))
        case _:
            raise ValueError(text)


def _steps(node: ast.expr) -> Iterator[Step]:
    match node:
        case ast.Name(id=name):
            yield Attribute(name)
        case ast.Attribute(value=inner, attr=name):
            yield from _steps(inner)
            yield Attribute(name)
        case ast.Subscript(value=inner, slice=key):
            yield from _steps(inner)
            yield Key(_literal(key))
        case ast.Call(func=inner, args=arguments, keywords=keywords):
            yield from _steps(inner)
            # `**settings` has no name, and is no literal either.
            named = tuple((one.arg or _refuse(one.value), _literal(one.value)) for one in keywords)
            yield Call(tuple(map(_literal, arguments)), named)
        case _:
            _refuse(node)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _refuse(node)


def _refuse(node: ast.expr) -> Any:
    raise ValueError(ast.unparse(node))


def split(text: str) -> tuple[str, ...]:
    """The parts between commas, without those inside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPEN:
            depth += 1
        elif character in _CLOSED:
            depth -= 1
        if character == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(_stripped(parts))


def _stripped(parts: Iterable[str]) -> Iterator[str]:
    return filter(None, (one.strip() for one in parts))
