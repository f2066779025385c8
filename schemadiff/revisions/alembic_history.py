"""The graph of Alembic's revision files, read as text: they are never imported, never executed.

The graph alone is read: ids, what comes before what, and the messages. A value that is no literal is not understood,
and told by name.
"""

from __future__ import annotations

import ast
import configparser
import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemadiff.errors import RevisionError, UsageError
from schemadiff.models.syntax import parse
from schemadiff.revisions.alembic_files import assigned


@dataclass(frozen=True, slots=True)
class AlembicRevision:
    """One file. ``before`` are the ids of the revisions that it comes after, or depends on."""

    id: str
    message: str
    path: Path
    before: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlembicHistory:
    """The revisions by their ids, each behind those that it comes after as far as these have a file."""

    directory: Path
    revisions: Mapping[str, AlembicRevision]

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids that a file names as what it comes after, and that no file has."""
        named = (one for revision in self.revisions.values() for one in revision.before)
        return tuple(dict.fromkeys(one for one in named if one not in self.revisions))

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids of the revisions that no other one comes after."""
        followed = {one for revision in self.revisions.values() for one in revision.before}
        return tuple(one for one in self.revisions if one not in followed)

    def not_applied(self, at: Iterable[str]) -> tuple[AlembicRevision, ...]:
        """The revisions that a database at these ids does not have."""
        applied: set[str] = set()
        waiting = [one for one in at if one in self.revisions]
        while waiting:
            one = waiting.pop()
            if one not in applied:
                applied.add(one)
                waiting += [before for before in self.revisions[one].before if before in self.revisions]
        return tuple(one for name, one in self.revisions.items() if name not in applied)


def read(directory: Path) -> AlembicHistory:
    """The history in Alembic's directory, that of ``env.py`` or its ``versions``. Raises `UsageError` where there is
    none, and `RevisionError` for a file that cannot be understood.
    """
    if not directory.is_dir():
        raise UsageError(
            f"there is no directory {directory}",
            hint="It is the one with Alembic's env.py and versions: migrations, as Flask-Migrate calls it, or alembic.",
        )
    inner = directory / "versions"
    folder = inner if inner.is_dir() else directory
    found: dict[str, AlembicRevision] = {}
    for path in sorted(folder.glob("*.py")):
        one = _revision(path)
        if one is None:
            continue
        if one.id in found:
            raise RevisionError(
                f"two files have Alembic's id {one.id!r}: {found[one.id].path} and {path}",
                hint="Take away the one that was not applied.",
            )
        found[one.id] = one
    if not found:
        raise UsageError(
            f"there is no revision of Alembic's in {folder}",
            hint="Name the directory with Alembic's env.py and versions.",
        )
    return AlembicHistory(folder, {one.id: one for one in _in_order(_resolved(found))})


def find(beside: Path) -> Path:
    """Alembic's directory, where nobody names it: as ``alembic.ini`` says, or ``migrations`` or ``alembic`` beside it.
    Raises `UsageError` where there is none.
    """
    said = configparser.RawConfigParser()
    with suppress(configparser.Error, OSError, UnicodeDecodeError):
        said.read(beside / "alembic.ini", encoding="utf-8")
    location: str = said.get("alembic", "script_location", fallback="").replace("%(here)s", str(beside))
    for one in (one for one in (location, "migrations", "alembic") if one):
        if (beside / one / "env.py").is_file():
            return beside / one
    raise UsageError(
        "nobody says where Alembic's revisions are, and neither migrations nor alembic here has an env.py",
        hint="Name the directory with Alembic's env.py and versions: --alembic DIRECTORY.",
    )


def _resolved(found: Mapping[str, AlembicRevision]) -> dict[str, AlembicRevision]:
    """The revisions with ids where a file names another one by its label, or by the beginning of its id."""
    labels = {label: one.id for one in found.values() for label in one.labels}

    def resolved(name: str) -> str:
        if name in found:
            return name
        begun = [one for one in found if name and one.startswith(name)]
        return labels.get(name, begun[0] if len(begun) == 1 else name)

    return {
        name: dataclasses.replace(one, before=tuple(dict.fromkeys(map(resolved, one.before))))
        for name, one in found.items()
    }


def _in_order(found: Mapping[str, AlembicRevision]) -> list[AlembicRevision]:
    """Each behind those that it comes after. Where they go round in a circle, which Alembic refuses, in some order."""
    ordered: dict[str, AlembicRevision] = {}
    begun: set[str] = set()
    for first in found:
        waiting = [first]
        while waiting:
            one = waiting[-1]
            before = [name for name in found[one].before if name in found and name not in begun]
            begun.add(one)
            if before:
                waiting += reversed(before)
                continue
            ordered.setdefault(one, found[one])
            waiting.pop()
    return list(ordered.values())


def _revision(path: Path) -> AlembicRevision | None:
    """The revision in that file; ``None`` where it holds none."""
    try:
        # As bytes: the file says its encoding.
        tree = parse(path.read_bytes(), str(path))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        words = str(error) or type(error).__name__
        raise RevisionError(f"cannot read Alembic's revision {path}: {words}") from error
    said = assigned(tree)
    if "revision" not in said:
        return None
    name = _literal(said["revision"], path, "revision")
    if not isinstance(name, str):
        raise _not_understood(path, "revision")
    before = [
        one
        for key in ("down_revision", "depends_on")
        if key in said
        for one in _ids(_literal(said[key], path, key), path, key)
    ]
    docstring = (ast.get_docstring(tree) or "").strip().splitlines()
    labels = said.get("branch_labels")
    return AlembicRevision(
        name,
        docstring[0].strip() if docstring else path.stem,
        path,
        tuple(dict.fromkeys(before)),
        _ids(_literal(labels, path, "branch_labels"), path, "branch_labels") if labels else (),
    )


def _literal(node: ast.expr, path: Path, key: str) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _not_understood(path, key) from None


def _ids(value: object, path: Path, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, tuple | list | set | frozenset) or not all(
        isinstance(one, str) for one in several
    ):
        raise _not_understood(path, key)
    return tuple(sorted(several)) if isinstance(several, set | frozenset) else tuple(several)


def _not_understood(path: Path, key: str) -> RevisionError:
    return RevisionError(
        f"Alembic's revision {path} is not understood: its {key} is no plain text",
        hint=f"It is read and never executed: write {key} as the text that it comes to.",
    )
