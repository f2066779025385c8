"""Revisions of Alembic's: small applications, and long ones that are killed in their middle."""

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


ALTERED = (
    """
def upgrade():
    op.create_table("a",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Enum("x","y", name="kind"), nullable=False, server_default="x"),
        sa.Column("made", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.Column("flag", sa.Boolean(), server_default=sa.false()),
        sa.Column("body", sa.Text(), comment="old"),
        sa.Column("up", sa.Integer()),
        sa.Column("price", sa.Numeric(8,2), server_default=sa.text("0")), comment="first",
        mysql_engine="InnoDB", mysql_charset="utf8mb4")
    op.create_table("b",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(9)),
        sa.Column("n", sa.SmallInteger()),
        sa.ForeignKeyConstraint(["a_id"], ["a.id"], name="fk_b_a",
        ondelete="CASCADE"), sa.UniqueConstraint("code", name="uq_b_code"))
    op.create_index("ix_b_n", "b", ["n"])
    op.create_table("plain",
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False))
    op.execute("INSERT INTO a (id, body, made) VALUES (1, 'one', '2020-01-01')")
    op.execute("INSERT INTO b (id, a_id, code, n) VALUES (1, 1, 'c', 3)")

def downgrade():
    pass
""",
    """
def upgrade():
    # ### commands auto generated by Alembic - please adjust! ###
    bind = op.get_bind()
    op.alter_column("a", "kind",
        existing_type=mysql.ENUM("x","y"), type_=sa.Enum("x","y","z", name="kind"),
        existing_nullable=False,
        existing_server_default=sa.text("'x'"))
    op.alter_column("a", "body",
        existing_type=sa.Text(), comment="new",
        existing_comment="old",
        existing_nullable=True)
    op.alter_column("a", "flag",
        existing_type=mysql.TINYINT(display_width=1), nullable=False,
        existing_server_default=sa.text("'0'"))
    op.alter_column("a", "price", server_default=None,
        existing_type=sa.Numeric(8,2),
        existing_server_default=sa.text("0"))
    op.alter_column("a", "up", type_=mysql.INTEGER(unsigned=True),
        existing_type=sa.Integer(),
        existing_nullable=True)
    op.drop_constraint("fk_b_a", "b", type_="foreignkey")
    op.create_foreign_key("fk_b_a", "b", "a", ["a_id"], ["id"], ondelete="RESTRICT")
    op.drop_constraint("uq_b_code", "b", type_="unique")
    op.create_index(op.f("ix_b_code"), "b", ["code"], unique=False, mysql_length=4)
    op.drop_index("ix_b_n", table_name="b")
    op.create_index("ix_b_n", "b", ["n", "code"], unique=True)
    op.create_table_comment("a", "second",
        existing_comment="first")
    op.create_primary_key("pk_plain", "plain", ["x"])
    op.create_check_constraint("ck_plain", "plain", "x > 0")
    with op.batch_alter_table("b", schema=None) as batch_op:
        batch_op.add_column(sa.Column("when", sa.DateTime(timezone=True),
            server_default=sa.text("'2021-01-01 00:00:00'"), nullable=True))
        batch_op.alter_column("n",
        existing_type=sa.SmallInteger(), type_=sa.Integer(), nullable=False)
        batch_op.drop_constraint("fk_b_a", type_="foreignkey")
        batch_op.create_foreign_key(batch_op.f("fk_b_a2"), "a", ["a_id"], ["id"])
    op.create_table("c",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("a_id", sa.Integer()),
        sa.Column("data", sa.JSON()),
        sa.ForeignKeyConstraint(["a_id"], ["a.id"]),
        sa.PrimaryKeyConstraint("id"),
        mysql_engine="InnoDB")
    with op.batch_alter_table("c", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_c_a_id"), ["a_id"], unique=False)
    # ### end Alembic commands ###

def downgrade():
    op.create_foreign_key("fk_b_a", "b", "a", ["a_id"], ["id"], ondelete="CASCADE")
    op.create_unique_constraint("uq_b_code", "b", ["code"])
    op.create_index("ix_b_n", "b", ["n"])
    op.alter_column("a", "kind",
        existing_type=sa.Enum("x","y","z", name="kind"), type_=mysql.ENUM("x","y"),
        existing_nullable=False,
        existing_server_default=sa.text("'x'"))
    op.alter_column("a", "flag",
        existing_type=mysql.TINYINT(display_width=1), nullable=True)
    op.alter_column("b", "n", type_=sa.SmallInteger(), nullable=True)
""",
)
"""Columns altered, keys and indexes dropped and added under one name: on MySQL and MariaDB."""
