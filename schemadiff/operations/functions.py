"""The functions of a revision file: their names, their files, and whether a call carries them out. Pure."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

ORDINARY = "Write an ordinary function, which does its work when it is called."
"""The hint beside `put_off` and `left_undone`."""


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function; of a `functools.partial` what that calls, of any other object with ``__call__`` its
    class.
    """
    if isinstance(function, functools.partial):
        return name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def file_of(function: Callable[..., Any]) -> str | None:
    """The path of the file in which it is written; ``None`` for what is not written in Python."""
    code = getattr(_plain(function), "__code__", None)
    return code.co_filename if code else None


def put_off(function: Callable[..., Any]) -> str | None:
    """In words, what a call makes in place of doing the work; ``None`` for an ordinary function."""
    plain = _plain(function)
    if inspect.iscoroutinefunction(plain):
        return "is async: a call makes a coroutine, which nobody awaits"
    if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
        return "is a generator, because of its yield: a call makes an iterator, which nobody goes through"
    return None


def left_undone(result: object) -> str | None:
    """In words, what a call has returned in place of doing the work; ``None`` where it has done it."""
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
        return "returned a coroutine, which nobody awaits"
    if inspect.isawaitable(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
        return "returned an awaitable or a generator, which nobody goes through"
    return None


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function).__call__
