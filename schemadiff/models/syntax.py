"""The syntax tree of Python text."""

from __future__ import annotations

import ast
import gc


def parse(source: str | bytes, name: str = "<unknown>") -> ast.Module:
    """The tree of a module. Raises `SyntaxError`, and `ValueError` for what is no text.

    Without the garbage collector meanwhile: what it closes then makes CPython 3.11 miscount how deep the tree is, and
    fail (`SystemError: AST constructor recursion depth mismatch`).
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source, name)
    finally:
        if collecting:
            gc.enable()
