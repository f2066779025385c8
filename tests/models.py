"""Two states of one application's models, which differ in every kind of thing that a revision can change."""

from __future__ import annotations

import sqlalchemy as sa


def first() -> sa.MetaData:
    """The models as they are at first."""
    metadata = sa.MetaData()
    sa.Table(
        "user",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, comment="the id"),
        sa.Column("username", sa.String(100), nullable=False),
        sa.Column("email", sa.String(100), nullable=False, unique=True),
        sa.Column("age", sa.Integer, sa.CheckConstraint("age > 3"), server_default="5"),
        sa.Column("created", sa.DateTime, server_default=sa.func.now()),
        sa.Column("price", sa.Numeric(10, 2), server_default=sa.text("0")),
        sa.Column("kind", sa.Enum("a", "b", name="kind")),
        sa.Index("ix_user_name", "username"),
        sa.CheckConstraint("length(username) > 2", name="ck_name"),
        comment="users",
    )
    sa.Table(
        "question",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("user.id", ondelete="CASCADE")),
    )
    return metadata


def second() -> sa.MetaData:
    """The models after: things modified, added and dropped, keys and constraints among them."""
    metadata = sa.MetaData()
    sa.Table(
        "user",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, comment="the id"),
        sa.Column("username", sa.String(150), nullable=False, comment='it\'s a "name"'),
        sa.Column("email", sa.String(100), nullable=True),
        sa.Column("age", sa.BigInteger, sa.CheckConstraint("age > 4"), server_default="6"),
        sa.Column("created", sa.DateTime),
        sa.Column("kind", sa.Enum("a", "b", "c", name="kind")),
        sa.Column("bio", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Index("ix_user_name", "username", "age"),
        sa.UniqueConstraint("username", name="uq_name"),
        comment="people",
    )
    sa.Table(
        "question",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("user.id", ondelete="SET NULL")),
    )
    sa.Table(
        "tag",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("tag.id")),
        sa.Column("name", sa.String(10)),
    )
    return metadata
