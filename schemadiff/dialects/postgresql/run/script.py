"""Scripts for psql. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from schemadiff.dialects.contract.script import VERSION_TABLE, Client, terminated
from schemadiff.dialects.shared.lock_names import KEY

_SEEN = (
    "SELECT concat_ws('|', 'index', indexrelid::regclass, pg_get_indexdef(indexrelid)) AS seen, indrelid AS relation "
    "FROM pg_index WHERE indisvalid OR {drops}",
    "SELECT concat_ws('|', conname, convalidated, pg_get_constraintdef(oid)), conrelid FROM pg_constraint",
    "SELECT concat_ws('|', attname, atttypid, atttypmod, attnotnull), attrelid FROM pg_attribute WHERE attnum > 0",
)
_UNION = "\n  UNION ALL ".join(_SEEN)
_LOOK = f"""SELECT count(*) || '.' || sum(hashtextextended(concat_ws('|', relation::regclass, seen), 0)) FROM (
  {_UNION}
) AS parts JOIN pg_class ON pg_class.oid = relation
WHERE relkind NOT IN ('i', 'I') AND left(relnamespace::regnamespace::text, 3) <> 'pg_'"""
"""A fingerprint of all that a statement outside of a transaction can change: usable indexes, constraints, columns. A
DROP INDEX may be killed when the index cannot be used any more and still exists.
"""


@dataclass(frozen=True, slots=True)
class Psql(Client):
    """The program psql. `table` is the version table, with its schema: the search_path may lead to another's."""

    table: str = VERSION_TABLE

    command: ClassVar[str] = "psql --file=SCRIPT DATABASE"
    caution: ClassVar[str] = "another client than psql must stop at the first error, and knows no \\set"
    opening: ClassVar[tuple[str, ...]] = ("\\set ON_ERROR_STOP on", "SET client_encoding = 'UTF8';")
    now: ClassVar[str] = "date_trunc('second', now() AT TIME ZONE 'UTC')"
    lock: ClassVar[str] = f"pg_try_advisory_lock({KEY})"
    unlock: ClassVar[str] = f"DO 'BEGIN PERFORM pg_advisory_unlock({KEY}); END'"
    journals: ClassVar[bool] = True
    looks: ClassVar[Mapping[str, str]] = {
        "schema": _LOOK.format(drops="false"),
        "drops": _LOOK.format(drops="true"),
    }

    def patience(self, seconds: float) -> str:
        return f"SET lock_timeout = '{_milliseconds(seconds)}ms';"

    def without_lock_timeout(self, sql: str, seconds: float) -> tuple[str, ...]:
        # It waits for old transactions.
        if " CONCURRENTLY " not in sql:
            return (sql,)
        return "SET lock_timeout = 0", sql, f"SET lock_timeout = '{_milliseconds(seconds)}ms'"

    def literal(self, text: str) -> str:
        quoted = "'" + text.replace("'", "''") + "'"
        # Whatever standard_conforming_strings is.
        return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted

    def statement(self, sql: str) -> str:
        return terminated(sql, ("--",))

    def expect(self, condition: str, words: str) -> tuple[str, ...]:
        raised = f"RAISE EXCEPTION USING MESSAGE = {self.literal(words)};"
        return (f"DO $schemadiff$ BEGIN IF NOT {condition} THEN\n{raised}\nEND IF; END $schemadiff$",)

    def transaction(self, statements: Sequence[str]) -> tuple[str, ...]:
        return ("BEGIN", *statements, "COMMIT")

    def noting(self) -> tuple[str, ...]:
        look = "CASE WHEN $2 THEN 'drops' ELSE 'schema' END"
        return (
            f"PREPARE schemadiff_note (integer, boolean) AS UPDATE {self.table} SET journal = (journal::jsonb || "
            f"jsonb_build_object('position', $1, 'fingerprint', ({_LOOK.format(drops='$2')}),\n'look', {look}))::json "
            "WHERE id = 1",
        )

    def note(self, position: int, *, looks: bool, drops: bool = False) -> tuple[str, ...]:
        if looks:
            return (f"EXECUTE schemadiff_note ({position}, {'true' if drops else 'false'})",)
        return (self.advance(position, None),)

    def advance(self, position: int, fingerprint: str | None) -> str:
        found = "NULL" if fingerprint is None else self.literal(fingerprint)
        return (
            f"UPDATE {self.table} SET journal = (journal::jsonb || "
            f"jsonb_build_object('position', {position}, 'fingerprint', {found}))::json WHERE id = 1"
        )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
