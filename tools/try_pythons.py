"""Runs the tests that need no server and are quick on every other Python of this machine that the project supports.

    python tools/try_pythons.py [PYTEST_ARGUMENT...]

Each gets an environment of its own, `.venv-python3.12` and so on, which is made anew when pyproject.toml changes. What
the machine does not have is said, and is no failure. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINORS = (12, 13, 14)
"""Of Python 3: those that the classifiers in pyproject.toml name, but for 3.11, with which everything is tested."""


def find(minor: int) -> str | None:
    """Return the program of that Python, or None. One that is found and does not answer, as a shim of pyenv whose
    version is not chosen, is none.
    """
    return next((place for place in _places(minor) if _is_python(place, minor)), None)


def _places(minor: int) -> Iterator[str]:
    found = shutil.which(f"python3.{minor}")
    if found:
        yield found
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for place in sorted(folder.glob(f"3.{minor}.*/bin/python"), reverse=True):
        yield str(place)


def _is_python(program: str, minor: int) -> bool:
    question = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([program, "-c", question], capture_output=True, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    """Return 0 when the tests pass on every Python that was found."""
    failed = False
    for minor in MINORS:
        program = find(minor)
        if program is None:
            print(f"== Python 3.{minor}: not on this machine", flush=True)
            continue
        print(f"== Python 3.{minor}", flush=True)
        folder = ROOT / f".venv-python3.{minor}"
        made = folder / ".made"
        if not made.exists() or made.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
            subprocess.run([program, "tools/make_env.py", folder.name, ".[test]"], cwd=ROOT, check=True)
            made.touch()
        tests = [str(folder / "bin" / "python"), "-m", "pytest", "--no-servers", "-m", "not slow", *arguments]
        failed |= subprocess.run(tests, cwd=ROOT, check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"This failed, and its own message stands above: {' '.join(map(str, error.cmd))}")
