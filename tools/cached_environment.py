"""Environments with packages of the index that the project itself never installs, kept in its cache folder.

Each is made the first time that it is asked for, and again when what it holds changes.
"""

from __future__ import annotations

import fcntl
import tomllib
from pathlib import Path

from tools import make_env
from tools.install_servers import cache_folder

PROJECT = Path(__file__).resolve().parent.parent


def python_of(name: str, extra: str, *requirements: str) -> Path:
    """Return the Python of the environment `name`, which holds this checkout with one of its extras and the
    requirements. Processes that ask at once wait for the one that makes it.
    """
    folder = cache_folder() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder / ".made"
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = "\n".join(
        [str(PROJECT), *requirements, *project["dependencies"], *project["optional-dependencies"][extra]]
    )
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists() or made.read_text() != wanted:
            make_env.main(str(folder), f"{PROJECT}[{extra}]", *requirements)
            made.write_text(wanted)
    return folder / "bin" / "python"
