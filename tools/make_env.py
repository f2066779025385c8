"""Makes a virtual environment: `python3 tools/make_env.py FOLDER PROJECT REQUIREMENT...`.

Standard library only, and nothing newer than Python 3.6 in it, so that an old interpreter gets the message
below and no SyntaxError. Debian's python3 comes without venv; where it is missing, root has it installed and
anybody else is told the command.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)


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
    for words in (["update"], ["install", "-y", package]):
        command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *words]
        subprocess.check_call(command, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def main(folder: str, *requirements: str) -> None:
    """Make the environment anew and install the requirements into it."""
    version = sys.version.split()[0]
    if sys.version_info < OLDEST:
        sys.exit(
            f"schemadiff needs Python {OLDEST[0]}.{OLDEST[1]} or later, and {sys.executable} is {version}.\n"
            "Install a newer one and name it: make PYTHON=python3.13"
        )
    if not can_make_environments():
        install_venv()
    print(f"Making {folder} with Python {version}: {' '.join(requirements)}", flush=True)
    subprocess.check_call([sys.executable, "-m", "venv", "--clear", folder])
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.check_call([*pip, "install", "--editable", *requirements])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"This failed, and its own message stands above: {' '.join(error.cmd)}")
