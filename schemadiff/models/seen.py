"""Which modules declared the tables that were found, and which on disk declare others and were never imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from schemadiff.models import on_disk
from schemadiff.models.hints import is_model, metadata_in
from schemadiff.models.on_disk import Declared, File


@dataclass(frozen=True, slots=True)
class Home:
    """A module and the tables that it declares. Those that no module has under a name are in the one without name."""

    module: str
    path: Path | None
    tables: tuple[sa.Table, ...]


def homes(metadata: Collection[sa.MetaData]) -> tuple[Home, ...]:
    """The modules that declare the tables, in the order of their names."""
    by_table: dict[sa.Table, str] = {}
    declared = cache(on_disk.declared)
    for module, value in _members(frozenset(metadata)):
        if isinstance(value, type):
            table = vars(value).get("__table__")
            if isinstance(table, sa.Table):  # not an alias or a subquery
                by_table[table] = value.__module__
        elif isinstance(value, sa.Table) and (value not in by_table or _declares(module, value, declared)):
            by_table[value] = module.__name__
    by_module: dict[str, list[sa.Table]] = {}
    for table in (table for one in metadata for table in one.tables.values()):
        by_module.setdefault(by_table.get(table, ""), []).append(table)
    return tuple(
        Home(name, _path(sys.modules.get(name)), tuple(sorted(tables, key=lambda one: one.fullname)))
        for name, tables in sorted(by_module.items())
    )


def not_imported(metadata: Collection[sa.MetaData]) -> tuple[File, ...]:
    """The files beside the modules of these models that declare other models and that nobody imported."""
    members = list(_members(frozenset(metadata)))
    classes = {value.__name__: value for _, value in members if isinstance(value, type)}
    files = (getattr(one, "__file__", None) for one in list(sys.modules.values()))
    imported = {os.path.abspath(one) for one in files if isinstance(one, str)}
    tables = {table.name for one in metadata for table in one.tables.values()}
    mapped = {name for name, one in classes.items() if is_model(one)}
    found = {
        one.path: one
        for folder in _folders({module.__name__ for module, _ in members})
        for one in on_disk.search(folder, imported, classes)
    }
    new = on_disk.without(found.values(), tables, mapped)
    links = {os.path.realpath(one) for one in imported} if new else set()  # the same file by another path
    return tuple(one for one in new if os.path.realpath(one.path) not in links)


def _members(metadata: Collection[sa.MetaData]) -> Iterator[tuple[ModuleType, object]]:
    """Yield every model, table and MetaData of these models, with each imported module whose attribute it is."""
    for module in list(sys.modules.values()):
        for value in list(getattr(module, "__dict__", {}).values()):
            # By its type: what stands in for another object may not be had just now.
            if issubclass(type(value), type | sa.Table | sa.MetaData) and metadata_in(value) in metadata:
                yield module, value


def _declares(module: ModuleType, table: sa.Table, declared: Callable[[Path], tuple[Declared, ...]]) -> bool:
    """Whether the table is written down in the module, and not handed on by it."""
    path = _path(module)
    return path is not None and any(one.table == table.name for one in declared(path))


def _folders(modules: Collection[str]) -> tuple[Path, ...]:
    """Where to look: the current directory where one of the modules is below it, and the packages of all others."""
    here = Path.cwd().resolve()
    found: set[Path] = set()
    for name in modules:
        path = _path(sys.modules.get(name))
        if path is None or "site-packages" in path.parts:
            continue
        # As many levels up as the name has parts.
        levels = name.count(".") + (path.stem == "__init__")
        top = path.parents[levels] if levels < len(path.parents) else path.parent
        found.add(here if here in path.parents and here not in _NO_PROJECT else top)
    return tuple(sorted(found - _NO_PROJECT))


_NO_PROJECT = frozenset({Path("/"), Path.home()})


def _path(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None
