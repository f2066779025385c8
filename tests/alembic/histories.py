"""Two revisions of Alembic's: a small application, and a long one that is killed in its middle."""

FIRST = """
def upgrade():
    op.create_table(
        "team",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(40), nullable=False),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("nick", sa.String(20), nullable=True, server_default="x"),
        sa.Column("team_id", sa.Integer),
        sa.Column("old", sa.Integer),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_member_team"),
    )
    op.create_index("ix_member_name", "member", ["name"])
    op.create_index("ix_member_old", "member", ["old"])
    op.create_table("gone", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO team (id, title) VALUES (1, 'one'), (2, 'two')")
    op.execute(
        "INSERT INTO member (id, name, nick, team_id, old) VALUES (1, 'Ann', 'a', 1, NULL), (2, 'Bob', NULL, 2, NULL)"
    )


def downgrade():
    pass
"""

ROLE = """
def upgrade():
    op.create_table(
        "role",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("label", sa.String(30), index=True),
        sa.Column("code", sa.String(10), unique=True, index=True),
    )
    op.add_column("member", sa.Column("points", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.add_column(sa.Column("size", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_team_size"), ["size"], unique=False)
"""

ON_SERVERS = """
    op.add_column("member", sa.Column("role_id", sa.Integer, sa.ForeignKey("role.id", name="fk_member_role")))
    op.alter_column(
        "member", "name", new_column_name="full_name", existing_type=sa.String(40), type_=sa.String(80),
        existing_nullable=False,
    )
    op.alter_column(
        "member", "nick", existing_type=sa.String(20), type_=sa.String(25), existing_nullable=True,
        existing_server_default="x", server_default="none",
    )
    op.drop_index("ix_member_old", table_name="member")
    op.drop_column("member", "old")
    op.create_unique_constraint("uq_team_title", "team", ["title"])
"""

COPIED = """
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role_id", sa.Integer))
        batch_op.create_index(batch_op.f("ix_member_points"), ["points"], unique=False)
        batch_op.alter_column(
            "name", new_column_name="full_name", existing_type=sa.String(40), type_=sa.String(80),
            existing_nullable=False,
        )
        batch_op.alter_column(
            "nick", existing_type=sa.String(20), existing_nullable=True, server_default="none",
            existing_server_default="x",
        )
        batch_op.drop_index("ix_member_old")
        batch_op.drop_column("old")
        batch_op.create_foreign_key("fk_member_role", "role", ["role_id"], ["id"])
"""

END = """
    op.execute("UPDATE member SET points = points + 7")
    op.drop_table("gone")
    op.rename_table("team", "squad")
    op.create_index("ix_squad_both", "squad", ["title", "size"])
    roles = sa.table("role", sa.column("id", sa.Integer), sa.column("label", sa.String), sa.column("code", sa.String))
    op.bulk_insert(roles, [{"id": 1, "label": "it's", "code": "a"}, {"id": 2, "label": "b%", "code": None}])


def downgrade():
    op.rename_table("squad", "team")
    op.create_table("gone", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("member", sa.Column("old", sa.Integer))
    op.create_index("ix_member_old", "member", ["old"])
"""


def second(engine: str) -> str:
    """The revision that is killed: on SQLite it copies a table, elsewhere it alters it."""
    return ROLE + (COPIED if engine == "sqlite" else ON_SERVERS) + END
