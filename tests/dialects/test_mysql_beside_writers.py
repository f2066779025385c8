"""A large table is changed in the order in which those who write to it wait least, on MySQL and MariaDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.execute.executor import Event
from tests.conftest import FreshDatabase
from tests.counting import counted
from tests.dialects.test_mysql_server import texts_of

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

TABLE = """
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(40)),
        sa.Column("size", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Index("ix_total", "total"),
    )
"""
SIX = """
    op.create_index("entry", sa.Index("ix_kind", "kind"))
    op.create_index("entry", sa.Index("ix_total_kind", "total", "kind"))
    op.drop_index("entry", sa.Index("ix_total", "total"))
    op.alter_column("entry", sa.Column("size", sa.Integer), sa.Column("size", sa.BigInteger))
    op.add_column("entry", sa.Column("note", sa.String(20)))
    op.alter_column("entry", sa.Column("kind", sa.String(40)), sa.Column("kind", sa.String(40), nullable=False))
"""
WANTED = {
    "mysql": [
        "ALTER TABLE `entry` ADD COLUMN `note` varchar(20) NULL, ALGORITHM=INSTANT",
        "ALTER TABLE `entry`\n"
        "  MODIFY COLUMN `size` bigint NULL,\n"
        "  MODIFY COLUMN `kind` varchar(40) NOT NULL,\n"
        "  ALGORITHM=COPY, LOCK=SHARED",
        "ALTER TABLE `entry`\n"
        "  DROP INDEX `ix_total`,\n"
        "  ADD INDEX `ix_kind` (`kind`),\n"
        "  ADD INDEX `ix_total_kind` (`total`, `kind`),\n"
        "  ALGORITHM=INPLACE, LOCK=NONE",
    ],
    "mariadb": [
        "ALTER TABLE `entry` ADD COLUMN `note` varchar(20) NULL, ALGORITHM=INSTANT",
        "ALTER TABLE `entry`\n"
        "  MODIFY COLUMN `size` bigint(20) NULL,\n"
        "  MODIFY COLUMN `kind` varchar(40) NOT NULL,\n"
        "  ALGORITHM=COPY, LOCK=SHARED",
        "ALTER TABLE `entry`\n"
        "  DROP INDEX `ix_total`,\n"
        "  ADD INDEX `ix_kind` (`kind`),\n"
        "  ADD INDEX `ix_total_kind` (`total`, `kind`),\n"
        "  ALGORITHM=NOCOPY, LOCK=NONE",
    ],
}


def _write(folder: Path, *bodies: str) -> None:
    for number, body in enumerate(bodies, 1):
        path = folder / f"{number:04}_change.py"
        path.write_text(f"import sqlalchemy as sa\n\n\ndef upgrade(op):{body}")


def test_a_copy_builds_no_index(fresh_database: FreshDatabase, engine_name: str, tmp_path: Path) -> None:
    """Also where the revision has the index before the change of its column; whoever stops it anywhere finds the way
    back and the way on.
    """

    class Stopped(Exception):
        pass

    url, other = fresh_database(engine_name), fresh_database(engine_name)
    _write(tmp_path, TABLE, SIX)
    for each in (url, other):
        schemadiff.apply(each, tmp_path, to=1)
    before = texts_of(url)
    plan = schemadiff.apply(url, tmp_path, online="always", dry_run=True).done[0].plan
    assert list(plan.statements) == WANTED[engine_name]
    schemadiff.apply(other, tmp_path, allow=["all"], online="never")
    after = texts_of(other)
    for last in range(len(plan.steps)):
        for work, end in ((schemadiff.rollback, before), (schemadiff.apply, after)):

            def stop(event: Event, last: int = last) -> None:
                if event.position == last and event.seconds is not None:
                    raise Stopped

            with pytest.raises(Stopped):
                schemadiff.apply(url, tmp_path, allow=["all"], online="always", progress=stop)
            work(url, tmp_path, allow=["all"], online="always")
            assert texts_of(url) == end
        schemadiff.rollback(url, tmp_path, to=1, allow=["all"], online="always")
        assert texts_of(url) == before


def test_the_server_is_asked_about_a_table_and_not_about_its_columns(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """However many of them change."""

    def models(columns: int, *, new: bool) -> sa.MetaData:
        metadata = sa.MetaData()
        kinds: tuple[Any, Any] = (sa.BigInteger(), sa.String(30)) if new else (sa.Integer(), sa.String(20))
        names = [f"column_{number}" for number in range(columns)]
        changing = [sa.Column(name, kinds[number % 2]) for number, name in enumerate(names)]
        added = [sa.Column(f"new_{name}", sa.Integer) for name in names if new]
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *changing, *added)
        return metadata

    asked = []
    for columns in (4, 40):
        url = fresh_database(engine_name)
        versions = tmp_path / str(columns)
        schemadiff.plan(url, models(columns, new=False), versions)
        schemadiff.apply(url, versions)
        with counted() as counts:
            found = schemadiff.plan(url, models(columns, new=True), versions, dry_run=True, online="always")
        assert [step.method.words.partition(":")[0] for step in found.plan.steps] == ["INSTANT", "COPY"]
        asked.append(counts.queries)
    assert asked[0] == asked[1]
