"""Small changes of models that every dialect carries out forth and back, or refuses by name for what it lacks.

They are told as source text, which fills ``metadata``. They say ``autoincrement=False``: that a column numbers its rows
is a feature of its own. ``PREFIX_`` stands for the prefix of keyword arguments that are meant for the dialect.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from schemadiff.dialects.shared.lacking_features import Feature

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Story:
    """A change, the feature of a database that it needs, and rows by table that live through it."""

    name: str
    before: str
    after: str
    feature: Feature | None = None
    rows: Rows = field(default_factory=dict)

    def metadata(self, source: str, prefix: str) -> sa.MetaData:
        """One of its two sources as models for a dialect whose keyword arguments begin with the prefix."""
        metadata = sa.MetaData()
        exec(source.replace("PREFIX_", f"{prefix}_"), {"sa": sa, "metadata": metadata})  # noqa: S102 - our own text
        return metadata

    def numbered(self, number: int) -> Story:
        """The same about tables, constraints and indexes of its own."""

        def own(source: str) -> str:
            return _NAMES.sub(lambda match: f"'{match[1]}{number}{match[2]}'", source)

        rows = {f"{table}{number}": some for table, some in self.rows.items()}
        return dataclasses.replace(self, before=own(self.before), after=own(self.after), rows=rows)


_NAMES = re.compile(r"'(t|p|c|fk|uq|ck|cx|ix|Odd Table|odd check|Odd Index)(\.id|)'")


def _table(name: str, columns: Mapping[str, str], *more: str) -> str:
    parts = [f"sa.Column({column!r}, {kind})" for column, kind in columns.items()]
    return f"sa.Table({name!r}, metadata, {', '.join([*parts, *more])})\n"


_ID = "sa.Integer, primary_key=True, autoincrement=False"


def _t(*more: str, **columns: str) -> str:
    """A table of a number, a text and what is given besides, or in their place."""
    return _table("t", {"id": _ID, "n": "sa.Integer", "s": "sa.String(20)", **columns}, *more)


def _pc(*more: str, key: str = "sa.Integer", **columns: str) -> str:
    """Two tables, of which the second one has a column for the key of the first, and what is given besides."""
    parent = _table("p", {"id": f"{key}, primary_key=True, autoincrement=False", "s": "sa.String(20)"})
    return parent + _table("c", {"id": _ID, "p_id": key, **columns}, *more)


_KEY = "sa.ForeignKeyConstraint(['p_id'], ['p.id'], name='fk'{})"
_FK = _KEY.format("")
_ODD = _table(
    "Odd Table",
    {"Id": _ID, "order": 'sa.String(20), server_default="it\'s"', 'a "b" c': "sa.Integer"},
    "sa.CheckConstraint(sa.column('order', sa.String) != '100%', name='odd check')",
    "sa.Index('Odd Index', 'order')",
)

_SOME: Rows = {"t": [{"id": 1, "n": 5, "s": "five"}, {"id": 2, "n": None, "s": None}]}
_FULL: Rows = {"t": [{"id": 1, "n": 5, "s": "five"}, {"id": 2, "n": 6, "s": "six"}]}
_BOTH: Rows = {"p": [{"id": 1, "s": "one"}], "c": [{"id": 7, "p_id": 1}, {"id": 8, "p_id": None}]}

_CHECK = "sa.CheckConstraint('n > 0', name='ck')"
_UNIQUE = "sa.UniqueConstraint('n', name='uq')"
_INDEX = "sa.Index('ix', 'n')"

STORIES = (
    Story("a table comes", "", _t(_UNIQUE, _CHECK, _INDEX)),
    Story("a table goes", _t(_UNIQUE, _CHECK, _INDEX), ""),
    Story("a table with names that need quotes comes", "", _ODD),
    Story("tables with a foreign key come", "", _pc(_FK)),
    Story("a column comes", _t(), _t(x="sa.Integer"), rows=_SOME),
    Story("a column with a default comes", _t(), _t(x='sa.String(5), server_default="it\'s"'), rows=_SOME),
    Story(
        "a column that is never NULL comes",
        _t(),
        _t(x="sa.Integer, nullable=False, server_default='3'"),
        rows=_SOME,
    ),
    Story("a column gets a default", _t(), _t(s="sa.String(20), server_default='a'"), rows=_SOME),
    Story(
        "a default changes",
        _t(n="sa.Integer, server_default='1'"),
        _t(n="sa.Integer, server_default='2'"),
        rows=_SOME,
    ),
    Story("a default is the time", _t(), _t(x="sa.DateTime, server_default=sa.func.now()"), rows=_SOME),
    Story("a column may no longer be NULL", _t(), _t(n="sa.Integer, nullable=False"), rows=_FULL),
    Story("a number gets wider", _t(), _t(n="sa.BigInteger"), rows=_SOME),
    Story("a decimal gets wider", _t(n="sa.Numeric(5, 2)"), _t(n="sa.Numeric(9, 2)"), rows=_SOME),
    Story("a text gets longer", _t(), _t(s="sa.String(40)"), rows=_SOME),
    Story("a unique constraint comes", _t(), _t("sa.UniqueConstraint('n', 's', name='uq')"), rows=_SOME),
    Story(
        "a unique constraint changes", _t(_UNIQUE), _t("sa.UniqueConstraint('n', 's', name='uq')"), rows=_SOME
    ),
    Story("a unique constraint without a name comes", _t(), _t("sa.UniqueConstraint('n')"), rows=_SOME),
    Story("a check comes", _t(), _t(_CHECK), rows=_SOME),
    Story("a check without a name comes", _t(), _t("sa.CheckConstraint('n > 0')"), rows=_SOME),
    Story(
        "a check changes", _t(_CHECK), _t("sa.CheckConstraint('n > 1 AND n < 100', name='ck')"), rows=_SOME
    ),
    Story("an index comes", _t(), _t(_INDEX), rows=_SOME),
    Story("an index of two columns comes", _t(), _t("sa.Index('ix', 'n', 's')"), rows=_SOME),
    Story("a unique index comes", _t(), _t("sa.Index('ix', 'n', unique=True)"), rows=_SOME),
    Story("an index changes", _t(_INDEX), _t("sa.Index('ix', 's')"), rows=_SOME),
    Story(
        "a column with an index changes", _t(_INDEX), _t(_INDEX, n="sa.Integer, nullable=False"), rows=_FULL
    ),
    Story(
        "a column goes with its index and check",
        _t("sa.CheckConstraint('x > 0', name='cx')", "sa.Index('ix', 'x')", x="sa.Integer"),
        _t(),
        rows=_SOME,
    ),
    Story("a primary key gets another column", _t(n="sa.Integer, nullable=False"), _t(n=_ID), rows=_FULL),
    Story("a foreign key comes", _pc(), _pc(_FK), rows=_BOTH),
    Story("a table with a foreign key gets a column", _pc(_FK), _pc(_FK, x="sa.Integer"), rows=_BOTH),
    Story("columns that a foreign key joins get wider", _pc(_FK), _pc(_FK, key="sa.BigInteger"), rows=_BOTH),
    Story("comments come", _t(), _t("comment='a table'", n='sa.Integer, comment="it\'s"'), rows=_SOME),
    Story("a column numbers its rows", "", _t(id="sa.Integer, primary_key=True"), "autoincrement"),
    Story(
        "a stored computed column comes",
        _t(),
        _t(x="sa.Integer, sa.Computed('n + 1', persisted=True)"),
        "stored computed columns",
        _SOME,
    ),
    Story(
        "a foreign key gets an action",
        _pc(_FK),
        _pc(_KEY.format(", ondelete='CASCADE'")),
        "foreign key actions",
        _BOTH,
    ),
    Story(
        "a foreign key is checked later",
        _pc(_FK),
        _pc(_KEY.format(", deferrable=True, initially='DEFERRED'")),
        "deferrable constraints",
        _BOTH,
    ),
    Story(
        "an index of an expression comes",
        _t(),
        _t("sa.Index('ix', sa.func.lower(sa.text('s')))"),
        "index expressions",
        _SOME,
    ),
    Story(
        "an index of some rows comes",
        _t(),
        _t("sa.Index('ix', 'n', PREFIX_where=sa.text('n > 0'))"),
        "partial indexes",
        _SOME,
    ),
    Story(
        "an index carries a column along",
        _t(),
        _t("sa.Index('ix', 'n', PREFIX_include=['s'])"),
        "included columns",
        _SOME,
    ),
)
"""The stories. A change's cost, and its number of statements, are the dialect's own."""
