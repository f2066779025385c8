"""The main job by the command line, on every engine: from an empty database forth, back, and to nothing again."""

import sqlalchemy as sa

from tests.cli.shell import Shell

FIRST = """
Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50), nullable=False),
    Column("age", SmallInteger, CheckConstraint("age > 0", name="grown")),
    Column("status", String(10), nullable=False, server_default="new"),
    UniqueConstraint("name", name="uq_user_name"),
    comment="those who write",
)
Table(
    "post",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("user.id", name="fk_post_user", ondelete="CASCADE"), nullable=False),
    Column("title", String(100), nullable=False, index=True),
    Column("body", Text),
)
"""

SECOND = """
Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("age", SmallInteger, CheckConstraint("age > 0", name="grown")),
    Column("status", String(10), nullable=False, server_default="active"),
    Column("email", String(100)),
    UniqueConstraint("name", name="uq_user_name"),
    UniqueConstraint("email", name="uq_user_email"),
    comment="those who write",
)
Table(
    "post",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("user.id", name="fk_post_user", ondelete="CASCADE"), nullable=False),
    Column("title", String(100), nullable=False),
    Column("body", Text),
    Index("ix_post_user_title", "user_id", "title"),
)
Table(
    "tag",
    metadata,
    Column("post_id", ForeignKey("post.id", name="fk_tag_post"), primary_key=True),
    Column("word", String(30), primary_key=True),
)
"""

USER = sa.table("user", sa.column("id"), sa.column("name"), sa.column("age"), sa.column("status"))
POST = sa.table("post", sa.column("id"), sa.column("user_id"), sa.column("title"))
ROWS = [(1, "Ada", 36, "new", "Notes")]


def rows(shell: Shell) -> list[tuple[object, ...]]:
    joined = USER.join(POST, POST.c.user_id == USER.c.id)
    query = sa.select(USER.c.id, USER.c.name, USER.c.age, USER.c.status, POST.c.title).select_from(joined)
    return [tuple(row) for row in shell.execute(query)]


def test_from_empty_forth_and_back(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(FIRST)
    assert "wrote versions/0001_begin.py" in shell("plan", "-m", "begin").out
    assert "pending" in shell("check", code=1).out
    shell("apply")
    assert "no differences" in shell("check").out
    assert "nothing to apply" in shell("apply").err
    assert "no differences" in shell("plan").out

    user = {"id": 1, "name": "Ada", "age": 36}
    shell.execute(sa.insert(USER).values(user), sa.insert(POST).values(id=1, user_id=1, title="Notes"))

    shell.models(SECOND)
    missing = shell("check", code=1).out
    assert "user.email" in missing
    assert "create table tag" in missing
    shell("plan")
    shell("apply")
    assert "no differences" in shell("check").out
    assert rows(shell) == ROWS

    # Back takes the new column and the new table away, and whatever is in them.
    refused = shell("rollback", code=2)
    assert "SD101" in refused.err
    assert "SD102" in refused.err
    assert "no differences" in shell("check").out
    shell("rollback", "--allow", "SD101", "--allow", "SD102")
    assert rows(shell) == ROWS
    shell.models(FIRST)
    assert "drifted" not in shell("check", code=1).out

    shell("apply")
    assert rows(shell) == ROWS
    shell("rollback", "--to", "0", "--allow", "all")
    assert shell.tables() == {"schemadiff_version"}
    assert shell.execute("SELECT version FROM schemadiff_version") == [(0,)]


def test_what_is_planned_is_what_runs(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(FIRST)
    planned = shell("plan", "--format", "json").json
    dry = shell("apply", "--dry-run", "--format", "json", code=1).json
    assert dry["statements"] == planned["statements"]
    for statement in dry["statements"]:
        # What a person would do with --sql: the text alone leads to the same database.
        shell.execute(sa.text(statement.replace(":", "\\:")))
    shell.write("versions/keep", "").unlink()
    for name in shell.versions():
        (shell.folder / "versions" / name).unlink()
    assert "models and database agree" in shell("check").out


def test_a_change_by_hand_is_named(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(FIRST)
    shell("plan")
    shell("apply")
    shell.execute("ALTER TABLE post ADD COLUMN by_hand INTEGER")
    found = shell("check", code=1)
    assert "drifted" in found.out
    assert "+ add column post.by_hand" in found.out
    assert [one["column"] for one in shell("check", "--format", "json", code=1).json["drifted"]] == [
        "by_hand"
    ]
    shell.execute("ALTER TABLE post DROP COLUMN by_hand")
    assert "no differences" in shell("check").out


def test_a_change_by_hand_is_taken_over(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(FIRST)
    shell("plan")
    shell("apply")
    shell.execute("CREATE INDEX by_hand ON post (user_id, title)")
    shell.models(
        FIRST.replace(
            'Column("body", Text),', 'Column("body", Text),\n    Index("by_hand", "user_id", "title"),'
        )
    )
    planned = shell("plan", "-m", "take over").out
    assert "changed by hand" in planned
    assert "by_hand" in planned
    shell("apply")
    assert "no differences" in shell("check").out


def test_without_a_revision_none_agrees(shell: Shell) -> None:
    shell.models('Table("one", metadata, Column("id", Integer, primary_key=True))')
    shell.execute("CREATE TABLE one (id INTEGER NOT NULL PRIMARY KEY)")
    assert shell("check").out == (
        "no revision: models and database agree, but no revision makes what they have\n"
        "-> take it over: schemadiff baseline\n"
    )
    found = shell("check", "--format", "json").json
    assert (found["differences"], found["unrecorded"]) == (False, True)
    # So says `plan`, which takes over what it finds.
    shell("plan", "--dry-run", code=1)
    shell("plan")
    shell("apply")
    assert not shell("check", "--format", "json").json["unrecorded"]
