"""status and history: at a glance, through the driver alone, and the long way say the same."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemadiff.cli import quick, standing
from schemadiff.database.connection import connected
from schemadiff.dialects.shared import version_row as dialects_glance
from schemadiff.dialects.shared.version_row import glance
from schemadiff.execute.quick_status import glance as looked_at
from schemadiff.revisions.files import load
from tests.cli.shell import Answer, Shell, clean

REVISION = '"""{what}"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n    {what}\n'
CREATE = REVISION.format(what='op.create_table("t", sa.Column("a", sa.Integer))')
ADD = REVISION.format(what='op.add_column("t", sa.Column("b", sa.Integer))')


def both(shell: Shell, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Answer:
    """Returns the answer, which is the same the long way."""
    short = shell.run(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(standing, "glance", lambda *_: None)
        assert shell.run(*arguments) == short
    return short


def test_it_is_the_same_answer(server_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = server_shell
    for command in ("status", "history"):
        both(shell, monkeypatch, command)
    shell.write("versions/0001_create_t.py", CREATE)
    assert "no revision was applied yet" in both(shell, monkeypatch, "status").out
    shell("apply", "--yes")
    shell.write("versions/0002_add_b.py", ADD)
    assert glance(shell.url) is not None
    assert both(shell, monkeypatch, "status").code == 1
    told = both(shell, monkeypatch, "status", "--format", "json").json
    assert told["database_version"] == 1
    assert told["changed_at"]
    assert [
        one["applied"] for one in both(shell, monkeypatch, "history", "--format", "json").json["revisions"]
    ] == [
        True,
        False,
    ]
    shell.write("versions/0001_create_t.py", CREATE.replace('"a"', '"c"'))
    for command in ("status", "history"):
        assert "was edited after" in both(shell, monkeypatch, command).err


def test_what_is_not_plain_takes_more_than_a_glance(
    server_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = server_shell
    shell.write("versions/0001_create_t.py", CREATE)
    shell("apply", "--yes")
    with connected(shell.url, changes=True) as (connection, dialect):
        if not shell.url.startswith("sqlite"):
            with dialect.locked(connection, 0):
                assert glance(shell.url) is None
                assert "a run of schemadiff" in shell.run("status").out
        for change in ("version = -1", "journal = '{\"revision\": 7}'"):
            connection.exec_driver_sql(f"UPDATE {dialect.version_table} SET {change}")
            found = glance(shell.url)
            assert found is None or looked_at(shell.url, load(shell.folder / "versions")) is None
            both(shell, monkeypatch, "status")


@pytest.mark.parametrize("command", ["status", "history"])
def test_it_loads_little(server_shell: Shell, command: str) -> None:
    server_shell.write("versions/0001_create_t.py", CREATE)
    if server_shell.url.startswith("sqlite"):
        Path(str(sa.make_url(server_shell.url).database)).touch()
    code = (
        "import sys\n"
        "from schemadiff.cli import main\n"
        f"sys.argv = ['schemadiff', {command!r}, '--url', {server_shell.url!r}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    ours = ('schemadiff.schema', 'schemadiff.commands.status')\n"
        "    many = ('sqlalchemy', 'rich', 'typer', 'pydantic', 'flask', *ours)\n"
        "    print([name for name in many if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean({}),
        capture_output=True,
        text=True,
        check=False,
        cwd=server_shell.folder,
    )
    assert done.returncode == (1 if command == "status" else 0), done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///nothing.db",
        "sqlite:///file:x.db?uri=true",
        "sqlite+aiosqlite:///x.db",
        "mysql+mysqldb://root@127.0.0.1/x",
        "mysql+pymysql://root@127.0.0.1/x?charset=latin1",
        "mysql+pymysql://root@127.0.0.1/x?ssl_disabled=true&charset=latin1",
        "mysql+pymysql://root:a@b@127.0.0.1/x",
        "mysql+pymysql://root@[::1]/x",
        "mysql+pymysql://root@127.0.0.1",
        "postgresql+psycopg://root@/x",
        "postgresql+psycopg2://root@127.0.0.1/x",
        "nonsense",
    ],
)
def test_unusual_urls_take_more_than_a_glance(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert glance(url) is None
    assert not list(tmp_path.iterdir())


def test_the_parts_of_a_url_are_those_that_sqlalchemy_reads() -> None:
    for text in ("u@host/db", "u:p@1.2.3.4:33/db", "u%40x:p%2Fq%3A%40!$*@host.example:1/db"):
        parsed = sa.make_url(f"mysql+pymysql://{text}")
        told = dialects_glance._server(text)
        assert told == parsed.translate_connect_args(username="user")


def test_plain_options_need_no_typer() -> None:
    assert quick._options("status", ["--url", "a", "--format=json"]) == {"url": "a", "format": "json"}
    assert quick._options("status", []) == {}
    for other in (["--url"], ["--url", "-x"], ["--url="], ["--sql"], ["x"], ["--format", "xml"], ["--help"]):
        assert quick._options("status", other) is None
    assert quick._options("status", ["--url", "a", "--url", "b"]) is None


def test_the_quick_way_is_that_of_the_commands(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.write("versions/0001_create_t.py", CREATE)
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("SCHEMADIFF_URL", shell.url)
    for arguments in (
        ["status"],
        ["history"],
        ["status", "--format", "json"],
        ["history", "--versions=none"],
    ):
        told = shell.run(*arguments)
        assert quick.answer(arguments) == told.code
        said = capsys.readouterr()
        assert (said.out, said.err) == (told.out, told.err)


@pytest.mark.parametrize("arguments", [("apply",), ("apply", "--dry-run"), ("rollback", "--allow", "all")])
def test_what_carries_out_parses_each_file_once(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Though it reads them to show, to ask and to carry out."""
    if arguments[0] == "rollback":
        shell.write("versions/0001_create_t.py", CREATE)
        shell("apply")
    # Texts that no command before has read.
    shell.write("versions/0001_create_t.py", f"{CREATE}# {arguments}\n")
    shell.write("versions/0002_add_b.py", f"{ADD}# {arguments}\n")
    parsed: list[str] = []
    parse = ast.parse

    def counting(text: str, name: str = "", **options: Any) -> Any:
        parsed.append(Path(name).name)
        return parse(text, name, **options)

    monkeypatch.setattr(ast, "parse", counting)
    shell.run(*arguments)
    assert sorted(one for one in parsed if one.startswith("000")) == ["0001_create_t.py", "0002_add_b.py"]
