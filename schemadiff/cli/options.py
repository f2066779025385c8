"""The options and arguments of a command as Typer wants them. No SQLAlchemy and no Rich here."""

from __future__ import annotations

import inspect
from typing import Any, Literal, cast

import typer

from schemadiff.cli.command_table import Argument, Command
from schemadiff.config.options import Option, options_of, words_of

_TYPES: dict[str, Any] = {
    "flag": bool,
    "text": str | None,
    "list": list[str] | None,
    "number": int | None,
    "seconds": float,
}


def signature(command: Command) -> inspect.Signature:
    """The signature of a function that is the command: Typer makes its options from that."""
    return inspect.Signature(
        [*map(_argument, command.arguments), *(option(one, command.name) for one in options_of(command.name))]
    )


def option(one: Option, command: str) -> inspect.Parameter:
    """The option as a parameter."""
    default = False if one.kind == "flag" else one.default
    settings: dict[str, Any] = {"help": one.help, "show_default": one.default is not None}
    if one.metavar:
        settings["metavar"] = one.metavar
    if one.least is not None:
        settings["min"] = one.least
    kind = _TYPES.get(one.kind)
    if one.kind == "word":
        kind = cast("Any", Literal)[words_of(one, command)]
        kind = kind if one.default else kind | None
    return inspect.Parameter(
        one.parameter,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(default, *one.flags, **settings),
        annotation=kind,
    )


def _argument(one: Argument) -> inspect.Parameter:
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Argument(metavar=one.metavar, help=one.help, show_default=False),
        annotation=int if one.kind == "number" else str,
    )
