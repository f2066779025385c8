"""The bundled example: its revision is what the tool writes, it fits its models, and both command lines serve it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.shell import clean

ROOT = Path(__file__).resolve().parent.parent
SCHEMADIFF = ("-c", "from schemadiff.cli import main; main()")
FLASK = ("-m", "flask", "--app", "examples.qa_site.app", "db")


def run(url: str, *arguments: str, code: int = 0, state: int = 1, versions: Path = ROOT / "versions") -> str:
    environment = {"DATABASE_URL": url, "SCHEMADIFF_VERSIONS": str(versions), "QA_SITE_STATE": str(state)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


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
    versions = copied(tmp_path)
    run(url, *SCHEMADIFF, "apply", versions=versions)
    run(url, *SCHEMADIFF, "check", versions=versions)
    assert tables(url) == {"user", "email_captcha", "question", "schemadiff_version"}
    planned = json.loads(run(url, *SCHEMADIFF, "plan", "--format", "json", versions=versions, state=2))
    kinds = [(one["kind"], one["table"], one.get("column")) for one in planned["operations"]]
    assert ("alter_column", "question", "title") in kinds
    assert ("add_column", "user", "language") in kinds
    assert ("drop_column", "user", "phone") in kinds
    run(url, *SCHEMADIFF, "apply", versions=versions, state=2, code=2)
    run(url, *SCHEMADIFF, "apply", "--allow", "SD102", versions=versions, state=2)
    run(url, *SCHEMADIFF, "check", versions=versions, state=2)
    run(url, *SCHEMADIFF, "rollback", "--to", "0", "--allow", "all", versions=versions, state=2)
    assert tables(url) == {"schemadiff_version"}


@pytest.mark.engines("sqlite", "mysql")
def test_the_revision_is_what_the_tool_writes(url: str, tmp_path: Path) -> None:
    run(url, *SCHEMADIFF, "plan", versions=tmp_path / "versions")
    written = {path.name: path.read_text() for path in (tmp_path / "versions").glob("*.py")}
    assert written == {path.name: path.read_text() for path in (ROOT / "versions").glob("*.py")}


@pytest.mark.engines("sqlite")
def test_flask_and_schemadiff_are_two_ways_to_one_thing(url: str) -> None:
    run(url, *FLASK, "upgrade")
    assert "revision 0001 of 0001" in run(url, *SCHEMADIFF, "status")
    run(url, *SCHEMADIFF, "check")
    run(url, *FLASK, "downgrade", "--allow", "all")
    run(url, *SCHEMADIFF, "apply")
    run(url, *FLASK, "check")
    code = "from examples.qa_site.app import app; print(app.test_client().get('/').json)"
    assert run(url, "-c", code).strip() == "[]"


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
