"""The names of the empty copies of tables on which ALTER TABLEs are tried; see `online.probe`."""

from __future__ import annotations

import re

PREFIX = "schemadiff_probe_"
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{12}}")


def is_probe(name: str) -> bool:
    """Whether a table is one of these copies, and no part of the database."""
    return _NAME.fullmatch(name) is not None
