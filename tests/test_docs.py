"""The documents are true: every command in them runs, every verb and hazard is listed, every link leads somewhere."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from schemadiff.planning import hazards
from schemadiff.revisions.recorder import Recorder
from tools import picture

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.once
def test_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    """Its files are written and its commands run, in order, with the exit codes that it says."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("SCHEMADIFF", "DATABASE"))
    }
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    ran = shown = 0
    for language, body in BLOCK.findall((ROOT / "README.md").read_text()):
        first = re.match(r"# (\S+\.\w+)\n", body)
        if language in ("python", "toml") and first:
            path = tmp_path / first[1]
            if path.parent != tmp_path:  # a revision, which `plan` wrote
                assert path.read_text() == body.removeprefix(first[0])
            path.write_text(body)
        elif language == "console":
            for command, wanted, output in commands(body):
                if command.startswith("export "):
                    name, _, value = command.removeprefix("export ").strip().partition("=")
                    environment[name] = value
                    continue
                done = subprocess.run(
                    command,
                    shell=True,
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == wanted, f"{command}\n{done.stdout}{done.stderr}"
                if output:
                    assert (done.stdout + done.stderr).strip() == output.strip()
                    shown += 1
                ran += 1
    assert ran >= 10
    assert shown >= 2


def commands(console: str) -> Iterator[tuple[str, int, str]]:
    """Yield each command of a block, the exit code that its remark names, and what the block says that it prints."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        command, _, remark = line.partition("#")
        code = re.search(r"exit (\d)", remark)
        yield command.strip(), int(code[1]) if code else 0, output


@pytest.mark.slow
@pytest.mark.once
def test_the_picture_shows_what_is_printed() -> None:
    assert picture.words(picture.PICTURE.read_text()) == picture.words(picture.draw(picture.printed()))


def test_every_page_can_be_found() -> None:
    """From the index of its folder, or for a folder without one from the page above it."""
    docs = ROOT / "docs"
    for page in sorted(docs.rglob("*.md")):
        index = page.parent / "README.md" if page.name != "README.md" else page.parent.parent / "README.md"
        if not index.exists():
            index = docs / f"{page.parent.name}.md"
        if page != docs / "README.md":
            assert f"({page.relative_to(index.parent).as_posix()})" in index.read_text(), page


def test_every_verb_of_revision_files_is_documented() -> None:
    text = (ROOT / "docs" / "revisions.md").read_text()
    verbs = [name for name in vars(Recorder) if not name.startswith("_")]
    assert verbs
    assert [verb for verb in verbs if f"op.{verb}" not in text] == []


def test_every_hazard_is_documented() -> None:
    text = (ROOT / "docs" / "json.md").read_text()
    assert [code for code in hazards.CODES if f"| {code} |" not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z][\w-]*)", document.read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document.name} names `make {target}`"


@pytest.fixture
def few_examples() -> Iterator[None]:
    hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("suite"), max_examples=5)
    hypothesis.settings.load_profile("few")
    yield
    hypothesis.settings.load_profile("suite")


@pytest.mark.usefixtures("few_examples")
def test_the_example_of_random_models_runs() -> None:
    blocks = [
        body
        for language, body in BLOCK.findall((ROOT / "docs" / "testing.md").read_text())
        if language == "python" and not body.startswith("# tests/")
    ]
    for body in blocks:
        names: dict[str, Any] = {}
        exec(body, names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, about cycles of foreign keys
            for name, value in names.items():
                if name.startswith("test_"):
                    value()
    assert blocks


CONSTRUCTS = (
    "MetaData", "Table", "Column", "ForeignKey", "ForeignKeyConstraint", "PrimaryKeyConstraint",
    "UniqueConstraint", "CheckConstraint", "ExcludeConstraint", "Index", "Computed", "Identity", "Sequence",
    "CreateView", "CreateTableAs",
)  # fmt: skip


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_every_argument_of_a_construct_is_accounted_for(name: str) -> None:
    """Also those of the dialects. What a later SQLAlchemy adds has to be decided on before it is used."""
    text = (ROOT / "docs" / "models.md").read_text()
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section
    told = {
        word
        for line in section[1].splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`([\w*]+)`", line.split("|")[1])
    }
    construct = postgresql.ExcludeConstraint if name == "ExcludeConstraint" else getattr(sa, name, None)
    if construct is None:  # of a later SQLAlchemy
        assert told
        return
    arguments = {
        "type_" if one == "_Column__type_pos" else "name" if one == "_Column__name_pos" else one
        for one, parameter in inspect.signature(construct.__init__).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and one != "self"
    }
    arguments = {one for one in arguments if not one.startswith("_")}
    for dialect in (mysql.dialect, postgresql.dialect, sqlite.dialect):
        for kind, own in dialect.construct_arguments or ():
            if issubclass(construct, kind) and "*" not in own:
                arguments |= {f"{dialect.name}_{one}" for one in own}
    unnamed = {"sqlite_on_conflict"} if name in ("ForeignKeyConstraint", "ExcludeConstraint") else set()
    assert arguments - told - unnamed == set()
