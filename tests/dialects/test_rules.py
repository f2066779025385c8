"""What rules call the same, the server calls the same: asked and unasked give one answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from schemadiff.database.connection import connected
from schemadiff.dialects.mysql.canonical.equivalence import Rules
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.shared.live_wording import Judge, by_rules
from schemadiff.schema import Check, Column, Generated, Index, Name, Part, Table, Type

COLUMNS = ("a", "b", "c", "s", "t", "d", "Mixed", "odd name")

ALIKE = [
    # of each line, all say the same
    ("a > 0", "(a>0)", "( ( `a` ) > (0))", "A\n>\t0", "`A` > 0"),
    ("a <> 1", "a != 1", "(`a` <> 1)"),
    ("a >= 0 AND b <= 10 OR c IS NULL", "(((`a` >= 0) and (`b` <= 10)) or (`c` is null))"),
    ("(a > 0 and b > 0) and c > 0", "a > 0 AND b > 0 AND c > 0"),
    ("(a > 0 or b > 0) or c > 0", "(`a` > 0) or (b > 0) OR c > 0"),
    ("s in ('x', 'y')", "(`s` in (_utf8mb4'x',_utf8mb4'y'))", "S IN('x','y')"),
    ("s NOT IN ('x','y')", "(`s` not in (_utf8mb4'x',_utf8mb4'y'))"),
    ("s IS NOT NULL", "(`s` is not null)"),
    ("a NOT BETWEEN 1 AND 2 AND b = 1", "((`a` not between 1 and 2) and (`b` = 1))"),
    ("s LIKE 'a\\_%'", "(`s` like _utf8mb4'a\\\\_%')"),
    ("s <> 'it''s'", "s <> 'it\\'s'", "`s` <> _utf8mb4'it\\'s'"),
    ("a + b * 2 > 3 - c", "((`a` + (`b` * 2)) > (3 - `c`))"),
    ("a > -1", "(`a` > -(1))", "a > - 1"),
    ("CHAR_LENGTH(s) >= 1", "(char_length(`s`) >= 1)"),
    ("coalesce(a, b, 0) > 0", "COALESCE(`a`,`b`,0) > 0"),
    ("Mixed = 1", "mixed = 1", "`MIXED` = 1"),
    ("`odd name` = 1", "(`odd name` = 1)"),
    ("a = true", "(`a` = TRUE)"),
]

UNLIKE = [
    # of each line, no two say the same, or no rule may be sure of it
    ("a > 0", "a >= 0", "b > 0", "a > 1", "a > 0.0", "a > '0'", "0 < a"),
    ("a > 1", "a > 1.0", "a > 1e0", "a > 01", "a > 0x1", "a > -1"),
    ("s = 'a'", "s = 'A'", "s = 'a '", "s = ' a'", 's = "a"', "s = N'a'", "s = x'61'", "s = t"),
    ("s = 'a b'", "s = 'a  b'", "s = 'A B'"),
    ("s = '\\\\'", "s = '\\\\\\\\'", "s = '/'"),
    ("s = 'it''s'", "s = 'its'", "s = 'it'"),
    ("s = 'a(b'", "s = 'a' and (s = 'b')", "s = '(a'"),
    ("a > 0 and b > 0 or c > 0", "a > 0 and (b > 0 or c > 0)"),
    ("not a > 0 and b > 0", "not (a > 0 and b > 0)"),
    ("a - b - c > 0", "a - (b - c) > 0"),
    ("a / b * c > 0", "a / (b * c) > 0"),
    ("(a + b) * 2 > 0", "a + b * 2 > 0"),
    ("not (a = 1)", "a <> 1"),
    ("s is not null", "not s is null"),
    ("a not between 1 and 2", "not (a between 1 and 2)"),
    ("s not in ('x')", "not s in ('x')"),
    ("a > 0 and (b > 0 and c > 0)", "a > 0 and b > 0 and c > 0"),
    ("a = b = c", "(a = b) = c", "a = (b = c)"),
    ("a between 1 and 2", "a >= 1 and a <= 2"),
    ("length(s) > 1", "octet_length(s) > 1", "char_length(s) > 1"),
    ("a in (1, 2)", "a in (2, 1)", "a in (1, 2, 2)", "a = 1 or a = 2"),
    ("s like 'a%'", "s like 'a\\%'", "s = 'a%'"),
    ("d > '2020-01-01'", "d > DATE '2020-01-01'", "d > '2020-1-1'"),
    ("d > current_date", "d > `d`", "d > curdate()"),
    ("a is true", "a", "a = 1", "a is null"),
    ("a || b", "a or b", "a && b", "a and b"),
    ("!a", "not a", "a = 0"),
    ("a <=> b", "a = b", "a <> b"),
    ("a > 0 -- b", "a > 0", "a > 0 - b", "a > 0 /* b */"),
    ("s collate utf8mb4_bin = 'a'", "s = 'a'"),
    ("binary s = 'a'", "s = 'a'"),
    ("interval(a, 1) > 0", "a > 0"),
    ("d > d + interval 1 day", "d > d + 1"),
    ("json_extract(s, '$.a') = 1", "s->'$.a' = 1", "s->>'$.a' = 1"),
    ("unknown_column > 0", "`unknown_column` > 0"),
    ("f(a)", "f (a)"),
]


@pytest.mark.parametrize("texts", ALIKE, ids=lambda texts: texts[0])
def test_alike(texts: Sequence[str]) -> None:
    rules = Rules(frozenset(COLUMNS))
    assert all(rules.same(one, other) for one, other in product(texts, texts))


@pytest.mark.parametrize("texts", UNLIKE, ids=lambda texts: texts[0])
def test_unlike(texts: Sequence[str]) -> None:
    rules = Rules(frozenset(COLUMNS))
    assert not any(rules.same(one, other) for one, other in product(texts, texts) if one != other)


def test_only_expressions_among_defaults() -> None:
    column = Column("a", Type("int"))
    rules = Rules(frozenset(COLUMNS))
    assert rules.same_default(column, "(A+1)", "(`a` + 1)")
    assert not rules.same_default(column, "a", "`a`")
    assert not rules.same_default(column, "'(a)'", "'( a)'")


def test_all_texts_of_a_table_are_taken() -> None:
    def table(check: str, generated: str, part: str, name: str | None) -> Table:
        return Table(
            Name("t"),
            (
                Column("a", Type("int")),
                Column("b", Type("int"), generated=Generated(generated, stored=True)),
                Column("c", Type("int"), default=f"({generated})"),
            ),
            indexes=(Index((Part(expression=part),), "i"),),
            checks=(Check(check, name),),
        )

    live = table("(`a` > 0)", "(`a` + 1)", "abs(`a`)", "c")
    rules = Rules(frozenset("abc"))
    assert by_rules(live, table("A>0", "a+1", "ABS(a)", "c"), rules) == live
    nameless = by_rules(live, table("A>0", "a+1", "ABS(a)", None), rules)
    assert [check.expression for check in nameless.checks] == ["(`a` > 0)"]
    other = table("a>1", "a+2", "ABS(b)", "c")
    assert by_rules(live, other, rules) is other


COMMON = [
    # alike everywhere, and nowhere
    (True, "a >= 0 AND (b <= 9 OR c <> 30)", '((a >= 0) AND (("b" <= 9) OR (c != 30)))'),
    (True, "not A is null", "(NOT (a IS NULL))"),
    (False, '"A" > 0', "a > 0"),
    (False, "Mixed > 0", '"Mixed" > 0'),
    (False, "a > 0", "a > (0)::numeric"),
    (False, "s = 'x'", "s = 'x'::text"),
    (False, "a<-1", "a < -1"),
    (False, "a > 0 and (b > 0 and c > 0)", "a > 0 and b > 0 and c > 0"),
    (False, "a is not null", "not a is null"),
    (False, "current_user = s", '"current_user" = s'),
    (False, "s in ('a', 'b')", "s = ANY (ARRAY['a'::text, 'b'::text])"),
    (False, "a > 1", "a > 1.0"),
    (False, "a\u00a0> 1", "a > 1"),
]


@pytest.mark.parametrize(("alike", "one", "other"), COMMON, ids=str)
def test_postgresql(alike: bool, one: str, other: str) -> None:
    rules = PostgreSQL.offline().rules(
        Table(Name("t"), tuple(Column(name, Type("integer")) for name in (*COLUMNS, "current_user")))
    )
    assert rules.same(one, other) is rules.same(other, one) is alike


# What the server says

KINDS = {"s": "varchar(50)", "t": "varchar(50)", "d": "date"}


def spelled(url: str, expressions: Sequence[str]) -> tuple[Judge, list[tuple[str, str]]]:
    """Who judges by rules, and each expression that the server takes, with how it shows it in a CHECK."""
    with connected(url) as (connection, dialect):
        columns = tuple(Column(name, Type(KINDS.get(name, "integer"))) for name in COLUMNS)
        tables = [
            dialect.canonical(Table(Name(f"t{number}"), columns, checks=(Check(text, "ck"),)))
            for number, text in enumerate(expressions)
        ]
        answers = dialect.ask(connection, tables)
        judge = dialect.rules(tables[0])
    assert judge
    shown = zip(expressions, tables, answers, strict=True)
    return judge, [
        (text, answer.checks[0].expression) for text, table, answer in shown if answer is not table
    ]


Drawn = tuple[Any, ...]


class Drawing:
    """Draws an expression as a tree, and spells one in many ways."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def tree(self, depth: int) -> Drawn:
        """A condition: its parts are texts, and trees in the places of ``{}``."""
        draw = self.random.choice
        if depth == 0 or self.random.random() < 0.2:
            number = draw(("0", "1", "-1", "1.0", "2.50", "1e3"))
            text = draw(("'a'", "'A'", "'it''s'", "'x\\\\y'", "'a%'", "'(b'", "''"))
            return draw(
                (
                    ("c", draw("abc"), draw(("=", "<>", "!=", "<", "<=", ">", ">=")), number),
                    ("c", draw("abc"), draw(("=", "<", ">=")), f"{draw('abc')} {draw('+-*')} {number}"),
                    ("c", draw("st"), draw(("=", "<>", "like", "not like")), text),
                    ("c", draw("st"), draw(("in", "not in")), f"({text}, 'z')"),
                    ("c", draw("abcst"), draw(("is null", "is not null")), ""),
                    ("c", draw("abc"), draw(("between", "not between")), f"{number} and 5"),
                    ("c", f"char_length({draw('st')})", ">", number),
                )
            )
        word = draw(("and", "or", "and", "or", "not"))
        parts = 1 if word == "not" else draw((2, 2, 3))
        return (word, *(self.tree(depth - 1) for _ in range(parts)))

    def spell(self, tree: Drawn, outside: str = "or") -> str:
        """The tree as a text, with no more parentheses than it needs, or with more."""
        kind = tree[0]
        rank = {"or": 0, "and": 1, "not": 2, "c": 3}
        if kind == "c":
            text = " ".join(filter(None, tree[1:]))
        elif kind == "not":
            text = f"not {self.spell(tree[1], 'not')}"
        else:
            text = f" {kind} ".join(self.spell(one, kind) for one in tree[1:])
        needed = rank[kind] < rank[outside]
        # Without them it may be another tree: then rules and server must see that.
        dropped = needed and self.random.random() < 0.15
        if (needed and not dropped) or self.random.random() < 0.2:
            text = f"({text})"
        return self.capitals(text)

    def capitals(self, text: str) -> str:
        """The text with other capitals, quotes and blanks outside of strings."""
        pieces = text.split("'")
        for position in range(0, len(pieces), 2):
            piece = pieces[position]
            if self.random.random() < 0.3:
                piece = piece.upper()
            if self.random.random() < 0.2:
                piece = piece.replace(" ", "  ")
            pieces[position] = piece
        return "'".join(pieces)


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_server_agrees(url: str, engine_name: str) -> None:
    drawing = Drawing(7)
    drawn = [drawing.tree(depth) for depth in (0, 1, 1, 2, 2, 3) for _ in range(12)]
    texts = [text for line in (*ALIKE, *UNLIKE) for text in line]
    texts += [drawing.spell(tree) for tree in drawn for _ in range(4)]
    if engine_name == "postgresql":
        texts = [text.replace("`", '"') for text in texts] + ['"Mixed" = 1', '("Mixed"=1)', "a>-1", "a<-b"]
    texts = list(dict.fromkeys(texts))
    rules, accepted = spelled(url, texts)
    assert len(accepted) > len(texts) / 2
    confirmed = settled = 0
    for text, told in accepted:
        # What the server would be asked, were there no rule.
        settled += bool(rules.same(text, told)) and text != told
        for other, other_told in accepted:
            if rules.same(text, other) or rules.same(text, other_told):
                assert told == other_told, f"rules take {text} for {other}"
                confirmed += text != other
    # The rules are no use if they never say yes.
    assert settled > len(accepted) / (10 if engine_name == "postgresql" else 2)
    assert confirmed > len(accepted) / 2
