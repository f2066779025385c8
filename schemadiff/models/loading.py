"""The setting ``models`` -> the MetaData that it names.

``module:attribute`` (see `attribute_path`) may be a MetaData, a declarative base, a Flask-SQLAlchemy ``db``, its
``metadatas``, a Flask application, a list of these, or a function that returns one. ``app.models.*`` is all that the
modules below a package hold. Several are written with commas between them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from schemadiff.errors import ConfigError, ModelsError
from schemadiff.models import attribute_path, hints
from schemadiff.models.attribute_path import Attribute, Call, Key
from schemadiff.models.importing import import_matching, import_module, is_local, user_line

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

Found = Mapping[sa.MetaData, str]
"""Each MetaData, and under which name it was found."""


def load_models(path: str) -> Found:
    """The MetaData behind what the setting says, or behind several with commas between them, with at least one table
    in each.

    Raises `ModelsError` when it cannot be imported (with the user's own failing line), when there is no such
    attribute, when it is none of what the module's docstring lists, or when no table is declared.
    """
    parts = attribute_path.split(path)
    if parts and parts != (path,):
        return _together(map(load_models, parts))
    before = set(sys.modules)
    module = path.partition(":")[0]
    found = (
        _searched(path) if "*" in module else metadata_of(_imported(path, "models", hints.in_module), path)
    )
    if not any(one.tables for one in found):
        imported = sorted(name for name in set(sys.modules) - before if is_local(sys.modules[name]))
        advice = hints.not_imported(module) or "Name the module that imports all models."
        raise ModelsError(
            f'"{path}" declares no tables: was the module that defines them imported?',
            hint=f"Imported were {', '.join(imported) or module}. {advice}",
        )
    return found


def _searched(pattern: str) -> Found:
    """Return the MetaData in all modules that the pattern matches."""
    modules, colon, _ = pattern.partition(":")
    setting = f'the setting models is "{pattern}"'
    if colon:
        raise ModelsError(
            f"{setting}: a pattern is one of modules, without an attribute",
            hint=f'All that these modules hold is models = "{modules}".',
        )
    found: dict[sa.MetaData, str] = {}
    for module in import_matching(modules, setting):
        for name, metadata in hints.held(module):
            found.setdefault(metadata, f"{module.__name__}:{name}")
    # So Flask-SQLAlchemy marks what is for another database.
    _expect_no_others({key: one for one in found if (key := one.info.get("bind_key")) is not None}, pattern)
    return found


def _together(several: Iterable[Found]) -> Found:
    found: dict[sa.MetaData, str] = {}
    for one in several:
        for metadata, name in one.items():
            found.setdefault(metadata, name)
    return found


@functools.cache
def load_engine(path: str) -> Engine | AsyncEngine:
    """The engine behind ``module:attribute``, which is one or a function that returns one: the same at every call.
    Raises `ModelsError` when it cannot be imported, `ConfigError` for anything else.
    """
    found = _imported(path, "engine", lambda _: "")
    if callable(found) and not isinstance(found, type):
        try:
            found = cast(Callable[[], object], found)()
        except Exception as error:
            raise ConfigError(f'"{path}" could not be called: {user_line(error)}') from error
    if not isinstance(getattr(found, "sync_engine", found), Engine):
        raise ConfigError(
            f'"{path}" is {type(found).__name__}, which is no engine',
            hint="It may be a SQLAlchemy Engine or AsyncEngine, or a function that returns one.",
        )
    return cast("Engine | AsyncEngine", found)


def _imported(path: str, setting: str, advice: Callable[[ModuleType], str]) -> object:
    """The object at ``module:attribute``. Raises `ModelsError`, with this advice where there is no such attribute."""
    name, separator, attribute = path.partition(":")
    said = f'the setting {setting} is "{path}"'
    if not separator or not name or not attribute.strip():
        raise ModelsError(
            f"{said}, which is not of the form module:attribute", hint=hints.right_form(setting, name)
        )
    try:
        steps = attribute_path.parse(attribute)
    except ValueError as error:
        raise ModelsError(
            f'{said}, and "{error}" in it is neither a name nor a literal',
            hint="Behind the colon stand names, and arguments that are texts, numbers, True, False, None, or lists and "
            f"dicts of these, as in {setting} = \"app:create_app('testing')\". For more, write a function without "
            "arguments.",
        ) from None
    module = import_module(name, said)
    found: object = module
    for step in steps:
        try:
            found = step.of(found)
        except Exception as error:
            match step, error:
                case Attribute(), AttributeError():
                    raise ModelsError(
                        f'module "{name}" has no attribute "{attribute}"', hint=advice(module) or None
                    ) from None
                case Key(key), KeyError():
                    raise ModelsError(
                        f'"{path}": there is no key {key!r}', hint=hints.keys_of(found)
                    ) from None
                case Call(), _ if callable(found):
                    raise _not_called(path, found, error) from error
                case _:  # of a property, as of one that needs the context of an application
                    raise ModelsError(f'"{path}" cannot be had: {user_line(error)}') from error
    return found


def _not_called(path: str, function: Callable[..., object], error: Exception) -> ModelsError:
    return ModelsError(
        f'"{path}" could not be called: {user_line(error)}', hint=hints.arguments_of(path, function, error)
    )


def metadata_of(value: object, name: str = "models") -> Found:
    """The MetaData that a value stands for; see the module's docstring. Raises `ModelsError` for anything else."""
    if isinstance(value, sa.MetaData):
        return {value: name}
    if isinstance(value, list | tuple | set | frozenset):
        return _together(
            load_models(one) if isinstance(one, str) else metadata_of(one, f"{name}[{position}]")
            for position, one in enumerate(value)
        )
    if isinstance(value, Mapping) and all(isinstance(one, sa.MetaData) for one in value.values()):
        return _together(metadata_of(one, f"{name}[{key!r}]") for key, one in value.items())
    extensions = getattr(value, "extensions", None)
    if isinstance(extensions, dict) and hasattr(value, "app_context"):
        if "sqlalchemy" not in extensions:
            raise ModelsError(
                f'the Flask application "{name}" has no Flask-SQLAlchemy: call db.init_app(app) first'
            )
        return metadata_of(extensions["sqlalchemy"], name)
    metadata = getattr(value, "metadata", None)
    if isinstance(metadata, sa.MetaData):
        bound = getattr(value, "metadatas", None)
        if isinstance(bound, dict):
            _expect_no_others({key: one for key, one in bound.items() if key is not None}, name)
        return {metadata: name}
    if callable(value) and not isinstance(value, type):
        try:
            made = cast(Callable[[], object], value)()
        except Exception as error:
            raise _not_called(name, value, error) from error
        if not callable(made) or isinstance(made, type) or hasattr(made, "extensions"):
            return metadata_of(made, name)
        value = made
    raise ModelsError(
        f'"{name}" is {type(value).__name__}, which holds no models',
        hint="It may be a MetaData, a declarative base, a Flask-SQLAlchemy db, a Flask application, a list of these, "
        "or a function that returns one.",
    )


def given_models(value: object) -> Found:
    """As `metadata_of`, with at least one table where it is not a MetaData itself, which says for sure that there is
    none. Raises `ModelsError`: a database without models is one of which everything would be dropped.
    """
    found = metadata_of(value)
    if not isinstance(value, sa.MetaData) and not any(one.tables for one in found):
        raise ModelsError(
            "the models declare no tables: was the module that defines them imported?",
            hint=hints.not_imported("the module of the application")
            or "Import it where the application, or what stands for the models, is made.",
        )
    return found


def _expect_no_others(bound: Mapping[object, object], name: str) -> None:
    """Raises `ModelsError` where models are of other databases (``__bind_key__``)."""
    others = {
        str(key): sorted(metadata.tables)
        for key, metadata in bound.items()
        if isinstance(metadata, sa.MetaData) and metadata.tables
    }
    if others:
        words = "; ".join(f"{', '.join(tables)} (bind {key})" for key, tables in others.items())
        key = next(iter(others))
        raise ModelsError(
            f'"{name}" has models of other databases, which would be left out: {words}',
            hint='One database is worked on at a time. Where db is your Flask-SQLAlchemy: models = "app:db.metadata" '
            f"are those without a bind, models = \"app:db.metadatas['{key}']\" those of a bind, with --url for its "
            "database.",
        )
