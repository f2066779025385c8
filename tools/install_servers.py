"""Finds the database servers that the tests run on, and installs those that are not found.

    python tools/install_servers.py [mysql] [mariadb] [postgresql] [pgbouncer]

MariaDB, PostgreSQL and the pooler PgBouncer are ordinary packages and need root. MySQL is not in Debian's
stable suites but is in its unstable one: the package and all that it links to are downloaded with package lists
of their own, unpacked into the project's cache folder and run with the loader found there, so nothing of the
machine's own system changes and root is not needed. No server is started here, and nothing is installed for an
engine that the tests reach by a URL in the environment or through Docker. Standard library only: this runs before
anything is installed.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("mysql", "mariadb", "postgresql")
POOLER = "pgbouncer"
PACKAGES = {
    "mariadb": ("mariadb-server-core", "mariadb-client-core"),
    "postgresql": ("postgresql",),
    POOLER: (POOLER,),
}
LOCK_SECONDS = 300
OWN_SUITE_NAMES = frozenset({"oldstable", "stable", "testing", "unstable", "sid"})


class SetupError(Exception):
    """Raised with what could not be set up, why, and what to do next."""


@dataclass(frozen=True)
class Installation:
    """A server's programs on this machine: how to call the server, and the folder that it belongs to."""

    engine: str
    server: tuple[str, ...]
    home: Path
    version: str


def url_variable(engine: str) -> str:
    """Return the name of the environment variable that points the tests at a server which already runs."""
    return f"SCHEMADIFF_TEST_{engine.upper()}_URL"


def cache_folder() -> Path:
    """Return the folder for what is downloaded once: `$SCHEMADIFF_CACHE`, else `.cache` in the project."""
    chosen = os.environ.get("SCHEMADIFF_CACHE")
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parent.parent / ".cache"


def docker_answers() -> bool:
    """Return whether a Docker engine really answers: the client alone runs no container."""
    if not shutil.which("docker"):
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


# Finding


def find(engine: str, cache: Path | None = None) -> Installation | None:
    """Return the programs of an engine, or None. The machine's own go before those of the cache folder."""
    for server, home in _candidates(engine, cache or cache_folder()):
        version = version_of(engine, server)
        if version is not None:
            return Installation(engine, server, home, version)
    return None


def find_pooler() -> str | None:
    """Return the program of the pooler, or None."""
    return shutil.which(POOLER, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _candidates(engine: str, cache: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    program = {"mysql": "mysqld", "mariadb": "mariadbd", "postgresql": "postgres"}[engine]
    places = [Path(found)] if (found := shutil.which(program)) else []
    places += [Path(folder) / program for folder in ("/usr/sbin", "/usr/libexec", "/usr/local/sbin")]
    if engine == "postgresql":
        installed = [
            *Path("/usr").glob("lib/postgresql/*/bin/postgres"),
            *Path("/usr").glob("pgsql-*/bin/postgres"),
        ]
        places += sorted(
            installed, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True
        )
    for place in places:
        if os.access(place, os.X_OK):
            yield (str(place.resolve()),), place.resolve().parent.parent
    if engine == "mysql":
        home = cache / "mysql" / "usr"
        # The packages bring their own C library, which only their own loader can load.
        for loader in sorted(home.glob("lib/*/ld-linux*.so*")) + sorted(home.glob("lib/*/ld64.so*")):
            yield (str(loader), "--library-path", str(loader.parent), str(home / "sbin" / "mysqld")), home


def version_of(engine: str, server: tuple[str, ...]) -> str | None:
    """Return the version that the server itself names, or None where it is not what its file's name says."""
    try:
        command = [*server, "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return version_in(engine, answer)


def version_in(engine: str, answer: str) -> str | None:
    """Return the version in what a server says to --version; None where it is another product, or too old."""
    # Debian's mariadb-server calls its server mysqld as well.
    if {"mysql": "MariaDB" in answer, "mariadb": "MariaDB" not in answer}.get(engine):
        return None
    number = re.search(r"(?:Ver|PostgreSQL\)) (\d+)[.\d]*", answer)
    if number is None or (engine == "mysql" and int(number[1]) < 8):
        return None
    return number[0].split()[-1]


# Installing


def install(engine: str) -> None:
    """Install what an engine needs; SetupError says why that did not work."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise SetupError(
            f"{engine}: no server found, and there is no apt-get here to install one with.\n"
            f"Install one with this machine's own package manager, start Docker, "
            f"or set {url_variable(engine)} to the URL of a server that may be used for tests."
        )
    if engine == "mysql":
        _unpack_mysql(cache_folder())
    else:
        _install_packages(engine)


def _install_packages(engine: str) -> None:
    command = ["install", "-y", "--no-install-recommends", *PACKAGES[engine]]
    if os.geteuid() != 0:
        raise SetupError(
            f"{engine}: no server found, and installing one needs root. Run this, then try again:\n"
            f"  sudo apt-get update && sudo apt-get {' '.join(command)}"
        )
    say(f"{engine}: not found, installing {' and '.join(PACKAGES[engine])} ...")
    _apt(["update"])
    _apt(command)


def _unpack_mysql(cache: Path) -> None:
    say("mysql: not found, downloading mysql-server-core from Debian's unstable suite (some 80 MB) ...")
    download("mysql", "unstable", ("mysql-server-core",), cache / "mysql")


def download(
    what: str,
    suite: str,
    names: Sequence[str],
    target: Path,
    *,
    finish: Callable[[Path], None] = lambda root: None,
) -> None:
    """Unpack packages of one of Debian's suites, and all that they need, into a folder, all or nothing.

    `finish` is handed the folder before it gets its place.
    """
    source = f"deb {_signed_by()}{_debian_mirror(what)} {suite} main\n"
    work = target.with_name(f"{target.name}.download")
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "root"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()  # nothing counts as installed, so that the C library is downloaded as well
    (work / "sources.list").write_text(source)
    options = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
    }
    own = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    _apt([*own, "update"])
    _apt([*own, "install", "-y", "--download-only", *names])
    packages = sorted((work / "cache" / "archives").glob("*.deb"))
    say(f"{what}: unpacking {len(packages)} packages into {target} ...")
    for package in packages:
        run(["dpkg", "-x", str(package), str(work / "root")])
    finish(work / "root")
    shutil.rmtree(target, ignore_errors=True)
    (work / "root").rename(target)
    shutil.rmtree(work)


def _debian_mirror(what: str) -> str:
    """Return the Debian mirror that this machine's own apt is configured with."""
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    codename = re.search(r"^VERSION_CODENAME=\"?([\w.-]+)", release, re.MULTILINE)
    form = "$(RELEASE) $(COMPONENT) $(REPO_URI)"
    targets = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    if mirror := mirror_in(targets, codename[1] if codename else ""):
        return mirror
    raise SetupError(
        f"{what}: this machine's apt names no Debian mirror to take it from.\n"
        f"For the tests install MySQL 8 or later, start Docker, or set {url_variable('mysql')} "
        "to the URL of a server that may be used for them."
    )


def mirror_in(targets: str, codename: str) -> str | None:
    """Return the Debian mirror among lines of suite, component and address; others use its names too."""
    for line in targets.splitlines():
        suite, component, uri = line.split(maxsplit=2)
        own = suite in OWN_SUITE_NAMES | {codename} and component == "main"
        if own and uri.rstrip("/").endswith("/debian"):
            return uri
    return None


def _signed_by() -> str:
    """Return the sources option that names Debian's own keys, where they are not among apt's trusted ones."""
    keys = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return f"[signed-by={keys}] " if keys.exists() else ""


def _apt(words: Sequence[str]) -> None:
    """Run apt-get, waiting for whoever holds one of its locks: its own option waits for only some of them."""
    command = ["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *words]
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            run(command)
        except SetupError as error:
            if not re.search(r"Could not get lock|Unable to lock", str(error)) or time.monotonic() > deadline:
                raise
            say("waiting for another apt-get to finish ...")
            time.sleep(3)
        else:
            return


def run(command: Sequence[str]) -> str:
    """Run a program and return what it printed; SetupError carries the end of that when it fails."""
    surroundings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-15:])
        raise SetupError(f"This failed with exit code {done.returncode}: {' '.join(command)}\n{said}")
    return done.stdout


def say(line: str) -> None:
    print(line, flush=True)


def _provide(engine: str) -> None:
    """See to it that the tests have a server of an engine, or the pooler, and say which."""
    if engine == POOLER:
        if find_pooler() is None:
            _install_packages(POOLER)
        say(f"{POOLER}: {find_pooler()}")
    elif os.environ.get(url_variable(engine)):
        say(f"{engine}: {url_variable(engine)} is set, nothing to install")
    elif docker_answers():
        say(f"{engine}: Docker answers, nothing to install")
    elif found := find(engine):
        say(f"{engine}: {found.version}, {found.server[-1]}")
    else:
        started = time.monotonic()
        install(engine)
        found = find(engine)
        if found is None:
            raise SetupError(f"{engine}: was installed, but its server does not answer to --version.")
        seconds = time.monotonic() - started
        say(f"{engine}: {found.version}, {found.server[-1]} (installed in {seconds:.0f} s)")


def main(arguments: Sequence[str]) -> int:
    """Provide the engines named, all of them and the pooler where none is; return the exit code."""
    known = (*ENGINES, POOLER)
    if unknown := [name for name in arguments if name not in known]:
        print(f"No such engine: {', '.join(unknown)}. There are {', '.join(known)}.", file=sys.stderr)
        return 2
    cache_folder().mkdir(parents=True, exist_ok=True)
    failed = False
    with (cache_folder() / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at a time would unpack over each other
        for engine in arguments or known:
            try:
                _provide(engine)
            except SetupError as error:
                print(error, file=sys.stderr)
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
