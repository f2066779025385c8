"""The revision files: load, number, digest, replay.

A file is ``NNNN_words.py``: the number stands in its name and nowhere else, and the history is a line without gaps.
The digest of a revision is chained over all before it, so one value vouches for the whole history; comments,
docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from schemadiff.dialects import Dialect
from schemadiff.errors import RevisionError, SchemadiffError
from schemadiff.functions import left_undone, put_off
from schemadiff.naming import is_of_a_word, slug
from schemadiff.operations import Operation
from schemadiff.recorder import Recorder
from schemadiff.schema import Schema

_FILE = re.compile(r"(\d+)_(.+)\.py")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file. ``digest`` vouches for it and for all before it, ``own`` (16 hex digits) for it alone;
    ``message`` is its docstring's first line.
    """

    number: int
    path: Path
    message: str
    digest: str
    own: str
    code: CodeType

    def record(self, schema: Schema, dialect: Dialect) -> tuple[tuple[Operation, ...], Schema]:
        """What it does, starting from that schema, and the schema after it.

        Raises `RevisionError` naming the file and the line; `ReplayError` where an operation does not fit.
        """
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
        return tuple(recorder.operations), recorder.schema

    def _where(self, error: BaseException) -> str:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(self.path)
        ]
        return f"{self.path}, line {lines[-1]}" if lines else str(self.path)


def load(directory: Path) -> tuple[Revision, ...]:
    """The revisions of the directory in order; none where the directory does not exist.

    Raises `RevisionError` for a gap, for two files with one number, for a syntax error.
    """
    if not directory.is_dir():
        return ()
    files: dict[int, Path] = {}
    found = _numbered(directory)
    for number, path in found:
        if number in files:
            free = max(number for number, _ in found) + 1
            raise RevisionError(
                f"two revisions have the number {number}: {files[number]} and {path}",
                hint=f"Rename the one that was not applied anywhere yet: its number becomes {free:04}.",
            )
        files[number] = path
    previous: Path | None = None
    for expected, number in enumerate(sorted(files), 1):
        if number != expected:
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
        revisions.append(understand(_text(files[number]), files[number], number, revisions))
    return tuple(revisions)


def _numbered(directory: Path) -> list[tuple[int, Path]]:
    """The revision files by their names, each with its number."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise RevisionError(f"cannot read {directory}: {error.strerror}") from error
    matches = [(path, _FILE.fullmatch(path.name)) for path in paths]
    return [(int(match[1]), path) for path, match in matches if match and all(map(is_of_a_word, match[2]))]


def understand(text: str, path: Path, number: int, before: Sequence[Revision]) -> Revision:
    """The revision that a file of that text is, behind the ones `before`. Raises `RevisionError`."""
    try:
        tree = ast.parse(text, str(path))
        code = compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise RevisionError(f"{path}, line {error.lineno}: syntax error: {error.msg}") from error
    except ValueError as error:
        raise RevisionError(f"cannot read {path}: {error}") from error
    meaning = _meaning(tree)
    digest = _sha256(f"{before[-1].digest if before else ''}\n{number}\n{meaning}")
    message = (ast.get_docstring(tree) or path.stem).strip().splitlines()[0]
    return Revision(number, path, message, digest, _sha256(meaning)[:16], code)


def replay(
    revisions: Iterable[Revision], dialect: Dialect, schema: Schema | None = None
) -> tuple[Schema, tuple[tuple[Operation, ...], ...]]:
    """The schema that the revisions lead to, and the operations of each. Without a database."""
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RevisionError(f"cannot read {path}: {error}") from error


# The digest.


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _meaning(node: object) -> str:
    """The syntax tree as text, the same on every Python: fields in order of their names, none that is empty (later
    versions add such), no positions, no docstrings. `ast.dump` promises no such thing.
    """
    match node:
        case ast.AST():
            fields = {
                name: value
                for name, value in ast.iter_fields(node)
                if value is not None and value != [] and name not in ("kind", "type_comment", "type_ignores")
            }
            if isinstance(node, ast.JoinedStr):
                fields["values"] = _pieces(node.values)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                fields["body"] = _without_docstring(node.body)
            inner = ",".join(f"{name}={_meaning(value)}" for name, value in sorted(fields.items()))
            return f"{type(node).__name__}({inner})"
        case list():
            return f"[{','.join(_meaning(item) for item in node)}]"
        case _:
            return repr(node)


def _pieces(values: Sequence[ast.expr]) -> list[object]:
    """The parts of an f-string, adjacent texts as one and empty ones left out: Python 3.12 splits them otherwise."""
    pieces: list[object] = []
    for value in values:
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            pieces.append(value)
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += value.value
        elif value.value:
            pieces.append(value.value)
    return pieces


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return list(body[1:])
    return list(body)
