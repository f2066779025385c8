"""Results that are read from PyMySQL itself are those that its cursor gives."""

from __future__ import annotations

import pytest
from pymysql.constants import CLIENT
from pymysql.protocol import FieldDescriptorPacket

from schemadiff.dialects.mysql.server.drivers import Driver, driver_of
from tests.dialects.test_mysql_server import open_database
from tests.dialects.test_mysql_session import plain_connection

pytestmark = pytest.mark.engines("mysql", "mariadb")

PACKET = """
SELECT NULL, 1, -2.50, 1.5e0, 'gr\u00f6\u00dfe', x'00ff', DATE '2020-02-03', TIMESTAMP '2020-02-03 04:05:06';
SET @schemadiff_try = 1;
SELECT JSON_ARRAY('\u00e4', 1), CAST('\u2603' AS BINARY), @schemadiff_try, REPEAT('x', 70000);
SELECT 1 WHERE 1 = 0;
SHOW CREATE TABLE t"""


@pytest.mark.parametrize("results", ["utf8mb4", "binary", "ascii"])
def test_results_of_a_packet_are_those_of_the_drivers_cursor(url: str, results: str) -> None:
    with plain_connection(url, client_flag=CLIENT.MULTI_STATEMENTS) as connection:
        connection.exec_driver_sql("CREATE TABLE t (a varchar(9) DEFAULT '\u00f6' COMMENT '\u2603')")
        connection.exec_driver_sql(f"SET SESSION character_set_results = {results}")
        driver = driver_of(connection)
        expected = [list(rows) for rows in Driver.results(driver, PACKET, 5)]
        assert [list(rows) for rows in driver.results(PACKET, 5)] == expected
        assert [len(rows) for rows in expected] == [1, 0, 1, 0, 1]
        with pytest.raises(connection.dialect.loaded_dbapi.Error, match="nothing_like_it"):
            list(driver.results("SELECT 1; SELECT * FROM nothing_like_it; SELECT 2", 3))
        assert connection.exec_driver_sql("SELECT 3").scalar_one() == 3


def test_the_columns_of_results_are_understood_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: what PyMySQL makes of a description of a column."""
    understand = FieldDescriptorPacket._parse_field_descriptor  # type: ignore[attr-defined]
    described: list[str] = []

    def noted(packet: FieldDescriptorPacket, encoding: str) -> None:
        described.append(encoding)
        understand(packet, encoding)

    monkeypatch.setattr(FieldDescriptorPacket, "_parse_field_descriptor", noted)
    counts = []
    with open_database(url) as (connection, dialect):
        for tables in (3, 30):
            for number in range(tables):
                connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS t{number} (a int)")
            described.clear()
            assert len(dialect.inspect(connection).tables) == tables
            counts.append(len(described))
    assert counts[1] <= counts[0]
