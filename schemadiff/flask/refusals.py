"""Flask-Migrate's `include_object` and `include_name` as what `models.filters` asks: what they refuse takes no part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from schemadiff.errors import ConfigError
from schemadiff.models.filters import Refuses
from schemadiff.models.loading import given_models
from schemadiff.schema import Name

IncludeObject = Callable[[Any, str | None, str, bool, Any], object]
IncludeName = Callable[[str | None, str, dict[str, str | None]], object]


def refusals(keywords: Mapping[str, Any], models: Any) -> tuple[Refuses, ...]:
    """Return the filters that the keywords of `Migrate` stand for."""
    found: list[Refuses] = []
    if include_object := keywords.get("include_object"):
        found.append(refusing_objects(include_object, lambda: given_models(models)))
    if include_name := keywords.get("include_name"):
        found.append(refusing_names(include_name))
    if version_table := keywords.get("version_table"):
        found.append(_refusing_table(str(version_table), keywords.get("version_table_schema")))
    return tuple(found)


def _refusing_table(name: str, schema: str | None) -> Refuses:
    """Leaves out the table in which Alembic says where the database is."""
    return lambda kind, table, _: kind == "table" and (table.name, table.schema) == (name, schema)


def refusing_objects(include: IncludeObject, models: Callable[[], Iterable[sa.MetaData]]) -> Refuses:
    """Return `include_object` as a filter. The function gets the object of the models; for an object that is only in
    the database it gets one made of its name, with ``reflected=True``.
    """

    @cache
    def declared() -> dict[tuple[str, str | None], sa.Table]:
        tables = [one for each in models() for one in each.tables.values()]
        # The server may keep names in small letters.
        folded = {(one.name.casefold(), one.schema): one for one in tables}
        return folded | {(one.name, one.schema): one for one in tables}

    @cache
    def refuses(kind: str, table: Name, name: str | None) -> bool:
        known = declared().get((table.name, table.schema))
        owner = sa.Table(table.name, sa.MetaData(), schema=table.schema) if known is None else known
        found = owner if kind == "table" else _part(owner, kind, name)
        reflected = known is None or found is None
        if found is None:
            found = _made_up(owner, kind, name)
        return not _asked("include_object", include, found, name or table.name, kind, reflected, None)

    return refuses


def refusing_names(include: IncludeName) -> Refuses:
    """Return `include_name` as a filter; a table takes no part where its schema does not."""

    @cache
    def refuses(kind: str, table: Name, name: str | None) -> bool:
        schema = {"schema_name": table.schema}
        if kind != "table":
            owner = {"table_name": table.name, "schema_qualified_table_name": str(table)}
            return not _asked("include_name", include, name, kind, {**schema, **owner})
        if table.schema is not None and not _asked("include_name", include, table.schema, "schema", {}):
            return True
        return not _asked("include_name", include, table.name, kind, schema)

    return refuses


def _part(table: sa.Table, kind: str, name: str | None) -> Any:
    """The part of the models' table; ``None`` where it has none of that name."""
    parts: Iterable[Any] = table.constraints
    if kind == "column":
        parts = table.columns
    elif kind == "index":
        parts = table.indexes
    return next((one for one in parts if one.name == name), None)


def _made_up(table: sa.Table, kind: str, name: str | None) -> Any:
    match kind:
        case "column":
            return sa.Table(table.name, sa.MetaData(), sa.Column(str(name)), schema=table.schema).columns[
                str(name)
            ]
        case "index":
            return sa.Index(name)
        case "foreign_key_constraint":
            return sa.ForeignKeyConstraint([], [], name=name)
        case _:
            return sa.UniqueConstraint(name=name)


def _asked(what: str, function: Callable[..., object], *arguments: Any) -> bool:
    """Call the application's function. Raises `ConfigError` where it fails."""
    try:
        return bool(function(*arguments))
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(
            f"{what}, which Migrate was given, failed: {said}",
            hint=f"It is called as Alembic calls it, here for {arguments[1] if len(arguments) > 3 else arguments[0]}.",
        ) from error
