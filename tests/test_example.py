"""The bundled example: its revision is what the tool writes, it fits its models, and both command lines serve it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.shell import Shell, clean

ROOT = Path(__file__).resolve().parent.parent
FLASK = ("-m", "flask", "--app", "examples.qa_site.app", "db")


def run(url: str, *arguments: str) -> str:
    """What Python prints as a process of its own."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean({"DATABASE_URL": url}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shell(url: str, state: int, versions: Path) -> Shell:
    """The command line in this process, on the example in that state."""
    told = {"DATABASE_URL": url, "SCHEMADIFF_VERSIONS": str(versions), "QA_SITE_STATE": str(state)}
    return Shell(ROOT, url, told, code=ROOT / "examples")


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "versions", tmp_path / "versions", ignore=lambda *_: {"__pycache__"}))


@pytest.mark.once
def test_the_models_change_and_change_back(url: str, tmp_path: Path) -> None:
    first, later = (shell(url, state, copied(tmp_path / str(state))) for state in (1, 2))
    first("apply")
    first("check")
    assert tables(url) == {"user", "email_captcha", "question", "schemadiff_version"}
    planned = later("plan", "--format", "json").json
    kinds = [(one["kind"], one["table"], one.get("column")) for one in planned["operations"]]
    assert ("alter_column", "question", "title") in kinds
    assert ("add_column", "user", "language") in kinds
    assert ("drop_column", "user", "phone") in kinds
    later("apply", code=2)
    later("apply", "--allow", "SD102")
    later("check")
    later("rollback", "--to", "0", "--allow", "all")
    assert tables(url) == {"schemadiff_version"}


@pytest.mark.engines("sqlite", "mysql")
def test_the_revision_is_what_the_tool_writes(url: str, tmp_path: Path) -> None:
    shell(url, 1, tmp_path / "versions")("plan")
    written = {path.name: path.read_text() for path in (tmp_path / "versions").glob("*.py")}
    assert written == {path.name: path.read_text() for path in (ROOT / "versions").glob("*.py")}


@pytest.mark.once
@pytest.mark.engines("sqlite")
def test_flask_and_schemadiff_are_two_ways_to_one_thing(url: str) -> None:
    schemadiff = shell(url, 1, ROOT / "versions")
    run(url, *FLASK, "upgrade")
    assert "revision 0001 of 0001" in schemadiff("status").out
    schemadiff("check")
    run(url, *FLASK, "downgrade", "--allow", "all")
    schemadiff("apply")
    run(url, *FLASK, "check")
    code = "from examples.qa_site.app import app; print(app.test_client().get('/').json)"
    assert run(url, "-c", code).strip() == "[]"


@pytest.mark.once
def test_the_demo_runs() -> None:
    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        env=clean({"FORCE_COLOR": "1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b[32m+ add column user.language" in done.stdout
    assert "Still there: user ada, questions Why? How?" in done.stdout
