"""SQLAlchemy's MetaData -> `Schema`. Pure: nothing is imported, connected to or changed.

SQLAlchemy's own compilers write each type, default and expression as they would for ``create_all``; the dialect then
brings these texts to canonical form. What the compilers cannot write is refused by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    ColumnClause,
    ColumnElement,
    TextClause,
    UnaryExpression,
    _textual_label_reference,
)

from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.dialects.shared.lacking_features import refuse_lacking
from schemadiff.errors import ModelsError, ReplayError, UnsupportedError
from schemadiff.models.columns import Columns
from schemadiff.models.filters import NO_FILTER, Filter
from schemadiff.models.index_text import expression_part, named_part
from schemadiff.models.merging import join
from schemadiff.models.objects import info_of, is_made, is_table, key_words, stored_objects, unsupported
from schemadiff.models.table_options import arguments_of, table_options
from schemadiff.models.types import action, deferrable, target
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
    plain_parts,
    without_constraints,
)
from schemadiff.schema.fields import from_words

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import ExcludeConstraint


def read(
    metadata: sa.MetaData | Iterable[sa.MetaData], dialect: Dialect, chosen: Filter = NO_FILTER
) -> Schema:
    """The canonical schema that the models declare, without what `chosen` ignores, which is not even read: it may
    be just what schemadiff cannot represent. Several MetaData may be a mapping that names them.

    Raises `UnsupportedError` for what the dialect cannot have, `ModelsError` for what does not fit together: a
    foreign key to a table that is not there, one table declared twice and not alike.
    """
    every = [metadata] if isinstance(metadata, sa.MetaData) else list(metadata)
    names = metadata if isinstance(metadata, Mapping) else {}
    parts = ((one, names.get(one, ""), _read_visible(one, dialect, chosen)) for one in every)
    tables = join(parts, chosen, dialect)
    objects = (found for one in every for found in stored_objects(one, dialect, read_indexes))
    notes = tuple(
        note
        for one in every
        for note in unsupported(one, dialect.table_prefixes)
        if not chosen.excludes(note.table)
    )
    schema = Schema(tables, unsupported=notes)
    return schema.with_objects(one for one in objects if not chosen.hides_object(one))


def _read_visible(metadata: sa.MetaData, dialect: Dialect, chosen: Filter) -> Iterator[Table]:
    columns = Columns(dialect, dialect.model_prefixes)
    for declared in metadata.tables.values():
        reading = _Reading(declared, columns)
        if declared.name == VERSION_TABLE or not is_table(declared) or chosen.hides(reading.name):
            continue
        hidden = chosen.columns.get(reading.name, frozenset())
        found = chosen.part(reading.table(hidden), dialect)
        refuse_lacking(found, dialect.name, dialect.lacks)
        table = dialect.canonical(found)
        if table.columns or not hidden:
            yield table


def read_table(table: sa.Table, dialect: Dialect) -> Table:
    """One table in canonical form; a foreign key's target table need not be known."""
    return dialect.canonical(_alone(table, dialect, in_revision=True).table())


def read_indexes(view: sa.Table, dialect: Dialect) -> tuple[Index, ...]:
    """The indexes of a materialized view in canonical form; what the types of its columns are need not be known."""
    reading = _alone(view, dialect)
    columns = tuple(Column(one.name, Type("text")) for one in view.columns)
    indexes = (reading.index(one) for one in sorted(view.indexes, key=lambda one: one.name or ""))
    return dialect.canonical(Table(reading.name, columns, indexes=tuple(indexes))).indexes


def read_column(column: sa.Column[Any], table: Table, dialect: Dialect) -> Column:
    """One column that stands alone, as it would be read as part of `table`."""
    scratch = sa.Table(table.name.name, sa.MetaData(), column, schema=table.name.schema)
    (raw,) = _alone(scratch, dialect, in_revision=True).columns.read([column], scratch, table.name)
    # Among the others, whose names its expression may say: on SQLite, "b" is a text where there is no such column.
    others = tuple(other for other in table.columns if other.name != raw.name)
    scene = dataclasses.replace(without_constraints(table), columns=(*others, raw))
    return dialect.canonical(scene).columns[-1]


def read_onto(thing: sa.Constraint | sa.Index, table: Table, dialect: Dialect) -> Constraint | Index:
    """One constraint or index that stands alone and names its columns by text, as it would be read as part of
    `table`. On some dialects a unique constraint comes back as an `Index`.

    Raises `ReplayError` when it names a column that the table does not have.
    """
    columns = [sa.Column(column.name, sa.types.NullType()) for column in table.columns]
    try:
        scratch = sa.Table(table.name.name, sa.MetaData(), *columns, thing, schema=table.name.schema)
    except (exc.ConstraintColumnNotFoundError, exc.ArgumentError, KeyError) as error:
        raise ReplayError(f'table "{table.name}": {error}') from error
    reading = _alone(scratch, dialect)
    bare = without_constraints(table)
    match thing:
        case sa.Index():
            bare = dataclasses.replace(bare, indexes=(reading.index(thing),))
        case sa.PrimaryKeyConstraint():
            bare = dataclasses.replace(bare, primary_key=reading.primary_key(thing))
        case sa.UniqueConstraint():
            bare = dataclasses.replace(bare, uniques=(reading.unique(thing),))
        case sa.ForeignKeyConstraint():
            bare = dataclasses.replace(bare, foreign_keys=(reading.foreign_key(thing),))
        case sa.CheckConstraint():
            bare = dataclasses.replace(bare, checks=(reading.check(thing, inline=False),))
        case _ if _is_exclusion(thing):
            bare = dataclasses.replace(bare, excludes=(reading.exclude(thing),))
        case _:
            raise UnsupportedError(f'table "{table.name}": schemadiff does not know {type(thing).__name__}')
    read = dialect.canonical(bare)
    return next(iter((*read.indexes, *read.constraints())))


def _alone(table: sa.Table, dialect: Dialect, *, in_revision: bool = False) -> _Reading:
    """Return a reader for a table that stands by itself, as in a revision file: it takes the arguments for any of the
    dialect's drivers.
    """
    return _Reading(table, Columns(dialect, dialect.option_prefixes, in_revision=in_revision))


def named(thing: Constraint, name: str, table: Table, dialect: Dialect) -> Constraint:
    """The constraint of the table under that name, as the dialect keeps it: some have no name for a primary key."""
    changed = dataclasses.replace(thing, name=name)
    if not isinstance(changed, PrimaryKey):
        return changed
    read = dialect.canonical(dataclasses.replace(without_constraints(table), primary_key=changed))
    return read.primary_key or changed


class _Reading:
    """Reads one `sa.Table`; `columns` reads the columns of several, for one dialect. In models the arguments for the
    URL's own dialect alone are meant, as in ``create_all``.
    """

    def __init__(self, table: sa.Table, columns: Columns) -> None:
        self.source = table
        self.columns = columns
        self.prefixes = columns.prefixes
        self.dialect = columns.dialect
        self.compiler = columns.compiler
        self.sql = columns.say
        self.name = self.dialect.named(table.name, table.schema)

    @property
    def sqlalchemy(self) -> sa.Dialect:
        return self.dialect.sqlalchemy

    def table(self, hidden: Collection[str] = ()) -> Table:
        """The table; of its `hidden` columns there is nothing but the names in keys and indexes."""
        source, columns = self.source, list(self.source.columns)
        # A system column, such as PostgreSQL's xmin, is there without being made.
        made = [column for column in columns if not column.system and column.name not in hidden]
        read = self.columns.read(made, source, self.name)
        inline = [constraint for column in columns for constraint in column.constraints]
        parts: dict[type[Constraint], list[Any]] = {Unique: [], ForeignKey: [], Check: [], Exclude: []}
        primary_key = None
        for constraint in sorted({*source.constraints, *inline}, key=_BY_CREATION):
            if not is_made(constraint, self.compiler):
                continue
            match constraint:
                case sa.PrimaryKeyConstraint():
                    if constraint is source.primary_key and len(constraint):
                        primary_key = self.primary_key(constraint)
                case sa.UniqueConstraint():
                    parts[Unique].append(self.unique(constraint))
                case sa.ForeignKeyConstraint():
                    parts[ForeignKey].append(self.foreign_key(constraint))
                case sa.CheckConstraint():
                    parts[Check].append(self.check(constraint, constraint in inline))
                case _ if _is_exclusion(constraint):
                    parts[Exclude].append(self.exclude(constraint))
        indexes = [index for index in source.indexes if is_made(index, self.compiler)]
        return Table(
            self.name,
            read,
            primary_key,
            tuple(parts[Unique]),
            tuple([self.index(index) for index in sorted(indexes, key=_by_name)]),
            tuple(parts[ForeignKey]),
            tuple(parts[Check]),
            table_options(source, self.prefixes, self.dialect.table_prefixes),
            tuple(parts[Exclude]),
            tuple([self.dialect.named(one.name, one.schema) for one in source._extra_dependencies]),
        )

    # constraints

    def primary_key(self, constraint: sa.PrimaryKeyConstraint) -> PrimaryKey:
        columns = list(constraint)
        names, name = tuple([column.name for column in columns]), self._constraint_name(constraint)
        if not _says_more(constraint, columns):
            return PrimaryKey(names, name)
        arguments = arguments_of(constraint, self.prefixes)
        return PrimaryKey(
            names,
            name,
            on_conflict=self._on_conflict(columns, arguments, "primary_key"),
            include=_include(arguments),
            deferrable=deferrable(constraint),
            comment=self._comment(constraint),
            **key_words(constraint),
        )

    def unique(self, constraint: sa.UniqueConstraint) -> Unique:
        columns = list(constraint)
        names, name = tuple([column.name for column in columns]), self._constraint_name(constraint)
        if not _says_more(constraint, columns):
            return Unique(names, name)
        arguments = arguments_of(constraint, self.prefixes)
        return Unique(
            names,
            name,
            deferrable=deferrable(constraint),
            nulls_distinct=not arguments.get("nulls_not_distinct", False),
            on_conflict=self._on_conflict(columns, arguments, "unique"),
            include=_include(arguments),
            comment=self._comment(constraint),
            without_overlaps=bool(info_of(constraint).get("without_overlaps")),
        )

    def exclude(self, constraint: ExcludeConstraint) -> Exclude:
        if not hasattr(self.sqlalchemy.ddl_compiler, "visit_exclude_constraint"):
            raise UnsupportedError(f'table "{self.name}": {self.dialect.name} has no exclusion constraints')
        exprs = constraint._render_exprs
        where = constraint.where
        read = Exclude(
            parts=tuple(self._part(expression, None, constraint.ops) for expression, _, _ in exprs),
            operators=tuple(operator for _, _, operator in exprs),
            name=self._constraint_name(constraint),
            method=constraint.using.lower(),
            where=None if where is None else self.sql(where),
            deferrable=deferrable(constraint),
            comment=self._comment(constraint),
        )
        return dataclasses.replace(read, written=read)

    def _comment(self, constraint: sa.Constraint) -> str | None:
        comment = constraint.comment
        known = comment and getattr(self.sqlalchemy, "supports_constraint_comments", False)
        return comment if known else None

    def _on_conflict(
        self, columns: Sequence[sa.Column[Any]], arguments: Mapping[str, Any], kind: str
    ) -> str | None:
        """Return the key's ON CONFLICT; if it has none, that of its only column, as SQLAlchemy does."""
        told = arguments.get("on_conflict")
        if told is None and len(columns) == 1:
            told = arguments_of(columns[0], self.prefixes).get(f"on_conflict_{kind}")
        return None if told is None else str(told)

    def foreign_key(self, constraint: sa.ForeignKeyConstraint) -> ForeignKey:
        targets = [target(element) for element in constraint.elements]
        schema, table, _ = targets[0]
        said = (
            tuple([column.name for column in constraint]),
            self.dialect.named(table, schema),
            tuple([column for _, _, column in targets]),
            self._constraint_name(constraint),
            action(constraint.ondelete),
            action(constraint.onupdate),
            deferrable(constraint),
            constraint.match.upper() if constraint.match else None,
        )
        more: dict[str, Any] = {}
        if _says_more(constraint):
            more["not_valid"] = bool(arguments_of(constraint, self.prefixes).get("not_valid"))
            more["comment"] = self._comment(constraint)
            if words := info_of(constraint):
                more["period"] = bool(words.get("period"))
                more["enforced"] = bool(words.get("enforced", True))
        return ForeignKey(*said, ForeignKey(*said, **more), **more)

    def check(self, constraint: sa.CheckConstraint, inline: bool) -> Check:
        text = self.sql(constraint.sqltext)
        name = self._constraint_name(constraint)
        words = info_of(constraint)
        column = words.get("column")
        if inline and name is None:
            column = getattr(constraint.parent, "name", None)
        arguments = arguments_of(constraint, self.prefixes)
        return Check(
            text,
            name,
            enforced=bool(words.get("enforced", arguments.get("enforced", True))),
            not_valid=bool(arguments.get("not_valid")),
            inherited=bool(words.get("inherited", True)),
            comment=self._comment(constraint),
            column=column,
            written=text,
        )

    def _constraint_name(self, constraint: sa.Constraint | sa.Index) -> str | None:
        """The name after naming conventions and truncation, or ``None``."""
        name = constraint.name
        if name is None:
            return None
        if isinstance(name, str) and 0 < len(name) < _SHORT:
            return str(name)
        preparer = self.sqlalchemy.identifier_preparer
        formatted: str | None = preparer.format_constraint(constraint)
        if not formatted:
            return None
        if formatted.startswith(preparer.initial_quote) and formatted.endswith(preparer.final_quote):
            inner = formatted[len(preparer.initial_quote) : -len(preparer.final_quote)]
            formatted = inner.replace(preparer.escape_to_quote, preparer.escape_quote)
        return formatted.replace("%%", "%") if preparer._double_percents else formatted

    # indexes

    def index(self, index: sa.Index) -> Index:
        if not index.expressions:
            raise ModelsError(
                f'index "{index.name}" of table "{self.name}" has no columns',
                hint="Name its columns or expressions, or take it out: no database can create it.",
            )
        arguments = arguments_of(index, self.prefixes)
        lengths, opclasses = arguments.pop("length", None), arguments.pop("ops", {})
        said = (
            self._parts(index.expressions, lengths, opclasses),
            self._constraint_name(index),
            bool(index.unique),
        )
        more: dict[str, Any] = self._index_options(index, arguments) if arguments else {}
        if words := info_of(index):
            more |= from_words(Index, words)
        return Index(*said, **more, written=Index(*said, **more))

    def _index_options(self, index: sa.Index, arguments: dict[str, Any]) -> dict[str, Any]:
        where = arguments.pop("where", None)
        using = arguments.pop("using", None)
        prefix = arguments.pop("prefix", None)
        options = arguments.pop("with", {})
        said = {
            "kind": prefix.upper() if prefix else None,
            "method": using.lower() if using else None,
            "where": None if where is None else self.sql(sa.text(where) if isinstance(where, str) else where),
            "include": _include(arguments),
            "nulls_distinct": not arguments.pop("nulls_not_distinct", False),
            "parser": arguments.pop("with_parser", None),
            "options": tuple(sorted((str(key), str(value)) for key, value in options.items())),
            "tablespace": arguments.pop("tablespace", None),
        }
        for known in ("include", "concurrently"):
            arguments.pop(known, None)
        unknown = [key for key, value in arguments.items() if value]
        if unknown:
            raise UnsupportedError(
                f'index "{self._constraint_name(index)}" of table "{self.name}": schemadiff does not know the option '
                f'"{unknown[0]}"'
            )
        return said

    def _parts(
        self, expressions: Collection[object], lengths: int | dict[str, int] | None, ops: dict[str, str]
    ) -> tuple[Part, ...]:
        source = self.source
        columns = [one for one in expressions if isinstance(one, sa.Column) and one.table is source]
        if len(columns) == len(expressions) and not lengths and not ops:
            return plain_parts(tuple([one.name for one in columns]))
        return tuple([self._part(one, lengths, ops) for one in expressions])

    def _part(self, expression: object, lengths: int | dict[str, int] | None, ops: dict[str, str]) -> Part:
        descending, nulls = False, None
        while isinstance(expression, UnaryExpression) and expression.modifier in _MODIFIERS:
            match expression.modifier:
                case operators.desc_op:
                    descending = True
                case operators.nulls_first_op:
                    nulls = "FIRST"
                case operators.nulls_last_op:
                    nulls = "LAST"
            expression = expression.element
            ops = {}  # SQLAlchemy leaves the operator class of such a part out
        expression = self._column_of(expression)
        if isinstance(expression, sa.Column):
            length = lengths.get(expression.name) if isinstance(lengths, dict) else lengths
            opclass = ops.get(expression.key) or ops.get(expression.name)
            return Part(expression.name, None, descending, length, opclass=opclass, nulls=nulls)
        element = cast("ColumnElement[Any] | TextClause", expression)
        if not isinstance(element, TextClause):
            opclass = ops.get(getattr(element, "key", None) or "")
            return Part(None, self.sql(element), descending, opclass=opclass, nulls=nulls)
        told = named_part(element.text, set(self.source.columns.keys())) or expression_part(self.sql(element))
        return dataclasses.replace(told, descending=descending or told.descending, nulls=nulls or told.nulls)

    def _column_of(self, expression: object) -> object:
        """The table's column where the expression is only its name, as in ``sa.desc("created")``."""
        name = expression.element if isinstance(expression, _textual_label_reference) else expression
        if isinstance(name, ColumnClause):
            name = name.name
        column = self.source.columns.get(name) if isinstance(name, str) else None
        return expression if column is None else column


def _is_exclusion(thing: sa.Constraint | sa.Index) -> TypeGuard[ExcludeConstraint]:
    """Asked without importing SQLAlchemy's part for PostgreSQL: who has one has it imported."""
    return thing.__visit_name__ == "exclude_constraint"


def _says_more(constraint: sa.Constraint, columns: Sequence[sa.Column[Any]] = ()) -> bool:
    """Whether a key says more than its columns, its name and what it refers to. Most do not; where it has one
    column alone, that may say more of it.
    """
    said = vars(constraint)
    return (
        "dialect_options" in said
        or "info" in said
        or _ASIDE(constraint) != (None, None, None)
        or (len(columns) == 1 and "dialect_options" in vars(columns[0]))
    )


_ASIDE = attrgetter("comment", "deferrable", "initially")


def _include(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that a key or index only carries along."""
    return tuple([one if isinstance(one, str) else one.name for one in arguments.get("include") or ()])


_BY_CREATION: Callable[[sa.Constraint], int] = attrgetter("_creation_order")


def _by_name(index: sa.Index) -> str:
    return index.name or ""


_SHORT = 60
"""A name of fewer characters is never cut."""

_MODIFIERS = (operators.desc_op, operators.asc_op, operators.nulls_first_op, operators.nulls_last_op)
