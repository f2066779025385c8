"""Values keep their meaning when their column gets another type: every pair of SQLAlchemy's types that are stored in
different forms, written and read through SQLAlchemy, forth and back on a real database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.cli.output import plan_json
from schemadiff.database.connection import connected
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import StepError
from schemadiff.execute.preconditions import Unmet, hold
from schemadiff.models.reader import read
from schemadiff.operations import AlterColumn
from schemadiff.schema import Name
from tests.clients import run_script
from tests.dialects.sqlite_values import UUID, VALUES

TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "short": sa.String(32),
    "enum": sa.Enum("1", "draft", "2024-02-29"),
    "integer": sa.Integer(),
    "numeric": sa.Numeric(20, 4),
    "float": sa.Float(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
    "time": sa.Time(),
    "datetime": sa.DateTime(),
    "interval": sa.Interval(),
    "uuid": sa.Uuid(),
    "uuid as text": sa.Uuid(as_uuid=False),
    "UUID": sa.UUID(),
    "binary": sa.LargeBinary(),
    "json": sa.JSON(),
}
"""One type of each form. `Uuid(as_uuid=False)` has the same name as `Uuid()` and is never changed to it."""

SAME = {
    ("uuid", "uuid as text"),
    ("uuid as text", "uuid"),
    ("interval", "datetime"),
    ("datetime", "interval"),
}
"""Pairs of the same name in SQL: to a database they are no change."""


OTHERWISE = {
    ("text", "float"): "1 -17",
    ("text", "json"): "0.1234567890123456789",
    ("text", "boolean"): "yes FALSE true",
    **dict.fromkeys((("text", "uuid"), ("text", "UUID"), ("text", "uuid as text")), UUID.hex.upper()),
    **dict.fromkeys(
        (("text", "datetime"), ("text", "interval")), "2024-02-29 2024-02-29T10:11 2024-02-29 10:11:12.5"
    ),
    **dict.fromkeys((("json", "datetime"), ("json", "interval")), "2024-02-29"),
    ("text", "time"): "10:11",
    ("json", "enum"): "1",
    ("json", "uuid"): str(UUID),
    ("float", "interval"): "0.30000000000000004",
    ("binary", "float"): "b'1'",
    **dict.fromkeys((("binary", one) for one in ("uuid", "UUID", "uuid as text")), str(UUID.bytes)),
    **dict.fromkeys((("binary", one) for one in ("datetime", "interval")), "b'2024-02-29'"),
}
"""What does not come back as it was written, though it means the same: a moment has all its fields then."""


@pytest.mark.parametrize(
    ("before", "value", "expected"), [pytest.param(*one, id=f"{one[0]} {one[1]!r}") for one in VALUES]
)
def test_value_in_every_type(before: str, value: Any, expected: dict[str, Any]) -> None:
    with connected("sqlite://") as (connection, dialect), dialect.transaction(connection):
        for after in TYPES:
            if after != before and (before, after) not in SAME:
                _create(connection, TYPES[before], value)
                _expect(connection, before, after, value, expected.get(after, Unmet))
                connection.exec_driver_sql("DROP TABLE t")


def _expect(connection: sa.Connection, before: str, after: str, value: Any, expected: Any) -> None:
    stored = _stored(connection)
    if expected is Unmet:
        with pytest.raises(Unmet, match=r"^1 of the values of column t\.x cannot become .* \(rowid 3\)$"):
            _change(connection, TYPES[before], TYPES[after])
        assert _stored(connection) == stored
        return
    _change(connection, TYPES[before], TYPES[after])
    found = _read(connection, TYPES[after])
    assert [key for key, _ in found] == [3, 5]
    assert found[1][1] is None
    if expected is not ...:
        assert (after, type(found[0][1]), found[0][1]) == (after, type(expected), expected)
    if str(value) in OTHERWISE.get((before, after), ""):
        return
    if before == "enum" and after in ("datetime", "interval"):
        return  # its members are no moments
    _change(connection, TYPES[after], TYPES[before])
    assert (after, _read(connection, TYPES[before])[0][1]) == (after, value)


def _metadata(kind: sa.types.TypeEngine[Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", kind))
    return metadata


def _create(connection: sa.Connection, kind: sa.types.TypeEngine[Any], value: Any) -> None:
    metadata = _metadata(kind)
    metadata.create_all(connection)
    null = sa.null() if isinstance(kind, sa.JSON) else None
    for row in ({"id": 3, "x": value}, {"id": 5, "x": null}):
        connection.execute(sa.insert(metadata.tables["t"]).values(row))


def _change(
    connection: sa.Connection, before: sa.types.TypeEngine[Any], after: sa.types.TypeEngine[Any]
) -> None:
    dialect = SQLite.connect(connection)
    name = Name("t")
    old, new = (read([_metadata(one)], dialect).tables[name].columns[1] for one in (before, after))
    live = dialect.inspect(connection)
    for statement in dialect.statements([AlterColumn(name, old, new)], live):
        hold(connection, dialect, statement.expects)
        connection.exec_driver_sql(statement.sql)


def _read(connection: sa.Connection, kind: sa.types.TypeEngine[Any]) -> list[Any]:
    table = _metadata(kind).tables["t"]
    return [tuple(row) for row in connection.execute(sa.select(table.c.id, table.c.x).order_by(table.c.id))]


def _stored(connection: sa.Connection) -> list[Any]:
    return [tuple(row) for row in connection.exec_driver_sql("SELECT id, typeof(x), x FROM t")]


@pytest.fixture
def zips(tmp_path: Path) -> tuple[str, Path]:
    """A database with text in a column, and revisions of which the last makes numbers of it."""
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, _metadata(sa.String(5)), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t VALUES (1, '04711'), (2, '12345'), (7, '00001')")
    schemadiff.plan(url, _metadata(sa.Integer()), versions)
    return url, versions


def test_what_cannot_be_converted_is_counted_and_nothing_is_done(zips: tuple[str, Path]) -> None:
    url, versions = zips
    with pytest.raises(StepError) as raised:
        schemadiff.apply(url, versions)
    assert "2 of the values of column t.x cannot become INTEGER" in raised.value.message
    assert "(rowid 1, 7)" in raised.value.message
    assert "op.execute" in (raised.value.hint or "")
    with connected(url) as (connection, _):
        assert _stored(connection) == [(1, "text", "04711"), (2, "text", "12345"), (7, "text", "00001")]
    assert schemadiff.status(url, versions).version == 1


def test_the_plan_tells_the_numbers(zips: tuple[str, Path]) -> None:
    url, versions = zips
    (file,) = versions.glob("0002*.py")
    file.unlink()
    planned = schemadiff.plan(url, _metadata(sa.Integer()), versions)
    (hazard,) = planned.plan.hazards
    assert (hazard.code, hazard.level) == ("SD205", "warning")
    assert "2 of the values of column t.x cannot become INTEGER" in hazard.message
    assert "(rowid 1, 7)" in hazard.message
    (told,) = plan_json.operations(planned.plan.operations, planned.plan.steps)
    assert [one["code"] for one in told["hazards"]] == ["SD205"]
    assert [one.code for one in schemadiff.apply(url, versions, dry_run=True).hazards] == ["SD205"]


def test_values_that_were_corrected_before_are_converted(zips: tuple[str, Path]) -> None:
    url, versions = zips
    (file,) = versions.glob("0002*.py")
    text = file.read_text()
    step = "def upgrade(op):\n    op.execute(\"UPDATE t SET x = ltrim(x, '0')\", reverse=None)"
    file.write_text(text.replace("def upgrade(op):", step))
    assert not schemadiff.apply(url, versions, dry_run=True).hazards
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        assert [value for _, _, value in _stored(connection)] == [4711, 12345, 1]


def test_a_script_refuses_what_a_run_refuses(zips: tuple[str, Path]) -> None:
    url, versions = zips
    script = "\n".join(schemadiff.apply(url, versions, sql=True).script)
    assert "some of the values of column t.x cannot become INTEGER" in run_script(url, script)
    assert schemadiff.status(url, versions).version == 1
