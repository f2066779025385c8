"""The public Python API: what is exported is documented, and named as on the command line."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from pathlib import Path

import pytest

import schemadiff
from schemadiff import errors
from schemadiff.config.options import OPTIONS
from tools import api

ROOT = Path(__file__).resolve().parent.parent
NOT_PARAMETERS = {"wait", "format", "yes", "url", "models", "versions", "schema", "engine", "connect_args"}
"""Options that say where the call's own arguments come from, or are about a terminal."""
PUBLIC = [name for name in schemadiff.__all__ if not name.startswith("_")]


def test_what_is_exported_is_what_a_type_checker_sees() -> None:
    tree = ast.parse((ROOT / "schemadiff" / "__init__.py").read_text())
    seen = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("schemadiff.")
        for alias in node.names
    }
    assert sorted(seen) == PUBLIC
    assert {name: f"schemadiff.{home}" for name, home in schemadiff._HOMES.items()} == seen
    assert schemadiff.__all__ == sorted(schemadiff.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_each_has_a_docstring_of_its_own(name: str) -> None:
    one = getattr(schemadiff, name)
    assert one.__doc__
    if dataclasses.is_dataclass(one):
        assert isinstance(one, type)
        assert one.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert not one.__doc__.startswith(f"{name}("), "dataclass made it up"


def test_every_error_is_exported() -> None:
    made = {
        name
        for name, one in vars(errors).items()
        if inspect.isclass(one) and issubclass(one, (schemadiff.SchemadiffError, Warning))
    }
    assert made <= set(PUBLIC)


@pytest.mark.parametrize("name", ["plan", "apply", "rollback", "check", "diff"])
def test_parameters_are_named_as_on_the_command_line(name: str) -> None:
    parameters = set(inspect.signature(inspect.unwrap(getattr(schemadiff, name))).parameters)
    options = {option.key or option.parameter for option in OPTIONS if name in option.commands}
    assert options - NOT_PARAMETERS - parameters == set()


def test_the_page_is_up_to_date() -> None:
    assert api.PAGE.read_text() == api.page(), "the docstrings have changed: run `make api`"
