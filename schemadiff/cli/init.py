"""init: the directory of revisions and the settings, made where they are missing. Overwrites nothing."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from schemadiff.config.settings import DEFAULT_VERSIONS, settings
from schemadiff.database.url import secrets_of
from schemadiff.errors import ConfigError
from schemadiff.models import on_disk, syntax

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Terminal

GUESSES = (("app.py", "db"), ("models.py", "db"), ("models.py", "Base"))
"""Where models stand in most projects, and under which name."""


def init(terminal: Terminal, url: str | None, models: str | None, versions: str | None) -> int:
    """Makes what is missing in the current directory and says what it did."""
    if url:
        terminal.hide(secrets_of(url))
    known = settings(url, models, versions)
    make_directory(terminal, known.versions)
    if known.source:
        terminal.note((f"the settings stand in {_short(known.source)} already: nothing was changed there",))
        return 0
    guessed = None if models else _guess()
    values = {"models": models or guessed, "versions": versions or DEFAULT_VERSIONS}
    if url and not secrets_of(url):
        values["url"] = url
    path = _write(values)
    terminal.note((f"wrote the settings into {path}",))
    if guessed:
        terminal.note((f'took "{guessed}" for the models: change it there when that is wrong',))
    if not known.models and not guessed:
        terminal.note((f'name the models in {path}: models = "app:db"',))
    if url and secrets_of(url):
        terminal.note(
            ("the URL holds a password and was not written: give it in SCHEMADIFF_URL or DATABASE_URL",)
        )
    elif not known.url:
        terminal.note(("name the database in SCHEMADIFF_URL or DATABASE_URL, or with --url",))
    terminal.note((("-> ", "cyan"), "then write the first revision: schemadiff plan"))
    return 0


def make_directory(terminal: Terminal, directory: Path) -> None:
    """Makes the directory of revisions unless it is there. Raises `ConfigError` when it cannot be made."""
    if directory.is_dir():
        terminal.note((f"the directory {directory} is there already",))
        return
    try:
        directory.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the directory {directory}: {error.strerror}",
            hint="Choose another one with --versions.",
        ) from error
    terminal.note((f"made the directory {directory}",))


def _write(values: dict[str, str | None]) -> Path:
    """Writes the settings at the end of pyproject.toml, else into a file of their own, and returns its path."""
    # A JSON string is a TOML string.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value]
    path = Path("pyproject.toml")
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        gap = "\n" if text.endswith("\n") or not text else "\n\n"
        whole = "\n".join([f"{text}{gap}[tool.schemadiff]", *lines, ""])
        if _parses(whole):
            return _save(path, whole)
    return _save(Path("schemadiff.toml"), "\n".join([*lines, ""]))


def _save(path: Path, text: str) -> Path:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error
    return path


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _guess() -> str | None:
    """The models, where a file of the usual name binds the usual name, or else where files declare some; nothing is
    imported to find out.
    """
    for file, name in GUESSES:
        path = Path(file)
        try:
            tree = syntax.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        if name in _names(tree):
            return f"{path.stem}:{name}"
    return on_disk.setting(on_disk.search(Path.cwd()))


def _names(tree: ast.Module) -> set[str]:
    """The names that a module binds at its top level."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {(one.asname or one.name).partition(".")[0] for one in names}
            case _:
                pass
    return found


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
