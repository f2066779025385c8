"""The digest of a revision file: its meaning as text, without comments, docstrings and layout. Pure.

The text is the same on every Python and in every release, as the digests that databases hold are made of it:
tests/test_revisions.py holds known ones. `ast.dump` promises no such thing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence

_LEFT_OUT = frozenset({"kind", "type_comment", "type_ignores"})
_WITH_DOCSTRING = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_fields: dict[type[ast.AST], tuple[str, ...]] = {}
"""The fields of each kind of node that count, in the order of their names."""


def sha256(text: str) -> str:
    """The digest of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def meaning_of(node: object) -> str:
    """The syntax tree as text: fields in order of their names, none that is empty (later versions of Python add such),
    no positions, no docstrings.
    """
    if isinstance(node, ast.AST):
        return _of_node(node)
    if isinstance(node, list):
        return f"[{','.join(map(meaning_of, node))}]"
    return repr(node)


def _of_node(node: ast.AST) -> str:
    kind = type(node)
    names = _fields.get(kind)
    if names is None:
        names = _fields[kind] = tuple(sorted(name for name in node._fields if name not in _LEFT_OUT))
    inner = []
    for name in names:
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, _WITH_DOCSTRING):
            value = _without_docstring(node.body)
        elif name == "values" and isinstance(node, ast.JoinedStr):
            value = _pieces(node.values)
        elif value is None or value == []:
            continue
        inner.append(f"{name}={meaning_of(value)}")
    return f"{kind.__name__}({','.join(inner)})"


def _pieces(values: Sequence[ast.expr]) -> list[object]:
    """The parts of an f-string, adjacent texts as one and empty ones left out: Python 3.12 splits them otherwise."""
    pieces: list[object] = []
    for value in values:
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            pieces.append(value)
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += value.value
        elif value.value:
            pieces.append(value.value)
    return pieces


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return list(body[1:])
    return list(body)
