"""Scripts for the programs mysql and mariadb. Pure.

Each statement of DDL commits by itself here, so a script keeps the journal as `apply` does: where it stops, `status`
says what is done, `apply` finishes and `rollback` undoes. SQL cannot make the fingerprint of `executor`; what a script
puts there is a checksum of what information_schema says.

Neither server can raise an error of one's own outside of stored programs. What a script expects is a SELECT of a column
whose name is what the person should read, prepared where the expectation does not hold: "Unknown column 'this database
is not at revision 0003'" (1054, MySQL 9.7 and MariaDB 10.11). That needs no right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from schemadiff.dialects.contract.script import Client, terminated
from schemadiff.dialects.mysql.server.lexer import MySQLLexer
from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, literal, quote

_OPAQUE = re.compile(
    rf'{STRING}|{QUOTED}|"(?:[^"\\]++|\\.|"")*+"|(?:\#|--\s)[^\n]*|/\*.*?\*/', re.DOTALL | re.VERBOSE
)
_LONGEST = 64
"""Characters in a name: a longer one is another error, which says less."""

# What `locks.lock_name` gives for the database that the script is run on.
_LOCK = (
    "IF(CHAR_LENGTH(DATABASE()) <= 53, CONCAT('schemadiff ', DATABASE()), "
    "CONCAT('schemadiff ', LEFT(SHA2(DATABASE(), 256), 48)))"
)

_SEEN = {
    "tables": "table_name, table_type, engine, table_collation, create_options, table_comment",
    "columns": "table_name, column_name, ordinal_position, QUOTE(column_default), is_nullable, column_type, "
    "collation_name, extra, column_comment, generation_expression",
    "statistics": "table_name, index_name, seq_in_index, non_unique, column_name, QUOTE(sub_part), collation, "
    "index_type, index_comment",
    "partitions": "table_name, partition_name, partition_method, partition_expression, partition_description",
    "views": "table_name, view_definition, check_option",
    "table_constraints": "table_name, constraint_name, constraint_type",
    "referential_constraints": "table_name, constraint_name, referenced_table_name, update_rule, delete_rule",
    "check_constraints": "constraint_name, check_clause",
    "triggers": "trigger_name, event_object_table, action_timing, event_manipulation, action_statement",
    "routines": "routine_name, routine_type, routine_definition",
    "events": "event_name, event_definition, status",
}
"""The columns of information_schema by which a script sees whether a DDL statement, which must not run twice, was
carried out; without the AUTO_INCREMENT counter and others that move by themselves.
"""


def _look() -> str:
    # A binary separator: the catalog's columns have collations of their own, which do not mix otherwise (1271).
    parts = (
        f"(SELECT CONCAT_WS('.', COUNT(*), SUM(CRC32(CONCAT_WS(_binary'|', {columns})))) "
        f"FROM information_schema.{view} WHERE {_schema_of(view)} = DATABASE())"
        for view, columns in _SEEN.items()
    )
    return "SELECT CONCAT_WS(' ', {})".format(",\n  ".join(parts))


def _schema_of(view: str) -> str:
    match view:
        case "triggers" | "routines" | "events":
            return f"{view[:-1]}_schema"
        case "referential_constraints" | "check_constraints":
            return "constraint_schema"
        case _:
            return "table_schema"


class MySQLClient(Client):
    """The program mysql, or mariadb, with either server."""

    command: ClassVar[str] = "mysql DATABASE < SCRIPT"
    caution: ClassVar[str] = "neither --force nor SOURCE at the prompt: both go on after an error"
    now: ClassVar[str] = "UTC_TIMESTAMP()"
    lock: ClassVar[str] = f"GET_LOCK({_LOCK}, 0) = 1"
    unlock: ClassVar[str] = f"DO RELEASE_LOCK({_LOCK})"
    journals: ClassVar[bool] = True
    looks: ClassVar[Mapping[str, str]] = {"schema": _look()}

    def patience(self, seconds: float) -> str:
        return f"SET SESSION lock_wait_timeout = {max(1, round(seconds))};"

    def literal(self, text: str) -> str:
        return literal(text)

    def statement(self, sql: str) -> str:
        text = MySQLLexer().for_client(sql.strip().removesuffix(";").rstrip())
        if ";" not in _OPAQUE.sub("", text):
            return terminated(text, ("--", "#"))
        # The client takes a semicolon in a body for the end of the statement.
        delimiter = next(mark for mark in ("$$", "//", "$$$", "///", "|||", "@@@@") if mark not in text)
        return f"DELIMITER {delimiter}\n{text}\n{delimiter}\nDELIMITER ;"

    def expect(self, condition: str, words: str) -> tuple[str, ...]:
        error = literal(f"SELECT {quote(words[:_LONGEST])}")
        return (
            f"SET @schemadiff_expected = IF({condition}, 'DO 0', {error})",
            "PREPARE schemadiff_expected FROM @schemadiff_expected",
            "EXECUTE schemadiff_expected",
        )

    def transaction(self, statements: Sequence[str]) -> tuple[str, ...]:
        return ("START TRANSACTION", *statements, "COMMIT")

    def noting(self) -> tuple[str, ...]:
        look = self.looks["schema"].replace("'", "''")
        return (
            "SET @schemadiff_note = CONCAT('UPDATE schemadiff_version SET journal = JSON_SET(journal, "
            f"''$.position'', ?, ''$.look'', ''schema'', ''$.fingerprint'', (', '{look}', ')) WHERE id = 1')",
            "PREPARE schemadiff_note FROM @schemadiff_note",
        )

    def note(self, position: int, *, looks: bool, drops: bool = False) -> tuple[str, ...]:
        if looks:
            return (
                f"SET @schemadiff_position = {position}",
                "EXECUTE schemadiff_note USING @schemadiff_position",
            )
        return (self.advance(position, None),)

    def advance(self, position: int, fingerprint: str | None) -> str:
        found = "NULL" if fingerprint is None else self.literal(fingerprint)
        return (
            f"UPDATE schemadiff_version SET journal = JSON_SET(journal, '$.position', {position}, "
            f"'$.fingerprint', {found}) WHERE id = 1"
        )
