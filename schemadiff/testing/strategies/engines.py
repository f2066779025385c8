"""Abilities of each engine: its types with server defaults that fit them, and which things it has at all.

The only module of the package beside ``dialects`` that knows the engines by name. For any other database somebody else
says what can be declared, as an `Engine`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.dialects import mysql, postgresql

from schemadiff.errors import UsageError

DIALECTS = {"mysql": mysql, "postgresql": postgresql}
"""The modules that source texts name."""


@dataclass(frozen=True)
class Kind:
    """A type as source text, what it may be compared with (``group``, see `FORMS`), and server defaults that fit it.

    ``key``: it can stand in a key or an index. ``counts``: a column of it can number its rows by itself.
    """

    source: str
    group: str
    defaults: tuple[str, ...] = ()
    key: bool = True
    counts: bool = False


@dataclass(frozen=True)
class Option:
    """A keyword argument of an index of one column, for types of a group (empty for all) but those that are
    ``without``. Braces stand for the column's name.
    """

    source: str
    group: str = ""
    without: tuple[str, ...] = ()

    def fits(self, kind: Kind) -> bool:
        """Whether it can be said of a column of this type."""
        return self.group in ("", kind.group) and not any(kind.source.startswith(one) for one in self.without)


@dataclass(frozen=True)
class Engine:
    """The features of an engine that random models may use."""

    name: str
    kinds: tuple[Kind, ...]
    mark: str = '"'
    """The character around a quoted name."""
    enum_arrays: bool = False
    deferrable_uniques: bool = False
    strict_keys: bool = False
    """InnoDB's ways with keys: no CHECK or generated column may need a column that a foreign key joins or that counts.
    """
    partial: bool = False
    """Indexes with WHERE."""
    functional: bool = True
    """Indexes of expressions."""
    part_forms: tuple[str, ...] = ("{0}.desc()",)
    stored: tuple[bool | None, ...] = (None,)
    """Generated columns: what can be said of their being stored."""
    identities: tuple[str, ...] = ()
    index_options: tuple[Option, ...] = ()
    table_options: tuple[str, ...] = ()
    counting: bool = True
    """A column of the primary key numbers the rows unless it is told not to."""
    composite_counting: bool = True
    """A column of a key of several can number the rows."""
    enums: bool = True
    """Enumerated types with names."""
    actions: tuple[str | None, ...] = (None, "CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT")
    """The actions of a foreign key on DELETE and UPDATE."""
    deferrable_keys: bool = True
    """Foreign keys that are checked at the end of the transaction."""
    circles: bool = True
    """Foreign keys to any table, not only to those that were there before."""

    def quote(self, name: str) -> str:
        """The name as it stands in SQL."""
        return f"{self.mark}{name.replace(self.mark, self.mark * 2)}{self.mark}"


_INT = ("sa.text('0')", "'7'", "sa.text('-5')")
_TEXT = ("'abc'", "''", '"it\'s"', "'100%'", "'a:b'", "'ü “x”'", "'back\\\\slash'", "'NULL'", "'a\"b'")
_STAMP = ("sa.func.now()", "sa.text('CURRENT_TIMESTAMP')", "'2020-01-02 03:04:05'")

GENERIC = (
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
    Kind("sa.Boolean(create_constraint=True)", "none", ("sa.true()",), key=False),
    Kind("sa.Enum('a', 'b', native_enum=False, create_constraint=True)", "none", ("'a'",), key=False),
)
"""SQLAlchemy's own types, which any database has in one way or another."""

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
    Kind("mysql.SET('a', 'b')", "enum", ("'a'", "'a,b'")),
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


def _unwrapped(defaults: Sequence[str]) -> tuple[str, ...]:
    """Without the numbers that SQLAlchemy makes expressions of, ``DEFAULT (-5)``: for schemadiff they are the same as
    literals, but SHOW CREATE TABLE tells them apart.
    """
    return tuple(
        one for one in defaults if one == "sa.text('0')" or not re.match(r"sa\.text\(['\"](b'|[-+\d])", one)
    )


def _of_mysql(large: Sequence[str], document: str) -> tuple[Kind, ...]:
    """The types of MySQL or MariaDB, with the defaults of large texts and of JSON."""
    texts = ("sa.Text", "mysql.MEDIUMTEXT()", "sa.Text(300)", "mysql.LONGTEXT(collation='utf8mb4_bin')")
    return (
        *(dataclasses.replace(kind, defaults=_unwrapped(kind.defaults)) for kind in GENERIC),
        *(Kind(source, "text", tuple(large), key=False) for source in texts),
        Kind("sa.JSON", "none", (document,), key=False),
        Kind("sa.DateTime", "time", ("sa.text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')",)),
        Kind("sa.Date", "time", ("sa.text('(CURRENT_DATE)')",)),
        Kind("sa.Integer", "int", ("sa.text('(1 + 1)')",), counts=True),
        *(dataclasses.replace(kind, defaults=_unwrapped(kind.defaults)) for kind in _MYSQL),
    )


_SQLITE_ENGINE = Engine(
    "sqlite",
    (*GENERIC, *_SQLITE),
    partial=True,
    stored=(None, False, True),
    composite_counting=False,
    table_options=("sqlite_with_rowid=False", "sqlite_autoincrement=True"),
)
_POSTGRESQL_ENGINE = Engine(
    "postgresql",
    (*GENERIC, *_POSTGRESQL),
    enum_arrays=True,
    deferrable_uniques=True,
    partial=True,
    part_forms=("{0}.desc()", "{0}.desc().nulls_last()", "{0}.asc().nulls_first()"),
    stored=(True,),
    identities=(
        "sa.Identity()",
        "sa.Identity(always=True)",
        "sa.Identity(start=10, increment=5, cycle=True)",
    ),
    index_options=(
        Option("postgresql_using='hash'", without=("postgresql.BIT",)),
        Option("postgresql_with={'fillfactor': 50}"),
        Option("postgresql_ops={{}: 'text_pattern_ops'}", "text", without=("sa.CHAR",)),
    ),
)
_MYSQL_ENGINE = Engine(
    "mysql",
    _of_mysql(_MYSQL_LARGE_DEFAULTS, "sa.text('(json_object())')"),
    mark="`",
    strict_keys=True,
    actions=(None, "CASCADE", "SET NULL", "RESTRICT", "NO ACTION"),
    deferrable_keys=False,
    stored=(None, False, True),
    index_options=(Option("mysql_length={{}: 1}", "text"),),
    table_options=("mysql_row_format='COMPRESSED'", "mysql_collate='utf8mb4_bin'"),
)
ENGINES = {
    "sqlite": _SQLITE_ENGINE,
    "postgresql": _POSTGRESQL_ENGINE,
    "mysql": _MYSQL_ENGINE,
    "mariadb": dataclasses.replace(
        _MYSQL_ENGINE,
        name="mariadb",
        kinds=_of_mysql((*_TEXT, *_MYSQL_LARGE_DEFAULTS), "sa.text(\"'{}'\")"),
        functional=False,
    ),
}


def engine_of(engine: str | Engine) -> Engine:
    """The engine of that name, or one of somebody's own. Raises `UsageError` where there is none of that name."""
    if isinstance(engine, Engine):
        return engine
    if engine not in ENGINES:
        raise UsageError(f'there is no engine "{engine}"', hint=f"There are {', '.join(ENGINES)}.")
    return ENGINES[engine]
