"""The conformance suite: promises of every dialect, as tests that a package inherits and runs on a real database (with
pytest).

    from schemadiff.testing import strategies
    from schemadiff.testing.dialect_suite import DialectSuite


    class TestDuckDB(DialectSuite):
        dialect = "duckdb"
        engine = strategies.Engine("duckdb", strategies.GENERIC, …)  # what random models may declare

        @pytest.fixture
        def new_database(self, tmp_path):
            numbers = itertools.count()
            return lambda: f"duckdb:///{tmp_path}/{next(numbers)}.duckdb"

``new_database`` is a function that returns the URL of a new, empty database each time. What the dialect `lacks` is
refused by name in these tests, never left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from schemadiff.commands.apply import apply
from schemadiff.commands.check import check
from schemadiff.commands.plan import plan
from schemadiff.commands.status import status
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract import registry
from schemadiff.errors import LockedError, SchemadiffError, UnsupportedError
from schemadiff.models.reader import read, read_table
from schemadiff.testing import strategies
from schemadiff.testing.converging import Databases, Definitions, Models, converge, create_all, expect_same
from schemadiff.testing.stories import STORIES, Rows, Story


class OnDatabase:
    """Base class of the tests of a dialect."""

    dialect: ClassVar[str]
    """The dialect's name."""

    @pytest.fixture
    def new_database(self) -> Callable[[], str]:
        """The function that returns the URL of a new, empty database."""
        raise NotImplementedError("say how a new, empty database is made")

    @pytest.fixture
    def fresh(self, new_database: Callable[[], str]) -> Iterator[Callable[[], sa.Engine]]:
        """The function that makes a new, empty database; its engine keeps its one connection open."""
        made: list[sa.Engine] = []

        def create() -> sa.Engine:
            made.append(engine_of(new_database()))
            return made[-1]

        yield create
        for one in made:
            one.dispose()

    @property
    def offline(self) -> Dialect:
        """The dialect without a server."""
        return registry.offline_dialect(self.dialect)

    def told(self) -> list[Story]:
        """The stories of what the database has, each about tables of its own."""
        lacks = self.offline.lacks
        return [one.numbered(number) for number, one in enumerate(STORIES) if one.feature not in lacks]


class StoriesAtOnce(OnDatabase):
    """The contract at the price of a few plans: all stories are one change."""

    def test_all_stories_at_once(self, fresh: Callable[[], sa.Engine], tmp_path: Path) -> None:
        stories, prefix = self.told(), self.offline.model_prefixes[0]
        whole = Story(
            "all",
            "".join(one.before for one in stories),
            "".join(one.after for one in stories),
            rows={table: rows for one in stories for table, rows in one.rows.items()},
        )
        tell(whole, prefix, fresh, tmp_path)

    @pytest.mark.parametrize("story", [pytest.param(one, id=one.name) for one in STORIES if one.feature])
    def test_what_the_database_lacks_is_refused_by_name(
        self, story: Story, fresh: Callable[[], sa.Engine], tmp_path: Path
    ) -> None:
        if story.feature not in self.offline.lacks:
            assert self.told(), "it is told as a story"
            return
        try:
            metadata = story.metadata(story.after, self.offline.model_prefixes[0])
        except sa.exc.ArgumentError:
            return  # SQLAlchemy itself refuses the argument
        with pytest.raises(UnsupportedError) as caught:
            plan(fresh(), metadata, tmp_path / "versions", message="refused")
        assert any(f'table "{name}"' in str(caught.value) for name in metadata.tables), str(caught.value)
        assert not (tmp_path / "versions").exists()

    def test_the_canonical_form_of_a_canonical_table_is_the_table(self) -> None:
        dialect = self.offline
        for story in self.told():
            for source in (story.before, story.after):
                for table in read(story.metadata(source, dialect.model_prefixes[0]), dialect).tables.values():
                    assert dialect.canonical(table) == table, story.name

    def test_asking_changes_nothing_and_settles(self, fresh: Callable[[], sa.Engine]) -> None:
        database = fresh()
        prefix = self.offline.model_prefixes[0]
        for story in self.told():
            with connected(database) as (connection, dialect):
                tables = tuple(read(story.metadata(story.after, prefix), dialect).tables.values())
                answered = dialect.ask(connection, tables)
                assert [one.name for one in answered] == [one.name for one in tables]
                assert dialect.ask(connection, answered) == answered, story.name
        assert definitions(database, sa.MetaData()) == {}

    def test_a_type_comes_back_as_a_type_of_sqlalchemy(self, fresh: Callable[[], sa.Engine]) -> None:
        database = fresh()
        kinds = [one.source for one in strategies.GENERIC]
        columns = [sa.Column(f"c{number}", _evaluated(kind)) for number, kind in enumerate(kinds)]
        sa.Table("t", sa.MetaData(), *columns).create(database)
        with connected(database) as (connection, dialect):
            (live,) = inspect(connection, dialect).tables.values()
            told = [sa.Column(one.name, dialect.sqlalchemy_type(one)) for one in live.columns]
            found = read_table(sa.Table("t", sa.MetaData(), *told), dialect)
        for kind, one, other in zip(kinds, live.columns, found.columns, strict=True):
            assert (one.type, one.collation) == (other.type, other.collation), kind

    def test_round_trips_do_not_depend_on_the_number_of_tables(self, fresh: Callable[[], sa.Engine]) -> None:
        database, metadata = fresh(), sa.MetaData()
        counts = []
        for number in range(12):
            sa.Table(f"t{number}", metadata, sa.Column("a", sa.Integer), sa.Index(f"i{number}", "a"))
            metadata.create_all(database)
            with connected(database) as (connection, dialect), counted(connection) as sent:
                assert len(inspect(connection, dialect).tables) == number + 1
            counts.append(len(sent))
        assert counts[-1] == counts[1], f"statements for 1 to 12 tables: {counts}"

    def test_what_the_rows_refuse_leaves_everything_as_it_was(
        self, fresh: Callable[[], sa.Engine], tmp_path: Path
    ) -> None:
        database, versions = fresh(), tmp_path / "versions"
        before, after = (_narrowed(nullable) for nullable in (True, False))
        plan(database, before, versions, message="before")
        apply(database, versions)
        insert(database, before, {"t": [{"id": 1, "n": None}]})
        known = definitions(database, before)
        plan(database, after, versions, message="after")
        with pytest.raises(SchemadiffError):
            apply(database, versions, allow=["all"])
        expect_same(definitions(database, before), known, "a revision was refused, and something changed")
        assert rows_of(database, "t", ["id", "n"]) == [(1, None)]
        assert status(database, versions).version == 1

    def test_a_change_by_hand_is_named(self, fresh: Callable[[], sa.Engine], tmp_path: Path) -> None:
        database, versions, metadata = fresh(), tmp_path / "versions", _narrowed(True)
        plan(database, metadata, versions, message="before")
        apply(database, versions)
        assert not check(database, metadata, versions)
        sa.Index("by_hand", metadata.tables["t"].c.n).create(database)
        drifted = check(database, _narrowed(True), versions).drifted
        assert ["by_hand" in one.describe() for one in drifted] == [True]

    def test_one_run_at_a_time(self, new_database: Callable[[], str]) -> None:
        url = new_database()
        with connected(url, changes=True) as (one, dialect), connected(url, changes=True) as (other, _):
            with dialect.locked(one, 0), pytest.raises(LockedError):
                dialect.locked(other, 0).__enter__()
            with dialect.locked(other, 0):
                pass

    def test_a_transaction_ends_as_one(self, fresh: Callable[[], sa.Engine]) -> None:
        database, metadata = fresh(), _narrowed(True)
        metadata.create_all(database)
        with connected(database, changes=True) as (connection, dialect):
            table = dialect.quote("t")
            with suppress(ZeroDivisionError), dialect.transaction(connection):
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES (1, 1)")
                if dialect.transactional_ddl:
                    connection.exec_driver_sql(f"CREATE TABLE {dialect.quote('u')} (a INTEGER)")
                raise ZeroDivisionError
            with dialect.transaction(connection):
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES (2, 2)")
            assert [str(name) for name in inspect(connection, dialect).tables] == ["t"]
        assert rows_of(database, "t", ["id", "n"]) == [(2, 2)]


class EachStory(OnDatabase):
    """Each story by itself, and random models."""

    engine: ClassVar[strategies.Engine | str]
    """The features that random models may use; the name of one of schemadiff's own dialects for those of that dialect.
    """

    pairs: ClassVar[int] = 50
    """How many random pairs are taken forth and back."""

    shrinks: ClassVar[bool] = False
    """Whether Hypothesis looks for a smaller pair that fails, which may take minutes."""

    @pytest.mark.parametrize("story", [pytest.param(one, id=one.name) for one in STORIES])
    def test_story(self, story: Story, fresh: Callable[[], sa.Engine], tmp_path: Path) -> None:
        if story.feature in self.offline.lacks:
            assert story.feature, "it is refused, see above"
            return
        tell(story, self.offline.model_prefixes[0], fresh, tmp_path)

    def test_random_pairs(
        self, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        @hypothesis.settings(
            max_examples=self.pairs,
            database=None,
            deadline=None,
            derandomize=True,
            phases=(hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if self.shrinks else [])),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(strategies.pairs(self.engine))
        def converges(pair: strategies.Pair) -> None:
            databases = Databases(*(engine_of(new_database()) for _ in range(3)))
            before, after = pair.before.metadata(), pair.after.metadata()
            try:
                create_all(databases.before, before)
                create_all(databases.after, after)
                first, second = (Models(one, _definitions_of(one)) for one in (before, after))
                converge(databases, first, second, tmp_path_factory.mktemp("pair") / "versions")
            finally:
                for one in databases:
                    one.dispose()

        converges()


class DialectSuite(StoriesAtOnce, EachStory):
    """The whole contract."""


def tell(story: Story, prefix: str, fresh: Callable[[], sa.Engine], folder: Path) -> None:
    """Takes a database forth and back through the story, its rows with it."""
    before, after = (story.metadata(source, prefix) for source in (story.before, story.after))
    databases = Databases(fresh(), fresh(), fresh())
    for database, metadata in ((databases.before, before), (databases.after, after)):
        metadata.create_all(database)
    lasting = {
        name: [
            column.name for column in before.tables[name].columns if column.name in after.tables[name].columns
        ]
        for name in story.rows
        if name in after.tables
    }
    seen: list[object] = []

    def between(database: sa.Engine) -> None:
        if not seen:
            insert(database, before, story.rows)
        seen.append({name: rows_of(database, name, columns) for name, columns in lasting.items()})

    first, second = (Models(one, _definitions_of(one)) for one in (before, after))
    converge(databases, first, second, folder / "versions", between)
    assert all(one == seen[0] for one in seen), f"rows have changed: {seen}"


def engine_of(text: str) -> sa.Engine:
    """An engine of that URL that keeps its one connection open, which is as schemadiff would open it."""
    url = registry.connection_url(sa.make_url(text))
    arguments = registry.connecting(url).connect_arguments(url, reads=False)
    return sa.create_engine(url, poolclass=StaticPool, connect_args=arguments)


def definitions(database: sa.Engine, metadata: sa.MetaData) -> Definitions:
    """The tables as the dialect reads them, each in lines; names that the models do not give are left out."""
    given = {
        str(name)
        for table in metadata.tables.values()
        for name in (one.name for some in (table.constraints, table.indexes) for one in some)
        if name
    }
    with connected(database) as (connection, dialect):
        tables = inspect(connection, dialect).tables
    return {
        str(name): sorted(
            [
                *(repr(one) for one in table.columns),
                *(_named(one, given) for one in (*table.constraints(), *table.indexes)),
                repr(table.options),
            ]
        )
        for name, table in tables.items()
    }


def insert(database: sa.Engine, metadata: sa.MetaData, rows: Rows) -> None:
    """Puts the rows into the tables of the models."""
    with database.begin() as connection:
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                connection.execute(table.insert(), list(rows[table.name]))


def rows_of(database: sa.Engine, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a table with these columns, in the order of the first one."""
    chosen: list[sa.ColumnClause[Any]] = [sa.column(one) for one in columns]
    with database.connect() as connection:
        rows = connection.execute(sa.select(*chosen).select_from(sa.table(table)).order_by(chosen[0]))
        return [tuple(row) for row in rows]


@contextmanager
def counted(connection: sa.Connection) -> Iterator[list[str]]:
    """The statements that are sent in here."""
    sent: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        sent.append(statement)

    sa.event.listen(connection, "before_cursor_execute", count)
    try:
        yield sent
    finally:
        sa.event.remove(connection, "before_cursor_execute", count)


def _definitions_of(metadata: sa.MetaData) -> Callable[[sa.Engine], Definitions]:
    return lambda database: definitions(database, metadata)


def _named(thing: Any, given: set[str]) -> str:
    return repr(thing if thing.name in given or not thing.name else dataclasses.replace(thing, name="?"))


def _narrowed(nullable: bool) -> sa.MetaData:
    metadata = sa.MetaData()
    identity = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
    sa.Table("t", metadata, identity, sa.Column("n", sa.Integer, nullable=nullable))
    return metadata


def _evaluated(kind: str) -> sa.types.TypeEngine[Any]:
    found: sa.types.TypeEngine[Any] = eval(kind, {"sa": sa})  # noqa: S307 - our own text
    return sa.types.to_instance(found)
