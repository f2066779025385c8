"""How far a database is in a revision, told by what is there."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from schemadiff.alembic import migration
from schemadiff.alembic.script import script
from schemadiff.alembic.standing import Standing, stand
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.schema import Column, Table
from tests.alembic.test_reading import HEAD


def standing(folder: Path, body: str, *sql: str) -> tuple[Standing, int]:
    """Return where an SQLite database of these statements is, and how often the server was asked."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    found = script(migration.read(f"{HEAD}def upgrade():\n{lines}".encode(), "sqlite").upgrade, True)
    path = folder / "database.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.executescript(";\n".join(sql))
    asked = []

    def spelled(_table: Table, column: Column) -> Column:
        asked.append(column)
        return column

    with connected(f"sqlite:///{path}") as (connection, dialect):
        return stand(found, inspect(connection, dialect), dialect, spelled), len(asked)


SWAP = """
op.rename_table("user", "user_old")
op.create_table("user", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(9)))
op.execute("INSERT INTO user SELECT id, name FROM user_old")
op.drop_table("user_old")
op.add_column("user", sa.Column("mail", sa.String(9)))
"""
OLD = "(id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(9), extra INT)"
NEW = "(id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(9))"


@pytest.mark.parametrize(
    ("sql", "choices"),
    [
        ([f"CREATE TABLE user {OLD}"], (0,)),
        ([f"CREATE TABLE user_old {OLD}"], (1,)),
        ([f"CREATE TABLE user_old {OLD}", f"CREATE TABLE user {NEW}"], (2, 3)),
        # Nobody says what columns the old one had: this may be both.
        ([f"CREATE TABLE user {NEW}", "ALTER TABLE user ADD COLUMN mail VARCHAR(9)"], (0, 5)),
        ([f"CREATE TABLE user {NEW}"], (0, 4)),
        ([f"CREATE TABLE user_old {OLD}", "CREATE TABLE user (id INT, mail VARCHAR(9))"], ()),
    ],
)
def test_a_table_that_another_one_takes_the_place_of(
    sql: list[str], choices: tuple[int, ...], tmp_path: Path
) -> None:
    found, _ = standing(tmp_path, SWAP, *sql)
    assert found.choices == choices


def test_a_name_that_is_free_again_is_looked_at_where_it_is_now(tmp_path: Path) -> None:
    body = """
op.add_column("t", sa.Column("b", sa.Integer))
op.alter_column("t", "b", new_column_name="c")
op.add_column("t", sa.Column("b", sa.String(5)))
op.rename_table("t", "u")
op.create_index("ix", "u", ["c"])
"""
    states = [
        ("t (id INT)", 0),
        ("t (id INT, b INT)", 1),
        ("t (id INT, c INT)", 2),
        ("t (id INT, c INT, b VARCHAR(5))", 3),
        ("u (id INT, c INT, b VARCHAR(5))", 4),
    ]
    for table, done in states:
        found, _ = standing(tmp_path, body, f"CREATE TABLE {table}")
        assert found.choices == (done,), table


def test_indexes_of_one_table_come_in_any_order(tmp_path: Path) -> None:
    body = (
        "op.create_table('t', sa.Column('a', sa.Integer, index=True), sa.Column('b', sa.Integer, index=True))"
    )
    for index in ("a", "b"):
        found, _ = standing(
            tmp_path, body, "CREATE TABLE t (a INT, b INT)", f"CREATE INDEX ix_t_{index} ON t ({index})"
        )
        assert found.choices == (2,)
        assert found.operations(2) == 0
    # The application has a convention of its own for names.
    found, _ = standing(
        tmp_path,
        body,
        "CREATE TABLE t (a INT, b INT)",
        "CREATE INDEX t_a ON t (a)",
        "CREATE INDEX t_b ON t (b)",
    )
    assert found.choices == (3,)


def test_what_holds_before_it_is_done_is_no_sign_of_it(tmp_path: Path) -> None:
    body = """
op.create_table("there", sa.Column("id", sa.Integer, primary_key=True), if_not_exists=True)
op.drop_index("ix_gone", table_name="t", if_exists=True)
op.add_column("t", sa.Column("b", sa.Integer))
"""
    found, _ = standing(
        tmp_path, body, "CREATE TABLE there (id INTEGER PRIMARY KEY)", "CREATE TABLE t (a INT)"
    )
    assert found.possible[0] == 0
    found, _ = standing(
        tmp_path, body, "CREATE TABLE there (id INTEGER PRIMARY KEY)", "CREATE TABLE t (a INT, b INT)"
    )
    assert found.choices == (3,)


def test_the_server_is_asked_once_about_a_column(tmp_path: Path) -> None:
    """A revision of many operations is not looked at anew for each number of them that may be done."""
    count = 40
    names = [f"c{number}" for number in range(count)]
    body = "\n".join(f"op.alter_column('t', '{name}', type_=sa.String(20))" for name in names)
    widths = [20 if number < count // 2 else 10 for number in range(count)]
    columns = ", ".join(f"{name} VARCHAR({width})" for name, width in zip(names, widths, strict=True))
    found, asked = standing(tmp_path, body, f"CREATE TABLE t ({columns})")
    assert found.choices == (count // 2,)
    assert asked <= 3 * count


def test_an_index_that_takes_the_name_of_another_one_is_known_by_what_it_is(tmp_path: Path) -> None:
    body = """
op.add_column("t", sa.Column("b", sa.Integer))
op.drop_index("ix", table_name="t")
op.create_index("ix", "t", ["a", "b"], unique=False)
op.add_column("t", sa.Column("c", sa.Integer))
"""
    table = "CREATE TABLE t (a INT, b INT)"
    for index, done in (("CREATE INDEX ix ON t (a)", 1), ("SELECT 1", 2), ("CREATE INDEX ix ON t (a, b)", 3)):
        found, _ = standing(tmp_path, body, table, index)
        assert found.choices == (done,), index


def test_what_is_still_to_be_altered_is_otherwise(tmp_path: Path) -> None:
    body = """
op.alter_column("t", "a", type_=sa.String(20), existing_type=sa.String(10), nullable=True)
op.alter_column("t", "b", nullable=False, existing_type=sa.Integer())
op.add_column("t", sa.Column("c", sa.Integer))
"""
    states = ("a VARCHAR(10), b INT", "a VARCHAR(20), b INT", "a VARCHAR(20), b INT NOT NULL")
    for done, columns in enumerate(states):
        found, _ = standing(tmp_path, body, f"CREATE TABLE t ({columns})")
        assert found.choices == (done,), columns
    # By hand somebody has made the second of them what it is to be.
    found, _ = standing(tmp_path, body, "CREATE TABLE t (a VARCHAR(10), b INT NOT NULL)")
    assert found.choices == (0,)
