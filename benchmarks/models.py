"""The models that are compared, and what of them changes."""

from __future__ import annotations

import sqlalchemy as sa

COLUMNS = 15
ONE_CHANGED_IN = 100


def models(tables: int, *, checks: bool, changed: bool = False) -> sa.MetaData:
    """That many tables with fifteen columns each, an index, a unique and a foreign key constraint, and a CHECK.

    When `changed`, one table in a hundred (at least one) is not what the others are: in turn it has one column more, a
    longer VARCHAR, or one index more.
    """
    metadata = sa.MetaData()
    for number in range(tables):
        differs = changed and number % ONE_CHANGED_IN == min(tables, ONE_CHANGED_IN) // 2
        _table(metadata, number, checks, number // ONE_CHANGED_IN % 3 if differs else None)
    return metadata


def changes(tables: int) -> int:
    """How many differences `changed` makes."""
    return max(1, tables // ONE_CHANGED_IN)


def _table(metadata: sa.MetaData, number: int, checks: bool, change: int | None) -> None:
    kinds = (
        sa.Integer(),
        sa.String(80 if change == 1 else 50),
        sa.DateTime(),
        sa.Numeric(10, 2),
        sa.Text(),
        sa.Integer(),
        sa.BigInteger(),
    )
    table = sa.Table(
        f"table_{number:04}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey(f"table_{max(number - 1, 0):04}.id")),
        sa.Column("qty", kinds[0], nullable=False, server_default=sa.text("0")),
        sa.Column("code", kinds[1]),
        *(
            sa.Column(f"column_{one}", kinds[one % 7], nullable=one % 3 > 0)
            for one in range(2, 13)
            if one != 8
        ),
        sa.Column("label", sa.String(50)),
        sa.Index(f"ix_{number}", "qty", "column_3"),
        sa.UniqueConstraint("label", name=f"uq_{number}"),
    )
    if checks:
        table.append_constraint(sa.CheckConstraint("qty >= 0", name=f"ck_{number}"))
    if change == 0:
        table.append_column(sa.Column("added", sa.Integer))
    if change == 2:
        sa.Index(f"ix_added_{number}", table.c.column_6)
