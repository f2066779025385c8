"""The revision files: load, number, digest, replay.

A file is ``NNNN_words.py``: the number stands in its name and nowhere else, and the history is a line without gaps.
The digest of a revision is chained over all before it, so one value vouches for the whole history; comments,
docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from schemadiff.errors import RevisionError, SchemadiffError
from schemadiff.models import syntax
from schemadiff.revisions.alembic_files import refuse_alembic, refuse_tree
from schemadiff.revisions.digest import meaning_of, sha256
from schemadiff.revisions.slug import is_of_a_word, slug

if TYPE_CHECKING:
    from schemadiff.dialects import Dialect
    from schemadiff.operations import Operation
    from schemadiff.schema import Schema

# What carries a revision out is imported where that is done: `status` and `history` only read the files.

_FILE = re.compile(r"(\d+)_(.+)\.py")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file. ``digest`` vouches for it and for all before it, ``own`` (16 hex digits) for it alone;
    ``message`` is its docstring's first line, ``notes`` are the others. A ``baseline`` says ``baseline = True``: what
    it makes was there before schemadiff, in the database that it was written for.
    """

    number: int
    path: Path
    message: str
    digest: str
    own: str
    code: CodeType
    baseline: bool = False
    notes: tuple[str, ...] = ()

    def record(self, schema: Schema, dialect: Dialect) -> tuple[tuple[Operation, ...], Schema]:
        """Run the revision's `upgrade` on that schema; return its operations and the schema that they leave.

        Raises `RevisionError` naming the file and the line; `ReplayError` where an operation does not fit.
        """
        from schemadiff.compare.pairing import carried_out
        from schemadiff.operations.functions import left_undone, put_off
        from schemadiff.revisions.recorder import Recorder

        module = ModuleType(f"schemadiff_revision_{self.number:04}")
        module.__file__ = str(self.path)
        recorder = Recorder(schema, dialect)
        try:
            exec(self.code, module.__dict__)  # noqa: S102 - a revision file is the user's own code
            upgrade = getattr(module, "upgrade", None)
            if not callable(upgrade):
                raise RevisionError("has no function upgrade(op)")
            words = put_off(upgrade) or left_undone(upgrade(recorder))
            if words:
                raise RevisionError(
                    f"upgrade(op) {words}", hint="Write it as an ordinary function: def upgrade(op)."
                )
        except RevisionError as error:
            raise type(error)(f"{self._where(error)}: {error.message}", hint=error.hint) from error
        except SchemadiffError as error:
            raise RevisionError(f"{self._where(error)}: {error.message}", hint=error.hint) from error
        except (Exception, SystemExit) as error:
            raise RevisionError(f"{self._where(error)}: {type(error).__name__}: {error}") from error
        return carried_out(recorder.operations, schema, dialect), recorder.schema

    def _where(self, error: BaseException) -> str:
        import traceback

        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(self.path)
        ]
        return f"{self.path}, line {lines[-1]}" if lines else str(self.path)


def load(directory: Path) -> tuple[Revision, ...]:
    """The revisions of the directory in order; none where the directory does not exist.

    Raises `RevisionError` for a gap, for two files with one number, for a syntax error, for a revision of Alembic's.
    """
    if not directory.is_dir():
        return ()
    files: dict[int, Path] = {}
    found, others = numbered(directory)
    refuse_alembic(others)
    for number, path in found:
        if number in files:
            refuse_alembic(path for _, path in found)
            raise RevisionError(
                f"two revisions have the number {number}: {files[number]} and {path}",
                hint="Two branches have each added one? `schemadiff renumber` moves yours behind the others.",
            )
        files[number] = path
    previous: Path | None = None
    for expected, number in enumerate(sorted(files), 1):
        if number != expected:
            refuse_alembic(files.values())
            before = f"{previous} and " if previous else ""
            raise RevisionError(
                f"revision {expected} is missing: there is a gap before {before}{files[number]}"
                if not previous
                else f"revision {expected} is missing between {previous} and {files[number]}",
                hint="Bring the missing file back; or, where the files after it were not applied anywhere yet, rename "
                "them so that there is no gap.",
            )
        previous = files[number]
    revisions: list[Revision] = []
    for number in sorted(files):
        revisions.append(understand(text_of(files[number]), files[number], number, revisions))
    return tuple(revisions)


def numbered(directory: Path) -> tuple[list[tuple[int, Path]], list[Path]]:
    """The revision files by their names, each with its number, and the other modules. Raises `RevisionError`."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise RevisionError(f"cannot read {directory}: {error.strerror}") from error
    revisions: list[tuple[int, Path]] = []
    others: list[Path] = []
    for name in names:
        number = number_in(name)
        if number is not None:
            revisions.append((number, directory / name))
        elif name.endswith(".py"):
            others.append(directory / name)
    return revisions, others


def number_in(name: str) -> int | None:
    """The number in the name of a revision file; ``None`` where it is none."""
    match = _FILE.fullmatch(name)
    return int(match[1]) if match and all(map(is_of_a_word, match[2])) else None


def understand(text: str, path: Path, number: int, before: Sequence[Revision]) -> Revision:
    """The revision that a file of that text is, behind the ones `before`. Raises `RevisionError`."""
    return _understood(text, path, number, before[-1].digest if before else "")


@functools.lru_cache(maxsize=2048)
def _understood(text: str, path: Path, number: int, before: str) -> Revision:
    """As `understand`, behind the revision of that digest. A command reads the files more than once: to show, to ask
    and to carry out; the same text is understood once.
    """
    try:
        tree = syntax.parse(text, str(path))
        code = compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise RevisionError(f"{path}, line {error.lineno}: syntax error: {error.msg}") from error
    except ValueError as error:
        raise RevisionError(f"cannot read {path}: {error}") from error
    refuse_tree(tree, path)
    meaning = meaning_of(tree)
    digest = sha256(f"{before}\n{number}\n{meaning}")
    message, *notes = (ast.get_docstring(tree) or path.stem).strip().splitlines()
    baseline = any(map(_says_baseline, tree.body))
    return Revision(number, path, message, digest, sha256(meaning)[:16], code, baseline, tuple(notes))


def _says_baseline(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is True
        and any(isinstance(one, ast.Name) and one.id == "baseline" for one in statement.targets)
    )


def replay(
    revisions: Iterable[Revision], dialect: Dialect, schema: Schema | None = None
) -> tuple[Schema, tuple[tuple[Operation, ...], ...]]:
    """The schema that the revisions lead to, and the operations of each. Without a database."""
    from schemadiff.schema import Schema

    schema = schema or Schema()
    recorded = []
    for revision in revisions:
        operations, schema = revision.record(schema, dialect)
        recorded.append(operations)
    return schema, tuple(recorded)


def path_of(directory: Path, number: int, message: str) -> Path:
    """The path of the revision file of that number and message."""
    return directory / f"{number:04}_{slug(message)}.py"


def save(directory: Path, number: int, message: str, text: str) -> Path:
    """Writes a new revision file, whole or not at all, and returns its path.

    Raises `RevisionError` when the directory cannot be written to.
    """
    import tempfile

    path = path_of(directory, number, message)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=directory)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            # A link fails where a rename would replace: two plans at once never overwrite each other.
            os.link(temporary, path)
        finally:
            os.unlink(temporary)
    except FileExistsError as error:
        raise RevisionError(f"{path} is there already: was another plan made just now?") from error
    except OSError as error:
        raise RevisionError(
            f"cannot write {path}: {error.strerror}",
            hint="Check the rights and the free space, or choose another directory with --versions.",
        ) from error
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def text_of(path: Path) -> str:
    """Return the file's text. Raises `RevisionError` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RevisionError(f"cannot read {path}: {error}") from error
