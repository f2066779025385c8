"""One spelling for what SQLite reads as one thing, and never one for what it reads as two."""

from __future__ import annotations

import itertools
import sqlite3

import pytest

from schemadiff.dialects.sqlite.canonical.expressions import (
    Scope,
    canonical_default,
    canonical_expression,
    canonical_type,
    default_clause,
    is_constant,
    mentions,
    renamed,
)
from schemadiff.dialects.sqlite.server.tokens import Cursor, quote, split, tokens, unquoted

SCOPE = Scope.of("t", ("a", "b", "Mixed Case", "last", "key"))

SAME = [
    (
        "a > 0",
        [
            "((a)>0)".replace("(a)", "a"),
            "A>0",
            '"a" > 0',
            "[a]>0",
            "`A`  >\n0",
            "t.a > 0",
            '"T"."a">0',
            "a /* x */ > 0",
        ],
    ),
    ("a = 1 AND b != 2", ["a == 1 and b <> 2", "(a=1 AND b!=2)", "a = 1 -- and\n and b <> 2"]),
    ("lower(b) || 'It''s'", ["LOWER( b )||'It''s'", "\"lower\"(b) || 'It''s'"]),
    ('"Mixed Case" IS NOT NULL', ['"mixed case" is not null', "[MIXED CASE] IS NOT NULL"]),
    ("CAST(a AS INTEGER) > -1", ["cast(a as integer)>-1", "cast ( a as Integer ) > - 1"]),
    ("b COLLATE NOCASE = 'x'", ["b collate nocase = 'x'", "b COLLATE \"NOCASE\" = 'x'"]),
    ("a IN (1, 2)", ["a in(1,2)", "(a) in (1,2)".replace("(a)", "a")]),
    ("a BETWEEN 1 AND 2 OR a IS NULL", ["a between 1 and 2 or a is null"]),
    ("CASE WHEN a THEN 1 ELSE - -1 END", ["case when a then 1 else - -1 end"]),
    ("a - 1 > -a", ["a-1>-a", "a -1 > - a"]),
    ("b ->> '$.x' = x'0F'", ["b->>'$.x'=x'0F'"]),
    ('"last" + "key"', ["last + key", "LAST+[key]"]),
    ("current_x = CURRENT_TIMESTAMP", ["Current_X = current_timestamp"]),
    ("TRUE", ["true", "(TRUE)"]),
]

DIFFERENT = [
    "a > 0",
    "a >= 0",
    "a > '0'",
    "b > 0",
    "a > 0.0",
    "a > 'A'",
    "a > 'a'",
    'a > "a"',
    "(a > 0) = 0",
    "a - -1",
    "a + 1",
    "a -1",
    "a = 'x  y'",
    "a = 'x y'",
    "(a + b) * 2",
    "a + b * 2",
    "a IS NULL",
    "a IS NOT NULL",
    "a LIKE 'x'",
    "a GLOB 'x'",
    "a = '--'",
    "a = '/* */'",
    'a = "none"',
    "x'00'",
    "'00'",
]


@pytest.mark.parametrize(("canonical", "spellings"), SAME, ids=[one for one, _ in SAME])
def test_one_thing_has_one_spelling(canonical: str, spellings: list[str]) -> None:
    for spelling in (canonical, *spellings):
        assert canonical_expression(spelling, SCOPE) == canonical


def test_different_things_stay_different() -> None:
    found = {canonical_expression(text, SCOPE): text for text in DIFFERENT}
    # "a" in double quotes is the column itself: a > "a" is the only one that equals nothing else all the same.
    assert len(found) == len(DIFFERENT)


def test_the_canonical_form_means_the_same_to_sqlite() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE t (a INT, b TEXT, "Mixed Case" TEXT, last INT, "key" INT)')
    texts = [
        *DIFFERENT,
        *(text for _, spellings in SAME for text in spellings if "current_" not in text.lower()),
    ]
    for text in texts:
        canonical = canonical_expression(text, SCOPE)
        assert bytecode(connection, text) == bytecode(connection, canonical), text
        assert canonical_expression(canonical, SCOPE) == canonical
    connection.close()


def bytecode(connection: sqlite3.Connection, expression: str) -> list[tuple[object, ...]]:
    return [row[1:7] for row in connection.execute(f"EXPLAIN SELECT ({expression}\n) FROM t")]


def test_renaming_a_column_in_an_expression() -> None:
    text = "a > 0 AND lower(a) != 'a' AND CAST(b AS a) COLLATE A = a(b) AND \"a\" IS NULL"
    assert renamed(text, "a", "two words") == (
        '"two words" > 0 AND lower("two words") != \'a\' AND CAST(b AS a) COLLATE A = a(b) AND "two words" IS NULL'
    )
    assert mentions("x + [A]", "a")
    assert not mentions("x + 'a'", "a")


@pytest.mark.parametrize(
    ("text", "type_sql", "canonical"),
    [
        (None, "INTEGER", None),
        ("NULL", "INTEGER", None),
        ("(null)", "TEXT", None),
        ("0", "INTEGER", "0"),
        ("'0'", "INTEGER", "0"),
        ("(('0'))", "DECIMAL(10, 2)", "0"),
        ("0", "VARCHAR(3)", "'0'"),
        ("'0'", "VARCHAR(3)", "'0'"),
        ("'0'", "BLOB", "'0'"),
        ("0", "", "0"),
        ("'00'", "INTEGER", "'00'"),
        ("'-0'", "INTEGER", "'-0'"),
        ("'9223372036854775808'", "INTEGER", "'9223372036854775808'"),
        ("1.50", "TEXT", "1.50"),
        ("- 5", "INTEGER", "-5"),
        ("+5", "INTEGER", "+5"),
        ("true", "BOOLEAN", "TRUE"),
        ("current_timestamp", "DATETIME", "CURRENT_TIMESTAMP"),
        ('"abc"', "TEXT", "'abc'"),
        ("abc", "TEXT", "'abc'"),
        ("'it''s'", "TEXT", "'it''s'"),
        ("( 1+2 )", "INTEGER", "1 + 2"),
        ("(DATETIME('now'))", "TEXT", "datetime('now')"),
        ("0X1F", "INTEGER", "0x1f"),
    ],
)
def test_defaults(text: str | None, type_sql: str, canonical: str | None) -> None:
    assert canonical_default(text, type_sql) == canonical
    if canonical is None:
        return
    assert canonical_default(canonical, type_sql) == canonical
    connection = sqlite3.connect(":memory:")
    connection.execute(
        f"CREATE TABLE t (one {type_sql} DEFAULT {text}, two {type_sql} DEFAULT {default_clause(canonical)})"
    )
    connection.execute("INSERT INTO t DEFAULT VALUES")
    ((one, two, kind, other),) = connection.execute("SELECT one, two, typeof(one), typeof(two) FROM t")
    assert (one, kind) == (two, other)
    try:
        connection.execute(f"ALTER TABLE t ADD COLUMN three DEFAULT {default_clause(canonical)}")
        allowed = True
    except sqlite3.OperationalError:
        allowed = False
    assert is_constant(canonical) is allowed
    connection.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("varchar (10)", ("VARCHAR(10)", None)),
        ("NUMERIC(10,2)", ("NUMERIC(10, 2)", None)),
        ("numeric( 10 , -2 )", ("NUMERIC(10, -2)", None)),
        ('VARCHAR(9) COLLATE "NoCase"', ("VARCHAR(9)", "NOCASE")),
        ("TEXT COLLATE BINARY", ("TEXT", None)),
        ("unsigned  big\nint", ("UNSIGNED BIG INT", None)),
        ("", ("", None)),
    ],
)
def test_types(text: str, expected: tuple[str, str | None]) -> None:
    assert canonical_type(text) == expected
    assert canonical_type(expected[0]) == (expected[0], None)


def test_tokens_of_all_quotes_and_comments() -> None:
    text = "a \"b\"\"c\" `d``e` [f g] 'h''i' -- j\n /* k ' */ 1.5e-3 .5 0xFf x'0a' ->> || <= é€$ /* open ("
    found = tokens(text)
    assert [token.text for token in found] == [
        "a",
        '"b""c"',
        "`d``e`",
        "[f g]",
        "'h''i'",
        "1.5e-3",
        ".5",
        "0xFf",
        "x'0a'",
        "->>",
        "||",
        "<=",
        "é€$",
    ]
    assert [unquoted(token) for token in found[:5]] == ["a", 'b"c', "d`e", "f g", "h'i"]
    assert all(text[token.start : token.end] == token.text for token in found)
    assert quote('b"c') == '"b""c"'


def test_split_at_the_commas_that_count() -> None:
    text = "CREATE TABLE \"a(,b\" (x DECIMAL(1,2) DEFAULT ',)', -- y, (\n [z,(] INT /* , */, CHECK (a IN (1,2))) STRICT"
    items, tail = split(text)
    assert [item.strip() for item in items] == [
        "x DECIMAL(1,2) DEFAULT ',)'",
        "-- y, (\n [z,(] INT /* , */",
        "CHECK (a IN (1,2))",
    ]
    assert tail == " STRICT"
    assert split("nothing here") == ([], "")


def test_no_text_makes_the_tokenizer_fail() -> None:
    pieces = (
        "'",
        '"',
        "`",
        "[",
        "]",
        "(",
        ")",
        ",",
        "--",
        "/*",
        "*/",
        "x",
        "1",
        ".",
        " ",
        "é",
        ";",
        "CHECK",
        "\n",
    )
    for text in map("".join, itertools.product(pieces, repeat=3)):
        found = tokens(text)
        assert [token.start for token in found] == sorted(token.start for token in found)
        split(text)
        cursor = Cursor(text)
        while cursor:
            cursor.group()
            cursor.names()
            cursor.skip()
        canonical_expression(text, SCOPE)
