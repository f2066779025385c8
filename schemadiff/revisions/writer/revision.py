"""Operations -> the source text of a revision file. Pure.

The text is what ruff's formatter would make of it, imports no application code, and repeats definitions as they were
written (``written``): only what nobody ever wrote is spelled in the server's own types.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine, UserDefinedType

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.errors import UnsupportedError
from schemadiff.models.objects import domain_options, sequence_options
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterIndex,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Run,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.revisions import database_defaults
from schemadiff.revisions.writer import constraints
from schemadiff.revisions.writer.constraints import escape_binds
from schemadiff.revisions.writer.docstring import docstring
from schemadiff.revisions.writer.indexes import as_written, in_parentheses, is_plain
from schemadiff.revisions.writer.python_source import Call, Code, Node, Strings, render
from schemadiff.revisions.writer.types import UnsayableError, public_kind, says_the_same, type_arguments
from schemadiff.schema import (
    Check,
    Column,
    Composite,
    Constraint,
    Domain,
    Entry,
    Enum,
    Exclude,
    Index,
    Name,
    Namespace,
    Options,
    Part,
    PrimaryKey,
    Routine,
    StoredObject,
    Table,
    View,
)
from schemadiff.schema import Sequence as StoredSequence
from schemadiff.schema.fields import words

_BASELINE = "baseline = True  # it was there before schemadiff: an empty database gets it from here"

WIDTH = 88
"""The line length of a revision file: what ruff and black assume where nobody says otherwise."""


def write(
    operations: Sequence[Operation],
    message: str,
    dialect: Dialect,
    live: Mapping[Name, Table] = database_defaults.NOWHERE,
    *,
    baseline: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """The source text of the revision file; `live` are the tables that the operations start from. The `notes` stand in
    its docstring, a line each; a `baseline` says that it is one.

    Raises `UnsupportedError` for what no revision file can say.
    """
    operations = database_defaults.outspoken(operations, live, dialect)
    found = [operation.operation for operation in operations if isinstance(operation, Found)]
    rest = [operation for operation in operations if not isinstance(operation, Found)]
    writer = _Writer(dialect)
    lines = ["def upgrade(op):"]
    if found:
        lines += [
            "    # Found in the database when this revision was planned: no earlier revision made it.",
            "    with op.found():",
            *(line for operation in found for line in writer.statement(operation, 8)),
        ]
    lines += [line for operation in rest for line in writer.statement(operation, 4)]
    if not operations:
        lines.append("    pass")
    imports = ["import sqlalchemy as sa"] if writer.uses_sqlalchemy else []
    imports += [f"from sqlalchemy.dialects import {name}" for name in sorted(writer.dialects)]
    head = [docstring(message, notes), ""]
    if imports:
        head += [*imports, ""]
    if baseline:
        head += [_BASELINE, ""]
    return "\n".join([*head, "", *lines, ""])


class _Writer:
    """Turns operations into calls, and remembers which imports they need."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.dialects: set[str] = set()
        self.uses_sqlalchemy = False

    def statement(self, operation: Operation, indent: int) -> list[str]:
        return render(self._operation(operation), indent, WIDTH)

    def _operation(self, operation: Operation) -> Call:
        match operation:
            case CreateTable(table=table):
                return self._verb("create_table", table.name, *self._table(table))
            case DropTable(table=table):
                return self._verb("drop_table", table.name, *self._table(table))
            case RenameTable():
                return Call(
                    "op.rename_table",
                    [operation.before.name, operation.after.name, *_schema(operation.before)],
                )
            case AlterTable():
                return self._verb(
                    "alter_table", operation.table, *self._changed_options(operation.before, operation.after)
                )
            case AddColumn():
                return self._verb("add_column", operation.table, self._column(operation.column))
            case DropColumn():
                return self._verb("drop_column", operation.table, self._column(operation.column))
            case AlterColumn(before=before, after=after):
                sides = [self._column(before), self._column(after)]
                return self._verb("alter_column", operation.table, *sides)
            case RenameColumn():
                return self._verb("rename_column", operation.table, operation.before, operation.after)
            case CreateIndex() | DropIndex():
                created = isinstance(operation, CreateIndex)
                if _is_constraint(operation.index):
                    verb = "add_constraint" if created else "drop_constraint"
                else:
                    verb = "create_index" if created else "drop_index"
                return self._verb(verb, operation.table, self._index(operation.index))
            case AddConstraint():
                return self._verb("add_constraint", operation.table, self._constraint(operation.constraint))
            case DropConstraint():
                return self._verb("drop_constraint", operation.table, self._constraint(operation.constraint))
            case RenameIndex(before=old_index, after=new_index):
                named = old_index.name or self._index(old_index)
                verb = f"rename_{'constraint' if _is_constraint(old_index) else 'index'}"
                return self._verb(verb, operation.table, named, new_index.name)
            case AlterIndex(before=old_index, after=new_index):
                both = [self._index(one) for one in (old_index, new_index)]
                constraint = _is_constraint(old_index) and _is_constraint(new_index)
                return self._verb("alter_constraint" if constraint else "alter_index", operation.table, *both)
            case RenameConstraint(before=old_one, after=new_one):
                # A primary key has no name everywhere: it is described.
                short = None if isinstance(old_one, PrimaryKey) else old_one.name
                called = short or self._constraint(old_one)
                return self._verb("rename_constraint", operation.table, called, new_one.name)
            case AlterConstraint(before=old_one, after=new_one):
                both = [self._constraint(one) for one in (old_one, new_one)]
                return self._verb("alter_constraint", operation.table, *both)
            case CreateObject(object=stored) | DropObject(object=stored):
                verb = "create" if isinstance(operation, CreateObject) else "drop"
                return self._stored(verb, stored)
            case ReplaceObject(before=before, after=after):
                return self._replaced(before, after)
            case Execute(effect=()):
                return Call("op.execute", [operation.sql, *_undoing(operation)])
            case Execute() | Run() | Found():
                raise UnsupportedError(f"{operation.describe()}: a plan cannot write that")
            case _:
                assert_never(operation)

    def _stored(self, verb: str, stored: StoredObject) -> Call:
        match stored:
            case View():
                kind: list[Node] = [("materialized", True)] if stored.materialized else []
                text = stored.written or stored.definition
                return self._verb(f"{verb}_view", stored.name, text, *map(self._index, stored.indexes), *kind)
            case StoredSequence():
                return self._verb(f"{verb}_sequence", stored.name, *sequence_options(stored).items())
            case Enum():
                return self._verb(f"{verb}_enum", stored.name, Strings(list(stored.values)))
            case Domain():
                return self._verb(f"{verb}_domain", stored.name, *domain_options(stored).items())
            case Namespace():
                return Call(f"op.{verb}_schema", [stored.name.name])
            case Routine() | Composite() | Entry():
                raise UnsupportedError(
                    f"no revision file can say a {stored.kind}: {stored.name}",
                    hint="Write it as op.execute(sql, reverse=sql).",
                )

    def _replaced(self, before: StoredObject, after: StoredObject) -> Call:
        if isinstance(before, View) and isinstance(after, View):
            texts = [view.written or view.definition for view in (before, after)]
            return self._verb("replace_view", after.name, *texts)
        if isinstance(before, Enum) and isinstance(after, Enum):
            sides = [Strings(list(one.values)) for one in (before, after)]
            return self._verb("alter_enum", after.name, *sides)
        if isinstance(before, StoredSequence | Domain) and isinstance(after, StoredSequence | Domain):
            old, new = (
                sequence_options(one) if isinstance(one, StoredSequence) else domain_options(one)
                for one in (before, after)
            )
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            options = [{key: side.get(key) for key in keys} for side in (old, new)]
            return self._verb(f"alter_{after.kind}", after.name, *options)
        raise UnsupportedError(f"no revision file can say how {after.kind} {after.name} is replaced")

    def _verb(self, verb: str, table: Name, *arguments: Node) -> Call:
        return Call(f"op.{verb}", [table.name, *arguments, *_schema(table)])

    def _sa(self, name: str, arguments: Iterable[Node]) -> Call:
        self.uses_sqlalchemy = True
        return Call(f"sa.{name}", list(arguments))

    def _text(self, sql: str) -> Call:
        return self._sa("text", [escape_binds(sql)])

    def _table(self, table: Table) -> list[Node]:
        inline = [check for check in table.checks if check.column and not check.name]
        arguments: list[Node] = [
            self._column(
                column,
                [check for check in inline if check.column == column.name],
                in_key=table.primary_key is not None and column.name in table.primary_key.columns,
            )
            for column in table.columns
        ]
        # Not by what they say: the table may say the same once more.
        told = {id(check) for check in inline}
        arguments += [self._constraint(one) for one in table.constraints() if id(one) not in told]
        arguments += [self._index(index) for index in table.indexes if not index.implicit]
        options = self._options(table.options)
        return [*arguments, *((key, value) for key, value in options.items())]

    def _column(self, column: Column, checks: Sequence[Check] = (), *, in_key: bool = False) -> Call:
        # What somebody wrote is repeated, but for the name, which a rename may have changed.
        written = dataclasses.replace(column.written or column, name=column.name)
        arguments: list[Node] = [written.name, self._type(written, column)]
        arguments += [self._constraint(check, inline=True) for check in checks]
        if written.generated:
            stored = written.generated.stored
            arguments.append(
                self._sa("Computed", [escape_binds(written.generated.expression), ("persisted", stored)])
            )
        if written.identity:
            arguments.append(self._identity(written))
        if column.autoincrement:
            arguments.append(("autoincrement", True))
        elif in_key and written.identity is None and self._looks_automatic(written):
            arguments.append(("autoincrement", False))
        if not column.nullable or in_key:
            # Only SQLite has key columns that can be NULL, and SQLAlchemy makes none of itself.
            arguments.append(("nullable", column.nullable))
        default = written.default
        if written.on_update:
            default = f"{default or 'NULL'} ON UPDATE {written.on_update}"
        if default is not None:
            # A plain string is the same on every database; with a backslash in it its SQL is not.
            plain = _STRING.fullmatch(default)
            value = plain[1].replace("''", "'") if plain else self._text(default)
            arguments.append(("server_default", value))
        if written.comment:
            arguments.append(("comment", written.comment))
        if column.on_conflict:
            arguments.append((f"{self.dialect.name}_on_conflict_not_null", column.on_conflict))
        if told := words(column):
            arguments.append(("info", {"schemadiff": told}))
        return self._sa("Column", arguments)

    def _looks_automatic(self, column: Column) -> bool:
        """Whether SQLAlchemy would make it an autoincrement column if it stood alone in a primary key. One that was
        found in a database was never declared, and is written in a type of the dialect's choice.
        """
        source = column.type.source or self.dialect.sqlalchemy_type(column)
        return column.default is None and isinstance(source, sa.Integer | sa.Numeric) and not column.nullable

    def _identity(self, column: Column) -> Call:
        assert column.identity is not None
        names = {"minimum": "minvalue", "maximum": "maxvalue"}
        fields = dataclasses.fields(column.identity)
        values = [
            (names.get(field.name, field.name), getattr(column.identity, field.name)) for field in fields
        ]
        return self._sa(
            "Identity", [(name, value) for name, value in values if value is not None and value is not False]
        )

    def _type(self, written: Column, column: Column) -> Node:
        source = written.type.source
        if source is None:
            source = self.dialect.sqlalchemy_type(column)
        own = isinstance(source, UserDefinedType) and not isinstance(source, NativeType)
        # SQLite's DATE, TIME and DATETIME become DATE_CHAR, … by their format, which no revision repeats.
        shaped = getattr(source, "format_is_text_affinity", True) is False
        if own or shaped or self.dialect.is_domain(source):
            # Application code, which no revision imports; or a type that another verb makes.
            source = NativeType(written.type.sql)
        try:
            return self._type_source(source)
        except UnsayableError:
            # Application code again: an array of such a type, one that is derived from no type of SQLAlchemy's.
            return self._type_source(NativeType(written.type.sql))

    def _type_source(self, source: TypeEngine[Any]) -> Node:
        kind = type(source)
        if isinstance(source, sa.Enum):
            return self._enum(source)
        if isinstance(source, sa.Boolean):
            # Its CHECK, where it has one, stands among the table's.
            return self._named_type(sa.Boolean, [])
        if isinstance(source, sa.ARRAY):
            arguments: list[Node] = [self._type_source(source.item_type)]
            if source.dimensions is not None:
                arguments.append(("dimensions", source.dimensions))
            return self._named_type(public_kind(kind), arguments)
        arguments = type_arguments(source)
        known = public_kind(kind)
        if known is not kind and not says_the_same(known, arguments, source, self.dialect.sqlalchemy):
            raise UnsayableError(f"no revision file can say the type {kind.__module__}.{kind.__name__}")
        return self._named_type(known, arguments)

    def _enum(self, source: sa.Enum) -> Call:
        arguments: list[Node] = list(source.enums)
        for name in ("charset", "collation", "name", "schema"):
            value = getattr(source, name, None)
            if value is not None:
                arguments.append((name, value))
        if not source.native_enum:
            arguments += [("native_enum", False), ("length", source.length)]
        kind = type(source) if type(source).__module__.startswith("sqlalchemy.dialects.") else sa.Enum
        return self._named_type(kind, arguments)

    def _named_type(self, kind: type[TypeEngine[Any]], arguments: list[Node]) -> Call:
        if kind.__module__.startswith("schemadiff."):
            return Call("op.type", arguments)
        module = kind.__module__
        if module.startswith("sqlalchemy.dialects."):
            name = module.split(".")[2]
            self.dialects.add(name)
            return Call(f"{name}.{kind.__name__}", arguments)
        return self._sa(kind.__name__, arguments)

    def _constraint(self, constraint: Constraint, *, inline: bool = False) -> Call:
        if isinstance(constraint, Exclude):
            self.dialects.add(self.dialect.name)
            return self._exclude(constraint)
        self.uses_sqlalchemy = True
        return constraints.call(constraint, self.dialect, inline=inline)

    def _exclude(self, constraint: Exclude) -> Call:
        written = constraint.written or constraint
        parts = as_written(written.parts, constraint.parts, self.dialect)
        pairs = [
            Call("", [part.column if is_plain(part) else self._text(self._sql_of(part)), operator])
            for part, operator in zip(parts, written.operators, strict=True)
        ]
        opclasses = {part.column: part.opclass for part in parts if part.opclass and is_plain(part)}
        where = self._text(written.where) if written.where else None
        method = written.method if constraint.method else None  # what is written may be the default
        values = (("where", where), ("using", method), ("ops", opclasses))
        given: list[Node] = [(key, value) for key, value in values if value]
        return Call(
            f"{self.dialect.name}.ExcludeConstraint",
            [*pairs, *constraints.common_arguments(constraint), *given],
        )

    def _index(self, index: Index) -> Call:
        told = words(index)
        if index.constraint and index.written is None and not told:
            named: list[Node] = [("name", index.name)] if index.name else []
            return self._sa("UniqueConstraint", [*index.columns, *named])
        written = (
            dataclasses.replace(
                index.written, parts=as_written(index.written.parts, index.parts, self.dialect)
            )
            if index.written
            else index
        )
        arguments: list[Node] = [index.name, *(self._part(part) for part in written.parts)]
        if written.unique:
            arguments.append(("unique", True))
        prefix = self.dialect.option_prefixes[0]
        lengths = {part.column: part.length for part in written.parts if part.length}
        opclasses = {part.column: part.opclass for part in written.parts if part.opclass and is_plain(part)}
        options: dict[str, Any] = {
            "length": lengths,
            "prefix": written.kind,
            "using": written.method,
            "where": self._text(written.where) if written.where else None,
            "include": Strings(list(written.include)) if written.include else None,
            "nulls_not_distinct": not written.nulls_distinct,
            "with_parser": written.parser,
            "ops": opclasses,
            "with": dict(written.options),
            "tablespace": written.tablespace,
        }
        arguments += [(f"{prefix}_{key}", value) for key, value in options.items() if value]
        if told:
            arguments.append(("info", {"schemadiff": told}))
        return self._sa("Index", arguments)

    def _part(self, part: Part) -> Node:
        if is_plain(part) and not part.descending and part.nulls is None:
            return part.column
        node = self._sa("column", [part.column]) if is_plain(part) else self._text(self._sql_of(part))
        if part.descending:
            node = self._sa("desc", [node])
        if part.nulls:
            node = self._sa("nulls_first" if part.nulls == "FIRST" else "nulls_last", [node])
        return node

    def _sql_of(self, part: Part) -> str:
        """The part in SQL, without the order in which it is sorted."""
        column = part.column is not None
        sql = self.dialect.quote(part.column or "") if column else in_parentheses(part.expression or "")
        if part.collation:
            sql = f"{sql} COLLATE {self.dialect.quote(part.collation)}"
        return f"{sql} {part.opclass}" if part.opclass else sql

    def _options(self, options: Options) -> dict[str, Any]:
        prefix = self.dialect.option_prefixes[0]
        written = options.written or options
        given: dict[str, Any] = {
            "comment": written.comment,
            f"{prefix}_engine": written.engine,
            f"{prefix}_charset": written.charset,
            f"{prefix}_collate": written.collation,
            **{
                f"{prefix}_{key.lower()}": {"": True, "False": False}.get(value, value)
                for key, value in written.extra
            },
        }
        words = sorted(self.dialect.table_prefixes)
        if before := [word for word in words if given.pop(f"{prefix}_{word.lower()}", None)]:
            given["prefixes"] = Strings(before)
        return {key: value for key, value in given.items() if value is not None}

    def _changed_options(self, before: Options, after: Options) -> tuple[dict[str, Any], dict[str, Any]]:
        # Canonical values: what was written need not be the whole of it, nor two spellings a change.
        old, new = (self._options(database_defaults.said_of(one)) for one in (before, after))
        keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
        absent = {"prefixes": Strings([])}
        before_, after_ = ({key: one.get(key, absent.get(key)) for key in keys} for one in (old, new))
        return before_, after_


_STRING = re.compile(r"'((?:[^'\\]|'')*)'")


def _is_constraint(index: Index) -> bool:
    """Whether the index was declared as a UNIQUE constraint, where that is another thing than a unique index."""
    return index.constraint and index.written is None


def _undoing(operation: Execute) -> Iterator[Node]:
    """Yield the arguments for the SQL's reverse, and for the products that it is for."""
    if operation.undo is not None:
        yield "reverse", operation.undo or Code("op.nothing")
    if operation.only:
        yield "only", operation.only[0] if len(operation.only) == 1 else Strings(list(operation.only))


def _schema(name: Name) -> list[Node]:
    return [("schema", name.schema)] if name.schema else []
