"""`--transaction`: whether each revision is committed by itself, or all of a run together."""

from tests.cli.shell import Shell


def test_all_or_each(shell: Shell) -> None:
    head = "def upgrade(op):\n"
    shell.write("versions/0001_note.py", head + '    op.execute("CREATE TABLE note (id INTEGER)")\n')
    shell.write("versions/0002_wrong.py", head + '    op.execute("UPDATE nowhere SET a = 1")\n')
    told = shell("apply", "--yes", "--transaction", "all", code=2)
    assert "Everything that this run did is rolled back; the database is at revision 0000" in told.err
    shell.environment["SCHEMADIFF_TRANSACTION"] = "all"
    shell("apply", "--yes", code=2)
    assert shell("status", "--format", "json", code=1).json["database_version"] == 0
    shell("apply", "--yes", "--transaction", "each", code=2)
    assert shell("status", "--format", "json", code=1).json["database_version"] == 1
