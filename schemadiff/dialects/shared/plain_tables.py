"""A table without what only some products have words for, which the others neither have nor miss. Pure.

What a product could be expected to have, and lacks, is not for here but for `lacking`.
"""

from __future__ import annotations

from dataclasses import replace

from schemadiff.schema import Check, Column, ForeignKey, Index, PrimaryKey, Table, Unique
from schemadiff.schema.fields import having, lacking


def plain(table: Table) -> Table:
    """The table with engines and character sets, ON UPDATE, ON CONFLICT, lengths of index parts, visibility, NOT VALID
    and comments on constraints left out, empty comments, RESTRICT, NO ACTION and the default method of an index unsaid.
    """
    return replace(
        table,
        columns=tuple(map(_column, table.columns)),
        primary_key=table.primary_key and _primary_key(table.primary_key),
        uniques=tuple(map(_unique, table.uniques)),
        indexes=tuple(map(_index, table.indexes)),
        foreign_keys=tuple(map(_foreign_key, table.foreign_keys)),
        checks=tuple(map(_check, table.checks)),
        options=replace(
            table.options, comment=table.options.comment or None, engine=None, charset=None, collation=None
        ),
    )


def nameless(table: Table) -> Table:
    """The table, its constraints without names: for a product that keeps none."""
    return replace(
        table,
        primary_key=table.primary_key and replace(table.primary_key, name=None),
        uniques=tuple(replace(one, name=None) for one in table.uniques),
        foreign_keys=tuple(replace(one, name=None) for one in table.foreign_keys),
        checks=tuple(replace(one, name=None) for one in table.checks),
    )


def bare(expression: str) -> str:
    """The expression without parentheses around all of it."""
    while expression.startswith("(") and _closes(expression) == len(expression) - 1:
        expression = expression[1:-1].strip()
    return expression


def _closes(text: str) -> int:
    """Where the parenthesis ends with which the text begins."""
    depth, quote = 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if not depth:
                return position
    return -1


_plain_column = having(Column, "identity")
_primary_key = lacking(PrimaryKey, "on_conflict", "comment", "parts")
_unique = lacking(Unique, "on_conflict", "comment")


def _column(column: Column) -> Column:
    column = _plain_column(column)
    return replace(column, comment=None) if column.comment == "" else column


def _foreign_key(key: ForeignKey) -> ForeignKey:
    return replace(
        key,
        on_delete=_action(key.on_delete),
        on_update=_action(key.on_update),
        match=None if key.match in (None, "SIMPLE") else key.match,
        not_valid=False,
        comment=None,
        enforced=True,
    )


def _action(words: str | None) -> str | None:
    return None if words in ("NO ACTION", "RESTRICT") else words


def _check(check: Check) -> Check:
    return replace(check, enforced=True, not_valid=False, inherited=True, comment=None, column=None)


def _index(index: Index) -> Index:
    parts = tuple(replace(one, length=None) for one in index.parts)
    return replace(index, parts=parts, method=None if index.method == "btree" else index.method, visible=True)
