"""Suggestions for a setting that does not work, looked for in what was imported, and on disk."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from schemadiff.models import on_disk
from schemadiff.schema.describe import some

_SHOWN = 5


def metadata_in(value: object) -> sa.MetaData | None:
    """The MetaData that a value is or has, if any. What stands in for another object may not be had just now."""
    if isinstance(value, sa.MetaData):
        return value
    try:
        found = getattr(value, "metadata", None)
    except Exception:
        return None
    return found if isinstance(found, sa.MetaData) else None


def held(module: ModuleType) -> Iterator[tuple[str, sa.MetaData]]:
    """The names in the module whose objects hold models; those that are models themselves come last."""
    values = [(name, value, metadata_in(value)) for name, value in vars(module).items()]
    values.sort(key=lambda one: is_model(one[1]))
    return ((name, found) for name, _, found in values if found is not None and found.tables)


def is_model(value: object) -> bool:
    """Whether it is a table, or a class with one."""
    return issubclass(type(value), sa.Table) or (isinstance(value, type) and "__table__" in vars(value))


def in_module(module: ModuleType) -> str:
    """Return a sentence that names what holds models in the module, or where else they stand."""
    names = [name for name, _ in held(module) if not is_model(vars(module)[name])]
    if names:
        return f"What holds models in it is {', '.join(names)}."
    return f"Nothing in it holds models. {not_imported(module.__name__)}".strip()


def right_form(setting: str, module: str) -> str:
    """How the setting is written: of that module, where it stands on disk and what it holds can be read there."""
    if setting != "models":
        return f'For example {setting} = "app:make_engine".'
    for one in on_disk.search(Path.cwd()):
        if module and one.module == module and one.holders:
            return f'For example models = "{module}:{one.holders[0]}".'
        if module and one.module.startswith(f"{module}.") and one.models:
            return f'For example models = "{module}.*".'
    return 'For example models = "app:db".'


def not_imported(module: str) -> str:
    """Which modules on disk declare models that were not imported, and how to name them; empty where there are none."""
    here = Path.cwd()
    found = [one for one in on_disk.search(here) if one.models and one.module not in sys.modules]
    if not found:
        return ""
    told = [f"{one.path.relative_to(here)} ({some(each.name for each in one.models)})" for one in found]
    package = on_disk.common_package(one.module for one in found)
    name = f"{package}.*" if package else ", ".join(f"{one.module}.*" for one in found[:_SHOWN])
    return f'Nobody imported {some(told, _SHOWN)}: import them in {module}, or name them: models = "{name}".'


def arguments_of(path: str, function: Callable[..., Any], error: Exception) -> str | None:
    """How to write the arguments that a function was not given."""
    if not isinstance(error, TypeError):
        return None
    try:
        wanted = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return None
    if not wanted:
        return None
    written = ", ".join(f'"{one}"' for one in wanted)
    return f"It takes {', '.join(wanted)}, which can be written there as literals: {path.partition('(')[0]}({written})."


def keys_of(value: object) -> str | None:
    """The keys that an object has."""
    return f"It has {', '.join(map(repr, value))}." if isinstance(value, Mapping) and value else None
