"""One server product each: what is particular to one of them stands in its module and nowhere else.

The names here are what a dialect in another package imports (`docs/dialects.md`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemadiff.dialects.contract.dialect import Dialect
    from schemadiff.dialects.contract.statements import Expectation, Group, Retraction, Statement

__all__ = ["Dialect", "Expectation", "Group", "Retraction", "Statement"]

_HOMES = {
    "Dialect": "contract.dialect",
    **dict.fromkeys(("Expectation", "Group", "Retraction", "Statement"), "contract.statements"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: a glance at a version row needs none of it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"schemadiff.dialects.{_HOMES[name]}"), name)
