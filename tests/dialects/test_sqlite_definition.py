"""What is read of a definition at a glance is what walking through all of its tokens says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from schemadiff.database.connection import open_engine
from schemadiff.dialects.sqlite.canonical import expressions
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.dialects.sqlite.read import definition
from schemadiff.dialects.sqlite.read.definition import Definition, read_table
from schemadiff.dialects.sqlite.server import tokens
from schemadiff.dialects.sqlite.server.tokens import Cursor, split

PIECES = [
    *("a", "'", '"', "`", "[", "]", "(", ")", ",", "-", "--", "/*", "*/", "/", "\n", " ", "''", '""'),
    *("(a, b)", "((1), (2))", "((((1))))", "'x,(y'", '"q("', "[b)]", "/* ) */", "-- )\n", "CHECK (a > 0)"),
]
NAMES = ["a", "Ünï", "naïve$", "unique", '"b"', '"quo""te"', "[c d]", "`e`", "'f'", "CONSTRAINTS"]
BETWEEN = st.sampled_from([" ", "", "\n\t", " /* x */ ", " -- y\n"])


@given(
    st.lists(st.sampled_from(PIECES)).map("".join), st.sampled_from(["", " STRICT", ")", " -- (", ", (d)"])
)
@settings(max_examples=400)
def test_split_as_when_walking(inside: str, tail: str) -> None:
    text = f'CREATE TABLE "t(" ({inside}){tail}'
    assert split(text) == tokens._walked(text)


@st.composite
def constraints(draw: st.DrawFn) -> str:
    one, other, target = (draw(st.sampled_from(NAMES)) for _ in range(3))
    words = draw(
        st.sampled_from(
            [
                f"PRIMARY KEY ({one})",
                f"primary key ({one} AUTOINCREMENT)",
                f"PRIMARY KEY ({one} DESC, {other}) ON CONFLICT IGNORE",
                f"UNIQUE ({one}, {other})",
                f"UNIQUE ({one} COLLATE NOCASE) ON CONFLICT REPLACE",
                f"CHECK ({one} > 'FOREIGN KEY (a) REFERENCES b (c)')",
                f"CHECK ({one} IN (1, 2)) UNIQUE ({other})",
                f"FOREIGN KEY ({one}, {other}) REFERENCES {target} ({other}, {one}) ON DELETE SET NULL",
                f"FOREIGN KEY ({one}) REFERENCES {target} MATCH FULL DEFERRABLE INITIALLY DEFERRED",
                f"foreign key ({one}) references {target}({other}) NOT DEFERRABLE CHECK ({one})",
                f"FOREIGN KEY ({one}) REFERENCES{target}",
                "UNIQUEé (a)",
                "nonsense",
            ]
        )
    )
    words = "".join(part + (draw(BETWEEN) if part == "(" else "") for part in words.partition("("))
    name = draw(st.sampled_from(NAMES))
    return (
        draw(BETWEEN)
        + draw(
            st.sampled_from(
                ["", f"CONSTRAINT {name} ", f"constraint\n{name}\t", f"CONSTRAINT{name}", "CONSTRAINT"]
            )
        )
        + words
    )


@given(st.lists(constraints(), min_size=1, max_size=3))
@settings(max_examples=400)
def test_constraints_as_when_walking(items: list[str]) -> None:
    walked = Definition()
    for item in items:
        cursor = Cursor(item)
        while cursor:
            definition._read_constraint(cursor, walked)
    assert read_table(f"CREATE TABLE t (a, {','.join(items)})", 1, ()) == walked


def test_what_many_tables_have_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: the texts that are cut into tokens, which are those that differ in more than names."""
    counts = []
    for tables in (3, 30):
        metadata = sa.MetaData()
        for number in range(tables):
            sa.Table(
                f"table_{number}",
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("parent", sa.ForeignKey(f"table_{max(number - 1, 0)}.id", ondelete="CASCADE")),
                sa.Column("name", sa.String(50)),
                sa.Column("quantity", sa.Integer, sa.CheckConstraint("quantity >= 0", name=f"ck_{number}")),
                sa.UniqueConstraint("name", name=f"uq_{number}"),
                sa.Index(f"ix_{number}", "quantity"),
                sa.CheckConstraint("name <> 'x'", name=f"ck_of_table_{number}"),
            )
        engine = open_engine(f"sqlite:///{tmp_path / f'{tables}.db'}")
        metadata.create_all(engine)
        for cached in (definition._only_constraint, expressions._names, expressions._canonical):
            cached.cache_clear()
        counted: Counter[str] = Counter()
        real = tokens.tokens

        def count(sql: str, counted: Counter[str] = counted, real: Any = real) -> Any:
            counted[sql] += 1
            return real(sql)

        with monkeypatch.context() as patch, engine.connect() as connection:
            for home in (tokens, definition, expressions):
                patch.setattr(home, "tokens", count)
            found = SQLite().inspect(connection)
        engine.dispose()
        assert len(found.tables) == tables
        assert all(len(table.checks) == 2 and table.foreign_keys for table in found.tables.values())
        # The CHECK in a column's own definition is read with its column, which it names.
        counts.append(sum(counted.values()) - sum(number for sql, number in counted.items() if "ck_" in sql))
    assert counts[1] <= counts[0]
