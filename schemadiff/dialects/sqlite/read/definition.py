"""Reads from the text of CREATE TABLE or CREATE INDEX what no PRAGMA reports. Pure.

Names of constraints, CHECKs, collations, generated expressions, DEFERRABLE, AUTOINCREMENT, the expressions
and the WHERE of an index (measured with SQLite 3.40: no PRAGMA has these). Only the parts of a text that
may hold one of them are looked at closely.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from schemadiff.dialects.sqlite.canonical.expressions import canonical_collation
from schemadiff.dialects.sqlite.canonical.tables import canonical_conflict
from schemadiff.dialects.sqlite.server.tokens import NO_WORD, WORD, Cursor, split, tokens
from schemadiff.schema import Check, Generated, Unique


@dataclass(slots=True)
class Reference:
    """The parts of a foreign key that only its text says; columns and actions come from a PRAGMA."""

    name: str | None
    match: str | None = None
    deferrable: str | None = None


@dataclass(slots=True)
class Definition:
    """The parts of a table that only its text says. Collations, generated expressions and the ON CONFLICT of NOT NULL
    are kept by the position of their column, expressions as they were written; ``odd`` names what schemadiff cannot
    represent.
    """

    collations: dict[int, str] = field(default_factory=dict)
    generated: dict[int, Generated] = field(default_factory=dict)
    conflicts: dict[int, str] = field(default_factory=dict)
    has_key: bool = False
    key_name: str | None = None
    key_conflict: str | None = None
    autoincrement: bool = False
    uniques: list[Unique] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    without_rowid: bool = False
    strict: bool = False
    odd: list[str] = field(default_factory=list)


_TELLING = ("CHECK", "COLLATE", "CONSTRAINT", "UNIQUE", "PRIMARY", "REFERENCES", "CONFLICT")
_COLUMN_CONSTRAINTS = (
    *("CONSTRAINT", "DEFAULT", "NULL", "NOT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "DEFERRABLE"),
    *("COLLATE", "GENERATED", "AS"),
)
_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


def read_table(sql: str, columns: int, generated: Collection[int]) -> Definition:
    """Parse the text of a table with so many columns; `generated` are the positions of the generated ones."""
    items, tail = split(sql)
    found = Definition()
    if generated or _tells(",".join(items[:columns])):
        for position, item in enumerate(items[:columns]):
            if position in generated or _tells(item):
                _read_column(Cursor(item), position, found)
    for item in items[columns:]:
        _read_constraints(item, found)
    if len(items) < columns:
        found.odd.append("its definition cannot be read")
    if tail:
        found.without_rowid = any(token.is_word("ROWID") for token in tokens(tail))
        found.strict = any(token.is_word("STRICT") for token in tokens(tail))
    return found


def _tells(text: str) -> bool:
    capitals = text.upper()
    return any(word in capitals for word in _TELLING)


def read_index(sql: str) -> tuple[list[str], str | None]:
    """The parts of an index and its WHERE, as they were written."""
    parts, tail = split(sql)
    cursor = Cursor(tail)
    if not cursor.take("WHERE") or not cursor:
        return parts, None
    return parts, tail[cursor.tokens[cursor.position].start : cursor.tokens[-1].end]


def module(sql: str) -> str:
    """The name of the module that keeps a virtual table."""
    cursor = Cursor(sql)
    while cursor and not cursor.take("USING"):
        cursor.skip()
    return cursor.name()


def _read_column(cursor: Cursor, position: int, found: Definition) -> None:
    column = cursor.name()
    while cursor and not cursor.at(*_COLUMN_CONSTRAINTS):
        cursor.skip()  # the type
    name: str | None = None
    while cursor:
        if cursor.take("CONSTRAINT"):
            name = cursor.name()
            continue
        if cursor.take("PRIMARY", "KEY"):
            if cursor.take("DESC"):
                found.odd.append(f'the primary key sorts "{column}" in descending order')
            cursor.take("ASC")
            found.key_name = name
            found.key_conflict = _conflict(cursor)
            found.autoincrement |= cursor.take("AUTOINCREMENT")
        elif cursor.take("UNIQUE"):
            found.uniques.append(Unique((column,), name, on_conflict=_conflict(cursor)))
        elif cursor.take("CHECK"):
            found.checks.append(Check(cursor.group(), name))
        elif cursor.take("REFERENCES"):
            _read_reference(cursor, name, found)
        elif cursor.take("COLLATE"):
            collation = canonical_collation(cursor.name())
            if collation:
                found.collations[position] = collation
        elif cursor.take("GENERATED", "ALWAYS", "AS") or cursor.take("AS"):
            expression = cursor.group()
            found.generated[position] = Generated(expression, cursor.take("STORED"))
            cursor.take("VIRTUAL")
        elif cursor.take("DEFAULT"):
            if cursor.at_symbol("+") or cursor.at_symbol("-"):
                cursor.skip()
            cursor.skip()
        elif cursor.take("NOT", "NULL"):
            conflict = _conflict(cursor)
            if conflict:
                found.conflicts[position] = conflict
        elif cursor.take("NULL"):
            _conflict(cursor)
        elif not _read_deferrable(cursor, found):
            cursor.skip()
        name = None


_NAME = rf'(?:{WORD}|"(?:[^"]|"")*+")'
_NAMES = rf"\(\s*+{_NAME}\s*+(?:,\s*+{_NAME}\s*+)*+\)"
_NAMED = re.compile(
    rf"\s*+(?:(?i:CONSTRAINT)(?:\s++|(?=\"))(?P<name>{_NAME})\s*+)?"
    rf"(?=(?i:{'|'.join(_TABLE_CONSTRAINTS[1:])})[{NO_WORD}])",
    re.ASCII,
)
_REFERENCE = re.compile(
    rf"(?i:FOREIGN\s++KEY)\s*+{_NAMES}\s*+(?i:REFERENCES)(?:\s++|(?=\")){_NAME}\s*+(?:{_NAMES}\s*+)?",
    re.ASCII,
)
_ANY_REFERENCE = "FOREIGN KEY (x) REFERENCES x "


def _read_constraints(item: str, found: Definition) -> None:
    """The constraints that stand between two commas: one, but for who leaves out commas. What stands behind a name is
    the same in many tables, but for the table that a foreign key refers to, of which nothing is read here.
    """
    only: Definition | None = None
    if named := _NAMED.match(item):
        refers = _REFERENCE.match(item, named.end())
        only = _only_constraint(f"{_ANY_REFERENCE}{item[refers.end() :]}" if refers else item[named.end() :])
    if named is None or only is None:
        cursor = Cursor(item)
        while cursor:
            _read_constraint(cursor, found)
        return
    name = named["name"]
    if name is not None and name[0] == '"':
        name = name[1:-1].replace('""', '"')
    found.odd += only.odd
    found.uniques += [Unique(one.columns, name, on_conflict=one.on_conflict) for one in only.uniques]
    found.checks += [Check(one.expression, name) for one in only.checks]
    found.references += [Reference(name, one.match, one.deferrable) for one in only.references]
    if only.has_key:
        found.has_key, found.key_name, found.key_conflict = True, name, only.key_conflict
        found.autoincrement |= only.autoincrement


@functools.lru_cache(maxsize=4096)
def _only_constraint(text: str) -> Definition | None:
    """The constraint without its name; ``None`` where there is another one behind it."""
    found = Definition()
    cursor = Cursor(text)
    _read_constraint(cursor, found)
    return None if cursor else found


def _read_constraint(cursor: Cursor, found: Definition) -> None:
    """One constraint of the table; the comma between two of them may be missing (src/parse.y, tconscomma)."""
    name = cursor.name() if cursor.take("CONSTRAINT") else None
    if cursor.take("PRIMARY", "KEY"):
        found.has_key = True
        found.key_name = name
        columns = cursor.names()
        if len(columns) == 1 and columns[0].words == ("AUTOINCREMENT",):
            found.autoincrement = True
        elif any(column.words for column in columns):
            found.odd.append("the primary key sorts in an order or collation of its own")
        found.key_conflict = _conflict(cursor)
    elif cursor.take("UNIQUE"):
        columns = cursor.names()
        unique = Unique(tuple(column.name for column in columns), name, on_conflict=_conflict(cursor))
        words = f"UNIQUE ({', '.join(unique.columns)})"
        found.uniques.append(unique)
        if any(column.words for column in columns):
            found.odd.append(f"{words} sorts in an order or collation of its own")
    elif cursor.take("CHECK"):
        found.checks.append(Check(cursor.group(), name))
        _conflict(cursor)  # which means nothing here: a CHECK that is violated always aborts (3.40)
    elif cursor.take("FOREIGN", "KEY"):
        cursor.skip()
        if cursor.take("REFERENCES"):
            _read_reference(cursor, name, found)
    elif name is None:
        found.odd.append("its definition cannot be read")
        cursor.position = len(cursor.tokens)


def _read_reference(cursor: Cursor, name: str | None, found: Definition) -> None:
    found.references.append(Reference(name))
    cursor.name()
    if cursor.at_symbol("("):
        cursor.skip()
    while cursor.at("ON", "MATCH", "NOT", "DEFERRABLE"):
        if cursor.take("MATCH"):
            match = cursor.name().upper()
            found.references[-1].match = None if match in {"SIMPLE", "NONE"} else match
        elif cursor.take("ON"):
            cursor.skip()  # DELETE or UPDATE
            if not (
                cursor.take("SET", "NULL") or cursor.take("SET", "DEFAULT") or cursor.take("NO", "ACTION")
            ):
                cursor.skip()
        elif not _read_deferrable(cursor, found):
            break


def _read_deferrable(cursor: Cursor, found: Definition) -> bool:
    """Reads ``[NOT] DEFERRABLE [INITIALLY …]``, which belongs to the foreign key before it, if it comes
    next."""
    never = cursor.take("NOT", "DEFERRABLE")
    if not never and not cursor.take("DEFERRABLE"):
        return False
    deferred = cursor.take("INITIALLY", "DEFERRED")
    cursor.take("INITIALLY", "IMMEDIATE")
    if found.references and not never:
        found.references[-1].deferrable = "DEFERRABLE INITIALLY DEFERRED" if deferred else "DEFERRABLE"
    return True


def _conflict(cursor: Cursor) -> str | None:
    """Reads ``ON CONFLICT …``, if it comes next: its action, ``None`` for ABORT."""
    return canonical_conflict(cursor.name()) if cursor.take("ON", "CONFLICT") else None
