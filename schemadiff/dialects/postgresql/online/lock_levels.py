"""The effect of a statement on those who use the table meanwhile, where it takes longer the larger that is.

The locks are those of PostgreSQL 15's manual, section 13.3.1, and of ALTER TABLE. Pure.
"""

from __future__ import annotations

import dataclasses
import re

from schemadiff.dialects.contract.statements import UNASKED, Method, Statement
from schemadiff.dialects.postgresql.server.sql_text import mask, quote
from schemadiff.dialects.postgresql.sql.conversion import rewrites
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    Operation,
)
from schemadiff.schema import Check, Column, ForeignKey

REWRITES = Method("rewrites the table: nobody can read or write it meanwhile", "rewrite", "exclusive")
BUILDS_KEY = Method("builds an index: nobody can read or write the table meanwhile", "build", "exclusive")
READS = Method("reads the whole table: nobody can read or write it meanwhile", "scan", "exclusive")
COMPARES = Method("reads the whole table: nobody can write it meanwhile", "scan", "shared")
BUILDS = Method("builds an index: nobody can write the table meanwhile", "build", "shared")
_WORST_FIRST = (REWRITES, BUILDS_KEY, READS, COMPARES, BUILDS)

_STORAGE = frozenset({"UNLOGGED", "USING", "TABLESPACE"})
_VOLATILE = re.compile(
    r"\b(?:nextval|random|gen_random_uuid|uuid_generate_v[14]|clock_timestamp|timeofday)\s*\(", re.IGNORECASE
)


def with_method(statement: Statement) -> Statement:
    """The statement with its method said, if it has none yet and one worth a word."""
    if statement.method.words or not statement.sql.startswith(("ALTER TABLE", "CREATE ")):
        return statement
    found = {_method(one, statement.sql) for one in statement.operations}
    return dataclasses.replace(statement, method=next((one for one in _WORST_FIRST if one in found), UNASKED))


def _method(operation: Operation, sql: str) -> Method:
    match operation:
        case AlterColumn(before=before, after=after):
            column = f"ALTER COLUMN {quote(after.name)}"
            if f"{column} TYPE " in sql and rewrites(before.type, after.type):
                return REWRITES
            anew = f"ADD COLUMN {quote(after.name)} " in sql
            return (
                REWRITES
                if anew and _is_computed(after)
                else READS
                if f"{column} SET NOT NULL" in sql
                else UNASKED
            )
        case AddColumn(column=column):
            return (
                REWRITES if f"ADD COLUMN {quote(column.name)} " in sql and _is_computed(column) else UNASKED
            )
        case AlterTable(before=before, after=after):
            return REWRITES if {key for key, _ in {*before.extra} ^ {*after.extra}} & _STORAGE else UNASKED
        case CreateIndex() if sql.startswith("CREATE ") and " INDEX " in sql:
            return BUILDS
        case AddConstraint(constraint=Check() | ForeignKey() as constraint):
            if "NOT VALID" in sql or " ADD " not in sql:
                return UNASKED
            return READS if isinstance(constraint, Check) else COMPARES
        case AddConstraint():
            return BUILDS_KEY if " ADD " in sql and " USING INDEX " not in sql else UNASKED
        case _:
            return UNASKED


def _is_computed(column: Column) -> bool:
    """Whether each row gets a value of its own when the column is added."""
    if column.identity or column.autoincrement or (column.generated and column.generated.stored):
        return True
    return bool(column.default and _VOLATILE.search(mask(column.default).skeleton))
