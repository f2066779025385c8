"""Makes a virtual environment: `python3 tools/make_env.py [--lowest] FOLDER PROJECT REQUIREMENT...`.

With --lowest it gets the lowest versions that pyproject.toml admits of what users install, so that the lower bounds
there say what was tried.

Standard library only, and nothing newer than Python 3.6 in it, so that an old interpreter gets the message
below and no SyntaxError. Debian's python3 comes without venv; where it is missing, root has it installed and
anybody else is told the command.
"""

import os
import re
import shutil
import subprocess
import sys
from typing import Any

OLDEST = (3, 11)
FOR_DEVELOPERS = ("drivers", "test", "dev", "bench")


def can_make_environments() -> bool:
    """Return whether this interpreter has what an environment with pip in it is made from."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def install_venv() -> None:
    """Install Debian's package of the missing modules, or end with the command that does."""
    major, minor = sys.version_info[:2]
    package = f"python{major}.{minor}-venv"
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        sys.exit(
            f"{sys.executable} cannot make a virtual environment: its venv or ensurepip is missing.\n"
            f"Install them (on Debian and Ubuntu: sudo apt-get install {package}), then run make again."
        )
    print(f"This Python has no venv: installing {package} ...", flush=True)
    apt_get(package)


def install_c_library() -> None:
    """Install what the drivers mysqlclient and mariadb are built with, where it is missing, or name the command."""
    if shutil.which("mariadb_config") or shutil.which("mysql_config"):
        return
    packages = ["libmariadb-dev", "gcc", "pkg-config"]
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        print(
            "The drivers mysqlclient and mariadb are built with MariaDB's C library, which is not found here.\n"
            f"If that fails, install it (on Debian and Ubuntu: sudo apt-get install {' '.join(packages)}).",
            flush=True,
        )
        return
    print(f"No C library of MariaDB: installing {' '.join(packages)} ...", flush=True)
    apt_get(*packages)


def apt_get(*packages: str) -> None:
    """Install Debian's packages, waiting for whoever holds apt's lock."""
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *words]
        subprocess.check_call(command, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def lowest(project: "dict[str, Any]") -> "list[str]":
    """Return the lowest versions that the project and its extras for users admit, as requirements."""
    extras = project["optional-dependencies"]
    stated = project["dependencies"] + [
        one for name, some in extras.items() if name not in FOR_DEVELOPERS for one in some
    ]
    bounds = [re.match(r"([\w.-]+(?:\[[\w,-]+\])?)\s*>=\s*([\w.]+)", one) for one in stated]
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]


def main(folder: str, *requirements: str, at_lowest: bool = False) -> None:
    """Make the environment anew and install the requirements into it."""
    version = sys.version.split()[0]
    if sys.version_info < OLDEST:
        sys.exit(
            f"schemadiff needs Python {OLDEST[0]}.{OLDEST[1]} or later, and {sys.executable} is {version}.\n"
            "Install a newer one and name it: make PYTHON=python3.13"
        )
    if not can_make_environments():
        install_venv()
    if at_lowest:
        import tomllib

        with open("pyproject.toml", "rb") as file:
            requirements += tuple(lowest(tomllib.load(file)["project"]))
    install_c_library()
    print(f"Making {folder} with Python {version}: {' '.join(requirements)}", flush=True)
    subprocess.check_call([sys.executable, "-m", "venv", "--clear", folder])
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.check_call([*pip, "install", "--editable", *requirements])


if __name__ == "__main__":
    try:
        main(*(word for word in sys.argv[1:] if word != "--lowest"), at_lowest="--lowest" in sys.argv)
    except subprocess.CalledProcessError as error:
        sys.exit(f"This failed, and its own message stands above: {' '.join(error.cmd)}")
