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

pytestmark = pytest.mark.engines("mysql", "mariadb")


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
