"""The user's modules are imported here, and nowhere else; what goes wrong in them is told with their own line."""

from __future__ import annotations

import importlib
import linecache
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

from schemadiff.errors import ModelsError

HERE = Path(__file__).parent


def import_module(name: str, setting: str) -> ModuleType:
    """The module of that name, also of the current directory. `setting` is what names it, for messages. Raises
    `ModelsError`.
    """
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise ModelsError(
                f'there is no module "{error.name}" ({setting})', hint=_where_it_may_be(error.name)
            ) from error
        raise _failed_import(name, error) from error
    except (Exception, SystemExit) as error:
        raise _failed_import(name, error) from error


def _where_it_may_be(name: str) -> str:
    """Where to run the command; a folder below the current directory that has the module is named."""
    package, _, _ = name.rpartition(".")
    if package in sys.modules and (beside := _submodules(sys.modules[package])):
        return f"In {package} there are {', '.join(beside)}."
    here = Path.cwd()
    for folder in sorted(here.glob("[!.]*/")):
        found = folder.joinpath(*name.split("."))
        if found.is_dir() or found.with_suffix(".py").is_file():
            return (
                f"It stands in the folder {folder.name}: run the command there, or with PYTHONPATH={folder.name}; "
                f"the current directory is {here}."
            )
    return f"Run the command where that module can be imported from; the current directory is {here}."


def import_matching(pattern: str, setting: str) -> Iterator[ModuleType]:
    """The modules that a dotted name with ``*`` in it stands for: one part of a name, and at the end of the pattern a
    module with all that is below it. A module that is to be run (``__main__``) is none of them.
    """
    parts = pattern.split(".")
    fixed = next(position for position, part in enumerate(parts) if "*" in part)
    if not fixed:
        raise ModelsError(
            f"{setting} begins with a pattern: the first part names a package",
            hint='For example models = "app.models.*".',
        )
    yield from _below(import_module(".".join(parts[:fixed]), setting), parts[fixed:], setting)


def _below(module: ModuleType, parts: Sequence[str], setting: str) -> Iterator[ModuleType]:
    if not parts or parts == ["*"]:
        yield module
    if not parts:
        return
    for name in _submodules(module):
        if fnmatchcase(name, parts[0]):
            found = import_module(f"{module.__name__}.{name}", setting)
            yield from _below(found, parts if parts == ["*"] else parts[1:], setting)


def _submodules(module: ModuleType) -> tuple[str, ...]:
    found = (one.name for one in pkgutil.iter_modules(getattr(module, "__path__", ())))
    return tuple(sorted(name for name in found if name != "__main__"))


def _failed_import(module: str, error: BaseException) -> ModelsError:
    return ModelsError(f'the module "{module}" could not be imported: {user_line(error)}')


def user_line(error: BaseException) -> str:
    """Describes what went wrong and the user's own line where it did, without a traceback."""
    words = f"{type(error).__name__}: {error}".strip().rstrip(":")
    if isinstance(error, SyntaxError) and error.filename:
        return f"{words}\n  {error.filename}, line {error.lineno}: {(error.text or '').strip()}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_user_file(frame.filename)]
    if not frames:
        return words
    last = frames[-1]
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    return f"{words}\n  {last.filename}, line {last.lineno}: {line}"


def _is_user_file(filename: str) -> bool:
    path = Path(filename)
    return (
        not filename.startswith("<")
        and HERE not in path.parents
        and "site-packages" not in path.parts
        and "importlib" not in path.parts
    )


def is_local(module: object) -> bool:
    """Whether it is a module of the user's, below the current directory."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and _is_user_file(file) and Path.cwd() in Path(file).parents
