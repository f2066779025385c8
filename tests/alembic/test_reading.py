"""Alembic's revision files are read as text: what is plain is understood, and nothing is ever executed."""

from pathlib import Path

import pytest

from schemadiff.alembic import effects as fx
from schemadiff.alembic import migration
from schemadiff.alembic.effects import Script
from schemadiff.alembic.script import script

HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import mysql\n"


def read(body: str, *, dialect: str = "mysql", copies: bool = False) -> Script:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    found = migration.read(f"{HEAD}def upgrade():\n{lines}".encode(), dialect)
    return script(found.upgrade, copies)


def changes(body: str) -> list[fx.Change]:
    return [one.change for one in read(body).effects]


@pytest.mark.parametrize(
    "line",
    [
        "for name in ('a', 'b'): op.drop_table(name)",
        "while True: pass",
        "helper()",
        "op.drop_table(names[0])",
        "op.drop_table(__import__('os').name)",
        "op.drop_table(open('/etc/passwd').read())",
        "op.add_column('t', sa.Column('a', models.Custom()))",
        "op.execute(sa.update(users).values(a=1))",
        'op.execute("SELECT :name")',
        "op.drop_table('a' * 10**9)",
        "op.drop_table(f'{prefix}_t')",
        "result = op.get_bind().execute(sa.text('DELETE FROM t'))",
        "sa.inspect(op.get_bind())",
        "op.run_async(work)",
        "op.add_column('t', sa.Column('a', sa.create_engine('sqlite://')))",
        "with op.batch_alter_table('t', copy_from=other) as batch: pass",
        "with op.batch_alter_table('t', naming_convention={}) as batch: pass",
        "op.alter_column('t', 'a', postgresql_using='a::int')",
        "op.add_column('t', 'not a column')",
        "op.create_index('i', 't')",
        "return",
    ],
)
def test_what_only_running_it_would_tell_is_named_with_its_line(line: str) -> None:
    found = read(f"op.drop_table('before')\n{line}\nop.drop_table('after')")
    assert [one.line for one in found.unknown] == [6]
    assert [type(one.change) for one in found.effects] == [fx.DropTable, fx.Unknown, fx.DropTable]


def test_nothing_of_a_file_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source = f"""
import pathlib
pathlib.Path({str(mark)!r}).write_text("x")
from alembic import op


def upgrade():
    op.drop_table(pathlib.Path({str(mark)!r}).write_text("x"))
    sa.text.__globals__["os"].system("touch {mark}")
"""
    found = script(migration.read(source.encode(), "mysql").upgrade, False)
    assert len(found.unknown) == 2
    assert not mark.exists()


def test_plain_names_and_the_product_are_understood() -> None:
    found = changes(
        """
TABLE = "user"
bind = op.get_bind()
if bind.dialect.name == "mysql":
    op.add_column(TABLE, sa.Column("a", mysql.LONGTEXT(), server_default=sa.text("('x')")))
else:
    op.drop_table(TABLE)
if op.get_context().dialect.name not in ("sqlite", "mysql"):
    op.drop_table("other")
bind.execute(sa.text("UPDATE user SET a = 1"))
op.drop_index(op.f("ix_" + "user"), table_name=TABLE)
"""
    )
    added, updated, dropped = found
    assert isinstance(added, fx.AddColumn)
    assert added.table == ("user", None)
    assert updated == fx.Execute("UPDATE user SET a = 1")
    assert dropped == fx.DropIndex(("user", None), "ix_user")


def test_one_call_may_be_several_statements() -> None:
    found = changes(
        """
op.create_table("t", sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.Integer, index=True, unique=True))
op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("u.id", name="fk"), unique=True))
op.alter_column("t", "b", new_column_name="d", type_=sa.BigInteger(), existing_type=sa.Integer(), nullable=False)
"""
    )
    kinds = [type(one) for one in found]
    assert kinds == [
        fx.MakeTable,
        fx.MakeIndex,
        fx.AddColumn,
        fx.AddConstraint,
        fx.AddConstraint,
        fx.RenameColumn,
        fx.AlterColumn,
    ]
    index, altered = found[1], found[-1]
    assert isinstance(index, fx.MakeIndex)
    assert (index.name, index.options) == ("ix_t_b", {"unique": True})
    assert isinstance(altered, fx.AlterColumn)
    assert altered.name == "d"
    assert set(altered.to) == {"type", "nullable"}
    assert set(altered.was) == {"type"}


BATCH = """
with op.batch_alter_table("t", schema=None) as batch_op:
    batch_op.create_index(batch_op.f("ix"), ["b"], unique=False)
    {line}
    op.execute("SELECT 1")
"""


@pytest.mark.parametrize(
    ("line", "copied"),
    [
        ("batch_op.add_column(sa.Column('b', sa.Integer()))", False),
        ("batch_op.add_column(sa.Column('b', sa.Integer(), server_default='1'))", False),
        ("batch_op.add_column(sa.Column('b', sa.Integer(), server_default=sa.text('1')))", True),
        ("batch_op.add_column(sa.Column('b', sa.Integer(), sa.ForeignKey('u.id', name='fk')))", True),
        ("batch_op.drop_index('old')", False),
        ("batch_op.drop_column('b')", True),
        ("batch_op.alter_column('b', nullable=True)", True),
    ],
)
def test_a_batch_copies_the_table_where_alembic_does(line: str, copied: bool) -> None:
    found = read(BATCH.format(line=line), copies=True).effects
    assert found[0].change == fx.Execute("SELECT 1")
    assert any(one.rebuild for one in found) == copied
    if copied:
        assert isinstance(found[-1].change, fx.MakeIndex), "indexes come when the copy has the table's name"
    assert not any(one.rebuild for one in read(BATCH.format(line=line)).effects)
