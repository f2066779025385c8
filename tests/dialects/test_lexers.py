"""SQL that users write: the statements in a text, by the lexical rules of each product."""

from __future__ import annotations

import pytest

from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.dialects.shared.lexer import Lexer

BODY = """CREATE PROCEDURE IF NOT EXISTS p() BEGIN
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  again: LOOP SET @a = IF(1, 2, 3); LEAVE again; END LOOP again;
  WHILE @a DO SET @a = REPEAT('x', 2); END WHILE;
  REPEAT SET @a = 1; UNTIL @a END REPEAT;
  CASE @a WHEN 1 THEN SET @b = CASE 1 WHEN 2 THEN CASE 3 WHEN 4 THEN 5 END END; ELSE SET @b = 2; END CASE;
  IF NOT EXISTS (SELECT 1) THEN DROP TABLE IF EXISTS q; ELSEIF @a THEN BEGIN SET @c = 1; END; END IF;
END"""
PLAIN_IF = """CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW
IF NEW.n IS NULL THEN SET NEW.n = 1; SET @m = CASE NEW.n WHEN 1 THEN IF(1, 2, 3) ELSE 4 END; END IF"""

WHOLE = {
    "mysql": [
        "UPDATE a SET n = 'a;b'''",
        "UPDATE a SET n = 'a\\';b'",
        'UPDATE a SET n = "a"";b"',
        "UPDATE `a;b` SET n = 1",
        "UPDATE a /* ; */ SET n = 1 # ; x\n WHERE 1 -- ; y\n AND 2",
        "SELECT 5--1",
        BODY,
        PLAIN_IF,
        "CREATE DEFINER=`r`@`l` EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN SET @a = 1; SET @b = 2; END",
        "CREATE FUNCTION f() RETURNS int RETURN IF(1, 2, CASE WHEN 1 THEN 2 ELSE 3 END)",
        "/*!50003 CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END */",
    ],
    "mariadb": [
        "BEGIN NOT ATOMIC FOR i IN 1..3 DO INSERT INTO a VALUES (i); END FOR; END",
        "IF 1 THEN SET @a = 1; SET @b = 2; END IF",
        "CREATE OR REPLACE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; END",
    ],
    "postgresql": [
        "UPDATE a SET n = 'a\\'",
        "UPDATE a SET n = E'a\\';b'",
        "UPDATE a SET n = $$a;b$$ || $x$ ; $$ ; $x$",
        'UPDATE "a;b" SET foo$bar$ = 1',
        "UPDATE a /* a /* b; */ c; */ SET n = 1",
        "DO $$ BEGIN PERFORM 1; PERFORM 2; END $$",
        "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c)",
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; END",
    ],
    "sqlite": [
        "UPDATE [a;b] SET `c;d` = 'e;f'",
        "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; END",
    ],
}


@pytest.mark.parametrize(("name", "sql"), [(name, sql) for name, some in WHOLE.items() for sql in some])
@pytest.mark.parametrize("end", ["", ";", "; -- done;", "\n;\n/* ; */\n"])
def test_a_semicolon_inside_ends_nothing(name: str, sql: str, end: str) -> None:
    lexer = offline_dialect(name).lexer
    assert len(lexer.statements(sql + end)) == 1
    first, second = lexer.statements(f"{sql};\nUPDATE b SET n = 1{end}")
    assert second.sql == "UPDATE b SET n = 1"
    assert first.words[0] == sql.replace("/*!50003", "").split()[0]


@pytest.mark.parametrize("name", ["mysql", "mariadb", "postgresql", "sqlite"])
def test_no_statement_is_none(name: str) -> None:
    assert offline_dialect(name).lexer.statements(" ; -- nothing\n /* at all */ ;") == []


ENDS = {
    "mysql": "COMMIT|commit and chain|ROLLBACK|BEGIN|START TRANSACTION|XA START 'x'|LOCK TABLES a WRITE|UNLOCK TABLES|"
    "SET autocommit = 1|SET @@session.autocommit = 0|SET @a = 1, `autocommit` = 0|PREPARE s FROM 'COMMIT'",
    "mariadb": "LOCK TABLE a READ|EXECUTE IMMEDIATE 'COMMIT'",
    "postgresql": "COMMIT|END|ABORT|ROLLBACK|BEGIN|START TRANSACTION|PREPARE TRANSACTION 'x'|COMMIT PREPARED 'x'",
    "sqlite": "COMMIT|END|ROLLBACK|BEGIN IMMEDIATE",
}
HARMLESS = {
    "mysql": "SAVEPOINT s|ROLLBACK TO s|RELEASE SAVEPOINT s|SET @autocommit = 1|SET @a = @@autocommit|"
    "PREPARE s FROM 'UPDATE a SET n = 1'",
    "mariadb": "BEGIN NOT ATOMIC SELECT 1; END",
    "postgresql": "SAVEPOINT s|ROLLBACK TO SAVEPOINT s|PREPARE x AS SELECT 1|LOCK TABLE a",
    "sqlite": "SAVEPOINT s|ROLLBACK TRANSACTION TO s",
}


@pytest.mark.parametrize(
    ("name", "sql", "ends"),
    [
        (name, sql, ends)
        for ends, known in ((True, ENDS), (False, HARMLESS))
        for name, some in known.items()
        for sql in some.split("|")
    ],
)
def test_what_ends_a_transaction(name: str, sql: str, ends: bool) -> None:
    lexer = offline_dialect(name).lexer
    (one,) = lexer.statements(f"/* x */ {sql}")
    assert bool(lexer.transaction_control(one.words)) is ends


@pytest.mark.parametrize(
    ("sql", "commits"),
    [
        ("CREATE TABLE a (id int)", True),
        ("CREATE TEMPORARY TABLE a (id int)", False),
        ("DROP TEMPORARY TABLE a", False),
        ("TRUNCATE a", True),
        ("ANALYZE LOCAL TABLE a", True),
        ("ANALYZE FORMAT=JSON SELECT 1", False),
        ("SET PASSWORD = 'x'", True),
        ("UPDATE a SET n = 1", False),
    ],
)
def test_what_commits_before_it_runs(sql: str, commits: bool) -> None:
    lexer = offline_dialect("mysql").lexer
    assert bool(lexer.implicit_commit(lexer.statements(sql)[0].words)) is commits
    for name in ("postgresql", "sqlite"):
        lexer = offline_dialect(name).lexer
        assert lexer.implicit_commit(lexer.statements(sql)[0].words) is None


def test_a_dialect_that_says_nothing_has_the_lexer_of_the_standard() -> None:
    lexer = Lexer()
    text = "UPDATE a SET n = 'a;''b', \"c;\"\"d\" = 1 -- ;\n /* ; */"
    assert [one.sql for one in lexer.statements(f"{text};\nSELECT 1; ;")] == [
        text.split(" --", maxsplit=1)[0],
        "SELECT 1",
    ]
    for sql, verb in {
        "COMMIT": "COMMIT",
        "rollback": "ROLLBACK",
        "ROLLBACK TO x": None,
        "start transaction": "START TRANSACTION",
        "START x": None,
        "SAVEPOINT x": None,
    }.items():
        assert lexer.transaction_control(lexer.statements(sql)[0].words) == verb
    (statement,) = lexer.statements("SELECT 1")
    assert lexer.implicit_commit(statement.words) is lexer.client_command(statement.words) is None


@pytest.mark.parametrize(
    ("expression", "after"),
    [
        ("a > 0", '"b c" > 0'),
        ("A > 'a' AND \"a\" < 1", '"b c" > \'a\' AND "b c" < 1'),
        ("a(a) + aa -- a", 'a("b c") + aa -- a'),
        ("lower(x)", "lower(x)"),
    ],
)
def test_the_standard_lexer_finds_and_renames_columns(expression: str, after: str) -> None:
    assert Lexer().renamed(expression, "a", '"b c"') == after
    assert Lexer().mentions(expression, "a") == (expression != after)
