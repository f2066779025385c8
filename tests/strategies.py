"""Random pairs of models for Hypothesis: `pairs(engine)` draws what a person might declare, and what becomes of it.

What is drawn is a value that knows its own source text (`Models.source`), from which the MetaData is made: a failing
example is printed as the code that a story or an issue needs. Only what the engine takes in ``create_all`` is drawn,
as far as rules tell; the rest `tests/test_random_pairs.py` assumes away.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from sqlalchemy.dialects import mysql, postgresql

Thing = TypeVar("Thing")

MYSQL = ("mysql", "mariadb")


@dataclass(frozen=True)
class Kind:
    """A type as source text, what it may be compared with (``group``), and server defaults that fit it."""

    source: str
    group: str
    defaults: tuple[str, ...] = ()
    key: bool = True
    counts: bool = False


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    autoincrement: bool | None = None


@dataclass(frozen=True)
class Unique:
    columns: tuple[str, ...]
    name: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class IndexPart:
    column: str
    form: str = "{0}"


@dataclass(frozen=True)
class Index:
    parts: tuple[IndexPart, ...]
    name: str
    unique: bool = False
    where: str | None = None


@dataclass(frozen=True)
class ForeignKey:
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    name: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class Check:
    columns: tuple[str, ...]
    form: str
    name: str | None = None
    inline: bool = False

    @property
    def source(self) -> str:
        if self.inline:
            # SQLAlchemy takes no expression of `sa.column` in a column's own definition.
            return _call("sa.CheckConstraint", [repr(self.form.format(*self.columns))])
        columns = [f"sa.column({name!r}, sa.Integer)" for name in self.columns]
        if "{0}" in self.form and "like" not in self.form and "%" not in self.form:
            columns = [f"sa.column({name!r})" for name in self.columns]
        if "like" in self.form:
            columns = [f"sa.column({name!r}, sa.String)" for name in self.columns]
        named = f", name={self.name!r}" if self.name else ""
        return f"sa.CheckConstraint({self.form.format(*columns)}{named})"


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    primary_key_name: str | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str | None = None

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def targets(self) -> list[tuple[str, ...]]:
        """What a foreign key can refer to."""
        found = [unique.columns for unique in self.uniques if not unique.deferrable]
        keys = dict.fromkeys([self.primary_key, *found] if self.primary_key else found)
        # PostgreSQL 15 makes one to an array in CREATE TABLE, but fails to check it in ALTER TABLE ("anyarray").
        return [key for key in keys if not any("ARRAY" in self.column(name).kind.source for name in key)]


@dataclass(frozen=True, repr=False)
class Models:
    """What a MetaData is made of. ``serial`` is the last number that went into a name."""

    engine: str
    tables: tuple[Table, ...] = ()
    enums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    serial: int = 0

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def with_table(self, table: Table) -> Models:
        """These models with the table in the place of the one of its name, or behind the others."""
        names = [one.name for one in self.tables]
        if table.name not in names:
            return dataclasses.replace(self, tables=(*self.tables, table))
        tables = tuple(table if one.name == table.name else one for one in self.tables)
        return dataclasses.replace(self, tables=tables)

    @property
    def names(self) -> set[str]:
        """The names that constraints and indexes were given: any other name was made up by the server."""
        given: set[str | None] = set()
        for table in self.tables:
            things: tuple[Any, ...] = (*table.uniques, *table.indexes, *table.foreign_keys, *table.checks)
            given |= {thing.name for thing in things}
        return {name for name in (*given, *(table.primary_key_name for table in self.tables)) if name}

    @property
    def index_names(self) -> set[str]:
        """The names that indexes and unique constraints were given."""
        names = [thing.name for table in self.tables for thing in table.indexes]
        return {*names, *(one.name for table in self.tables for one in table.uniques if one.name)}

    def metadata(self) -> sa.MetaData:
        """The MetaData that the source text makes."""
        metadata = sa.MetaData()
        exec(self.source(), {"sa": sa, "mysql": mysql, "postgresql": postgresql, "metadata": metadata})
        return metadata

    def source(self) -> str:
        """The statements that fill ``metadata``."""
        used = {column.kind.source for table in self.tables for column in table.columns}
        lines = [
            f"{name} = sa.Enum({', '.join(map(repr, members))}, name={name!r})"
            for name, members in self.enums
            if any(name in source for source in used)
        ]
        for number, table in enumerate(self.tables):
            lines += self._table(table, f"t{number}")
        return "\n".join(lines) + "\n"

    def _table(self, table: Table, variable: str) -> list[str]:
        parts = [self._column(table, column) for column in table.columns]
        if table.primary_key:
            named = [f"name={table.primary_key_name!r}"] if table.primary_key_name else []
            parts.append(_call("sa.PrimaryKeyConstraint", [*map(repr, table.primary_key), *named]))
        for unique in table.uniques:
            named = [f"name={unique.name!r}"] if unique.name else []
            later = ["deferrable=True"] if unique.deferrable else []
            parts.append(_call("sa.UniqueConstraint", [*map(repr, unique.columns), *named, *later]))
        parts += [check.source for check in table.checks if not check.inline]
        parts += [_foreign_key(key) for key in table.foreign_keys]
        if table.comment is not None:
            parts.append(f"comment={table.comment!r}")
        lines = [f"{variable} = sa.Table(", f"    {table.name!r},", "    metadata,"]
        lines += [*(f"    {part}," for part in parts), ")"]
        for index in table.indexes:
            arguments = [repr(index.name)]
            arguments += [part.form.format(f"{variable}.c[{part.column!r}]") for part in index.parts]
            arguments += ["unique=True"] if index.unique else []
            if index.where:
                where = index.where.format(f"{variable}.c[{index.parts[0].column!r}]")
                arguments.append(f"{self.engine}_where={where}")
            lines.append(_call("sa.Index", arguments))
        return lines

    def _column(self, table: Table, column: Column) -> str:
        checks = [check.source for check in table.checks if check.inline and check.columns == (column.name,)]
        arguments = [repr(column.name), column.kind.source, *checks]
        if not column.nullable:
            arguments.append("nullable=False")
        if column.default is not None:
            arguments.append(f"server_default={column.default}")
        if column.autoincrement is not None:
            arguments.append(f"autoincrement={column.autoincrement}")
        if column.comment is not None:
            arguments.append(f"comment={column.comment!r}")
        return _call("sa.Column", arguments)


@dataclass(frozen=True)
class Pair:
    before: Models
    after: Models

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints of a failing example."""
        printer.text(str(self))

    def __str__(self) -> str:
        return f"a pair on {self.before.engine}\n# A\n{self.before.source()}# B\n{self.after.source()}"


def _call(function: str, arguments: Sequence[str]) -> str:
    return f"{function}({', '.join(arguments)})"


def _foreign_key(key: ForeignKey) -> str:
    targets = [f"{key.target}.{column}" for column in key.target_columns]
    arguments = [repr(list(key.columns)), repr(targets)]
    arguments += [f"name={key.name!r}"] if key.name else []
    arguments += [f"ondelete={key.on_delete!r}"] if key.on_delete else []
    arguments += [f"onupdate={key.on_update!r}"] if key.on_update else []
    arguments += ["deferrable=True, initially='DEFERRED'"] if key.deferrable else []
    return _call("sa.ForeignKeyConstraint", arguments)


# the types of each engine

_INT = ("sa.text('0')", "'7'", "sa.text('-5')")
_TEXT = ("'abc'", "''", '"it\'s"', "'100%'", "'a:b'", "'ü “x”'", "'back\\\\slash'", "'NULL'", "'a\"b'")
_STAMP = ("sa.func.now()", "sa.text('CURRENT_TIMESTAMP')", "'2020-01-02 03:04:05'")

_GENERIC = (
    Kind("sa.Integer", "int", _INT, counts=True),
    Kind("sa.String(20)", "text", _TEXT),
    Kind("sa.BigInteger", "int", _INT, counts=True),
    Kind("sa.SmallInteger", "int", _INT, counts=True),
    Kind("sa.String(255)", "text", _TEXT),
    Kind("sa.String(1)", "text", ("'a'", "' '")),
    Kind("sa.Unicode(20)", "text", _TEXT),
    Kind("sa.CHAR(5)", "text", ("'a'", "'abcde'")),
    Kind("sa.Numeric(10, 2)", "number", ("'0'", "sa.text('1.50')", "sa.text('-1')")),
    Kind("sa.Numeric(5)", "number", ("'0'",)),
    Kind("sa.Float", "number", ("'1.5'", "sa.text('0')", "sa.text('1e3')")),
    Kind("sa.Float(53)", "number", ("'1.5'",)),
    Kind("sa.Double", "number", ("'1.5'",)),
    Kind("sa.Boolean", "bool", ("sa.true()", "sa.false()")),
    Kind("sa.DateTime", "time", _STAMP),
    Kind("sa.Date", "time", ("'2020-01-02'",)),
    Kind("sa.Time", "none", ("'10:11:12'",)),
    Kind("sa.Uuid", "none"),
    Kind("sa.Enum('a', \"it's\", 'x y', native_enum=False)", "text", ("'a'",)),
)

_MYSQL = (
    Kind("mysql.INTEGER(unsigned=True)", "int", ("'0'", "'7'"), counts=True),
    Kind("mysql.BIGINT(unsigned=True)", "int", ("'0'", "'7'"), counts=True),
    Kind("mysql.TINYINT()", "int", _INT, counts=True),
    Kind("mysql.TINYINT(1)", "int", _INT),
    Kind("mysql.MEDIUMINT()", "int", _INT, counts=True),
    Kind("mysql.DATETIME(fsp=3)", "time", ("sa.text('CURRENT_TIMESTAMP(3)')",)),
    Kind(
        "mysql.DATETIME(fsp=6)", "time", ("sa.text('CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)')",)
    ),
    Kind(
        "mysql.TIMESTAMP()",
        "time",
        ("sa.func.now()", "sa.text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')"),
    ),
    Kind("mysql.TIME(fsp=2)", "none"),
    Kind("mysql.YEAR()", "none", ("'2020'",)),
    Kind("mysql.DECIMAL(10, 2, unsigned=True)", "number", ("'0'", "sa.text('1.5')")),
    Kind("mysql.DOUBLE()", "number", ("'1.5'", "'0'")),
    Kind("mysql.VARCHAR(20, collation='utf8mb4_bin')", "text", ("'abc'",)),
    Kind("mysql.VARCHAR(20, charset='latin1')", "text", ("'abc'",)),
    Kind("mysql.VARBINARY(16)", "none", ("'abc'",)),
    Kind("mysql.BINARY(4)", "none"),
    Kind("mysql.SET('a', 'b')", "text", ("'a'", "'a,b'")),
    Kind("mysql.BIT(8)", "none", ("sa.text(\"b'101'\")",)),
    Kind("sa.LargeBinary", "none", key=False),
    Kind("mysql.MEDIUMBLOB()", "none", key=False),
    Kind("sa.LargeBinary(300)", "none", key=False),
)
_MYSQL_LARGE_DEFAULTS = ("sa.text(\"('abc')\")", "sa.text(\"(concat('a', 'b'))\")")

_POSTGRESQL = (
    Kind("sa.Text", "text", _TEXT),
    Kind("sa.String", "text", _TEXT),
    Kind("sa.LargeBinary", "none", ("sa.text(\"'\\\\\\\\x00'\")",)),
    Kind("sa.JSON", "none", ("sa.text(\"'{}'\")",), key=False),
    Kind("sa.Date", "time", ("sa.text('CURRENT_DATE')", "sa.func.current_date()")),
    Kind("postgresql.JSONB", "none", ("sa.text(\"'{}'\")", "sa.text(\"'{}'::jsonb\")", "'{\"a\": [1]}'")),
    Kind("postgresql.ARRAY(sa.Integer)", "none", ("sa.text(\"'{}'\")", "sa.text('ARRAY[1, 2]')")),
    Kind("postgresql.ARRAY(sa.String(10))", "none", ("sa.text(\"'{}'::varchar[]\")",)),
    Kind("postgresql.ARRAY(sa.Text, dimensions=2)", "none"),
    Kind("postgresql.TIMESTAMP(timezone=True)", "time", _STAMP),
    Kind("postgresql.TIMESTAMP(precision=3)", "time", _STAMP),
    Kind("postgresql.INET", "none", ("'10.0.0.1'",)),
    Kind("postgresql.INTERVAL", "none", ("'1 day'", "sa.text(\"'1 hour'::interval\")")),
    Kind("postgresql.BIT(3)", "none", ("sa.text(\"B'101'\")",)),
    Kind("postgresql.REAL", "number", ("'1.5'",)),
    Kind("sa.Uuid", "none", ("sa.text('gen_random_uuid()')",)),
    Kind("sa.Numeric", "number", ("'0'", "sa.text('0.10')")),
    Kind("sa.String(20, collation='C')", "text", _TEXT),
)

_SQLITE = (
    Kind("sa.Text", "text", _TEXT),
    Kind("sa.String", "text", _TEXT),
    Kind("sa.LargeBinary", "none", ("sa.text(\"x'00'\")",)),
    Kind("sa.JSON", "none", ("sa.text(\"'{}'\")", 'sa.text("(json_array())")')),
    Kind("sa.Date", "time", ("sa.text('CURRENT_DATE')",)),
    Kind("sa.Numeric", "number", ("'0'", "sa.text('0.10')")),
    Kind("sa.Integer", "int", ("sa.text('(1 + 1)')", "sa.text('+3')"), counts=True),
    Kind("sa.String(20, collation='NOCASE')", "text", _TEXT),
)


def kinds(models: Models) -> tuple[Kind, ...]:
    """The types that a column can have, the plainest ones first."""
    enums = tuple(Kind(name, "enum", (repr(members[0]),)) for name, members in models.enums)
    match models.engine:
        case "postgresql":
            arrays = tuple(Kind(f"postgresql.ARRAY({name})", "none") for name, _ in models.enums[:1])
            return (*_GENERIC, *enums, *_POSTGRESQL, *arrays)
        case "sqlite":
            return (*_GENERIC, *enums, *_SQLITE)
        case engine:
            large = (*_TEXT, *_MYSQL_LARGE_DEFAULTS) if engine == "mariadb" else _MYSQL_LARGE_DEFAULTS
            document = ("sa.text(\"'{}'\")",) if engine == "mariadb" else ("sa.text('(json_object())')",)
            texts = (
                "sa.Text",
                "mysql.MEDIUMTEXT()",
                "sa.Text(300)",
                "mysql.LONGTEXT(collation='utf8mb4_bin')",
            )
            return (
                *(dataclasses.replace(kind, defaults=_unwrapped(kind.defaults)) for kind in _GENERIC),
                *enums,
                *(Kind(source, "text", large, key=False) for source in texts),
                Kind("sa.JSON", "none", document, key=False),
                Kind("sa.DateTime", "time", ("sa.text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')",)),
                Kind("sa.Date", "time", ("sa.text('(CURRENT_DATE)')",)),
                Kind("sa.Integer", "int", ("sa.text('(1 + 1)')",), counts=True),
                *(dataclasses.replace(kind, defaults=_unwrapped(kind.defaults)) for kind in _MYSQL),
            )


def _unwrapped(defaults: Sequence[str]) -> tuple[str, ...]:
    """Without the numbers that SQLAlchemy makes expressions of, ``DEFAULT (-5)``: for schemadiff they are the same as
    literals, but SHOW CREATE TABLE tells them apart.
    """
    return tuple(
        one for one in defaults if one == "sa.text('0')" or not re.match(r"sa\.text\(['\"](b'|[-+\d])", one)
    )


_FORMS = {
    "int": (
        "{0} > 0",
        "{0} != 5",
        "{0}.in_([1, 2])",
        "{0}.between(1, 5)",
        "sa.or_({0} > 0, {0} < -5)",
        "{0} % 2 == 0",
        "sa.and_({0} > 0, sa.or_({0} < 10, {0}.is_(None)))",
        "sa.func.coalesce({0}, 1) <= 3",
    ),
    "number": ("{0} >= 0", "{0} < 1.5", "{0} * 2 <= 7"),
    "text": (
        "{0} != ''",
        '{0} != "it\'s"',
        "{0}.like('a%')",
        "sa.func.length({0}) > 1",
        "{0}.in_(['a', 'b:c'])",
        "sa.func.lower({0}) == {0}",
        "{0} != 'back\\\\slash'",
        "{0} != '100%'",
    ),
    "time": ("{0} > '2020-01-02'", "{0}.is_not(None)"),
    "bool": ("{0}.is_not(None)",),
    "enum": ("{0}.is_not(None)", "{0} != 'a'"),
    "none": ("{0}.is_not(None)",),
}

_INLINE = ("{0} > 0", "{0} != 5", "{0} >= 0", "{0} != ''", '{0} != "it\'s"')
"""Those that are SQL as well as Python."""

# names and texts

_ODD = (
    "order",
    "Select",
    "na me",
    'qu"ote',
    "per%cent",
    "umlaut_ü",
    "UPPER",
    "back`tick",
    "it's",
    "co:lon",
    "par(en)",
    "back\\slash",
    "日本",
    "semi;colon",
    "a--b",
    "x,y",
    "%(x)s",
    "[br]",
    "1st",
    "x" * 50,
)
_COMMENTS = (
    "plain",
    "it's",
    'a "b"',
    "100%",
    "back\\slash",
    "two\nlines",
    "ü 日本 🙂",
    "a:b",
    "",
    "%(x)s",
    "tick`",
    "; --",
    " ends in a space ",
    '"""',
    "a\\",
    "a, b",
)


def _name(draw: DrawFn, taken: Sequence[str], plain: Sequence[str]) -> str:
    """A name that is free, plain as a rule."""
    used = {name.lower() for name in taken}
    free = [name for name in plain if name.lower() not in used]
    odd = [name for name in _ODD if name.lower() not in used]
    if odd and (not free or draw(st.integers(0, 3)) == 3):
        return draw(st.sampled_from(odd))
    return draw(st.sampled_from(free[:2]))


def _numbered(draw: DrawFn, models: Models, prefix: str) -> tuple[str, Models]:
    """A name that nothing else has had, and the models that know so."""
    number = models.serial + 1
    name = f"{prefix}{number}"
    if draw(st.integers(0, 3)) == 3:
        name += draw(st.sampled_from([*_ODD[:-1], "X" * 60]))[: 62 - len(name)]
    return name, dataclasses.replace(models, serial=number)


def _maybe_named(draw: DrawFn, models: Models, prefix: str) -> tuple[str | None, Models]:
    return _numbered(draw, models, prefix) if draw(st.booleans()) else (None, models)


def _comment(draw: DrawFn) -> str | None:
    return draw(st.sampled_from(_COMMENTS)) if draw(st.integers(0, 4)) == 4 else None


def _some(draw: DrawFn, things: Sequence[Thing], most: int) -> tuple[Thing, ...]:
    return tuple(
        draw(st.lists(st.sampled_from(things), min_size=1, max_size=min(most, len(things)), unique=True))
    )


# drawing models


@st.composite
def pairs(draw: DrawFn, engine: str) -> Pair:
    """Models, and what they become by one to five changes."""
    before = draw(models_of(engine))
    after = before
    for _ in range(draw(st.integers(1, 5))):
        after = _settle(_change(draw, after))
    return Pair(before, after)


@st.composite
def models_of(draw: DrawFn, engine: str) -> Models:
    """One to four tables."""
    members = [draw(st.sampled_from([("a", "b"), ("a", "it's", "x y"), ("a", "100%", "ö", "b:c")]))]
    models = Models(engine, enums=(("mood", members[0]), ("Kind", ("a", "b", "c"))))
    for _ in range(draw(st.integers(1, 4))):
        models = _add_table(draw, models)
    for table in models.tables:
        if draw(st.integers(0, 2)):
            models = _add_foreign_key(draw, models, table)
    return _settle(models)


def _add_table(draw: DrawFn, models: Models) -> Models:
    name = _name(
        draw, [table.name for table in models.tables], ("user", "post", "tag", "mail", "job", "item")
    )
    table = Table(name, ())
    for _ in range(draw(st.integers(1, 4))):
        table = _add_column(draw, models, table)
    table = _draw_primary_key(draw, models, table)
    if draw(st.booleans()):
        table, models = _add_thing(draw, models, table)
    if draw(st.integers(0, 2)) == 2:
        table, models = _add_thing(draw, models, table)
    return models.with_table(dataclasses.replace(table, comment=_comment(draw)))


def _draw_kind(draw: DrawFn, models: Models, needed: Callable[[Kind], bool] = lambda _: True) -> Kind:
    return draw(st.sampled_from([kind for kind in kinds(models) if needed(kind)]))


def _add_column(draw: DrawFn, models: Models, table: Table) -> Table:
    name = _name(draw, [column.name for column in table.columns], ("a", "b", "c", "d", "e", "f", "g", "h"))
    kind = _draw_kind(draw, models)
    column = Column(name, kind, draw(st.booleans()), _default(draw, kind), _comment(draw))
    return dataclasses.replace(table, columns=(*table.columns, column))


def _default(draw: DrawFn, kind: Kind) -> str | None:
    return draw(st.sampled_from([None, None, *kind.defaults])) if kind.defaults else None


def _draw_primary_key(draw: DrawFn, models: Models, table: Table) -> Table:
    usable = [column for column in table.columns if column.kind.key]
    wanted = bool(usable) and draw(st.integers(0, 9)) > 0
    columns = _some(draw, usable, 2) if wanted else ()
    table = dataclasses.replace(
        table,
        primary_key=tuple(column.name for column in columns),
        primary_key_name=f"pk {table.name}"[:60] if columns and draw(st.integers(0, 3)) == 3 else None,
        columns=tuple(dataclasses.replace(column, autoincrement=None) for column in table.columns),
    )
    counting = [column for column in columns[:1] if column.kind.counts and column.default is None]
    if not counting or (models.engine == "sqlite" and len(columns) > 1):
        return table
    if draw(st.integers(0, 3)) == 3:
        table = _with_column(table, dataclasses.replace(counting[0], autoincrement=len(columns) > 1))
    return table


def _with_column(table: Table, column: Column) -> Table:
    columns = tuple(column if one.name == column.name else one for one in table.columns)
    return dataclasses.replace(table, columns=columns)


def _add_thing(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    add = draw(st.sampled_from([_add_unique, _add_index, _add_check]))
    return add(draw, models, table)


def _add_unique(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    usable = [column.name for column in table.columns if column.kind.key]
    if not usable:
        return table, models
    name, models = _maybe_named(draw, models, "uq")
    later = models.engine == "postgresql" and draw(st.integers(0, 5)) == 5
    unique = Unique(_some(draw, usable, 2), name, later)
    return dataclasses.replace(table, uniques=(*table.uniques, unique)), models


def _add_index(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    name, models = _numbered(draw, models, "ix")
    index = _draw_index(draw, models, table, name)
    return (dataclasses.replace(table, indexes=(*table.indexes, index)) if index else table), models


def _draw_index(draw: DrawFn, models: Models, table: Table, name: str) -> Index | None:
    usable = [column for column in table.columns if column.kind.key]
    if not usable:
        return None
    columns = _some(draw, usable, 3)
    parts = tuple(IndexPart(column.name, draw(_part_forms(models, column))) for column in columns)
    where = None
    if models.engine in ("postgresql", "sqlite") and draw(st.integers(0, 5)) == 5:
        forms = [form for form in _FORMS[columns[0].kind.group] if not form.startswith("sa.func")]
        where = draw(st.sampled_from(forms))
    return Index(parts, name, draw(st.integers(0, 2)) == 2, where)


def _part_forms(models: Models, column: Column) -> SearchStrategy[str]:
    forms = ["{0}", "{0}", "{0}", "{0}.desc()"]
    if models.engine == "postgresql":
        forms += ["{0}.desc().nulls_last()", "{0}.asc().nulls_first()"]
    if column.kind.group == "text" and models.engine != "mariadb":
        forms += ["sa.func.lower({0})"]
    if column.kind.group == "int" and models.engine != "mariadb":
        forms += ["({0} + 1)", "sa.func.abs({0})"]
    return st.sampled_from(forms)


def _add_check(draw: DrawFn, models: Models, table: Table) -> tuple[Table, Models]:
    name, models = _maybe_named(draw, models, "ck")
    numbers = [column.name for column in table.columns if column.kind.group == "int"]
    if len(numbers) > 1 and draw(st.booleans()):
        check = Check((numbers[0], numbers[1]), "{0} < {1}", name)
    else:
        column = draw(st.sampled_from(table.columns))
        form = draw(st.sampled_from(_FORMS[column.kind.group]))
        check = Check((column.name,), form, name)
        if name is None and column.name.isascii() and column.name.islower() and column.name.isidentifier():
            if form in _INLINE and column.name != "order":
                check = dataclasses.replace(check, inline=draw(st.booleans()))
    return dataclasses.replace(table, checks=(*table.checks, check)), models


def _add_foreign_key(draw: DrawFn, models: Models, table: Table) -> Models:
    """A foreign key over columns that the table has or is given for it."""
    targets = [(other, key) for other in models.tables for key in other.targets()]
    if not targets:
        return models
    target, key = draw(st.sampled_from(targets))
    columns: list[str] = []
    for name in key:
        kind = target.column(name).kind
        same = [
            column.name
            for column in table.columns
            if column.kind.source == kind.source and column.name not in (*columns, *key)
        ]
        reused = draw(st.booleans()) if same else False
        if reused:
            columns.append(draw(st.sampled_from(same)))
            continue
        new = _name(
            draw, [column.name for column in table.columns], ("parent", "other", "owner", "x", "y", "z")
        )
        table = dataclasses.replace(
            table, columns=(*table.columns, Column(new, kind, draw(st.integers(0, 2)) < 2))
        )
        columns.append(new)
    name_, models = _maybe_named(draw, models, "fk")
    foreign_key = _draw_actions(draw, models, ForeignKey(tuple(columns), target.name, key, name_))
    return models.with_table(dataclasses.replace(table, foreign_keys=(*table.foreign_keys, foreign_key)))


def _draw_actions(draw: DrawFn, models: Models, key: ForeignKey) -> ForeignKey:
    actions = [None, "CASCADE", "SET NULL", "RESTRICT", "NO ACTION"]
    if models.engine not in MYSQL:
        actions.append("SET DEFAULT")
    return dataclasses.replace(
        key,
        on_delete=draw(st.sampled_from(actions)),
        on_update=draw(st.sampled_from(actions)) if draw(st.booleans()) else None,
        deferrable=models.engine not in MYSQL and draw(st.integers(0, 5)) == 5,
    )


# changing models


def _change(draw: DrawFn, models: Models) -> Models:
    if not models.tables:
        return _add_table(draw, models)
    change = draw(
        st.sampled_from(
            [
                _change_column,
                _change_thing,
                _change_columns,
                _change_things,
                _change_key,
                _change_tables,
                _change_foreign_keys,
                _change_comment,
                _change_enum,
            ]
        )
    )
    return change(draw, models)


def _any_table(draw: DrawFn, models: Models) -> Table:
    return draw(st.sampled_from(models.tables))


def _change_column(draw: DrawFn, models: Models) -> Models:
    table = _any_table(draw, models)
    column = draw(st.sampled_from(table.columns))
    match draw(st.sampled_from(["nullable", "default", "comment", "type"])):
        case "nullable":
            column = dataclasses.replace(column, nullable=not column.nullable)
        case "default":
            column = dataclasses.replace(column, default=_default(draw, column.kind))
        case "comment":
            column = dataclasses.replace(column, comment=draw(st.sampled_from([None, *_COMMENTS])))
        case _:
            return _change_type(draw, models, table, column)
    return models.with_table(_with_column(table, column))


def _change_type(draw: DrawFn, models: Models, table: Table, column: Column) -> Models:
    """Another type for the column and for all that foreign keys join with it."""
    kind = _draw_kind(draw, models, lambda kind: kind.key or not column.kind.key)
    default = _default(draw, kind)
    joined = {(table.name, column.name)}
    while True:
        found = {
            end
            for one in models.tables
            for key in one.foreign_keys
            for pair in zip(key.columns, key.target_columns, strict=True)
            for ends in [{(one.name, pair[0]), (key.target, pair[1])}]
            if ends & joined
            for end in ends
        }
        if found <= joined:
            break
        joined |= found
    for one in models.tables:
        for other in one.columns:
            if (one.name, other.name) in joined:
                told = default if other == column else None
                new = dataclasses.replace(other, kind=kind, default=told, autoincrement=None)
                models = models.with_table(_with_column(models.table(one.name), new))
    return models


def _change_columns(draw: DrawFn, models: Models) -> Models:
    table = _any_table(draw, models)
    if len(table.columns) > 1 and draw(st.booleans()):
        gone = draw(st.sampled_from(table.columns))
        return models.with_table(
            dataclasses.replace(table, columns=tuple(one for one in table.columns if one != gone))
        )
    if len(table.columns) > 7:
        return models
    return models.with_table(_add_column(draw, models, table))


_FIELDS = ("uniques", "indexes", "checks", "foreign_keys")


def _pick_thing(
    draw: DrawFn, models: Models
) -> tuple[Table, str, Unique | Index | Check | ForeignKey] | None:
    found = [
        (table, field, thing)
        for table in models.tables
        for field in _FIELDS
        for thing in getattr(table, field)
    ]
    return draw(st.sampled_from(found)) if found else None


def _change_things(draw: DrawFn, models: Models) -> Models:
    picked = _pick_thing(draw, models)
    if picked and draw(st.booleans()):
        table, field, thing = picked
        rest = list(getattr(table, field))
        rest.remove(thing)
        return models.with_table(_with_things(table, field, rest))
    table, models = _add_thing(draw, models, _any_table(draw, models))
    return models.with_table(table)


def _change_thing(draw: DrawFn, models: Models) -> Models:
    picked = _pick_thing(draw, models)
    if not picked:
        return _change_column(draw, models)
    table, field, thing = picked
    new: Unique | Index | Check | ForeignKey = thing
    if draw(st.integers(0, 2)) == 2:
        if isinstance(thing, Index):
            name, models = _numbered(draw, models, "ix")
            new = dataclasses.replace(thing, name=name)
        else:
            free, models = _maybe_named(draw, models, {"uniques": "uq", "checks": "ck"}.get(field, "fk"))
            new = dataclasses.replace(thing, name=free)
    else:
        match thing:
            case Unique():
                usable = [column.name for column in table.columns if column.kind.key]
                new = dataclasses.replace(thing, columns=_some(draw, usable, 2))
            case Index():
                new = _draw_index(draw, models, table, thing.name) or thing
            case Check():
                kind = table.column(thing.columns[0]).kind
                form = draw(st.sampled_from(_FORMS[kind.group]))
                new = dataclasses.replace(thing, columns=thing.columns[:1], form=form)
            case ForeignKey():
                new = _draw_actions(draw, models, thing)
    if isinstance(new, Check) and (new.name or new.form not in _INLINE):
        new = dataclasses.replace(new, inline=False)
    things = [new if one is thing else one for one in getattr(table, field)]
    return models.with_table(_with_things(table, field, things))


def _with_things(table: Table, field: str, things: Sequence[Unique | Index | Check | ForeignKey]) -> Table:
    changes: dict[str, Any] = {field: tuple(things)}
    return dataclasses.replace(table, **changes)


def _change_key(draw: DrawFn, models: Models) -> Models:
    return models.with_table(_draw_primary_key(draw, models, _any_table(draw, models)))


def _change_tables(draw: DrawFn, models: Models) -> Models:
    if len(models.tables) > 3 or draw(st.booleans()):
        gone = _any_table(draw, models)
        return dataclasses.replace(models, tables=tuple(one for one in models.tables if one != gone))
    models = _add_table(draw, models)
    return _add_foreign_key(draw, models, models.tables[-1]) if draw(st.booleans()) else models


def _change_foreign_keys(draw: DrawFn, models: Models) -> Models:
    return _add_foreign_key(draw, models, _any_table(draw, models))


def _change_comment(draw: DrawFn, models: Models) -> Models:
    comment = draw(st.sampled_from([None, *_COMMENTS]))
    return models.with_table(dataclasses.replace(_any_table(draw, models), comment=comment))


def _change_enum(draw: DrawFn, models: Models) -> Models:
    """Other members for an enumerated type; the first one stays, since defaults and checks name it."""
    position = draw(st.integers(0, len(models.enums) - 1))
    name, members = models.enums[position]
    rest = draw(st.lists(st.sampled_from([*members[1:], "new", "n'w", "z"]), unique=True, max_size=4))
    changed = (name, (members[0], *rest))
    enums = (*models.enums[:position], changed, *models.enums[position + 1 :])
    return dataclasses.replace(models, enums=enums)


# what fits together


def _settle(models: Models) -> Models:
    """The models without what lost its ground: a constraint on a column that is gone, a foreign key to no key."""
    for table in models.tables:
        models = models.with_table(_settle_table(models, table))
    changed = True
    while changed:
        changed = False
        for table in models.tables:
            keys = tuple(
                _settle_key(models, table, key) for key in table.foreign_keys if _stands(models, table, key)
            )
            if keys != table.foreign_keys:
                changed = True
                models = models.with_table(dataclasses.replace(table, foreign_keys=keys))
    for table in models.tables:
        models = models.with_table(_settle_checks(models, table))
    return models


def _settle_table(models: Models, table: Table) -> Table:
    columns = {column.name: column for column in table.columns}

    def has(*names: str) -> bool:
        return all(name in columns for name in names)

    def keyed(*names: str) -> bool:
        return has(*names) and all(columns[name].kind.key for name in names)

    key = table.primary_key if keyed(*table.primary_key) else ()
    indexes = tuple(
        index
        for index in table.indexes
        if keyed(*(part.column for part in index.parts))
        and all(_form_fits(columns[part.column].kind, part.form) for part in index.parts)
        and (not index.where or index.where in _FORMS[columns[index.parts[0].column].kind.group])
    )
    checks = tuple(
        check
        for check in table.checks
        if has(*check.columns)
        and (
            all(columns[name].kind.group == "int" for name in check.columns)
            if len(check.columns) > 1
            else check.form in _FORMS[columns[check.columns[0]].kind.group]
        )
    )
    settled = []
    for column in table.columns:
        counts = column.name in key[:1] and column.default is None and column.kind.counts
        if column.autoincrement and not counts:
            column = dataclasses.replace(column, autoincrement=None)
        if column.name in key:
            column = dataclasses.replace(column, nullable=False)
        if column.kind.source in dict(models.enums):
            column = dataclasses.replace(
                column, kind=next(k for k in kinds(models) if k.source == column.kind.source)
            )
        settled.append(column)
    return dataclasses.replace(
        table,
        columns=tuple(settled),
        primary_key=key,
        primary_key_name=table.primary_key_name if key else None,
        uniques=tuple(unique for unique in table.uniques if keyed(*unique.columns)),
        indexes=indexes,
        checks=checks,
    )


def _form_fits(kind: Kind, form: str) -> bool:
    if "lower" in form:
        return kind.group == "text"
    return kind.group == "int" if "abs" in form or "+" in form else True


def _stands(models: Models, table: Table, key: ForeignKey) -> bool:
    targets = [other for other in models.tables if other.name == key.target]
    names = [column.name for column in table.columns]
    if not targets or key.target_columns not in targets[0].targets():
        return False
    return all(name in names for name in key.columns) and all(
        table.column(mine).kind.source == targets[0].column(theirs).kind.source
        for mine, theirs in zip(key.columns, key.target_columns, strict=True)
    )


def _settle_key(models: Models, table: Table, key: ForeignKey) -> ForeignKey:
    """SET NULL and SET DEFAULT only where the columns can be that."""
    loose = all(table.column(name).nullable for name in key.columns)
    actions = {"SET NULL": loose, "SET DEFAULT": loose}
    return dataclasses.replace(
        key,
        on_delete=key.on_delete if actions.get(key.on_delete or "", True) else None,
        on_update=key.on_update if actions.get(key.on_update or "", True) else None,
    )


def _settle_checks(models: Models, table: Table) -> Table:
    """MySQL and MariaDB take no CHECK on a column that counts, MySQL none on one that a foreign key's action sets."""
    if models.engine not in MYSQL:
        return table
    apart = set(table.primary_key)
    for key in table.foreign_keys:
        apart |= set(key.columns)
    for one in models.tables:
        apart |= {name for key in one.foreign_keys if key.target == table.name for name in key.target_columns}
    return dataclasses.replace(
        table, checks=tuple(check for check in table.checks if not apart & set(check.columns))
    )
