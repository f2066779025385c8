"""Scripts for sqlite3. Pure.

SQLite reports what is wrong only through constraints and triggers, so what a script expects is the CHECK of a
temporary table, named by the words that the client then prints. What `transaction` proves at the end of a
transaction is proved here as well, by what SQL can say: the rows that refer to no row are counted before and after; a
table is made, renamed and dropped, because a rename compiles every view and trigger of the database (3.26 and later,
legacy_alter_table OFF); and no trigger may be gone that no statement has dropped. A view that was broken before is
refused here: `apply` would let it be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from schemadiff.dialects.contract.script import Client, terminated
from schemadiff.dialects.sqlite.server.lexer import SQLiteLexer
from schemadiff.dialects.sqlite.server.tokens import literal, quote
from schemadiff.dialects.sqlite.sql.triggers import dropped

_ORPHANS = 'SELECT "table" AS child, parent, count(*) AS number FROM pragma_foreign_key_check GROUP BY 1, 2'
_TRIGGERS = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"


class Sqlite3(Client):
    """The program sqlite3, 3.26 and later."""

    command: ClassVar[str] = "sqlite3 FILE < SCRIPT"
    caution: ClassVar[str] = (
        "another client than sqlite3 must stop at the first error, and knows neither .bail nor .timeout"
    )
    # Where foreign keys are enforced, dropping the old table of a rebuild would delete the rows that refer to it.
    opening: ClassVar[tuple[str, ...]] = (
        ".bail on",
        "PRAGMA foreign_keys = OFF;",
        "PRAGMA legacy_alter_table = OFF;",
    )
    # As SQLAlchemy's DateTime writes it.
    now: ClassVar[str] = "strftime('%Y-%m-%d %H:%M:%S.000000', 'now')"

    def patience(self, seconds: float) -> str:
        # The pragma would print its value.
        return f".timeout {max(1, round(seconds * 1000))}"

    def literal(self, text: str) -> str:
        return literal(text)

    def statement(self, sql: str) -> str:
        return terminated(SQLiteLexer().for_client(sql), ("--",))

    def expect(self, condition: str, words: str) -> tuple[str, ...]:
        return (
            f"CREATE TEMP TABLE schemadiff_expected (held CONSTRAINT {quote(words)} CHECK (held))",
            f"INSERT INTO temp.schemadiff_expected SELECT {condition}",
            "DROP TABLE temp.schemadiff_expected",
        )

    def transaction(self, statements: Sequence[str]) -> tuple[str, ...]:
        gone = ", ".join(map(literal, sorted(dropped(statements))))
        return (
            "BEGIN IMMEDIATE",
            f"CREATE TEMP TABLE schemadiff_orphans AS {_ORPHANS}",
            f"CREATE TEMP TABLE schemadiff_triggers AS {_TRIGGERS}",
            *statements,
            *self.expect(
                f"NOT EXISTS (SELECT 1 FROM ({_ORPHANS}) AS now LEFT JOIN temp.schemadiff_orphans AS before "
                "USING (child, parent) WHERE now.number > ifnull(before.number, 0))",
                "the change would break foreign keys",
            ),
            *self.expect(
                "NOT EXISTS (SELECT 1 FROM temp.schemadiff_triggers AS before WHERE lower(name) NOT IN "
                f"(SELECT lower(name) FROM ({_TRIGGERS})){f' AND lower(name) NOT IN ({gone})' if gone else ''} AND "
                "lower(tbl_name) IN (SELECT lower(name) FROM sqlite_master WHERE type IN ('table', 'view')))",
                "the change would lose triggers that were made after it was planned",
            ),
            "CREATE TABLE _schemadiff_views (x)",
            "ALTER TABLE _schemadiff_views RENAME TO _schemadiff_triggers",
            "DROP TABLE _schemadiff_triggers",
            "DROP TABLE temp.schemadiff_orphans",
            "DROP TABLE temp.schemadiff_triggers",
            "COMMIT",
        )
