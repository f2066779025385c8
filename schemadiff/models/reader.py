"""SQLAlchemy's MetaData -> `Schema`. Pure: nothing is imported, connected to or changed.

SQLAlchemy's own compilers write each type, default and expression as they would for ``create_all``; the dialect then
brings these texts to canonical form. What the compilers cannot write is refused by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import ExcludeConstraint
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
from schemadiff.errors import ModelsError, ReplayError, UnsupportedError
from schemadiff.models.columns import Columns
from schemadiff.models.filters import NO_FILTER, Filter, visible_part
from schemadiff.models.index_text import expression_part, named_part
from schemadiff.models.merging import join
from schemadiff.models.objects import is_made, is_table, key_words, stored_objects, told, unsupported
from schemadiff.models.table_options import arguments_of, table_options
from schemadiff.models.types import action, ddl_compiler, deferrable, sql_writer, target
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
    without_constraints,
)


def read(
    metadata: sa.MetaData | Iterable[sa.MetaData], dialect: Dialect, chosen: Filter = NO_FILTER
) -> Schema:
    """The canonical schema that the models declare, without what `chosen` ignores, which is not even read: it may
    be just what schemadiff cannot represent.

    Raises `UnsupportedError` for what the dialect cannot have, `ModelsError` for what does not fit together: a
    foreign key to a table that is not there, one table declared twice and not alike.
    """
    every = [metadata] if isinstance(metadata, sa.MetaData) else list(metadata)
    tables = join(((one, _read_visible(one, dialect, chosen)) for one in every), chosen, dialect)
    objects = (found for one in every for found in stored_objects(one, dialect, read_indexes))
    notes = tuple(note for one in every for note in unsupported(one) if not chosen.excludes(note.table))
    schema = Schema(tables, unsupported=notes)
    return schema.with_objects(one for one in objects if not chosen.hides_object(one))


def _read_visible(metadata: sa.MetaData, dialect: Dialect, chosen: Filter) -> Iterator[Table]:
    prefixes = dialect.model_prefixes
    columns = Columns(dialect, prefixes, sql_writer(dialect))
    for declared in metadata.tables.values():
        reading = _Reading(declared, dialect, prefixes=prefixes, columns=columns)
        if declared.name == VERSION_TABLE or not is_table(declared) or chosen.hides(reading.name):
            continue
        hidden = chosen.columns.get(reading.name, frozenset())
        table = dialect.canonical(visible_part(reading.table(hidden), hidden, dialect))
        if table.columns or not hidden:
            yield table


def read_table(table: sa.Table, dialect: Dialect) -> Table:
    """One table in canonical form; a foreign key's target table need not be known."""
    return dialect.canonical(_Reading(table, dialect, told=True).table())


def read_indexes(view: sa.Table, dialect: Dialect) -> tuple[Index, ...]:
    """The indexes of a materialized view in canonical form; what the types of its columns are need not be known."""
    reading = _Reading(view, dialect)
    columns = tuple(Column(one.name, Type("text")) for one in view.columns)
    indexes = (reading.index(one) for one in sorted(view.indexes, key=lambda one: one.name or ""))
    return dialect.canonical(Table(reading.name, columns, indexes=tuple(indexes))).indexes


def read_column(column: sa.Column[Any], table: Table, dialect: Dialect) -> Column:
    """One column that stands alone, as it would be read as part of `table`."""
    scratch = sa.Table(table.name.name, sa.MetaData(), column, schema=table.name.schema)
    raw = _Reading(scratch, dialect, told=True).columns.read(column, table.name)
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
    reading = _Reading(scratch, dialect)
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
        case ExcludeConstraint():
            bare = dataclasses.replace(bare, excludes=(reading.exclude(thing),))
        case _:
            raise UnsupportedError(f'table "{table.name}": schemadiff does not know {type(thing).__name__}')
    read = dialect.canonical(bare)
    return next(iter((*read.indexes, *read.constraints())))


class _Reading:
    """Reads one `sa.Table` for one dialect. `told` is whether it stands in a revision file. `prefixes` are those
    of the arguments that are meant: in models the URL's own alone, as in ``create_all``. `columns` reads those of
    several tables.
    """

    def __init__(
        self,
        table: sa.Table,
        dialect: Dialect,
        *,
        told: bool = False,
        prefixes: tuple[str, ...] = (),
        columns: Columns | None = None,
    ) -> None:
        self.source = table
        self.prefixes = prefixes or dialect.option_prefixes
        self.dialect = dialect
        self.sqlalchemy = dialect.sqlalchemy
        self.compiler = ddl_compiler(self.sqlalchemy)
        self.sql = sql_writer(dialect)
        self.columns = columns or Columns(dialect, self.prefixes, self.sql, told=told)
        self.name = dialect.named(table.name, table.schema)

    def table(self, hidden: Collection[str] = ()) -> Table:
        """The table; of its `hidden` columns there is nothing but the names in keys and indexes."""
        primary_key = self.source.primary_key
        inline = [constraint for column in self.source.columns for constraint in column.constraints]
        constraints = [
            constraint
            for constraint in sorted({*self.source.constraints, *inline}, key=lambda one: one._creation_order)
            if is_made(constraint, self.compiler)
        ]
        columns = tuple(
            self.columns.read(column, self.name)
            for column in self.source.columns
            # A system column, such as PostgreSQL's xmin, is there without being made.
            if column.name not in hidden and not column.system
        )
        indexes = tuple(
            self.index(index)
            for index in sorted(self.source.indexes, key=lambda i: i.name or "")
            if is_made(index, self.compiler)
        )
        return Table(
            name=self.name,
            columns=columns,
            primary_key=self.primary_key(primary_key)
            if primary_key.columns and primary_key in constraints
            else None,
            uniques=tuple(self.unique(c) for c in constraints if isinstance(c, sa.UniqueConstraint)),
            indexes=indexes,
            foreign_keys=tuple(
                self.foreign_key(c) for c in constraints if isinstance(c, sa.ForeignKeyConstraint)
            ),
            checks=tuple(
                self.check(c, c in inline) for c in constraints if isinstance(c, sa.CheckConstraint)
            ),
            options=table_options(self.source, self.prefixes),
            excludes=tuple(self.exclude(c) for c in constraints if isinstance(c, ExcludeConstraint)),
            after=tuple(self.dialect.named(one.name, one.schema) for one in self.source._extra_dependencies),
        )

    # constraints

    def primary_key(self, constraint: sa.PrimaryKeyConstraint) -> PrimaryKey:
        return PrimaryKey(
            tuple(c.name for c in constraint.columns),
            self._constraint_name(constraint),
            on_conflict=self._on_conflict(constraint, "primary_key"),
            include=self._include(constraint),
            deferrable=deferrable(constraint),
            comment=self._comment(constraint),
            **key_words(constraint),
        )

    def unique(self, constraint: sa.UniqueConstraint) -> Unique:
        return Unique(
            columns=tuple(column.name for column in constraint.columns),
            name=self._constraint_name(constraint),
            deferrable=deferrable(constraint),
            nulls_distinct=not arguments_of(constraint, self.prefixes).get("nulls_not_distinct", False),
            on_conflict=self._on_conflict(constraint, "unique"),
            include=self._include(constraint),
            comment=self._comment(constraint),
            without_overlaps=bool(told(constraint).get("without_overlaps")),
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

    def _include(self, constraint: sa.Constraint) -> tuple[str, ...]:
        include = arguments_of(constraint, self.prefixes).get("include") or ()
        return tuple(one if isinstance(one, str) else one.name for one in include)

    def _comment(self, constraint: sa.Constraint) -> str | None:
        known = getattr(self.sqlalchemy, "supports_constraint_comments", False)
        return constraint.comment or None if known else None

    def _on_conflict(
        self, constraint: sa.PrimaryKeyConstraint | sa.UniqueConstraint, kind: str
    ) -> str | None:
        """What the constraint says, else, as SQLAlchemy does it, what its only column says."""
        told = arguments_of(constraint, self.prefixes).get("on_conflict")
        if told is None and len(constraint.columns) == 1:
            told = arguments_of(next(iter(constraint.columns)), self.prefixes).get(f"on_conflict_{kind}")
        return None if told is None else str(told)

    def foreign_key(self, constraint: sa.ForeignKeyConstraint) -> ForeignKey:
        targets = [target(element) for element in constraint.elements]
        schema, table, _ = targets[0]
        read = ForeignKey(
            columns=tuple(column.name for column in constraint.columns),
            target=self.dialect.named(table, schema),
            target_columns=tuple(column for _, _, column in targets),
            name=self._constraint_name(constraint),
            on_delete=action(constraint.ondelete),
            on_update=action(constraint.onupdate),
            deferrable=deferrable(constraint),
            match=constraint.match.upper() if constraint.match else None,
            not_valid=bool(arguments_of(constraint, self.prefixes).get("not_valid")),
            comment=self._comment(constraint),
            period=bool(told(constraint).get("period")),
            enforced=bool(told(constraint).get("enforced", True)),
        )
        return dataclasses.replace(read, written=read)

    def check(self, constraint: sa.CheckConstraint, inline: bool) -> Check:
        text = self.sql(constraint.sqltext)
        name = self._constraint_name(constraint)
        words = told(constraint)
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
        lengths = arguments.pop("length", None)
        opclasses = arguments.pop("ops", {})
        parts = tuple(self._part(expression, lengths, opclasses) for expression in index.expressions)
        where = arguments.pop("where", None)
        using = arguments.pop("using", None)
        prefix = arguments.pop("prefix", None)
        options = arguments.pop("with", {})
        words = told(index)
        read = Index(
            parts=parts,
            name=self._constraint_name(index),
            unique=bool(index.unique),
            kind=prefix.upper() if prefix else None,
            method=using.lower() if using else None,
            where=None if where is None else self.sql(sa.text(where) if isinstance(where, str) else where),
            include=tuple(c if isinstance(c, str) else c.name for c in arguments.pop("include", None) or ()),
            nulls_distinct=not arguments.pop("nulls_not_distinct", False),
            parser=arguments.pop("with_parser", None),
            visible=bool(words.get("visible", True)),
            comment=words.get("comment"),
            options=tuple(sorted((str(key), str(value)) for key, value in options.items())),
            tablespace=arguments.pop("tablespace", None),
            valid=bool(words.get("valid", True)),
        )
        arguments.pop("concurrently", None)
        unknown = [key for key, value in arguments.items() if value]
        if unknown:
            raise UnsupportedError(
                f'index "{read.name}" of table "{self.name}": schemadiff does not know the option "{unknown[0]}"'
            )
        return dataclasses.replace(read, written=read)

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


_SHORT = 60
"""A name of fewer characters is never cut."""

_MODIFIERS = (operators.desc_op, operators.asc_op, operators.nulls_first_op, operators.nulls_last_op)
