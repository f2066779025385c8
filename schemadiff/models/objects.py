"""The objects of a MetaData besides tables: sequences, SQLAlchemy 2.1's views, the schemas that they are in. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.ddl import CreateConstraint, CreateIndex, ExecutableDDLElement
from sqlalchemy.types import TypeEngine

from schemadiff.dialects import Dialect
from schemadiff.errors import UnsupportedError
from schemadiff.models.types import PlainTypes, resolve, target
from schemadiff.schema import Domain, Enum, Index, Name, Sequence, StoredObject, Unsupported, View

DOMAIN_OPTIONS = ("type", "collation", "default", "nullable", "checks", "not_valid")
"""The fields of a `Domain` that revision files name."""

SEQUENCE_OPTIONS = {
    "type": "data_type",
    "start": "start",
    "increment": "increment",
    "minimum": "minvalue",
    "maximum": "maxvalue",
    "cycle": "cycle",
    "cache": "cache",
}
"""The fields of a `Sequence`, and what `sa.Sequence` calls them."""


def view_of(table: sa.Table) -> Any:
    """The CreateView behind a table of the MetaData (SQLAlchemy 2.1), or ``None`` for a table."""
    creator = getattr(table, "_creator_ddl", None)
    return creator if creator is not None and hasattr(creator, "materialized") else None


def is_copy(table: sa.Table) -> bool:
    """Whether the table is made from a SELECT (SQLAlchemy 2.1's CreateTableAs)."""
    return getattr(table, "_creator_ddl", None) is not None and view_of(table) is None


def is_table(table: sa.Table) -> bool:
    """Whether it is a table of the database: no view, and none that lives as long as a session does."""
    passing = table._prefixes and not _PASSING.isdisjoint(str(word).upper() for word in table._prefixes)
    return not passing and view_of(table) is None


_PASSING = frozenset({"TEMPORARY", "TEMP", "GLOBAL TEMPORARY", "LOCAL TEMPORARY"})
"""Prefixes of a table that no other session sees."""


def is_made(item: sa.Constraint | sa.Index, compiler: DDLCompiler) -> bool:
    """Whether ``create_all`` makes the constraint or index on the dialect: by its ``ddl_if``, and by the rule of one
    that belongs to a type. The rule of one that belongs to the user was left by an earlier create_all.

    Raises `UnsupportedError` where ``ddl_if(callable_=…)`` cannot be asked.
    """
    rule = item._create_rule if isinstance(item, sa.Constraint) and item._type_bound else None
    if rule is not None and not rule(compiler):
        return False
    condition = item._ddl_if
    if condition is None:
        return True
    create = CreateIndex(item) if isinstance(item, sa.Index) else CreateConstraint(item)
    try:
        return condition._should_execute(create, item, None, compiler=compiler, checkfirst=False)
    except Exception as error:
        raise UnsupportedError(
            f'{type(item).__name__} "{item.name or "without a name"}" of table "{item.table}": '
            f"what ddl_if(callable_=…) calls has failed: {type(error).__name__}: {error}",
            hint="It is called without a connection, as SQLAlchemy calls it for scripts: decide by its argument "
            "`dialect`, or say ddl_if(dialect=…).",
        ) from error


def left_to_database(column: sa.Column[Any]) -> tuple[str, ...]:
    """The fields of a `Column` that the models leave to the database by ``FetchedValue``."""
    default, onupdate = column.server_default, column.server_onupdate
    told = (sa.DefaultClause, sa.Computed, sa.Identity, sa.Sequence)
    fields: tuple[str, ...] = ()
    if isinstance(default, sa.FetchedValue) and not isinstance(default, told):
        fields += ("default", "generated", "identity", "autoincrement")
    if onupdate is not None and not isinstance(onupdate, sa.Computed):
        # SQLAlchemy never writes it: it says that the database does something.
        fields += ("on_update",)
    return fields


def unsupported(metadata: sa.MetaData, prefixes: Collection[str]) -> Iterator[Unsupported]:
    """Yield the side effects that the models add to ``create_all``, which no revision repeats. `prefixes` are the
    `Traits.table_prefixes` of the product.
    """
    for table in metadata.tables.values():
        name = Name(table.name, table.schema)
        if is_copy(table):
            yield Unsupported(name, "is filled by CREATE TABLE AS: create it with op.execute(…)")
        creator = view_of(table)
        for option in getattr(creator, "kwargs", None) or {}:
            yield Unsupported(
                name, f"has the option {option}, which is not compared: say it with op.execute(…)"
            )
        words = {str(one).upper() for one in table._prefixes} if table._prefixes else set()
        for word in words.difference(_PASSING, prefixes):
            yield Unsupported(
                name, f"has the prefix {word}, which is not compared: say it with op.execute(…)"
            )
        keys = table.foreign_key_constraints
        for key, times in Counter(map(_joined, keys)).items() if len(keys) > 1 else ():
            if times > 1:
                yield Unsupported(
                    name,
                    f"the foreign key ({', '.join(sorted(key))}) is declared {times} times: the database makes as many",
                )
        if _has_listeners(table):
            yield Unsupported(name, "has a listener to its creation: what that does belongs in op.execute(…)")
    if _has_listeners(metadata):
        yield Unsupported(
            Name("MetaData"), "has a listener to its creation: what that does belongs in op.execute(…)"
        )


def _joined(key: sa.ForeignKeyConstraint) -> frozenset[str]:
    """Which column refers to which, whatever the key is called and does."""
    targets = [".".join(filter(None, target(one))) for one in key.elements]
    return frozenset(f"{one.parent.name} to {name}" for one, name in zip(key.elements, targets, strict=True))


def _has_listeners(target: sa.MetaData | sa.Table) -> bool:
    """Whether somebody but SQLAlchemy itself, whose ENUM types listen as well, is called at the creation."""
    listeners = (*target.dispatch.before_create, *target.dispatch.after_create)
    return any(
        isinstance(one, ExecutableDDLElement) or not str(_module_of(one)).startswith("sqlalchemy.")
        for one in listeners
    )


def _module_of(function: Any) -> object:
    while hasattr(function, "func"):
        function = function.func  # a partial
    return getattr(function, "__module__", "")


def stored_objects(
    metadata: sa.MetaData,
    dialect: Dialect,
    read_indexes: Callable[[sa.Table, Dialect], tuple[Index, ...]],
) -> Iterator[StoredObject]:
    """The canonical sequences, types with names and views of a MetaData that the dialect has.

    Raises `UnsupportedError` for a view that cannot be compiled, and for a materialized one where there is none.
    """
    for sequence in metadata._sequences.values():
        if has_sequence(sequence, dialect):
            yield dialect.canonical_object(read_sequence(sequence, dialect))
    for kind in _types(metadata):
        domain = dialect.declared_domain(resolve(kind, dialect))
        if domain is not None:
            yield domain
        elif dialect.named_enums and isinstance(kind, sa.Enum) and kind.native_enum and kind.name:
            schema = None if kind.schema == dialect.default_schema else kind.schema
            yield Enum(Name(str(kind.name), schema), tuple(kind.enums))
    plain = PlainTypes()
    ordinary: set[type] = set()
    for table in metadata.tables.values():
        for column in table.columns:
            kind = column.type
            if type(kind) in ordinary and "_variant_mapping" not in vars(kind):
                continue
            if plain.has(kind) and not dialect.is_domain(kind):
                ordinary.add(type(kind))
                continue
            domain = dialect.declared_domain(resolve(kind, dialect))
            if domain is not None:
                yield domain
        creator = view_of(table)
        if creator is not None and not creator.temporary:
            view = _read_view(creator, table, dialect)
            if view.materialized and table.indexes:
                view = dataclasses.replace(view, indexes=read_indexes(table, dialect))
            yield dialect.canonical_object(view)


def _types(metadata: sa.MetaData) -> Iterator[TypeEngine[Any]]:
    """The types that were declared in the MetaData itself (``metadata=``), which its ``create_all`` therefore creates
    whether a column has them or not: they listen to it. One that a column brings along listens as a partial.
    """
    for listener in metadata.dispatch.before_create:
        # SQLAlchemy 2.0 wraps the method.
        kind = getattr(listener, "target", None) or getattr(listener, "__self__", None)
        if isinstance(kind, TypeEngine) and not getattr(listener, "kwargs", None):
            if getattr(kind, "create_type", True):
                yield kind


def has_sequence(sequence: sa.Sequence, dialect: Dialect) -> bool:
    """Whether ``create_all`` makes the sequence on the dialect."""
    sqlalchemy = dialect.sqlalchemy
    return bool(sqlalchemy.supports_sequences) and not (sqlalchemy.sequences_optional and sequence.optional)


def read_sequence(sequence: sa.Sequence, dialect: Dialect) -> Sequence:
    """The sequence as it is declared."""
    minimum = None if sequence.nominvalue else sequence.minvalue
    maximum = None if sequence.nomaxvalue else sequence.maxvalue
    kind = sequence.data_type
    return Sequence(
        dialect.named(sequence.name, sequence.schema),
        dialect.sqlalchemy.type_compiler_instance.process(kind).lower() if kind is not None else None,
        sequence.start,
        sequence.increment,
        minimum,
        maximum,
        bool(sequence.cycle),
        sequence.cache,
    )


def sequence_options(sequence: Sequence) -> dict[str, Any]:
    """Return the options of a sequence as keywords of `sa.Sequence` and the verbs for sequences, without those left to
    the server.
    """
    return {
        key: value
        for field, key in SEQUENCE_OPTIONS.items()
        if (value := getattr(sequence, field)) not in (None, False)
    }


def domain_options(domain: Domain) -> dict[str, Any]:
    """Return a domain's options as keywords of the verbs for domains, as they were written, without those that were not
    declared.
    """
    written = domain.written or domain
    given: dict[str, Any] = {field: getattr(written, field) for field in DOMAIN_OPTIONS}
    checks: dict[str, Any] = {name: condition for name, condition in written.checks if name}
    if nameless := [condition for name, condition in written.checks if not name]:
        checks[""] = nameless[0] if len(nameless) == 1 else nameless
    given["checks"] = checks
    given["not_valid"] = list(written.not_valid) or None
    return {key: value for key, value in given.items() if value not in (None, True, {})}


def read_domain(name: Name, options: Mapping[str, Any], dialect: Dialect) -> StoredObject:
    """The domain of a revision file, in canonical form."""
    given = {"type": "", **{key: value for key, value in options.items() if value is not None}}
    checks = tuple(
        (key or None, text)
        for key, texts in given.pop("checks", {}).items()
        for text in ([texts] if isinstance(texts, str) else texts)
    )
    domain = Domain(name, checks=checks, not_valid=tuple(given.pop("not_valid", ())), **given)
    return dialect.canonical_object(dataclasses.replace(domain, written=domain))


def _read_view(creator: Any, table: sa.Table, dialect: Dialect) -> View:
    try:
        compiled = creator.selectable.compile(
            dialect=dialect.sqlalchemy, compile_kwargs={"literal_binds": True}
        )
    except exc.CompileError as error:
        raise UnsupportedError(f'view "{table.name}": {error}') from error
    text = str(compiled)
    if dialect.sqlalchemy.identifier_preparer._double_percents:
        text = text.replace("%%", "%")
    name = dialect.named(table.name, table.schema)
    return View(name, text, bool(creator.materialized), written=text)


def info_of(item: sa.Column[Any] | sa.Constraint | sa.Index) -> dict[str, Any]:
    """Return the attributes that its ``info`` declares, for which SQLAlchemy has no argument: ``info={"schemadiff":
    {"visible": False}}``.
    """
    # To ask for the `info` of what has none would make it one.
    words = vars(item).get("info", _NOTHING).get("schemadiff")
    return words if isinstance(words, dict) else _NOTHING


_NOTHING: dict[str, Any] = {}


def key_words(key: sa.PrimaryKeyConstraint) -> dict[str, Any]:
    """Return the attributes in a primary key's ``info``: ``{"length": {"id": 7}, "descending": ["id"]}``,
    "without_overlaps".
    """
    words = info_of(key)
    if not words:
        return {}
    lengths, descending = words.get("length", {}), words.get("descending", ())
    parts = tuple((lengths.get(one.name), one.name in descending) for one in key.columns)
    return {
        "without_overlaps": bool(words.get("without_overlaps")),
        "parts": parts if any(part != (None, False) for part in parts) else (),
    }
