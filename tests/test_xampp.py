"""A server as XAMPP ships it for Windows: the names of tables are kept in lower case (lower_case_table_names = 1),
whatever the models, the history and the command line call them, and no packet is larger than a megabyte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import DatabaseError
from tests.restarting import RestartableServer
from tests.servers.choice import ServerError
from tests.servers.databases import Databases
from tools.install_servers import find

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    """Databases on a server of that kind: MariaDB, which tells names and counts bytes as MySQL does."""
    installation = find("mariadb")
    if installation is None:
        raise ServerError(
            "No mariadb server found. Install one with: python tools/install_servers.py mariadb"
        )
    with RestartableServer(installation, "--lower-case-table-names=1", "--max-allowed-packet=1M") as server:
        made = Databases(lambda _: server.url)
        yield made
        made.close()


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    made = databases.create("mariadb")
    yield made
    databases.drop("mariadb", made)


def models(post: str = "BlogPost", *columns: str, **kept: object) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        post,
        metadata,
        sa.Column("Id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Integer) for name in columns),
        info=kept,
    )
    sa.Table("Comment", metadata, sa.Column("Id", sa.ForeignKey(f"{post}.Id", name="Fk"), primary_key=True))
    return metadata


def test_names_are_what_the_models_call_them(url: str, tmp_path: Path) -> None:
    def plan(metadata: sa.MetaData, *renamed: str) -> list[str]:
        found = schemadiff.plan(url, metadata, tmp_path, rename=renamed, dry_run=True)
        return [one.describe() for one in found.plan.operations]

    schemadiff.plan(url, models("BlogPost", "Old"), tmp_path, message="first")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models("BlogPost", "Old"), tmp_path)
    assert plan(models("Article", "Old"), "BlogPost=Article") == ["rename table blogpost to article"]
    assert plan(models("Article", "Old", renamed_from="BlogPost")) == ["rename table blogpost to article"]
    assert plan(models("BlogPost", "New"), "BlogPost.Old=New") == ["rename column blogpost.Old to New"]
    # What the models want to be left alone is left alone.
    assert plan(models("BlogPost", "Old", "New", schemadiff="ignore")) == []
    found = schemadiff.plan(url, models("BlogPost", "Old", "New"), tmp_path, exclude=["Blog*"], dry_run=True)
    assert not found.plan.operations
    found = schemadiff.plan(
        url, models("BlogPost", "Old", "New"), tmp_path, include=["BlogPost"], dry_run=True
    )
    assert len(found.plan.operations) == 1


HISTORY = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table("BlogPost", sa.Column("Id", sa.Integer, primary_key=True))
    op.add_column("BlogPost", sa.Column("Old", sa.Integer))
    op.create_table(
        "Comment",
        sa.Column("Id", sa.Integer, sa.ForeignKey("BlogPost.Id", name="Fk"), primary_key=True, autoincrement=False),
    )
    op.rename_column("BlogPost", "Old", "New")
    op.rename_table("BlogPost", "Article")
    op.create_index("Article", sa.Index("Ix", "New"))
"""


def test_a_history_from_elsewhere_runs_forth_and_back(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_elsewhere.py").write_text(HISTORY)
    assert schemadiff.apply(url, tmp_path).after == 1
    metadata = models("Article", "New")
    sa.Index("Ix", metadata.tables["Article"].c.New)
    found = schemadiff.check(url, metadata, tmp_path)
    assert not found, found
    assert schemadiff.rollback(url, tmp_path, allow=["all"]).after == 0


def test_what_is_long_goes_in_several_packets(url: str, tmp_path: Path) -> None:
    def wide(width: int) -> sa.MetaData:
        metadata = sa.MetaData()
        for number in range(120):
            columns = (
                sa.Column(
                    f"attribute_{one}",
                    sa.String(width),
                    nullable=False,
                    server_default="some default text",
                    comment="what this attribute says, in the words of whoever had thought of it" * 2,
                )
                for one in range(50)
            )
            check = sa.CheckConstraint("attribute_1 <> attribute_2", name="differ")
            key = sa.Column("id", sa.Integer, primary_key=True)
            sa.Table(f"customer_record_{number}", metadata, key, *columns, check)
        return metadata

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    wide(30).create_all(engine)
    assert not schemadiff.check(url, wide(30), tmp_path)
    assert schemadiff.plan(url, wide(30), tmp_path, dry_run=True).plan.steps == ()
    assert len(schemadiff.check(url, wide(40), tmp_path).missing) == 120 * 50


def test_a_journal_that_is_too_long_is_refused_before_the_first_step(url: str, tmp_path: Path) -> None:
    text = "x" * 600_000
    script = ["def upgrade(op):", '    op.execute("CREATE TABLE notes (size int)")']
    script += [f"    op.execute(\"INSERT INTO notes SELECT length('{text}')\")" for _ in range(2)]
    (tmp_path / "0001_notes.py").write_text("\n".join(script) + "\n")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with pytest.raises(DatabaseError, match=r"none is carried out.*max_allowed_packet") as caught:
        schemadiff.apply(url, tmp_path)
    assert "SET GLOBAL max_allowed_packet" in str(caught.value.hint)
    assert "split the revision" in str(caught.value.hint)
    assert "notes" not in sa.inspect(engine).get_table_names()
    assert schemadiff.status(url, tmp_path).interrupted is None
    with engine.connect() as connection:
        connection.exec_driver_sql("SET GLOBAL max_allowed_packet = 67108864")
        try:
            assert schemadiff.apply(url, tmp_path).after == 1
        finally:
            connection.exec_driver_sql("SET GLOBAL max_allowed_packet = 1048576")
