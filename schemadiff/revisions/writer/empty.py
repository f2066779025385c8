"""The source text of a revision without operations: a form to be filled in. Pure."""

from __future__ import annotations

from schemadiff.revisions.writer.docstring import docstring

_FORM = """
# import sqlalchemy as sa


def upgrade(op):
    # One statement of SQL, and the one that undoes it; op.nothing where there is nothing to undo.
    # op.execute("UPDATE person SET phone = '' WHERE phone IS NULL", reverse=op.nothing)
    #
    # Or a function: it is called with the connection, and must not commit.
    # op.run(fill_phones, reverse=op.nothing)
    pass


# def fill_phones(connection):
#     connection.execute(sa.text("UPDATE person SET phone = '' WHERE phone IS NULL"))
"""


def empty(message: str) -> str:
    """The text of the file, which says how SQL and functions are written."""
    return f"{docstring(message)}\n{_FORM}"
