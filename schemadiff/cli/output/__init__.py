"""Results of commands in the requested format. Pure: `terminal` writes it.

A format is a module here with the name of the format, and in it a class `Format`, a `Renderer`.

renderer    what a format has to write
text        for people
json        the JSON format
sql         a script for the product's own client
lines       the pieces that all reports for people are made of
models_lines  the models that were found
plan_lines  operations, SQL and hazards for people
proof_lines what a database was recorded at, and what proves it, for people
plan_json   operations, SQL and hazards as objects
units       seconds and shares in words
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer


def renderer_for(name: str, command: str, speak: Callable[[str], str] = str) -> Renderer:
    """The format of that name for one run of the command."""
    return cast("Renderer", import_module(f"{__name__}.{name}").Format(command, speak))
