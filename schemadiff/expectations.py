"""What statements expect of the rows, looked at before they are run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from schemadiff.database import VERBATIM
from schemadiff.dialects import Expectation

_SHOWN = 5


class Unmet(Exception):
    """Rows are otherwise than a statement expects them. Says how many, and which the first of them are."""

    def __init__(self, words: str, advice: str) -> None:
        super().__init__(words)
        self.advice = advice


def hold(connection: Connection, expected: Sequence[Expectation]) -> None:
    """Raises `Unmet` for all that is not as expected."""
    found = [words for one in expected if (words := unmet(connection, one))]
    if found:
        advice = dict.fromkeys(one.advice for one in expected if any(one.words in words for words in found))
        raise Unmet("; ".join(found), "\n".join(advice))


def unmet(connection: Connection, one: Expectation) -> str:
    """How many rows are not as expected, and the first of them; empty where all are."""
    counted = f"SELECT COUNT(*) FROM ({one.exceptions}) AS found"
    count = connection.exec_driver_sql(counted, execution_options=VERBATIM).scalar_one()
    if not count:
        return ""
    few = connection.exec_driver_sql(f"{one.exceptions} LIMIT {_SHOWN}", execution_options=VERBATIM)
    shown = [str(row[0]) for row in few if row[0] is not None]
    which = f" ({one.key} {', '.join(shown)}{', …' if count > len(shown) else ''})" if shown else ""
    return f"{count:,} {one.words}{which}"
