"""What speaks of a column or table that is renamed or dropped is named in the plan, before it fails or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.cli.output import plan_json
from schemadiff.database.connection import connected
from schemadiff.errors import StepError
from schemadiff.operations import DropColumn, DropTable, Execute, Operation, RenameColumn, RenameTable
from schemadiff.operations.objects import DropObject
from schemadiff.planning import mentions
from schemadiff.planning.hazards import Hazard
from schemadiff.schema import Column, Name, Routine, Table, Type, View

pytestmark = pytest.mark.once

ACCOUNT, OTHER = Name("account"), Name("other")
VIEW = View(Name("v"), "SELECT account.id, account.name FROM account")
TRIGGER = Routine("trigger", Name("tr"), "CREATE TRIGGER tr … SET NEW.name = 1", ACCOUNT)
FOREIGN = Routine("trigger", Name("tr2"), "… UPDATE account SET name = 1", OTHER)
RUN = Routine("function", Name("f"), "… NEW.name := 1 …")
RUNS = Routine(
    "trigger", Name("tr3"), "CREATE TRIGGER tr3 BEFORE UPDATE ON account EXECUTE FUNCTION f()", ACCOUNT
)
RENAME = RenameColumn(ACCOUNT, "name", "label")
TEXT = Type("TEXT")


@pytest.mark.parametrize(
    ("operations", "objects", "expected"),
    [
        ((RENAME,), (VIEW, TRIGGER, FOREIGN), {RENAME: (VIEW, TRIGGER, FOREIGN)}),
        # A function does not name the table of the trigger that runs it.
        ((RENAME,), (RUN, RUNS), {RENAME: (RUN,)}),
        ((RENAME,), (RUN,), {}),
        ((RenameColumn(ACCOUNT, "nam", "n"), RenameColumn(OTHER, "name", "n")), (VIEW, TRIGGER), {}),
        # What other operations see to.
        ((DropObject(VIEW), RENAME), (VIEW,), {}),
        ((RENAME, Execute("DROP TRIGGER tr")), (TRIGGER, VIEW), {RENAME: (VIEW,)}),
        # The name that the table has in the database.
        (
            (RenameTable(ACCOUNT, OTHER), RenameColumn(OTHER, "name", "label")),
            (VIEW, TRIGGER),
            {
                RenameTable(ACCOUNT, OTHER): (VIEW,),
                RenameColumn(OTHER, "name", "label"): (VIEW, TRIGGER),
            },
        ),
        # What is on a table goes with it.
        (
            (DropTable(Table(ACCOUNT, ())),),
            (VIEW, TRIGGER, FOREIGN, RUNS),
            {DropTable(Table(ACCOUNT, ())): (VIEW, FOREIGN)},
        ),
        (
            (DropColumn(ACCOUNT, Column("name", TEXT)),),
            (VIEW,),
            {DropColumn(ACCOUNT, Column("name", TEXT)): (VIEW,)},
        ),
    ],
)
def test_who_speaks_of_it(
    operations: tuple[Operation, ...], objects: tuple[Any, ...], expected: dict[Operation, Any]
) -> None:
    assert mentions.found(operations, objects) == expected


MYSQL = (
    "CREATE VIEW v_account AS SELECT id, name FROM account",
    "CREATE VIEW v_other AS SELECT id FROM account",
    "CREATE TRIGGER tr_account BEFORE UPDATE ON account FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
    "CREATE PROCEDURE p_account() UPDATE account SET name = 'x'",
    "CREATE FUNCTION f_account() RETURNS INT READS SQL DATA RETURN (SELECT count(name) FROM account)",
    "CREATE EVENT e_account ON SCHEDULE EVERY 1 YEAR DO DELETE FROM account WHERE name = ''",
)
SQLITE = (
    "CREATE VIEW v_account AS SELECT id, name FROM account",
    "CREATE VIEW v_other AS SELECT id FROM account",
    "CREATE TRIGGER tr_account AFTER UPDATE ON account BEGIN UPDATE account SET name = 'x' WHERE 0; END",
)
POSTGRESQL = (
    "CREATE VIEW v_account AS SELECT id, name FROM account",
    "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'x'; RETURN NEW; END $$",
    "CREATE TRIGGER tr_account BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION tf()",
    "CREATE POLICY own ON account USING (name = current_user)",
    "CREATE PROCEDURE p_account() LANGUAGE sql AS $$ UPDATE account SET name = 'x' $$",
    "CREATE FUNCTION f_other() RETURNS bigint LANGUAGE sql AS $$ SELECT count(id) FROM account $$",
)
USERS = {"mysql": MYSQL, "mariadb": MYSQL, "postgresql": POSTGRESQL, "sqlite": SQLITE}
ALL = "event e_account function f_account procedure p_account trigger tr_account view v_account"
BROKEN = {
    ("mysql", "name"): ALL,
    ("mariadb", "name"): ALL,
    ("postgresql", "name"): "function tf procedure p_account",
    ("sqlite", "name"): "",
    ("mysql", "table"): "event e_account function f_account procedure p_account view v_account view v_other",
    (
        "mariadb",
        "table",
    ): "event e_account function f_account procedure p_account view v_account view v_other",
    ("postgresql", "table"): "function f_other procedure p_account",
    ("sqlite", "table"): "",
}


def models(column: str | None = "name", table: str = "account") -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(column, sa.String(20))] if column else []
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


@pytest.fixture
def place(url: str, engine_name: str, tmp_path: Path) -> tuple[str, Path, str]:
    schemadiff.plan(url, models(), tmp_path)
    schemadiff.apply(url, tmp_path)
    with connected(url, changes=True) as (connection, _):
        for sql in USERS[engine_name]:
            connection.exec_driver_sql(sql)
    return url, tmp_path, engine_name


def _named(hazard: Hazard) -> list[str]:
    """The kinds and names in its message, sorted."""
    words = (
        hazard.message.partition(": ")[2]
        .partition(" may fail")[0]
        .removeprefix("the server refuses that where ")
    )
    return sorted(words.partition(" use")[0].split(", "))


def _pairs(words: str) -> list[str]:
    found = words.split()
    return sorted(f"{kind} {name}" for kind, name in zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("what", ["name", "table"])
def test_what_breaks_is_named_and_does_not_block(place: tuple[str, Path, str], what: str) -> None:
    url, versions, engine = place
    after = models("label") if what == "name" else models(table="customer")
    renamed = ["account.name=label"] if what == "name" else ["account=customer"]
    planned = schemadiff.plan(url, after, versions, rename=renamed)
    assert [one for hazard in planned.plan.hazards for one in _named(hazard)] == _pairs(BROKEN[engine, what])
    assert {(one.code, one.level) for one in planned.plan.hazards} <= {("SD406", "warning")}
    told = json.loads(json.dumps(plan_json.operations(planned.plan.operations, planned.plan.steps)))
    assert [one["code"] for operation in told for one in operation["hazards"]] == [
        one.code for one in planned.plan.hazards
    ]
    schemadiff.apply(url, versions)
    if engine in ("sqlite", "postgresql"):  # what they keep right themselves works
        with connected(url) as (connection, _):
            connection.exec_driver_sql("SELECT * FROM v_account").close()


@pytest.mark.engines("sqlite", "postgresql")
def test_what_the_server_refuses_is_named_before(place: tuple[str, Path, str]) -> None:
    url, versions, engine = place
    planned = schemadiff.plan(url, models(None), versions)
    (held,) = (one for one in planned.plan.hazards if one.code == "SD209")
    held_by = ["policy own on account", "view v_account"]
    assert _named(held) == (held_by if engine == "postgresql" else ["trigger tr_account", "view v_account"])
    with pytest.raises(StepError) as raised:
        schemadiff.apply(url, versions, allow=["all"])
    assert "op.execute" in (raised.value.hint or "") or engine == "postgresql"
    with connected(url) as (connection, _):
        connection.exec_driver_sql("SELECT id, name FROM v_account").close()
    # Seen to in the revision, it is not named any more, and goes through.
    (file,) = versions.glob("0002*.py")
    head = "def upgrade(op):\n"
    other = "DROP TRIGGER tr_account" if engine == "sqlite" else "DROP POLICY own ON account"
    drops = ["DROP VIEW v_account", other]
    steps = "".join(f'    op.execute("{sql}", reverse="{sql}")\n' for sql in drops)
    file.write_text(file.read_text().replace(head, head + steps))
    done = schemadiff.apply(url, versions, allow=["all"])
    assert not [one for one in done.hazards if one.code == "SD209"]


@pytest.mark.once
@pytest.mark.engines("sqlite", "mysql", "mariadb", "postgresql")
def test_a_declared_view_moves_along_and_is_not_named(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    from sqlalchemy.sql.ddl import CreateView

    def with_view(column: str) -> sa.MetaData:
        metadata = models(column)
        table = metadata.tables["account"]
        CreateView(sa.select(table.c.id, table.c[column]), "v_account", metadata=metadata)
        return metadata

    for engine in ("mysql", "mariadb", "postgresql", "sqlite"):
        url, versions = fresh_database(engine), tmp_path / engine
        schemadiff.plan(url, with_view("name"), versions)
        schemadiff.apply(url, versions)
        planned = schemadiff.plan(url, with_view("label"), versions, rename=["account.name=label"])
        assert not planned.plan.hazards
        for step in (schemadiff.apply, schemadiff.rollback):
            step(url, versions)
            with connected(url) as (connection, _):
                connection.exec_driver_sql("SELECT * FROM v_account").close()


@pytest.mark.engines("sqlite", "mysql")
def test_the_advice_of_a_rollback_is_for_a_rollback(url: str, engine_name: str, tmp_path: Path) -> None:
    """A revision that is applied stays as it is, and no later one helps who goes back."""

    def models(*more: str) -> sa.MetaData:
        metadata = sa.MetaData()
        names = ["name", *more]
        sa.Table(
            "account",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(one, sa.String(20)) for one in names),
        )
        if more:
            sa.Table("extra", metadata, sa.Column("id", sa.Integer, primary_key=True))
        return metadata

    for each in (models(), models("more")):
        schemadiff.plan(url, each, tmp_path)
        schemadiff.apply(url, tmp_path)
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("CREATE VIEW shown AS SELECT account.more FROM account")
        connection.commit()
    (done,) = schemadiff.rollback(url, tmp_path, dry_run=True).done
    told = {one.code: one.advice for one in done.plan.hazards}
    assert told.keys() == {"SD101", "SD102", "SD209" if engine_name == "sqlite" else "SD406"}
    assert all("rollback" in advice or "leave the revision applied" in advice for advice in told.values())
    assert not any("later revision" in advice or "same revision" in advice for advice in told.values())
    forward = schemadiff.plan(url, models(), tmp_path, dry_run=True).plan.hazards
    assert not any("rollback" in one.advice or "leave the revision" in one.advice for one in forward)
