"""A database and a checkout of different branches: what each has that the other lacks is told by name."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from schemadiff.operations import (
    AddColumn,
    CreateIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameTable,
)
from schemadiff.operations.objects import CreateObject, DropObject
from schemadiff.planning.overlap import common
from schemadiff.schema import Column, Index, Name, Part, Table, Type, View
from tests.cli.shell import Shell, clean
from tests.test_docs import BLOCK, ROOT, commands

pytestmark = pytest.mark.once

USER = 'Table("user", metadata, Column("id", Integer, primary_key=True){})\n'
PHONE, NAME = ', Column("phone", String(20))', ', Column("name", String(20))'


def add(table: str, column: str) -> AddColumn:
    return AddColumn(Name(table), Column(column, Type("int")))


def index(*columns: str) -> Index:
    return Index(tuple(Part(one) for one in columns), "i")


def git(shell: Shell, *arguments: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "core.hooksPath=/dev/null")
    subprocess.run(["git", *identity, *arguments], cwd=shell.folder, check=True, capture_output=True)


def commit(shell: Shell, message: str) -> None:
    git(shell, "add", "-A")
    git(shell, "commit", "-m", message)


@pytest.fixture
def team(shell: Shell) -> Shell:
    """A first revision on main, and each a second one on `phone` and `name`; the checkout is of `name`."""
    git(shell, "init", "-b", "main")
    shell.write(".gitignore", "__pycache__\n")
    shell.models(USER.format(""))
    shell("plan", "-m", "begin")
    shell("apply")
    commit(shell, "begin")
    for branch, column in (("phone", PHONE), ("name", NAME)):
        git(shell, "switch", "-c", branch, "main")
        shell.models(USER.format(column))
        shell("plan", "-m", branch)
        commit(shell, branch)
    return shell


def test_a_database_ahead_of_the_checkout(team: Shell) -> None:
    team("apply")
    git(team, "switch", "main")
    for command in ("status", "check", "plan", "apply", "rollback"):
        told = team(command, code=2).err
        assert "is at revision 2, and the newest revision file is 1: this checkout lacks 0002" in told
        assert "0002_name.py is on the branch name." in told
        assert "from that branch (git switch name): schemadiff rollback --to 1" in told
    git(team, "switch", "name")
    team("rollback", "--to", "1", "--allow", "all")
    git(team, "switch", "main")
    team("check")


def test_a_database_with_another_revision_of_that_number(team: Shell) -> None:
    team("apply")
    git(team, "switch", "phone")
    told = team("check", code=2).err
    assert "has applied 0002_name.py as revision 0002, and versions/0002_phone.py is another one" in told
    assert "git switch name, schemadiff rollback --to 1" in told


def test_what_was_edited_is_said_to_be_so(team: Shell) -> None:
    """Also where git has the earlier text."""
    team("apply")
    path = team.folder / "versions" / "0002_name.py"
    path.write_text(path.read_text().replace("String(20)", "String(21)"))
    assert "versions/0002_name.py was edited after the database applied it" in team("check", code=2).err


def test_what_no_branch_has_is_told_by_number(team: Shell) -> None:
    for number in (3, 4):
        team.write(f"versions/{number:04}_more.py", "def upgrade(op):\n    pass\n")
    team("apply")
    for path in (team.folder / "versions").glob("000[34]*"):
        path.unlink()
    told = team("status", code=2).err
    assert "this checkout lacks 0003 to 0004" in told
    assert "from a checkout that has them: schemadiff rollback --to 2" in told


def test_without_git_the_same_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.models(USER.format(""))
    shell("plan", "-m", "begin")
    shell.write("versions/0002_more.py", "def upgrade(op):\n    pass\n")
    shell("apply")
    Path(shell.folder / "versions" / "0002_more.py").unlink()
    shell.environment["PATH"] = ""
    assert "this checkout lacks 0002" in shell("status", code=2).err


def merged(team: Shell) -> Shell:
    """The checkout of `name`, with what has come to main meanwhile."""
    git(team, "branch", "-f", "main", "phone")
    git(team, "merge", "--no-edit", "-X", "ours", "main")
    return team


def test_two_of_one_number_are_caught_with_advice(team: Shell) -> None:
    merged(team)
    for command in ("check", "plan", "apply", "status"):
        told = team(command, code=2).err
        assert "two revisions have the number 2: versions/0002_name.py and versions/0002_phone.py" in told
        assert "`schemadiff renumber` moves yours behind the others" in told


def test_mine_move_behind_theirs(team: Shell) -> None:
    team.write("versions/0003_more.py", "def upgrade(op):\n    pass\n")
    commit(team, "more")
    merged(team)
    told = team("renumber", "--dry-run", code=1).out
    assert "would move versions/0002_name.py -> versions/0003_name.py" in told
    assert team.versions() == ["0001_begin.py", "0002_name.py", "0002_phone.py", "0003_more.py"]
    found = team("renumber", "--format", "json").json
    assert found["moved"]
    assert found["upstream"] == "main"
    assert team.versions() == ["0001_begin.py", "0002_phone.py", "0003_name.py", "0004_more.py"]
    team.models(USER.format(PHONE + NAME))
    team("apply")
    team("check")
    assert "nothing to move" in team("renumber").out


def test_what_both_touch_is_told(team: Shell) -> None:
    told = merged(team)("renumber").out
    assert told == (
        "yours are the revisions that main lacks\n"
        "moved versions/0002_name.py -> versions/0003_name.py\n"
        "both touch user: versions/0003_name.py, and before it versions/0002_phone.py\n"
        "-> read it, then: schemadiff apply\n"
    )


def test_what_does_not_fit_behind_theirs_is_told(team: Shell) -> None:
    path = team.folder / "versions" / "0002_name.py"
    path.write_text(path.read_text().replace('"name"', '"phone"'))
    commit(team, "the same column")
    told = merged(team)("renumber", code=1).out
    assert "does not fit behind the others as it is: versions/0003_name.py, line " in told
    assert "phone" in told
    assert "-> mend it, then: schemadiff apply\n" in told


def test_what_the_database_has_applied_is_not_moved(team: Shell) -> None:
    team("apply")
    told = merged(team)("renumber", code=2).err
    assert "has applied versions/0002_name.py as revision 0002" in told
    assert "schemadiff rollback --to 1" in told
    assert "0002_name.py" in team.versions()
    # As the hint says.
    git(team, "worktree", "add", "../before", "ORIG_HEAD")
    before = Shell(team.folder.parent / "before", team.url)
    before("rollback", "--to", "1", "--allow", "all")
    team("renumber")
    team("apply")


def test_without_git_somebody_has_to_say_it(shell: Shell) -> None:
    for name in ("0001_a", "0002_b", "0002_c", "0003_d"):
        shell.write(f"versions/{name}.py", "def upgrade(op):\n    pass\n")
    shell.environment["PATH"] = ""
    told = shell("renumber", code=2).err
    assert (
        "nobody says which of these revisions are yours:\n  versions/0002_b.py\n  versions/0002_c.py" in told
    )
    assert "is no revision file in versions" in shell("renumber", "--mine", "0002_x.py", code=2).err
    told = shell("renumber", "--mine", "0001_a.py", code=2).err
    assert "without yours, revision 0001 is missing" in told
    told = shell("renumber", "--mine", "versions/0002_b.py", "--mine", "0003_d.py").out
    assert "moved versions/0002_b.py -> versions/0003_b.py" in told
    assert shell.versions() == ["0001_a.py", "0002_c.py", "0003_b.py", "0004_d.py"]
    # Names that meet on the way: the numbers go down.
    for before, after in (("0003_b", "0005_d"), ("0004_d", "0006_d")):
        (shell.folder / "versions" / f"{before}.py").rename(shell.folder / "versions" / f"{after}.py")
    shell("renumber", "--mine", "0005_d.py", "--mine", "0006_d.py")
    assert shell.versions() == ["0001_a.py", "0002_c.py", "0003_d.py", "0004_d.py"]


def test_without_a_database_the_files_are_moved(shell: Shell) -> None:
    for name in ("0001_a", "0001_b"):
        shell.write(f"versions/{name}.py", "def upgrade(op):\n    pass\n")
    shell.environment["SCHEMADIFF_URL"] = ""
    assert "nothing is said about what both sides touch" in shell("renumber", "--mine", "0001_b.py").out
    assert shell.versions() == ["0001_a.py", "0002_b.py"]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (add("user", "a"), add("user", "a"), ("user.a",)),
        (add("user", "a"), add("user", "b"), ("user",)),
        (add("user", "a"), add("post", "a"), ()),
        (add("user", "a"), DropTable(Table(Name("user"), ())), ("user",)),
        (CreateIndex(Name("user"), index("a", "b")), add("user", "b"), ("user.b",)),
        (Found(add("user", "a")), add("user", "a"), ("user.a",)),
        (RenameTable(Name("user"), Name("person")), add("user", "a"), ("user",)),
        (CreateObject(View(Name("v"), "SELECT 1")), DropObject(View(Name("v"), "SELECT 1")), ("view v",)),
        (Execute("DROP TABLE user"), add("user", "a"), ()),
    ],
)
def test_what_two_operations_both_touch(one: Operation, other: Operation, shared: tuple[str, ...]) -> None:
    assert common([one], [other]) == common([other], [one]) == shared


SPACED = """Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    # phone
    #
    #
    #
    # name
)
"""


def test_the_page_is_true(shell: Shell) -> None:
    """Its commands run, in order, with the exit codes and the words that it says."""
    git(shell, "init", "-b", "main")
    shell.write(".gitignore", "__pycache__\n")
    shell.models(SPACED)
    shell("plan", "-m", "begin")
    shell("apply")
    commit(shell, "begin")
    git(shell, "branch", "mine")
    for branch, name in (("main", "phone"), ("mine", "name")):
        git(shell, "switch", branch)
        shell.models(SPACED.replace(f"# {name}", f'Column("{name}", String(20)),'))
        shell("plan", "-m", f"add {name}")
        commit(shell, name)
    people = {f"GIT_{role}_{what}": "n@e.x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = clean({"SCHEMADIFF_URL": shell.url, "GIT_MERGE_AUTOEDIT": "no", **people})
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    shown = 0
    for _, body in BLOCK.findall((ROOT / "docs" / "team.md").read_text()):
        for command, wanted, output in commands(body):
            done = subprocess.run(
                shlex.split(command),
                cwd=shell.folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == wanted, f"{command}\n{done.stdout}{done.stderr}"
            if output:
                assert (done.stdout + done.stderr).strip() == output.strip()
                shown += 1
    assert shown == 4
