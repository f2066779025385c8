"""Every story of tests/cases, told to a real server forth and back by the same calls that the commands make.

For each: create_all and check is quiet; the plan is the golden one; its file replays to the same operations; after
`apply` the database is defined as by a fresh create_all of the models, after `rollback` as by one of the models before.
Then by hand: a database that its version row says is as before, and that is as after, is named by check, and put back.
That is about the servers, and so not told with SQLAlchemy 2.0 as well.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import textwrap
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.compare.align import align_table
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect, inspect_for
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.execute import version_table
from schemadiff.models.reader import read
from schemadiff.revisions import files as revision_files
from schemadiff.revisions.writer import revision
from schemadiff.schema import Column, Table
from tests import postgresql_catalog
from tests.conftest import ORDINARY
from tests.convergence import with_one_connection
from tests.definitions import definitions, names_in
from tests.stories import Story, stories
from tools import story_pages

CASES = [
    pytest.param(
        story, marks=[pytest.mark.engines(story.engine), pytest.mark.since(story.since)], id=story.name
    )
    for story in stories()
]

NOT_BY_HAND = {
    **dict.fromkeys(
        (
            "mysql/partitions",
            "mysql/storage_options",
            "mysql/autoextend_size",
            "mariadb/partitions",
            "mariadb/storage_options",
            "mariadb/page_compression",
        ),
        "options of which neither models nor revisions speak are the DBA's, and stay",
    ),
    "mariadb/partitioned_table": "partitions that were made by hand are not taken away again, and check goes on naming "
    "them",
    **dict.fromkeys(
        (
            "mysql/check_named",
            "mysql/foreign_key_named",
            "mariadb/check_named",
            "mariadb/foreign_key_named",
            "postgresql/check_named",
            "postgresql/foreign_key_named",
            "postgresql/primary_key_named",
        ),
        "a name that was given by hand to what the models leave unnamed is not told from one that the server made up",
    ),
}
"""Known bugs in putting back what was done by hand."""


@pytest.fixture
def fresh_engine(fresh_database: Callable[[str], str]) -> Iterator[Callable[[str], sa.Engine]]:
    """The function that makes an empty database, whose engine keeps its one connection open: of some thirty that a
    story would open, each costs as much as a statement, and on PostgreSQL begins with empty caches.
    """
    made: list[sa.Engine] = []

    def create(engine: str) -> sa.Engine:
        made.append(with_one_connection(fresh_database(engine)))
        return made[-1]

    yield create
    for engine in made:
        engine.dispose()


@pytest.mark.parametrize("story", CASES)
def test_story(
    story: Story, fresh_engine: Callable[[str], sa.Engine], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    engine = story.engine
    before, after = story.metadata("current.py"), story.metadata("desired.py")
    created_before, created_after, database = (fresh_engine(engine) for _ in range(3))
    for schema in {table.schema for one in (before, after) for table in one.tables.values() if table.schema}:
        # In the third database a plan creates it.
        for each in (created_before, created_after):
            with connected(each) as (connection, dialect):
                connection.exec_driver_sql(f"CREATE SCHEMA {dialect.quote(schema)}")
    for fresh, metadata in ((created_before, before), (created_after, after)):
        metadata.create_all(fresh)
        assert not schemadiff.check(fresh, metadata, tmp_path / "none"), "create_all then check must be quiet"
        _expect_rules_and_server_agree(fresh, metadata)

    versions = tmp_path / "versions"
    versions.mkdir()
    if before.tables:
        schemadiff.plan(database, before, versions, message="before")
        schemadiff.apply(database, versions)
    assert _definitions(database) == _definitions(created_before)
    history = shutil.copytree(versions, tmp_path / "history")

    online = None
    if "online.sql" in story.sections:
        online = schemadiff.plan(
            database, after, versions, no_renames=True, online="always", dry_run=True
        ).plan
    planned = schemadiff.plan(database, after, versions, message="after", no_renames=True)
    assert planned.path, "the plan found no difference"
    with connected(database) as (_, dialect):
        _, recorded = revision_files.replay(revision_files.load(versions), dialect)
        assert revision.write(recorded[-1], "after", dialect) == planned.text, (
            "what is loaded is not what was written"
        )
    schemadiff.apply(database, versions, allow=["all"])
    assert not schemadiff.check(database, after, versions)
    assert _definitions(database) == _definitions(created_after)

    undone = schemadiff.rollback(database, versions, dry_run=True)
    schemadiff.rollback(database, versions, allow=["all"])
    assert not schemadiff.check(database, after, versions).drifted
    assert _definitions(database) == _definitions(created_before)
    if online:
        schemadiff.apply(database, versions, allow=["all"], online="always")
        assert _definitions(database) == _definitions(created_after)

    with connected(database) as (_, dialect):
        known = [read(metadata, dialect) for metadata in (before, after)]
    by_hand = story.name not in NOT_BY_HAND and sa.__version__ >= "2.1"
    if by_hand and not any(schema.objects or schema.namespaces for schema in known):
        # Views, sequences and schemas that neither models nor revisions know are somebody else's.
        _claim_revision(created_after, history)
        assert schemadiff.check(created_after, before, history).drifted, (
            "check is blind to what is done by hand"
        )
        schemadiff.plan(created_after, before, history, message="put back", no_renames=True)
        schemadiff.apply(created_after, history, allow=["all"])
        assert not schemadiff.check(created_after, before, history)
        given = names_in(known[0])
        put_back, wanted = (definitions(one, given) for one in (created_after, created_before))
        assert put_back == wanted

    golden = {
        "revision.py": _upgrade(planned.text),
        "up.sql": _sql(planned.plan.statements),
        "down.sql": _sql(undone.done[0].plan.statements),
        "hazards": "".join(f"{hazard.code} {hazard.message}\n" for hazard in planned.plan.hazards),
    }
    if online:
        golden["online.sql"] = _sql(online.statements)
    if pytestconfig.getoption("--update"):
        story.update(golden)
    other = pytestconfig.getoption("--other-version")
    differing = [name for name, text in golden.items() if text != story.sections.get(name)]
    newer = story.since > ORDINARY[engine]  # written by the first version that can tell it
    if differing and other and not newer:
        warnings.warn(f"golden parts differ: {story.name}: {', '.join(differing)}", stacklevel=1)
    if (newer or not other) and not pytestconfig.getoption("--update"):
        assert golden == {name: story.sections.get(name) for name in golden}


def test_stories_say_what_they_show() -> None:
    told = stories()
    assert told
    for story in told:
        assert story.about.startswith("# "), f"{story.path} begins with no comment"
        assert story.sections.keys() >= {"current.py", "desired.py", "revision.py", "up.sql", "down.sql"}, (
            story.path
        )


def test_what_is_alike_stands_once(tmp_path: Path) -> None:
    """A page of several engines says for each what a page of its own would say."""
    said = {
        "mysql": {
            "about": "# A.\n",
            "current.py": "c\n",
            "desired.py": "d\n",
            "up.sql": "x\n",
            "hazards": "",
        },
        "sqlite": {
            "about": "# B.\n",
            "current.py": "c\n",
            "desired.py": "d\n",
            "up.sql": "y\n",
            "hazards": "",
        },
    }
    text = story_pages.render(said)
    assert {engine: story_pages.sections(text, engine) for engine in said} == said
    assert text.count("-- hazards (mysql, sqlite) --\n") == text.count("-- current.py --\n") == 1
    (tmp_path / "common").mkdir()
    page = tmp_path / "common" / "a.txt"
    page.write_text(text)
    assert story_pages.engines_of(page) == ("mysql", "sqlite")
    story_pages.update(page, "sqlite", {"up.sql": "x\n"})
    assert "-- up.sql (mysql, sqlite) --\nx\n" in page.read_text()


def _claim_revision(database: sa.Engine, versions: Path) -> None:
    """Makes the version row say that all revisions were applied to the database."""
    history = revision_files.load(versions)
    with connected(database, changes=True) as (connection, dialect):
        state = version_table.create(connection, dialect)
        if history:
            files = tuple(one.own for one in history)
            state = dataclasses.replace(state, version=len(history), digest=history[-1].digest, files=files)
            version_table.write(connection, dialect, state)


def _expect_rules_and_server_agree(database: sa.Engine, metadata: sa.MetaData) -> None:
    """What the rules make of the models is what the server says when it is asked, but for expressions, which only it
    can spell; and what it says when it is asked is what it then has.
    """
    with connected(database) as (connection, dialect):
        desired = read(metadata, dialect)
        live = inspect_for(connection, dialect, desired)
        tables = [table for name, table in desired.tables.items() if name in live.tables]
        for table, asked in zip(tables, dialect.ask(connection, tables), strict=True):
            _expect_rules_are_not_rash(table, asked, dialect)
            assert [_without_texts(one) for one in table.columns] == [
                _without_texts(one) for one in asked.columns
            ]
            known = live.tables[table.name]
            assert align_table(known, asked, dialect) == known


def _expect_rules_are_not_rash(table: Table, asked: Table, dialect: Dialect) -> None:
    """What the rules call the same in a table, the server spells alike."""
    judge = dialect.rules(table) if asked is not table else None
    spellings = zip(_expressions(table), _expressions(asked), strict=True)
    # An expression that is only a column's name comes back as that column.
    texts = [(one, spelled) for one, spelled in spellings if one and spelled]
    for (one, spelled), (other, differently) in combinations(texts, 2):
        if judge and (judge.same(one, other) or judge.same(one, differently)):
            assert spelled == differently


def _expressions(table: Table) -> list[str | None]:
    generated = [column.generated.expression for column in table.columns if column.generated]
    parts = [part.expression for index in table.indexes for part in index.parts]
    return [*generated, *parts, *(check.expression for check in table.checks)]


def _without_texts(column: Column) -> Column:
    generated = column.generated and dataclasses.replace(column.generated, expression="")
    return dataclasses.replace(column, default=column.default and "", generated=generated)


def _definitions(database: sa.Engine) -> Any:
    """What the server says the tables are: SHOW CREATE TABLE where there is one, line by line in whatever order
    (a column that was added stands last), else the inspected values, on PostgreSQL with what its catalogs say.
    """
    with connected(database) as (connection, dialect):
        live = inspect(connection, dialect, dialect.schemas(connection))
        texts: dict[str, Any] = {
            f"{one.key}": one
            for one in dialect.objects(connection, kinds=("sequence", "enum", "domain", "view"))
        }
        if dialect.transactional_ddl:
            if dialect.name == "postgresql":
                texts["pg_catalog"] = postgresql_catalog.catalog(connection)
            return {**texts, **{str(name): table for name, table in live.tables.items()}}
        for name in live.tables:
            show = f"SHOW CREATE TABLE {dialect.quote_name(name)}"
            row = connection.exec_driver_sql(show, execution_options=VERBATIM).one()
            schema = dialect.quote(dialect.default_schema or "")  # nextval() names it
            text = re.sub(r" AUTO_INCREMENT=\d+", "", row[1]).replace(f"{schema}.", "")
            texts[str(name)] = sorted(line.strip().rstrip(",") for line in text.splitlines())
        return texts


def _upgrade(source: str) -> str:
    return textwrap.dedent(source.partition("def upgrade(op):\n")[2])


def _sql(statements: tuple[str, ...]) -> str:
    return "".join(f"{statement};\n" for statement in statements)
