"""SQL that a user has written: one statement, which leaves the transaction alone that schemadiff holds. Pure."""

from __future__ import annotations

from schemadiff.dialects import Dialect
from schemadiff.errors import RevisionError
from schemadiff.schema.describe import short

ALONE = (
    "What a revision does is committed together with the version row: it must neither commit nor roll back."
)


def expect_one(sql: object, dialect: Dialect) -> None:
    """Raises `RevisionError` where that is not the text of exactly one statement for that dialect's server, or one
    that has to do with transactions.
    """
    if not isinstance(sql, str):
        raise RevisionError(
            f"takes SQL as a text, not {short(repr(sql))}",
            hint="What is put together with SQLAlchemy is carried out in a function: op.run(function, reverse=…).",
        )
    found = dialect.lexer.statements(sql)
    if not found:
        raise RevisionError(f"there is no statement in {short(sql)!r}")
    for one in found:
        command = dialect.lexer.client_command(one.words)
        if command:
            raise RevisionError(
                f"{command} is a command of the client program, not SQL",
                hint="Leave it out: a text is one statement, whatever semicolons stand in the body of a trigger or "
                "routine.",
            )
    if len(found) > 1:
        raise RevisionError(
            f"takes one statement, and here are {len(found)}: the second is {short(found[1].sql)!r}",
            hint="Give each an op.execute(…) of its own, so that it is known which is done.",
        )
    control = dialect.lexer.transaction_control(found[0].words)
    if control:
        raise RevisionError(f"{control} is not for a revision: {short(sql)!r}", hint=ALONE)


def refusal(sql: str, dialect: Dialect) -> str | None:
    """Why a function may not send that, to be read behind its name; ``None`` where it may."""
    found = dialect.lexer.statements(sql)
    for one in found:
        control = dialect.lexer.transaction_control(one.words)
        if control:
            return f"wants to end the transaction, by {control}: {short(one.sql)!r}"
        implicit = dialect.lexer.implicit_commit(one.words)
        if implicit:
            return f"wants to end the transaction: before {implicit} the server commits: {short(one.sql)!r}"
    if len(found) > 1:
        return f"sends {len(found)} statements in one text: the second is {short(found[1].sql)!r}"
    return None
