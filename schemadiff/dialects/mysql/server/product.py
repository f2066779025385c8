"""The properties of one server: its version and defaults, and in what its product differs from the other one."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.mysql.server.opening import QUESTIONS
from schemadiff.dialects.mysql.server.packets import at_once
from schemadiff.dialects.shared.connection_cache import answered

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, eq=False)
class Product:
    """In what MySQL and MariaDB differ, as answers to named questions. The defaults are MySQL 9.7's."""

    folds_defaults: bool = False
    """Whether a default that is a constant expression is stored as the constant, and shown without quotes where
    the type is a number: MariaDB shows ``DEFAULT 5`` and ``DEFAULT uuid()``, MySQL ``DEFAULT '5'`` and
    ``DEFAULT (uuid())``.
    """

    indexes_shapes_as_spatial: bool = True
    """Whether a plain index on a geometry column is a SPATIAL one (MySQL 9.7); on MariaDB it is a prefix."""

    now: str = "CURRENT_TIMESTAMP"
    """How the current time is shown; MariaDB's has parentheses also where they are empty."""

    year: str = "year"

    shows_widths: bool = False
    """Whether integer types are shown with their display width, written or not (MariaDB)."""

    json_is_text: bool = False
    """Whether JSON is ``longtext`` with a CHECK of its own in the column (MariaDB)."""

    geometry_collection: str = "geomcollection"

    hashes_indexes: bool = False
    """Whether ``USING HASH`` makes a difference to a unique index of a table that is no MEMORY table (MariaDB)."""

    column_checks: bool = False
    """Whether a column's own CHECK stays part of the column (MariaDB), and is no CHECK of the table."""

    generated_not_null: bool = True

    defaults_see_generated: bool = True
    """Whether a default may speak of generated columns before it in the table."""

    computes_empty_row: bool = False
    """Whether a new column's default is computed for an empty row, too (MariaDB)."""

    defaults_compute_since: tuple[int, ...] | None = (8, 0, 13)
    """Since when a default may be an expression; ``None`` for always."""

    fills_unsafely: bool = False
    """Whether a new column's default may be an expression that gives each row another value (MariaDB); MySQL 9.7
    refuses that (1674), with the binary log off and for an empty table, too.
    """

    copies_under_foreign_keys: bool = False
    """Whether an ALTER that copies the table may change whether a column of a foreign key can be NULL (MariaDB since
    10.5.27, 10.6.20, 10.11.10, 11.2.6 and 11.4.4: MDEV-34392).
    """

    dropped_keys_hold: bool = False
    """Whether a foreign key that an ALTER drops still keeps the same ALTER from changing in place a column to which it
    refers (MariaDB).
    """

    sets_default: bool = True
    """Whether ``SET DEFAULT`` of a foreign key is remembered; MariaDB takes it for no action."""

    descending_serves: bool = False
    """Whether a foreign key can use an index in descending order (MariaDB)."""

    caches_statistics: bool = True
    """Whether the sizes in information_schema.tables may be a day old."""

    whole_prefix_serves: bool = False
    """Whether a foreign key can use an index by a prefix that is all of the column (MariaDB 10.11; 10.5 cannot)."""

    check_name: str = "{table}_chk_{number}"
    """How the server names a CHECK that was given no name."""

    drop_check: str = "DROP CHECK"

    renames_in_expressions: bool = False
    """Whether the server itself puts a renamed column's new name into the expressions that speak of it (MariaDB)."""

    explain: str = "EXPLAIN FORMAT=TRADITIONAL"
    """The EXPLAIN after which SHOW WARNINGS tells what the optimizer made of a query."""

    logs_temporary_tables: bool = False
    """Whether the binary log in its default format holds temporary tables (MariaDB)."""

    hidden_index: str = "INVISIBLE"

    shown_index: str = "VISIBLE"

    has_nocopy: bool = False
    """Whether ALGORITHM=NOCOPY is a way of altering a table: in place, and without rebuilding it (MariaDB)."""

    keys_are_instant: bool = False
    """Whether dropping a foreign key, and renaming a column that one refers to, can be INSTANT (MariaDB)."""

    keys_to_itself_join: bool = False
    """Whether an ALTER can add a foreign key to the table itself beside other changes (MariaDB)."""

    system_tables: str = "innodb_tables"
    """Where information_schema tells what InnoDB knows of each table."""

    time_limit: str = "max_execution_time"
    """The session's limit to the time that a statement may take."""

    has_verbosity: bool = True
    """Whether a session can ask SHOW CREATE TABLE for more than was said (show_create_table_verbosity)."""

    makes_keys_since: tuple[int, ...] | None = (8, 0, 30)
    """Since when the server can give a table an invisible primary key by itself."""


@functools.cache
def mysql_product(version: tuple[int, ...]) -> Product:
    """MySQL in that version. Before 8.0.19 it shows the display widths of integers and years, as MariaDB does
    (WL#13528 and 13537).
    """
    return Product() if version >= (8, 0, 19) else Product(shows_widths=True, year="year(4)")


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts of one server and of the database that is connected to.

    ``charset`` and ``collation`` are the database's defaults, ``databases`` those of the others by name, as far as
    they differ, ``collations`` the default collation of each character set.
    """

    version: tuple[int, ...]
    charset: str
    collation: str
    collations: Mapping[str, str] = field(repr=False)
    engine: str = "InnoDB"
    lower_case_table_names: int = 0
    database: str | None = None
    databases: Mapping[str, str] = field(default_factory=dict, repr=False)
    sql_mode: str = ""
    sqlalchemy_name: str = "mysql"
    """The name of SQLAlchemy's dialect: that of the URL, which on MariaDB may be either."""
    native_uuid: bool = False

    @functools.cached_property
    def product(self) -> Product:
        """In what this server differs from others."""
        return mysql_product(self.version)

    @property
    def hides_generated_keys(self) -> bool:
        """Whether the server can be told not to show the primary keys that it made by itself."""
        since = self.product.makes_keys_since
        return since is not None and self.version >= since

    @property
    def computes_defaults(self) -> bool:
        """Whether a default may be an expression."""
        since = self.product.defaults_compute_since
        return since is None or self.version >= since

    def default_collation(self, charset: str) -> str:
        """The collation that text in that character set has when none is given."""
        return self.collations.get(charset) or f"{charset}_general_ci"

    def database_collation(self, schema: str | None) -> str:
        """The collation that a new table gets in the database of that name; ``None`` is the one connected to."""
        return self.collation if schema is None else self.databases.get(schema, self.collation)


def charset_of(collation: str) -> str:
    """The character set of a collation: what stands before the first underscore of its name.

    MySQL 9.7 manual, 12.3.1 Collation Naming Conventions; MariaDB 10.10's ``uca1400_…`` are shown with the
    character set in front.
    """
    return collation.partition("_")[0]


DEFAULT_COLLATIONS = {
    "armscii8": "armscii8_general_ci",
    "ascii": "ascii_general_ci",
    "big5": "big5_chinese_ci",
    "binary": "binary",
    "cp1250": "cp1250_general_ci",
    "cp1251": "cp1251_general_ci",
    "cp1256": "cp1256_general_ci",
    "cp1257": "cp1257_general_ci",
    "cp850": "cp850_general_ci",
    "cp852": "cp852_general_ci",
    "cp866": "cp866_general_ci",
    "cp932": "cp932_japanese_ci",
    "dec8": "dec8_swedish_ci",
    "eucjpms": "eucjpms_japanese_ci",
    "euckr": "euckr_korean_ci",
    "gb18030": "gb18030_chinese_ci",
    "gb2312": "gb2312_chinese_ci",
    "gbk": "gbk_chinese_ci",
    "geostd8": "geostd8_general_ci",
    "greek": "greek_general_ci",
    "hebrew": "hebrew_general_ci",
    "hp8": "hp8_english_ci",
    "keybcs2": "keybcs2_general_ci",
    "koi8r": "koi8r_general_ci",
    "koi8u": "koi8u_general_ci",
    "latin1": "latin1_swedish_ci",
    "latin2": "latin2_general_ci",
    "latin5": "latin5_turkish_ci",
    "latin7": "latin7_general_ci",
    "macce": "macce_general_ci",
    "macroman": "macroman_general_ci",
    "sjis": "sjis_japanese_ci",
    "swe7": "swe7_swedish_ci",
    "tis620": "tis620_thai_ci",
    "ucs2": "ucs2_general_ci",
    "ujis": "ujis_japanese_ci",
    "utf16": "utf16_general_ci",
    "utf16le": "utf16le_general_ci",
    "utf32": "utf32_general_ci",
    "utf8mb3": "utf8mb3_general_ci",
    "utf8mb4": "utf8mb4_0900_ai_ci",
}
"""The default collations of MySQL 9.7. MariaDB 10.11 differs in utf8mb4, and has no gb18030."""


def read_facts(connection: Connection) -> dict[str, Any]:
    """The facts of the server behind the connection, as the arguments of `Facts`."""

    asked = answered(connection) or at_once(connection, QUESTIONS)
    (first, *_), collations, variables, databases = asked
    collation, engine, lower, database, mode = first
    told: dict[str, str] = dict(variables)
    pairs = [
        one.strip().split("=") for one in told.get("character_set_collations", "").split(",") if one.strip()
    ]
    if "default_collation_for_utf8mb4" in told:
        pairs.append(["utf8mb4", told["default_collation_for_utf8mb4"]])
    return {
        "version": tuple(connection.dialect.server_version_info or ()),
        "charset": charset_of(collation),
        "collation": collation,
        "collations": {**dict(collations), **dict(pairs)},
        "engine": engine,
        "lower_case_table_names": int(lower),
        "database": database,
        "databases": dict(databases),
        "sql_mode": mode,
        "sqlalchemy_name": connection.dialect.name,
        "native_uuid": bool(getattr(connection.dialect, "supports_native_uuid", False)),
    }
