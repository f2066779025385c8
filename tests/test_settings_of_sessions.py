"""The session decides nothing: whatever a role, a driver's URL or a server's init_connect sets, what is planned and
applied in one session is what is checked in another, and the session is given back as it was.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import DatabaseError

pytestmark = pytest.mark.once

MYSQL = {
    "quotes": "sql_mode = 'ANSI_QUOTES'",
    "backslashes": "sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "pipes": "sql_mode = 'PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,IGNORE_SPACE'",
    "reals": "sql_mode = 'REAL_AS_FLOAT,NO_UNSIGNED_SUBTRACTION'",
    "lax": "sql_mode = ''",
    "time zone": "time_zone = '+09:30'",
    "plain quoting": "sql_quote_show_create = 0",
    "one row": "sql_select_limit = 1",
    "updates": "sql_safe_updates = 1",
    "engine": "default_storage_engine = 'MyISAM'",
    "isolation": "transaction_isolation = 'SERIALIZABLE'",
    "words": "lc_time_names = 'de_DE', div_precision_increment = 9, group_concat_max_len = 4",
}
ONLY = {
    "mysql": {
        "collation": "default_collation_for_utf8mb4 = 'utf8mb4_general_ci'",
        "keys": "sql_require_primary_key = 1",
        "verbose": "show_create_table_verbosity = 1",
        "time": "max_execution_time = 60",
    },
    "mariadb": {
        "oracle": "sql_mode = 'ORACLE'",
        "old mode": "old_mode = 'NO_PROGRESS_INFO,ZERO_DATE_TIME_CAST,UTF8_IS_UTF8MB3'",
        "old mode without": "old_mode = ''",
        "time": "max_statement_time = 0.06",
    },
}
POSTGRESQL = {
    "dates": "DateStyle=German",
    "intervals": "IntervalStyle=sql_standard",
    "floats": "extra_float_digits=-5",
    "backslashes": "standard_conforming_strings=off",
    "quotes": "quote_all_identifiers=on",
    "time zone": "TimeZone=Asia/Kathmandu",
    "bytes": "bytea_output=escape",
    "xml": "xmloption=document",
    "nulls": "transform_null_equals=on",
    "limits": "from_collapse_limit=1",
    "statement": "statement_timeout=60",
    "idle": "idle_in_transaction_session_timeout=100",
    "isolation": "default_transaction_isolation=serializable",
    "deferrable": "default_transaction_deferrable=on",
    "checks": "check_function_bodies=off",
}


def models(engine: str, *, more: bool) -> sa.MetaData:
    """Texts whose spelling or meaning a session could decide."""
    metadata = sa.MetaData()
    note = r"'a\b'" if engine == "postgresql" else r"'a\\b'"
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("size", sa.Integer),
        sa.Column("day", sa.Date, server_default=sa.text("'2020-02-03'")),
        sa.Column("at", sa.DateTime, server_default=sa.text("'2020-02-03 04:05:06'")),
        sa.Column("moment", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ratio", sa.Float(53), server_default=sa.text("0.1")),
        sa.Column("note", sa.String(20), server_default=sa.text(note)),
        sa.Column("upper", sa.String(20), sa.Computed("upper(note)", persisted=True)),
        sa.CheckConstraint("NOT size BETWEEN 7 AND 9 AND note <> 'it''s'", name="ck_t"),
        sa.CheckConstraint("day >= '2000-01-02'", name="ck_day"),
        *(
            [sa.Column("span", sa.Interval, server_default="1 day 02:03:04")]
            if engine == "postgresql"
            else []
        ),
        *([sa.Column("more", sa.REAL, server_default=sa.text("1.5"))] if more else []),
        comment="it's",
    )
    return metadata


def told(url: str, engine: str, setting: str) -> str:
    """The URL with which every session has the setting."""
    if engine == "postgresql":
        query = {"options": f"-c {setting}"}
    else:
        query = {"init_command": f"SET SESSION {setting}"}
    return sa.make_url(url).update_query_dict(query).render_as_string(hide_password=False)


def assert_decides_nothing(url: str, engine: str, setting: str, folder: Path) -> None:
    there = told(url, engine, setting)
    engine_there = sa.create_engine(there, pool_size=1, max_overflow=2)
    try:
        assert_same(url, there, engine_there, engine, folder)
    finally:
        engine_there.dispose()


def assert_same(url: str, there: str, engine_there: sa.Engine, engine: str, folder: Path) -> None:
    with engine_there.connect() as connection:
        before = settings_of(connection, engine)
    for number, more in enumerate((False, True)):
        schemadiff.plan(engine_there, models(engine, more=more), folder, message=f"r{number}")
        schemadiff.apply(engine_there, folder)
        for one in (engine_there, there, url):
            found = schemadiff.check(one, models(engine, more=more), folder)
            assert not found, found
            assert found.unsupported == ()
    with engine_there.connect() as connection:
        assert settings_of(connection, engine) == before
    # What another session plans, this one finds, and the other way round.
    changed = models(engine, more=False)
    assert schemadiff.plan(there, changed, folder, dry_run=True).text == (
        schemadiff.plan(url, changed, folder, dry_run=True).text
    )
    assert schemadiff.rollback(there, folder, to=0, allow=["all"]).after == 0


def settings_of(connection: sa.Connection, engine: str) -> dict[str, str]:
    """All settings of the session, but for those that say what it does."""
    if engine == "postgresql":
        rows = connection.exec_driver_sql("SELECT name, setting FROM pg_settings").all()
    else:
        rows = connection.exec_driver_sql("SHOW SESSION VARIABLES").all()
    moving = {
        "timestamp",
        "rand_seed1",
        "rand_seed2",
        "pseudo_thread_id",
        "gtid_next",
        "last_insert_id",
        "statement_id",
    }
    return {str(name): str(value) for name, value in rows if str(name).lower() not in moving}


@pytest.mark.parametrize("name", sorted(MYSQL | ONLY["mysql"]))
@pytest.mark.engines("mysql")
def test_mysql(url: str, tmp_path: Path, name: str) -> None:
    assert_decides_nothing(url, "mysql", {**MYSQL, **ONLY["mysql"]}[name], tmp_path)


@pytest.mark.parametrize("name", sorted(MYSQL | ONLY["mariadb"]))
@pytest.mark.engines("mariadb")
def test_mariadb(url: str, tmp_path: Path, name: str) -> None:
    setting = {**MYSQL, **ONLY["mariadb"]}[name].replace("transaction_isolation", "tx_isolation")
    assert_decides_nothing(url, "mariadb", setting, tmp_path)


@pytest.mark.parametrize("name", POSTGRESQL)
@pytest.mark.engines("postgresql")
def test_postgresql(url: str, tmp_path: Path, name: str) -> None:
    assert_decides_nothing(url, "postgresql", POSTGRESQL[name], tmp_path)


@pytest.mark.engines("postgresql")
def test_the_servers_own_schema_is_nobodys(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="the server's own"):
        schemadiff.check(told(url, "postgresql", "search_path=pg_catalog,public"), sa.MetaData(), tmp_path)
