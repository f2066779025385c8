"""A label of an enumerated type that was renamed: the plan shows a way, and the way works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.mysql import SET

import schemadiff
from schemadiff.cli.output import plan_json, plan_lines
from schemadiff.database.connection import connected
from schemadiff.dialects.mysql.sql import label_renames as mysql
from schemadiff.dialects.shared.label_renames import literal
from schemadiff.errors import StepError
from schemadiff.operations import AlterColumn
from schemadiff.schema import Column, Name, Type

pytestmark = pytest.mark.once

OLD, NEW = ("open", "it's", "done"), ("open", "paused", "done")
EITHER = (*OLD, "paused")


def models(values: tuple[str, ...], default: str) -> sa.MetaData:
    metadata = sa.MetaData()
    state: sa.Column[str] = sa.Column(
        "state", sa.Enum(*values, name="State"), nullable=False, server_default=default
    )
    sa.Table("Ticket", metadata, sa.Column("id", sa.Integer, primary_key=True), state)
    return metadata


def written(file: Path, advice: str, engine: str) -> str:
    """What the way makes of the revision."""
    text = file.read_text()
    start = text.index("    op.alter_column(")
    change = text[start:].strip()
    if engine == "postgresql":
        (call,) = re.findall(r"op\.execute\(.*?effect=\[op\.alter_column\(…\)\]\)", advice)
        return text[:start] + f"    {call.replace('op.alter_column(…)', change)}\n"
    (call,) = re.findall(r"; (op\.execute\(.*\)); an op", advice)
    (both,) = re.findall(r"to Enum\((.*?)\);", advice)
    assert both == ", ".join(map(repr, EITHER))
    columns = re.findall(r"    sa\.Column\(.*?\n        \),\n", text[start:], re.DOTALL)
    middle = re.sub(r"sa\.Enum\(.*?\)", f"sa.Enum({both}, name='State')", columns[0], flags=re.DOTALL)
    before, after = f"{columns[0]}{middle}", f"{middle}{columns[1]}"
    steps = (f'op.alter_column("Ticket", {before})', call, f'op.alter_column("Ticket", {after})')
    return text[:start] + "".join(f"    {step}\n" for step in steps)


def states(url: str) -> list[str]:
    with connected(url) as (connection, dialect):
        name = dialect.quote_name(Name("Ticket"))
        return [one for (one,) in connection.exec_driver_sql(f"SELECT state FROM {name} ORDER BY id")]


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_the_way_that_is_shown_works(url: str, engine_name: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models(OLD, "it's"), tmp_path)
    schemadiff.apply(url, tmp_path)
    with connected(url, changes=True) as (connection, dialect):
        connection.exec_driver_sql(f"INSERT INTO {dialect.quote_name(Name('Ticket'))} (id) VALUES (1)")
    after = models(NEW, "paused")
    planned = schemadiff.plan(url, after, tmp_path)
    (hazard,) = planned.plan.hazards
    assert (hazard.code, hazard.level) == ("SD104", "warning")
    assert 'where a row still has "it\'s"' in hazard.message
    assert "If it was renamed (\"it's\" to 'paused'), write " in hazard.advice
    lines = list(plan_lines.hazards([hazard]))
    shown = "".join(part if isinstance(part, str) else part[0] for line in lines for part in line)
    assert hazard.advice in shown
    (told,) = json.loads(json.dumps(plan_json.operations(planned.plan.operations, planned.plan.steps)))
    assert [one["advice"] for one in told["hazards"]] == [hazard.advice]
    with pytest.raises(StepError):  # the hazard is a true one, and needs no leave
        schemadiff.apply(url, tmp_path)
    schemadiff.rollback(url, tmp_path, to=1)
    assert states(url) == ["it's"]
    assert planned.path is not None
    planned.path.write_text(written(planned.path, hazard.advice, engine_name))
    done = schemadiff.apply(url, tmp_path)
    assert not done.hazards
    assert states(url) == ["paused"]
    assert not schemadiff.check(url, after, tmp_path)
    schemadiff.rollback(url, tmp_path)
    assert states(url) == ["it's"]
    assert not schemadiff.check(url, models(OLD, "it's"), tmp_path).drifted


@pytest.mark.engines("mysql", "mariadb")
def test_a_member_of_a_set_is_renamed_among_others(url: str, tmp_path: Path) -> None:
    def metadata(*members: str) -> sa.MetaData:
        found = sa.MetaData()
        sa.Table(
            "Ticket", found, sa.Column("id", sa.Integer, primary_key=True), sa.Column("state", SET(*members))
        )
        return found

    schemadiff.plan(url, metadata(*OLD), tmp_path)
    schemadiff.apply(url, tmp_path)
    rows = ["", "done", "it's", "open,it's", "it's,done", "open,it's,done"]
    with connected(url, changes=True) as (connection, _):
        for row in rows:
            connection.execute(sa.text("INSERT INTO `Ticket` (state) VALUES (:row)"), {"row": row})
    planned = schemadiff.plan(url, metadata("open", "done", "paused"), tmp_path)
    (hazard,) = planned.plan.hazards
    assert hazard.code == "SD104"
    assert f"an op.alter_column(…) to SET({', '.join(map(repr, EITHER))}); op.execute(" in hazard.advice
    (call,) = re.findall(r"; (op\.execute\(.*\)); an op", hazard.advice)
    assert planned.path is not None
    planned.path.unlink()
    schemadiff.plan(url, metadata(*EITHER), tmp_path)
    (tmp_path / "0003_rename.py").write_text(f"def upgrade(op):\n    {call}\n")
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, metadata("open", "done", "paused"), tmp_path)
    schemadiff.apply(url, tmp_path, allow=["all"])
    with connected(url) as (connection, _):
        found = connection.exec_driver_sql("SELECT CONCAT(state) FROM `Ticket` ORDER BY id").scalars().all()
    assert found == ["", "done", "paused", "open,paused", "done,paused", "open,done,paused"]
    schemadiff.rollback(url, tmp_path, to=1, allow=["all"])
    with connected(url) as (connection, _):
        found = connection.exec_driver_sql("SELECT CONCAT(state) FROM `Ticket` ORDER BY id").scalars().all()
    assert found == rows


@pytest.mark.engines("mysql", "postgresql")
def test_several_labels(url: str, engine_name: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models(OLD, "done"), tmp_path)
    schemadiff.apply(url, tmp_path)
    planned = schemadiff.plan(url, models(("new", "paused", "done"), "done"), tmp_path)
    (hazard,) = planned.plan.hazards
    assert hazard.message.endswith("""a row still has 'open', "it's\"""")
    assert "('open' to 'new', \"it's\" to 'paused')" in hazard.advice
    assert planned.path is not None
    if engine_name == "postgresql":
        planned.path.write_text(both_written(planned.path, hazard.advice))
        schemadiff.apply(url, tmp_path)
        assert not schemadiff.check(url, models(("new", "paused", "done"), "done"), tmp_path)


def both_written(file: Path, advice: str) -> str:
    text = file.read_text()
    start = text.index("    op.alter_column(")
    first, second = re.findall(r"op\.execute\(.*?\)(?=; | in the place)", advice)
    return f"{text[:start]}    {first}\n    {second.replace('op.alter_column(…)', text[start:].strip())}\n"


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_where_no_label_comes_or_goes_nothing_is_said(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models(OLD, "open"), tmp_path)
    schemadiff.apply(url, tmp_path)
    for values in (EITHER, OLD[:2]):
        planned = schemadiff.plan(url, models(values, "open"), tmp_path, dry_run=True)
        assert not planned.plan.hazards


@pytest.mark.engines("postgresql")
def test_a_type_of_no_column_is_relabelled_as_well(url: str, tmp_path: Path) -> None:
    def typed(*values: str) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Enum(*values, name="mood", metadata=metadata)
        return metadata

    schemadiff.plan(url, typed("a", "b"), tmp_path)
    schemadiff.apply(url, tmp_path)
    (hazard,) = schemadiff.plan(url, typed("b", "c"), tmp_path).plan.hazards
    assert """RENAME VALUE 'a' TO 'c'""" in hazard.advice
    assert "effect=[op.alter_enum(…)]" in hazard.advice
    assert "its change to 'c', 'b', and another op.alter_enum(…) leads on from there" in hazard.advice


def test_what_a_collation_takes_for_one_label_is_not_renamed() -> None:
    def altered(collation: str) -> AlterColumn:
        before, after = (
            Column("c", Type(f"enum('{label}')"), collation=collation) for label in ("Grün", "grun")
        )
        return AlterColumn(Name("t"), before, after)

    assert mysql.relabelling(altered("utf8mb4_general_ci")) is None
    found = mysql.relabelling(altered("utf8mb4_bin"))
    assert found is not None
    assert found.gone == ("Grün",)


@pytest.mark.parametrize("sql", ["a", "it's", "\"a\" 'b'", "'a' \"", "\\' \"", "x\n'\"", '\'"""\''])
def test_sql_is_a_string_of_python(sql: str) -> None:
    assert eval(literal(sql)) == sql
