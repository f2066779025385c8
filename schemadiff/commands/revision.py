"""revision: a numbered file without operations, for SQL and Python of one's own."""

from __future__ import annotations

from pathlib import Path

from schemadiff.revisions import files
from schemadiff.revisions.files import Revision
from schemadiff.revisions.writer.empty import empty


def revision(versions: str | Path = "versions", *, message: str | None = None) -> Revision:
    """Writes the next revision file, without operations and with examples of them, and returns what it is. No database
    is asked. Raises `RevisionError` where the files are wrong or cannot be written.
    """
    directory = Path(versions)
    history = files.load(directory)
    number, text = len(history) + 1, message or "revision"
    source = empty(text)
    path = files.save(directory, number, text, source)
    return files.understand(source, path, number, history)
