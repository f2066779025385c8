"""A connection that is lost at any answer of the server, while it is opened, used, reset or closed.

What is said then is what is said of any lost connection, and what is done is done.
"""

from __future__ import annotations

import re

import pytest

from tests.cli.shell import Answer, Shell
from tests.proxy import Proxy

pytestmark = [pytest.mark.once, pytest.mark.engines("mysql", "mariadb", "postgresql")]

ONE = 'Table("one", metadata, Column("id", Integer, primary_key=True))\n'
TWO = ONE.replace("))", '), Column("n", Integer))') + ONE.replace("one", "two")


def through(shell: Shell, cut_after: int, *arguments: str) -> tuple[Answer, bool]:
    """The answer of a command whose connection is cut there, and whether it had all that it wanted by then."""
    direct = shell.url
    with Proxy(direct, cut_after=cut_after) as proxy:
        shell.url = proxy.url
        try:
            answer = shell.run(*arguments)
        finally:
            shell.url = direct
        return answer, proxy.answers < cut_after


def ordinary(answer: Answer) -> None:
    for word in ("error: unexpected", "defect", "Traceback", "invalid transaction"):
        assert word not in answer.err, answer.err
    if answer.code == 2:
        assert re.search("connect|lost|closed", answer.err), answer.err


def test_it_is_told_as_any_other(server_shell: Shell) -> None:
    server_shell.models(ONE)
    server_shell("plan", "-m", "one")
    server_shell("apply")
    whole = server_shell("status")
    cut, through_with = 0, False
    while not through_with:
        answer, through_with = through(server_shell, cut, "status")
        ordinary(answer)
        if answer.code != 2:  # all was read, and only giving the connection back has failed
            assert answer.out.partition(": ")[2] == whole.out.partition(": ")[2]
        cut += 1
    assert answer.code == 0
    assert cut > 5


def test_what_is_done_is_done(server_shell: Shell) -> None:
    server_shell.models(ONE)
    server_shell("plan", "-m", "one")
    server_shell("apply")
    server_shell.models(TWO)
    server_shell("plan", "-m", "two")
    codes = set()
    cut, through_with = 3, False
    while not through_with:
        answer, through_with = through(server_shell, cut, "apply")
        ordinary(answer)
        codes.add(answer.code)
        if answer.code == 0:
            assert "revision 0002 of 0002" in server_shell("status").out
        server_shell("apply")
        assert "revision 0002 of 0002" in server_shell("status").out
        server_shell("rollback", "--to", "1", "--allow", "all")
        cut += 11
    assert codes == {0, 2}
