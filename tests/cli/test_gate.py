"""The gate: nothing is destroyed unasked, forth or back. And without a terminal nothing is asked."""

from tests.cli.shell import Shell

BOTH = """
Table("user", metadata, Column("id", Integer, primary_key=True), Column("phone", String(11)))
Table("old", metadata, Column("id", Integer, primary_key=True))
"""
ONE = 'Table("user", metadata, Column("id", Integer, primary_key=True))\n'


def prepared(shell: Shell) -> None:
    shell.models(BOTH)
    shell("plan")
    shell("apply")
    shell.execute(
        "INSERT INTO user VALUES (1, '555')", "INSERT INTO old VALUES (1)", "INSERT INTO old VALUES (2)"
    )
    shell.models(ONE)
    planned = shell("plan").out
    assert "SD101 drops table old with 2 rows" in planned
    assert "SD102 drops column user.phone" in planned
    assert "--allow SD101" in planned
    assert "--allow SD102" in planned


def test_a_drop_needs_its_code(shell: Shell) -> None:
    prepared(shell)
    for allowed in ((), ("--yes",), ("--allow", "SD101"), ("--allow", "SD102", "--yes")):
        refused = shell("apply", *allowed, code=2).err
        assert "nothing was changed" in refused
        assert "old" in shell.tables()
        assert shell.execute("SELECT phone FROM user") == [("555",)]
    assert "SD101" in shell("apply", "--allow", "SD102", code=2).err
    assert "SD102" not in shell("apply", "--allow", "SD102", code=2).err
    shell("apply", "--allow", "SD101", "--allow", "sd102")
    assert shell.tables() == {"user", "schemadiff_version"}


def test_all_allows_everything(shell: Shell) -> None:
    prepared(shell)
    shell("apply", "--allow", "all")
    assert shell.tables() == {"user", "schemadiff_version"}


def test_back_is_no_other_way_round_the_gate(shell: Shell) -> None:
    shell.models(BOTH)
    shell("plan")
    shell("apply")
    refused = shell("rollback", "--yes", code=2).err
    assert "To allow it: `schemadiff rollback` with --allow SD101" in " ".join(refused.split())
    assert "apply`" not in refused
    assert "old" in shell.tables()
    shell("rollback", "--allow", "SD101")
    assert shell.tables() == {"schemadiff_version"}


def test_without_a_terminal_standard_input_is_not_read(shell: Shell) -> None:
    prepared(shell)
    refused = shell.process("apply", code=2, stdin="yes\nyes\n")
    assert "?" not in refused.err
    assert "old" in shell.tables()


def test_a_dry_run_changes_nothing_and_says_that_there_is_work(shell: Shell) -> None:
    prepared(shell)
    before = shell.execute("SELECT * FROM schemadiff_version")
    shown = shell("apply", "--dry-run", code=1)
    assert "- drop table old" in shown.out
    assert "SD101" in shown.out
    assert "roll back 0001" in shell("rollback", "--dry-run", code=1).out
    assert shell.execute("SELECT * FROM schemadiff_version") == before
    shell("apply", "--allow", "all")
    assert "nothing to apply" in shell("apply", "--dry-run").err


def test_a_dry_plan_writes_nothing(shell: Shell) -> None:
    shell.models(ONE)
    assert "nothing was written" in shell("plan", "--dry-run", code=1).out
    assert shell.versions() == []
    shell("plan")
    shell("apply")
    assert "no differences" in shell("plan", "--dry-run").out


IRREVERSIBLE = '''"""data"""


def upgrade(op):
    op.execute("INSERT INTO user VALUES (1)"{reverse})
'''


def with_data(shell: Shell, reverse: str) -> str:
    """What a rollback says of a revision with this reverse."""
    shell.models(ONE)
    shell("plan")
    shell.write("versions/0002_data.py", IRREVERSIBLE.format(reverse=reverse))
    shell("apply")
    return " ".join(shell("rollback", "--yes", code=2).err.split())


def test_what_cannot_be_undone_is_not_told_to_be_edited(shell: Shell) -> None:
    refused = with_data(shell, "")
    assert "0002_data.py cannot be rolled back" in refused
    assert "stays as it is: undo it by hand or in a new revision" in refused
    assert "Give it one in the revision file" not in refused


def test_a_rollback_that_is_taken_back_names_itself(shell: Shell) -> None:
    refused = with_data(shell, ', reverse="DELETE FROM nowhere"')
    assert "could not roll back step 1 of 1" in refused
    assert (
        "Everything that this rollback did is taken back; the database is still at revision 0002." in refused
    )
    assert "Mend the cause and run `schemadiff rollback` again." in refused
    assert "revision 0002 of 0002" in shell("status").out
