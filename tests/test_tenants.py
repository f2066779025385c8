"""One schema a tenant: the search_path of the URL names the tenant's schema first and public, which has tables of the
same names and another version table, after it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import schemadiff
from schemadiff.database.connection import connected
from tests.clients import run_script

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]


def models(*, more: bool) -> sa.MetaData:
    """Everything that has a name of its own in a schema: tables, types, sequences, indexes, constraints, domains."""
    metadata = sa.MetaData()
    number = sa.Sequence("number", metadata=metadata)
    code = postgresql.DOMAIN("code", sa.String(8), check=sa.text("VALUE <> ''"))
    sa.Table(
        "doc",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Enum("a", "b", *(["c"] if more else []), name="kind")),
        sa.Column("number", sa.Integer, number, server_default=number.next_value()),
        sa.Column("code", code),
        sa.CheckConstraint("number > 0", name="ck_doc"),
        sa.Index("ix_doc", "kind", "number", unique=True),
        *([sa.Column("more", sa.String(9), nullable=False, server_default="x")] if more else []),
    )
    parent: sa.Column[int] = sa.Column("doc", sa.ForeignKey("doc.id", name="fk_part"))
    sa.Table(
        "part", metadata, sa.Column("id", sa.BigInteger if more else sa.Integer, primary_key=True), parent
    )
    return metadata


def tenant(url: str, name: str = "tenant") -> str:
    """The URL with which a tenant's application connects."""
    told = sa.make_url(url).update_query_dict({"options": f"-csearch_path={name},public"})
    return told.render_as_string(hide_password=False)


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def public(url: str) -> object:
    """All that public holds, its version row included."""
    rows = execute(url, "SELECT version, digest, journal::text, changed_at FROM public.schemadiff_version")
    with connected(url) as (connection, dialect):
        return dialect.inspect(connection).tables, dialect.objects(connection), rows


def test_a_tenant_has_its_own(url: str, tmp_path: Path) -> None:
    for number, more in enumerate((False, True)):
        schemadiff.plan(url, models(more=more), tmp_path, message=f"r{number}")
        schemadiff.apply(url, tmp_path, allow=["all"])
    before = public(url)
    execute(url, "CREATE SCHEMA tenant")
    there = tenant(url)
    assert schemadiff.status(there, tmp_path).version is None
    assert schemadiff.check(there, models(more=True), tmp_path).pending
    for step in range(2):
        assert schemadiff.apply(there, tmp_path, to=step + 1).after == step + 1
        assert schemadiff.status(there, tmp_path).version == step + 1
        assert not schemadiff.check(there, models(more=True), tmp_path).drifted
        assert public(url) == before
    found = schemadiff.check(there, models(more=True), tmp_path)
    assert not found, found
    assert not schemadiff.plan(there, models(more=True), tmp_path, dry_run=True).plan.steps
    # The other schema's version table is nobody's to drop.
    beside = schemadiff.check(there, models(more=True), tmp_path, schemas=["public"])
    assert not [one for one in beside.drifted if "schemadiff_version" in one.describe()]
    for step in (1, 0):
        assert schemadiff.rollback(there, tmp_path, allow=["all"], online="always").after == step
        assert public(url) == before
    assert schemadiff.apply(there, tmp_path, online="always").after == 2
    assert public(url) == before
    assert not schemadiff.check(url, models(more=True), tmp_path)


def test_a_script_is_the_tenants_own(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models(more=False), tmp_path, message="first")
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, models(more=True), tmp_path, message="second")
    execute(url, "CREATE SCHEMA tenant", "CREATE SCHEMA other")
    there, before = tenant(url), public(url)
    schemadiff.apply(there, tmp_path, to=1)
    second = "\n".join(schemadiff.apply(there, tmp_path, sql=True).script)
    # Where the tenant has no version table, the other one's, which says the same, is no answer.
    execute(url, "ALTER TABLE tenant.schemadiff_version RENAME TO kept")
    assert "schemadiff_version" in run_script(there, second)
    execute(url, "ALTER TABLE tenant.kept RENAME TO schemadiff_version")
    assert public(url) == before
    assert run_script(there, second) == ""
    assert schemadiff.status(there, tmp_path).version == 2
    assert not schemadiff.check(there, models(more=True), tmp_path)
    whole = "\n".join(schemadiff.apply(tenant(url, "other"), tmp_path, sql=True).script)
    assert run_script(tenant(url, "other"), whole) == ""
    assert not schemadiff.check(tenant(url, "other"), models(more=True), tmp_path)
    back = "\n".join(schemadiff.rollback(there, tmp_path, to=0, sql=True).script)
    assert run_script(there, back) == ""
    assert schemadiff.status(there, tmp_path).version == 0
    assert public(url) == before
