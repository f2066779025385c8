"""baseline --from-alembic: what Alembic left behind is read as text, and kept."""

import pytest

from tests.cli.existing import alembic, at, made, rows
from tests.cli.shell import Shell

CHAIN = (
    ("c3", "b2", "add pet"),
    ("a1", None, "begin"),
    ("b2", "a1", "quotes '' and backslashes \\\\ "),
)


def test_alembics_history_is_kept(server_shell: Shell) -> None:
    shell = server_shell
    before = made(shell)
    alembic(shell, *CHAIN)
    at(shell, "c3")
    answer = shell("baseline", "--from-alembic", "migrations", "--format", "json").json["alembic"]
    assert [one["id"] for one in answer["revisions"]] == ["a1", "b2", "c3"]
    assert answer["table"] == "left"
    text = (shell.folder / "versions" / "0001_baseline.py").read_text()
    listed = text.partition("the oldest first:")[2].partition('"""')[0].splitlines()
    assert [line.split() for line in listed if line.strip()] == [
        ["a1", "begin"],
        ["b2", "quotes", "''", "and", "backslashes", "\\\\"],
        ["c3", "add", "pet", "(head)"],
    ]
    for command in (["check"], ["plan"], ["diff", shell.url, "versions"]):
        told = shell(*command).out
        assert "drop" not in told
        assert told.count('left alone: "alembic_version"') == 1
    assert shell.execute("SELECT version_num FROM alembic_version") == [("c3",)]
    assert "dropped Alembic's own table" in shell("baseline", "--drop-alembic-version").out
    assert "alembic_version" not in shell.tables()
    assert "is at revision 0001 already" in shell("baseline", "--drop-alembic-version", code=2).err
    assert "no differences" in shell("check").out
    assert rows(shell) == before


def refused(shell: Shell) -> str:
    words = shell("baseline", "--from-alembic", "migrations", code=2).err
    assert shell.versions() == []
    assert "schemadiff_version" not in shell.tables()
    return words


def test_a_database_that_is_not_at_alembics_head(shell: Shell) -> None:
    made(shell)
    alembic(shell, *CHAIN)
    assert "'a1' 'begin'" in refused(shell)
    at(shell, "b2")
    behind = refused(shell)
    assert "is not at Alembic's head" in behind
    assert "'c3'" in behind
    assert "'a1'" not in behind
    assert "alembic upgrade heads" in behind
    at(shell, "zz\x1b[31m")
    assert r"is at Alembic's revision 'zz\x1b[31m', and no file in" in refused(shell)
    shell.execute("DROP TABLE alembic_version")
    assert "the database has no table alembic_version" in refused(shell)
    shell.execute("CREATE TABLE alembic_version (id INTEGER PRIMARY KEY)")
    assert "is not Alembic's" in refused(shell)


@pytest.mark.parametrize("first", [True, False])
def test_another_table_of_that_name_is_not_dropped(first: bool, shell: Shell) -> None:
    made(shell)
    shell.execute("CREATE TABLE alembic_version (id INTEGER PRIMARY KEY)")
    if first:
        shell("baseline")
    assert "is not Alembic's" in shell("baseline", "--drop-alembic-version", code=2).err
    assert "alembic_version" in shell.tables()


def test_alembics_table_may_have_another_name(server_shell: Shell) -> None:
    shell = server_shell
    made(shell)
    alembic(shell, ("a1", None, "begin"))
    at(shell, "a1")
    shell.execute("ALTER TABLE alembic_version RENAME TO my_versions")
    planned = shell("plan").out
    assert 'left alone: "my_versions"' in planned
    assert "delete this file and run: schemadiff baseline" in planned
    for name in shell.versions():
        (shell.folder / "versions" / name).unlink()
    assert 'left alone: "my_versions"' in shell("baseline", "--from-alembic", "migrations").out
    assert "no differences" in shell("check").out
    assert "dropped Alembic's own table" in shell("baseline", "--drop-alembic-version").out
    assert "my_versions" not in shell.tables()


def test_of_several_such_tables_none_is_guessed(shell: Shell) -> None:
    made(shell)
    alembic(shell, ("a1", None, "begin"))
    shell.execute("ALTER TABLE alembic_version RENAME TO one", "CREATE TABLE two (version_num VARCHAR(32))")
    for option in (["--from-alembic", "migrations"], ["--drop-alembic-version"]):
        assert "there are 2 tables that may be Alembic's: one, two" in shell("baseline", *option, code=2).err
    shell("baseline")
    assert {"one", "two"} < shell.tables()


def test_branches_merges_and_dependencies(shell: Shell) -> None:
    made(shell)
    alembic(
        shell,
        ("a1", None, "begin"),
        ("b2", "a1", "left"),
        ("c3", "a1", "right"),
        ("d4", ("b2", "c3"), "merge"),
        ("e5abcdef", None, "other"),
        ("f6", "d4", "more"),
        ("g7", "f6", "last"),
        f6="depends_on = 'side'",
        e5abcdef="branch_labels = ('side',)",
        g7="depends_on = ['e5ab']",
    )
    at(shell, "d4")
    assert "'f6'" in refused(shell)
    assert "'e5abcdef'" in refused(shell)
    at(shell, "g7")
    told = shell("baseline", "--from-alembic", "migrations/versions", "--format", "json").json
    ids = [one["id"] for one in told["alembic"]["revisions"]]
    assert sorted(ids) == ["a1", "b2", "c3", "d4", "e5abcdef", "f6", "g7"]
    assert ids.index("a1") < ids.index("b2") < ids.index("d4") < ids.index("f6")
    assert ids.index("e5abcdef") < ids.index("f6")


def test_several_heads_are_all_applied(shell: Shell) -> None:
    made(shell)
    alembic(shell, ("a1", None, "begin"), ("b2", "a1", "left"), ("c3", "gone", "right"))
    at(shell, "b2")
    assert "'c3'" in refused(shell)
    at(shell, "b2", "c3")
    done = shell("baseline", "--from-alembic", "migrations").out
    assert "no file of Alembic's has the id gone" in done
    text = (shell.folder / "versions" / "0001_baseline.py").read_text()
    assert text.count("(head)") == 2
    assert "gone  (no file has this id)" in text


def test_a_circle_is_no_end(shell: Shell) -> None:
    made(shell)
    alembic(shell, ("a1", "b2", "one"), ("b2", "a1", "two"))
    at(shell, "b2")
    told = shell("baseline", "--from-alembic", "migrations", "--format", "json").json
    assert sorted(one["id"] for one in told["alembic"]["revisions"]) == ["a1", "b2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("revision = 'a1'\ndown_revision = None\n", "two files have Alembic's id 'a1'"),
        ("revision = 'b' + str(2)\n", "its revision is no plain text"),
        ("revision = 'b2'\ndown_revision = __import__('os').getpid()\n", "its down_revision is no plain"),
        ("revision = 'b2'\ndepends_on = 7\n", "its depends_on is no plain"),
        ("revision = 7\n", "its revision is no plain text"),
        ("revision = (\n", "cannot read Alembic's revision"),
        ("revision = 'b2'\0\n", "cannot read Alembic's revision"),
    ],
)
def test_a_file_that_is_not_understood_is_named(text: str, words: str, shell: Shell) -> None:
    made(shell)
    alembic(shell, ("a1", None, "begin"))
    at(shell, "a1")
    (shell.folder / "migrations" / "versions" / "zz.py").write_text(text)
    told = refused(shell)
    assert words in told
    assert "zz.py" in told


def test_what_holds_no_revision_is_passed_over(shell: Shell) -> None:
    made(shell)
    alembic(shell, ("a1", None, "begin"))
    at(shell, "a1")
    folder = shell.folder / "migrations" / "versions"
    (folder / "zz.py").write_text("# no revision\n")
    (folder / "__init__.py").write_text("")
    assert "there is no directory" in shell("baseline", "--from-alembic", "nowhere", code=2).err
    (shell.folder / "empty").mkdir()
    assert "no revision of Alembic's in empty" in shell("baseline", "--from-alembic", "empty", code=2).err
    shell("baseline", "--from-alembic", "migrations")


def test_no_text_of_alembics_ends_the_docstring(shell: Shell) -> None:
    made(shell)
    name = '"""\nraise SystemExit(1)\n"""\\'
    alembic(shell, (name.replace("\n", " ").replace("/", ""), None, ""))
    for path in (shell.folder / "migrations" / "versions").iterdir():
        path.unlink()
    (shell.folder / "migrations" / "versions" / "one.py").write_text(
        f"{name!r}\nrevision = {name!r}\ndown_revision = {name!r} + ''\n".replace(" + ''", "")
    )
    shell.execute("DROP TABLE alembic_version")
    shell.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    at(shell, name)
    shell("baseline", "--from-alembic", "migrations")
    shell("check")
    assert "\nraise SystemExit" not in (shell.folder / "versions" / "0001_baseline.py").read_text()
