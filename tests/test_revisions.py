"""The revision files: numbers, gaps, digests, errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.errors import ReplayError, RevisionError
from schemadiff.revisions import files
from schemadiff.schema import Name

DIALECT = offline_dialect("sqlite")

FIRST = '''"""create user"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("email", sa.String(100)),
        sa.PrimaryKeyConstraint("id"),
    )
'''


def write(folder: Path, name: str, text: str = FIRST) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_no_directory_is_no_history(tmp_path: Path) -> None:
    assert files.load(tmp_path / "none") == ()


def test_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, "0002_b.py", '"""second"""\n\n\ndef upgrade(op): ...\n')
    write(tmp_path, "0001_a.py")
    write(tmp_path, "helpers.py", "not python at all (")
    loaded = files.load(tmp_path)
    assert [(one.number, one.message) for one in loaded] == [(1, "create user"), (2, "second")]


def test_two_files_with_one_number_are_both_named(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py")
    write(tmp_path, "0001_b.py")
    with pytest.raises(RevisionError, match=r"0001_a\.py and .*0001_b\.py") as caught:
        files.load(tmp_path)
    assert "`schemadiff renumber`" in str(caught.value)


def test_a_gap_names_both_its_sides(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py")
    write(tmp_path, "0003_c.py")
    with pytest.raises(RevisionError, match=r"revision 2 is missing between .*0001_a\.py and .*0003_c\.py"):
        files.load(tmp_path)


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py", "def upgrade(op):\n    op.create_table(\n")
    with pytest.raises(RevisionError, match=r"0001_a\.py, line 2: syntax error"):
        files.load(tmp_path)


def replay(folder: Path) -> None:
    files.replay(files.load(folder), DIALECT)


def test_an_unknown_verb_names_the_line_and_the_verb_that_is_near(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py", "def upgrade(op):\n    pass\n    op.add_colum('user')\n")
    with pytest.raises(RevisionError, match=r"0001_a\.py, line 3: there is no verb op\.add_colum") as caught:
        replay(tmp_path)
    assert "op.add_column" in str(caught.value)


def test_a_wrong_before_image_names_the_line_and_the_difference(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py")
    write(
        tmp_path,
        "0002_b.py",
        "import sqlalchemy as sa\n\n\ndef upgrade(op):\n"
        '    op.drop_column("user", sa.Column("email", sa.String(99)))\n',
    )
    with pytest.raises(ReplayError, match=r"0002_b\.py, line 5: .*user\.email.*99.*100"):
        replay(tmp_path)


def test_what_is_not_there_cannot_be_dropped(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py")
    drop = 'import sqlalchemy as sa\n\n\ndef upgrade(op):\n    op.drop_column("user", sa.Column("age", sa.Integer()))\n'
    write(tmp_path, "0002_b.py", drop)
    with pytest.raises(ReplayError, match=r'line 5: .*"user" has no column "age"'):
        replay(tmp_path)


def test_an_error_of_the_file_itself_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py", "def upgrade(op):\n    helper()\n\n\ndef helper():\n    1 / 0\n")
    with pytest.raises(RevisionError, match=r"0001_a\.py, line 6: ZeroDivisionError"):
        replay(tmp_path)


def test_effect_tells_replay_what_raw_sql_did(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.py")
    write(
        tmp_path,
        "0002_b.py",
        "import sqlalchemy as sa\n\n\ndef upgrade(op):\n"
        '    op.execute("ALTER TABLE user ADD age int", reverse="ALTER TABLE user DROP age",\n'
        '               effect=[op.add_column("user", sa.Column("age", sa.Integer()))])\n',
    )
    schema, recorded = files.replay(files.load(tmp_path), DIALECT)
    assert schema.tables[Name("user")].column("age") is not None
    assert len(recorded[1]) == 1
    back = recorded[1][0].reverse().apply(schema)
    assert back.tables[Name("user")].column("age") is None


def digest(folder: Path, text: str) -> str:
    write(folder, "0001_a.py", text)
    return files.load(folder)[0].digest


def test_the_digest_does_not_mind_comments_docstrings_and_layout(tmp_path: Path) -> None:
    plain = digest(tmp_path, FIRST)
    changed = FIRST.replace('"""create user"""', '"""Another description."""\n# and a comment')
    changed = changed.replace("def upgrade(op):", 'def upgrade( op ):\n    """Says more."""').replace(
        '"user"', "'user'"
    )
    assert digest(tmp_path, changed) == plain


def test_the_digest_minds_everything_else(tmp_path: Path) -> None:
    plain = digest(tmp_path, FIRST)
    for old, new in (("100", "101"), ('"id"', '"Id"'), ("nullable=False", "nullable=True"), ("True", "None")):
        assert digest(tmp_path, FIRST.replace(old, new, 1)) != plain


def test_the_digest_is_chained(tmp_path: Path) -> None:
    second = '"""second"""\n\n\ndef upgrade(op): ...\n'
    write(tmp_path, "0002_b.py", second)
    write(tmp_path, "0001_a.py")
    one = files.load(tmp_path)
    write(tmp_path, "0001_a.py", FIRST.replace("100", "101"))
    other = files.load(tmp_path)
    assert one[1].digest != other[1].digest
    assert one[1].own == other[1].own


KNOWN = '''"""everything that syntax offers, for a digest that every Python agrees on"""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

LIMIT = -1_000
NAMES = {"a": 1.5, **{}, "b": None}


def upgrade(op):
    """Docstring."""
    op.create_table("t", sa.Column("id", mysql.INTEGER(unsigned=True)), *[], comment=f"x{LIMIT!r:>{10}}y" "z")
    op.run(fill, reverse=op.nothing)
    op.execute(b"bytes".decode() + u"text", reverse=None, only=("mysql",))
    with op.found():
        pass


def fill(connection, /, *rest, key: int = 0, **more) -> None:
    async def inner(): return [x async for x in rest if x] or await rest
    for number, _ in enumerate(range(3)):
        connection.execute(sa.text("UPDATE t SET a = :a"), {"a": (lambda value: value)(number)})
    try:
        assert connection[1:2, ...] is not None, "said"
    except (ValueError, KeyError) as error:
        raise RuntimeError from error
    match rest:
        case [1, *_] | {"a": 2}: ...
'''


def test_a_known_digest_stays_what_it_is(tmp_path: Path) -> None:
    """The same on every Python that is supported and in every later release: databases hold these values."""
    assert digest(tmp_path, FIRST) == "18706059663da90f3e897549b84d6c4031fe35175eb48bf6a7f065d9627bbbb6"
    assert digest(tmp_path, KNOWN) == "4b2dc3a90168e5d062979b1fe115806c44bb6d3a1d89ffe34ce92ac65c873f72"


def test_saving_never_overwrites(tmp_path: Path) -> None:
    path = files.save(tmp_path / "new", 1, "Create user!", FIRST)
    assert path.name == "0001_create_user.py"
    assert path.read_text() == FIRST
    with pytest.raises(RevisionError, match="is there already"):
        files.save(tmp_path / "new", 1, "create user", "other")
    assert path.read_text() == FIRST
    assert list(path.parent.iterdir()) == [path], "a temporary file was left"
