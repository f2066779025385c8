"""Names files that are too large for the repository: `python tools/file_sizes.py [FILE...]`, or of all of git's.

Standard library only.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

LARGEST = 500_000
"""Bytes of one file. What is larger was built or downloaded, and belongs elsewhere."""


def tracked(project: Path) -> list[Path]:
    """Return the files that git knows of; in a source distribution, where there is no git, all."""
    if not (project / ".git").exists():
        return [file for file in project.rglob("*") if file.is_file()]
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True
    )
    return [project / name for name in listed.stdout.split("\0") if name]


def too_large(files: Iterable[Path]) -> list[str]:
    """Return one line for each file that is too large."""
    sizes = [(file, file.stat().st_size) for file in files if file.is_file()]
    return [f"{file}: {size} bytes, {LARGEST} are allowed" for file, size in sizes if size > LARGEST]


if __name__ == "__main__":
    found = too_large([Path(name) for name in sys.argv[1:]] or tracked(Path.cwd()))
    sys.exit("\n".join(found) or None)
