"""``module:attribute`` -> the MetaData that it holds. Imports the user's code: the only module that does.

The attribute may be a MetaData, a declarative base, a Flask-SQLAlchemy ``db``, a Flask application, a list of
these, or a function without arguments that returns one. Several are written with commas between them.
"""

from __future__ import annotations

import functools
import importlib
import linecache
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from schemadiff.errors import ConfigError, ModelsError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

HERE = Path(__file__).parent


def load_models(path: str) -> tuple[sa.MetaData, ...]:
    """The MetaData behind ``module:attribute``, or behind several with commas between them, with at least one table
    in each.

    Raises `ModelsError` when it cannot be imported (with the user's own failing line), when there is no such
    attribute, when it is none of what the module's docstring lists, or when no table is declared.
    """
    if "," in path:
        return metadata_of([one.strip() for one in path.split(",") if one.strip()], path)
    before = set(sys.modules)
    module_name = path.partition(":")[0]
    found = _imported(path, "models", _with_models)
    metadata = metadata_of(found, path)
    if not any(one.tables for one in metadata):
        imported = sorted(name for name in set(sys.modules) - before if _is_local(sys.modules[name]))
        raise ModelsError(
            f'"{path}" declares no tables: was the module that defines them imported?',
            hint=f"Imported were {', '.join(imported) or module_name}. Name the module that imports all models.",
        )
    return metadata


@functools.cache
def load_engine(path: str) -> Engine | AsyncEngine:
    """The engine behind ``module:attribute``, which is one or a function without arguments that returns one: the
    same at every call. Raises `ModelsError` when it cannot be imported, `ConfigError` for anything else.
    """
    found = _imported(path, "engine", lambda _: "")
    if callable(found) and not isinstance(found, type):
        try:
            found = cast(Callable[[], object], found)()
        except Exception as error:
            raise ConfigError(f'"{path}" could not be called: {_user_line(error)}') from error
    if not isinstance(getattr(found, "sync_engine", found), Engine):
        raise ConfigError(
            f'"{path}" is {type(found).__name__}, which is no engine',
            hint="It may be a SQLAlchemy Engine or AsyncEngine, or a function without arguments that returns one.",
        )
    return cast("Engine | AsyncEngine", found)


def _imported(path: str, setting: str, advice: Callable[[ModuleType], str]) -> object:
    """The object at ``module:attribute``. Raises `ModelsError`, with this advice where there is no such attribute."""
    module_name, separator, attribute = path.partition(":")
    if not separator or not module_name or not attribute:
        example = "app:db" if setting == "models" else "app:make_engine"
        raise ModelsError(
            f'the setting {setting} is "{path}", which is not of the form module:attribute',
            hint=f'For example {setting} = "{example}".',
        )
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise ModelsError(
                f'there is no module "{error.name}" (the setting {setting} is "{path}")',
                hint=f"Run the command where that module can be imported from; the current directory is {os.getcwd()}.",
            ) from error
        raise _failed_import(module_name, error) from error
    except (Exception, SystemExit) as error:
        raise _failed_import(module_name, error) from error
    found: object = module
    for part in attribute.removesuffix("()").split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ModelsError(
                f'module "{module_name}" has no attribute "{attribute}"', hint=advice(module) or None
            ) from None
        except Exception as error:  # of a property, as of one that needs the context of an application
            raise ModelsError(f'"{path}" cannot be had: {_user_line(error)}') from error
    return found


def _with_models(module: ModuleType) -> str:
    names = [name for name, value in vars(module).items() if _holds_models(value)]
    return f"What holds models in it is {', '.join(names)}." if names else "Nothing in it holds models."


def metadata_of(value: object, name: str = "models") -> tuple[sa.MetaData, ...]:
    """The MetaData that a value stands for; see the module's docstring. Raises `ModelsError` for anything else."""
    if isinstance(value, sa.MetaData):
        return (value,)
    if isinstance(value, list | tuple | set | frozenset):
        found = (load_models(item) if isinstance(item, str) else metadata_of(item, name) for item in value)
        return tuple(dict.fromkeys(one for several in found for one in several))
    extensions = getattr(value, "extensions", None)
    if isinstance(extensions, dict) and hasattr(value, "app_context"):
        if "sqlalchemy" not in extensions:
            raise ModelsError(
                f'the Flask application "{name}" has no Flask-SQLAlchemy: call db.init_app(app) first'
            )
        return metadata_of(extensions["sqlalchemy"], name)
    metadata = getattr(value, "metadata", None)
    if isinstance(metadata, sa.MetaData):
        _expect_no_others(getattr(value, "metadatas", None), name)
        return (metadata,)
    if callable(value) and not isinstance(value, type):
        try:
            made = cast(Callable[[], object], value)()
        except Exception as error:
            raise ModelsError(f'"{name}" could not be called: {_user_line(error)}') from error
        if not callable(made) or isinstance(made, type) or hasattr(made, "extensions"):
            return metadata_of(made, name)
        value = made
    raise ModelsError(
        f'"{name}" is {type(value).__name__}, which holds no models',
        hint="It may be a MetaData, a declarative base, a Flask-SQLAlchemy db, a Flask application, a list of these, "
        "or a function without arguments that returns one.",
    )


def given_models(value: object) -> tuple[sa.MetaData, ...]:
    """As `metadata_of`, with at least one table where it is not a MetaData itself, which says for sure that there is
    none. Raises `ModelsError`: a database without models is one of which everything would be dropped.
    """
    found = metadata_of(value)
    if not isinstance(value, sa.MetaData) and not any(one.tables for one in found):
        raise ModelsError(
            "the models declare no tables: was the module that defines them imported?",
            hint="Import it where the application, or what stands for the models, is made.",
        )
    return found


def _expect_no_others(bound: object, name: str) -> None:
    """Raises `ModelsError` where a Flask-SQLAlchemy has models of other databases (``__bind_key__``)."""
    others = {
        key: sorted(metadata.tables)
        for key, metadata in (bound if isinstance(bound, dict) else {}).items()
        if key is not None and isinstance(metadata, sa.MetaData) and metadata.tables
    }
    if others:
        words = "; ".join(f"{', '.join(tables)} (bind {key})" for key, tables in others.items())
        raise ModelsError(
            f'"{name}" has models of other databases, which would be left out: {words}',
            hint="schemadiff works on one database at a time, and does not know binds yet. From the command line, "
            'models = "app:db.metadata" are those without a bind, and a function that returns db.metadatas["key"] '
            "stands for those of a bind, with --url for its database.",
        )


def _holds_models(value: object) -> bool:
    metadata = value if isinstance(value, sa.MetaData) else getattr(value, "metadata", None)
    is_model = hasattr(value, "__table__") or isinstance(value, sa.Table)
    return isinstance(metadata, sa.MetaData) and bool(metadata.tables) and not is_model


def _failed_import(module: str, error: BaseException) -> ModelsError:
    return ModelsError(f'the module "{module}" could not be imported: {_user_line(error)}')


def _user_line(error: BaseException) -> str:
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


def _is_local(module: object) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and _is_user_file(file) and Path.cwd() in Path(file).parents
