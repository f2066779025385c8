"""Texts in the words of the command line that is in use: `schemadiff apply` is `flask db upgrade` there. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from schemadiff.cli.command_table import COMMANDS


def speaking(command: str) -> Callable[[str], str]:
    """Puts texts into the words of the commands that begin with `command`."""
    return partial(_speak, command=command)


def _speak(text: str, command: str) -> str:
    for one in COMMANDS.values():
        if own := one.of_flask:
            option = rf"(?: --{own.by_place} (?=\d))?" if own.by_place else ""
            text = re.sub(rf"schemadiff {one.name}\b{option}", _keep_gap(f"{command} {own.name}"), text)
    return text


def _keep_gap(command: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{command} " if match[0].endswith(" ") else command
