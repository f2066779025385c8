"""Events of two databases: one that starts when it is made does so at another time in each, which is no difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.schema import Routine

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

EVERY = "CREATE EVENT {0} ON SCHEDULE EVERY {1} DO SELECT 'STARTS ''2001-01-01 00:00:00'''"
LATER = "STARTS '2035-01-01 03:00:00'"


@contextmanager
def session(url: str, zone: str) -> Iterator[tuple[sa.Connection, Any]]:
    with connected(url) as (connection, dialect):
        connection.exec_driver_sql(f"SET SESSION time_zone = '{zone}'", execution_options=VERBATIM)
        yield connection, dialect


def texts(connection: sa.Connection, dialect: Any) -> dict[str, str]:
    return {
        one.name.name: one.definition
        for one in dialect.objects(connection, kinds=("event",))
        if isinstance(one, Routine)
    }


@pytest.mark.parametrize("zone", ["SYSTEM", "+09:00"])
def test_when_an_event_was_made_is_no_part_of_it(url: str, zone: str) -> None:
    with session(url, zone) as (connection, dialect):
        for sql in (
            EVERY.format("plain", "1 DAY"),
            EVERY.format("`o``dd`", "'1:30' HOUR_MINUTE"),
            EVERY.format("ends", "2 MONTH ENDS '2036-01-01 00:00:00'"),
            EVERY.format("later", f"1 DAY {LATER}"),
            EVERY.format("once", "1 DAY").replace("EVERY 1 DAY", "AT '2035-01-01 00:00:00'"),
            EVERY.format("changed", f"1 DAY {LATER}"),
            "ALTER EVENT changed ON SCHEDULE EVERY 3 WEEK",
        ):
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
        found = texts(connection, dialect)
        assert {name for name, text in found.items() if re.search(r" STARTS '2\d{3}", text)} == {"later"}
        assert "ON SCHEDULE EVERY 1 DAY ON COMPLETION" in found["plain"]
        assert "EVERY 2 MONTH ENDS '2036-01-01 00:00:00'" in found["ends"]
        assert LATER in found["later"]
        assert "AT '2035-01-01 00:00:00'" in found["once"]
        assert all(text.endswith("SELECT 'STARTS ''2001-01-01 00:00:00'''") for text in found.values())
        for name, text in found.items():
            quoted = name.replace("`", "``")
            connection.exec_driver_sql(f"DROP EVENT `{quoted}`", execution_options=VERBATIM)
            connection.exec_driver_sql(text, execution_options=VERBATIM)
        assert texts(connection, dialect) == found
