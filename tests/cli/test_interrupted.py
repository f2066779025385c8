"""A revision that failed in the middle, on servers whose DDL commits by itself, as the command line tells of it."""

import pytest

from tests.cli.shell import Shell

USER = 'Table("user", metadata, Column("id", Integer, primary_key=True))\n'
MORE = '''"""more"""

import sqlalchemy as sa


def upgrade(op):
    op.add_column("user", sa.Column("email", sa.String(50)))
    op.execute("INSERT INTO later VALUES (1)", reverse="DELETE FROM later")
    op.add_column("user", sa.Column("phone", sa.String(50)))
'''

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]


def interrupted(shell: Shell) -> None:
    shell.models(USER)
    shell("plan")
    shell("apply")
    shell.write("versions/0002_more.py", MORE)
    failed = shell("apply", code=2).err
    assert "step 2 of 3" in failed
    assert "later" in failed
    assert "`schemadiff rollback`" in failed


def test_where_it_stands_is_told(server_shell: Shell) -> None:
    shell = server_shell
    interrupted(shell)
    shown = shell("status", code=1).out
    assert "revision 0002 was being applied, 1 of 3 steps done" in shown
    assert "1 done add column user.email" in shown
    assert "2 open execute" in shown
    assert "-> finish it: schemadiff apply\n-> undo what is done of it: schemadiff rollback" in shown
    assert "interrupted" in shell("check", code=1).out
    assert shell("check", "--format", "json", code=1).json["interrupted"]["done"] == 1
    assert "interrupted" in shell("apply", "--dry-run", code=1).out
    dry = shell("rollback", "--dry-run", "--format", "json", code=1).json
    assert (dry["interrupted"]["number"], dry["statements"]) == (2, [])
    assert "in the middle of revision 2" in shell("apply", "--sql", code=2).err
    assert "in the middle" in shell("plan", code=2).err


def test_it_is_finished(server_shell: Shell) -> None:
    shell = server_shell
    interrupted(shell)
    shell.execute("CREATE TABLE later (x int)")
    assert "2/3 execute" in shell("apply").err
    assert shell.execute("SELECT email, phone FROM user") == []
    assert shell.execute("SELECT x FROM later") == [(1,)]
    assert "interrupted" not in shell("status").out


def test_it_is_undone(server_shell: Shell) -> None:
    shell = server_shell
    interrupted(shell)
    assert "SD102" in shell("rollback", code=2).err
    shell("rollback", "--allow", "SD102")
    assert "revision 0001 of 0002" in shell("status", code=1).out
    assert "drifted" not in shell("check", code=1).out


def test_a_file_that_was_edited_meanwhile_is_refused(server_shell: Shell) -> None:
    shell = server_shell
    interrupted(shell)
    for ending in ("", "    op.drop_table('user')\n"):  # of fewer operations, and of others
        shell.write("versions/0002_more.py", MORE[: MORE.index("    op.execute")] + ending)
        for command in ("apply", "rollback", "status"):
            assert "0002_more.py was edited while it was half applied" in shell(command, code=2).err


def refused_at_once(shell: Shell) -> None:
    """A revision of which the server has refused the first step."""
    shell.models(USER)
    shell("plan")
    shell("apply")
    shell.write(
        "versions/0002_more.py", MORE.replace('    op.add_column("user", sa.Column("email"', "    #", 1)
    )
    failed = shell("apply", code=2).err
    assert "step 1 of 2" in failed
    assert "which may be the revision file itself" in failed
    assert "0 of 2 steps done" in shell("status", code=1).out


def test_a_file_of_which_nothing_is_done_may_be_edited(server_shell: Shell) -> None:
    shell = server_shell
    refused_at_once(shell)
    shell.write(
        "versions/0002_more.py",
        MORE.replace("INSERT INTO later", "INSERT INTO user").replace("(1)", "(1, '')"),
    )
    assert "interrupted" not in shell("status", code=1).out
    shell("apply", "--dry-run", code=1)
    shell("apply")
    assert shell.execute("SELECT id, email, phone FROM user") == [(1, "", None)]
    assert "drifted" not in shell("check", code=1).out


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "edited"])
def test_leaving_it_undoes_nothing_else(server_shell: Shell, gone: bool) -> None:
    shell = server_shell
    refused_at_once(shell)
    file = shell.write("versions/0002_more.py", MORE)
    if gone:
        file.unlink()
    shell("rollback", "--allow", "all")
    assert "user" in shell.tables()
    assert "revision 0001" in shell("status", code=0 if gone else 1).out
    assert shell.execute("SELECT journal FROM schemadiff_version") == [(None,)]


def test_the_hints_of_a_rollback_are_those_of_a_rollback(server_shell: Shell) -> None:
    shell = server_shell
    interrupted(shell)
    shell.execute("CREATE TABLE later (x int)")
    shell("apply")
    shell.execute("DROP TABLE later")
    failed = " ".join(shell("rollback", "--allow", "all", code=2).err.split())
    assert "could not roll back step 2 of 3" in failed
    assert "Undone before it: drop column user.phone" in failed
    assert "run `schemadiff rollback` to finish, or `schemadiff apply` to go forward again." in failed
    ways = "`schemadiff rollback` finishes it, `schemadiff apply` goes forward again."
    for command in ("plan", "rollback --sql", "apply --sql"):
        assert ways in " ".join(shell(*command.split(), code=2).err.split())


def test_a_rollback_whose_first_step_fails_may_be_left(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(USER)
    shell("plan")
    shell.write("versions/0002_more.py", MORE[: MORE.index('    op.add_column("user", sa.Column("phone')])
    shell("apply", "--to", "1")
    shell.execute("CREATE TABLE later (x int)")
    shell("apply")
    shell.execute("DROP TABLE later")
    failed = " ".join(shell("rollback", "--allow", "all", code=2).err.split())
    assert "run `schemadiff rollback` again, or `schemadiff apply` to leave the revision applied." in failed
    shell("apply")
    assert "revision 0002 of 0002" in shell("status").out


def test_what_cannot_be_undone_half_way_is_finished(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(USER)
    shell("plan")
    once = "    op.execute(\"INSERT INTO user (id, email) VALUES (1, '')\")\n"
    shell.write("versions/0002_more.py", MORE.replace("    op.execute", f"{once}    op.execute"))
    assert "step 3 of 4" in shell("apply", code=2).err
    refused = " ".join(shell("rollback", "--allow", "all", code=2).err.split())
    assert "has no reverse" in refused
    assert "mend what stopped it and run `schemadiff apply`" in refused
    assert "Give it one in the revision file" not in refused
    shell.execute("CREATE TABLE later (x int)")
    shell("apply")
    assert shell.execute("SELECT id, phone FROM user") == [(1, None)]
