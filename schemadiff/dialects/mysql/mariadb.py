"""MariaDB 10.5 and newer: in what it differs from MySQL."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from schemadiff.dialects.contract.session import ServerSession
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.run.progress import CANCEL, MARIADB_ADDRESS, read_mariadb
from schemadiff.dialects.mysql.server.product import DEFAULT_COLLATIONS, Product
from schemadiff.dialects.shared.lacking_features import Feature
from schemadiff.schema import ForeignKey, Name

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect

MARIADB = Product(
    folds_defaults=True,
    now="current_timestamp",
    year="year(4)",
    shows_widths=True,
    json_is_text=True,
    time_limit="max_statement_time",
    geometry_collection="geometrycollection",
    hashes_indexes=True,
    indexes_shapes_as_spatial=False,
    column_checks=True,
    generated_not_null=False,
    defaults_see_generated=False,
    computes_empty_row=True,
    defaults_compute_since=None,
    fills_unsafely=True,
    copies_under_foreign_keys=True,
    dropped_keys_hold=True,
    sets_default=False,
    descending_serves=True,
    caches_statistics=False,
    whole_prefix_serves=True,
    check_name="CONSTRAINT_{number}",
    drop_check="DROP CONSTRAINT",
    renames_in_expressions=True,
    hidden_index="IGNORED",
    shown_index="NOT IGNORED",
    has_nocopy=True,
    keys_are_instant=True,
    keys_to_itself_join=True,
    system_tables="innodb_sys_tables",
    logs_temporary_tables=True,
    explain="EXPLAIN EXTENDED",
    has_verbosity=False,
    makes_keys_since=None,
)


_COPIES_UNDER_FOREIGN_KEYS = ((10, 5, 27), (10, 6, 20), (10, 11, 10), (11, 2, 6), (11, 4, 4), (11, 6, 2))
"""The releases that brought what `Product.copies_under_foreign_keys` says, by their lines."""


@functools.cache
def product_of(version: tuple[int, ...]) -> Product:
    """MariaDB in that version."""
    return dataclasses.replace(
        MARIADB,
        copies_under_foreign_keys=since(_COPIES_UNDER_FOREIGN_KEYS, version),
        whole_prefix_serves=version >= (10, 11),
    )


def since(releases: Sequence[tuple[int, ...]], version: tuple[int, ...]) -> bool:
    """Whether a change that came with one release in each of these lines is in that version."""
    return version >= releases[-1] or any(one <= version < (*one[:-2], one[-2] + 1) for one in releases)


@dataclass(frozen=True, eq=False)
class MariaDB(MySQL):
    """MariaDB, with the facts of one server."""

    name: ClassVar[str] = "mariadb"
    lacks: ClassVar[frozenset[Feature]] = MySQL.lacks | {"index expressions"}
    column_checks: ClassVar[bool] = True
    shared_names: ClassVar[tuple[type, ...]] = (ForeignKey,)

    @cached_property
    def product(self) -> Product:
        return product_of(self.version)

    @property
    def option_prefixes(self) -> tuple[str, ...]:
        return ("mysql", "mariadb")

    @classmethod
    def offline(cls) -> MariaDB:
        return cls(
            version=(10, 11, 19),
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
            collations={**DEFAULT_COLLATIONS, "utf8mb4": "utf8mb4_general_ci"},
            sql_mode="STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION",
            sqlalchemy_name="mariadb",
            native_uuid=True,
        )

    @cached_property
    def _sqlalchemy(self) -> SQLAlchemyDialect:
        from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect

        dialect: Any = MariaDBDialect(paramstyle="named")
        # Types that are written for one of the two products (with_variant) are found under the name in the URL.
        dialect.name = self.sqlalchemy_name
        dialect.server_version_info = self.version
        dialect.supports_native_uuid = self.native_uuid
        dialect.supports_sequences = self.version >= (10, 3)
        return cast("SQLAlchemyDialect", dialect)

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> ServerSession:
        table = tables[0] if tables else None
        read = partial(read_mariadb, table=table)
        return ServerSession(
            connection, MARIADB_ADDRESS, lambda number: partial(read, session=number), CANCEL
        )
