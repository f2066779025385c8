"""The bundled example moves in from Flask-Migrate by the steps of docs/from-flask-migrate.md, with its rows."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.shell import clean
from tests.conftest import FreshDatabase
from tests.test_docs import BLOCK, commands
from tools.cached_environment import python_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "from-flask-migrate.md"

THIRD = """

class Tag(db.Model):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(40), index=True)
"""
FOURTH = THIRD + '    color: Mapped[str | None] = mapped_column(String(20), comment="as CSS has it")\n'


class Site:
    """A copy of the example, in an environment that has both Flask-Migrate and schemadiff."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.state = url, folder, "1"
        self.code = folder / "examples" / "qa_site"
        shutil.copytree(
            ROOT / "examples" / "qa_site", self.code, ignore=lambda *_: {"__pycache__", "instance"}
        )
        self.python = python_of("flask-migrate", "flask", "flask-migrate==4.1.0")
        self.imports("from schemadiff.flask import", "from flask_migrate import")

    def imports(self, old: str, new: str) -> None:
        """Takes the one import over: the step that the page asks for."""
        file = self.code / "app.py"
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))

    def flask(self, command: str, code: int = 0) -> str:
        """What `flask db …` prints, as a process of its own."""
        done = subprocess.run(
            [self.python, "-m", "flask", "--app", "examples.qa_site.app", *shlex.split(command)],
            cwd=self.folder,
            env=clean({"DATABASE_URL": self.url, "QA_SITE_STATE": self.state}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def later(self, text: str) -> None:
        """Puts more models behind the later ones."""
        (self.code / "models_later.py").write_text(
            (ROOT / "examples" / "qa_site" / "models_later.py").read_text() + text
        )

    def read(self) -> dict[str, Any]:
        """What the server says the tables are, and all rows; without schemadiff's own table."""
        engine = sa.create_engine(self.url)
        definition = (
            "SELECT sql FROM sqlite_master WHERE name = '{}' OR tbl_name = '{}' ORDER BY name"
            if engine.name == "sqlite"
            else "SHOW CREATE TABLE `{}` -- {}"
        )
        try:
            with engine.connect() as connection:
                return {
                    name: (
                        connection.exec_driver_sql(definition.format(name, name)).all(),
                        connection.exec_driver_sql(f"SELECT * FROM {name}").all(),
                    )
                    for name in sa.inspect(connection).get_table_names()
                    if name != "schemadiff_version"
                }
        finally:
            engine.dispose()

    def execute(self, *statements: str) -> None:
        engine = sa.create_engine(self.url)
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


@pytest.fixture
def site(url: str, tmp_path: Path) -> Site:
    """The example with three migrations of Flask-Migrate, one of which moves rows."""
    made = Site(url, tmp_path)
    made.flask("db init")
    made.flask("db migrate -m first")
    made.flask("db upgrade")
    made.execute(
        "INSERT INTO user (username, password, email, phone) VALUES ('ann', 'x', 'ann@example.org', '123')",
        "INSERT INTO question (title, content, author_id) VALUES ('why', 'because', 1)",
    )
    made.state = "2"
    made.flask('db migrate -m "languages"')
    made.flask("db upgrade")
    made.later(THIRD)
    made.flask('db migrate -m "tags"')
    third = next((tmp_path / "migrations" / "versions").glob("*_tags.py"))
    text, count = re.subn(
        r"(\n    # ### end Alembic commands ###\n\n\ndef downgrade)",
        "\n    op.execute(\"INSERT INTO tag (word) VALUES ('sql')\")\\1",
        third.read_text(),
    )
    assert count == 1
    third.write_text(text)
    made.flask("db upgrade")
    return made


def steps(section: str) -> list[tuple[str, str, int]]:
    """The language of each block of that section, each command in it, and the exit code that the page says."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = []
    for language, body in BLOCK.findall(text):
        if language == "console":
            found += [(language, command, code) for command, code, _ in commands(body)]
        else:
            found.append((language, body, 0))
    assert found
    return found


@pytest.mark.once
@pytest.mark.engines("sqlite", "mysql")
def test_the_example_moves_in(
    site: Site, engine_name: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    staging = Site(fresh_database(engine_name), tmp_path / "staging")
    shutil.copytree(tmp_path / "migrations", tmp_path / "staging" / "migrations")
    staging.state = "2"
    staging.later(THIRD)
    staging.flask("db upgrade")
    before = site.read()
    assert set(before) == {"user", "email_captcha", "question", "tag", "alembic_version"}
    assert before["tag"][1] == [(1, "sql")]

    for language, step, code in steps("The move"):
        if language == "diff":
            old, new = (re.search(rf"^\{sign}(.*) Migrate$", step, re.MULTILINE) for sign in "-+")
            assert old
            assert new
            site.imports(old[1], new[1])
            continue
        if " migrate " in step:
            assert site.read() == before  # nothing of the baseline was run
            site.later(FOURTH)
        said = site.flask(step.removeprefix("flask "), code)
        if " baseline " in step:
            assert "the same, replayed" in said
            assert "3 of Alembic's revisions" in said
    after = site.read()
    assert {name: found for name, found in after.items() if name != "tag"} == {
        name: found for name, found in before.items() if name != "tag"
    }
    assert after["tag"][1] == [(1, "sql", None)]
    site.flask("db check")
    assert "SD902" in site.flask("db downgrade 0 --allow all", code=2)
    assert site.read() == after

    # A colleague's empty database, and another one that has been with Alembic until now.
    empty, recorded = (step.removeprefix("flask ") for _, step, _ in steps("Other databases"))
    site.url = fresh_database(engine_name)
    site.flask(empty)
    site.flask("db check")
    site.url = staging.url
    before = site.read()
    site.flask(recorded)
    assert site.read() == before
    site.flask(empty)
    site.flask("db check")

    for _, step, code in steps("Cleaning up"):
        site.flask(step.removeprefix("flask "), code)
    assert "alembic_version" not in site.read()
    site.flask("db check")
