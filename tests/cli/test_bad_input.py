"""What bad input gets: a message of what, where and what next; exit code 2; no traceback, no password, no change."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.shell import HEAD, Shell

PASSWORD = "corr3ct-h0rse"
TABLE = 'Table("user", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))\n'
NOWHERE = f"mysql+pymysql://root:{PASSWORD}@127.0.0.1:1/shop"
"""Nothing listens there: for mistakes that are found before anybody connects."""


def begun(shell: Shell) -> None:
    """One revision, applied."""
    shell.models(TABLE)
    shell("plan", "-m", "begin")
    shell("apply")


def revision(name: str, body: str) -> Callable[[Shell], object]:
    """One revision, applied, and a second file."""

    def prepare(shell: Shell) -> None:
        begun(shell)
        text = f'"""second"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n    {body}\n'
        shell.write(f"versions/{name}", text)

    return prepare


def without_upgrade(shell: Shell) -> None:
    begun(shell)
    shell.write("versions/0002_second.py", "pass\n")


def models(text: str) -> Callable[[Shell], object]:
    return lambda shell: shell.write("models.py", text)


def edited(shell: Shell) -> None:
    begun(shell)
    path = shell.folder / "versions" / "0001_begin.py"
    path.write_text(path.read_text().replace("sa.String(20)", "sa.String(21)"))


def ahead(shell: Shell) -> None:
    begun(shell)
    (shell.folder / "versions" / "0001_begin.py").unlink()


def no_row(shell: Shell) -> None:
    begun(shell)
    shell.execute("DELETE FROM schemadiff_version")


def two_rows(shell: Shell) -> None:
    begun(shell)
    shell.execute(
        "ALTER TABLE schemadiff_version RENAME TO kept",
        "CREATE TABLE schemadiff_version AS SELECT * FROM kept",
        "INSERT INTO schemadiff_version SELECT * FROM kept",
        "DROP TABLE kept",
    )


def by_hand(setting: str) -> Callable[[Shell], object]:
    """One revision, applied, and a version row that somebody has changed."""

    def prepare(shell: Shell) -> None:
        begun(shell)
        shell.execute(sa.text(f"UPDATE schemadiff_version SET {setting}".replace(":", "\\:")))

    return prepare


def pending(shell: Shell) -> None:
    shell.models(TABLE)
    shell("plan", "-m", "begin")


def unwritable(shell: Shell) -> None:
    shell.models(TABLE)
    shell.write("occupied", "a file where the directory should be")


def renamed(shell: Shell) -> None:
    begun(shell)
    shell.models(TABLE.replace('"name"', '"title"'))


@dataclass(frozen=True)
class Case:
    prepare: Callable[[Shell], object]
    arguments: tuple[str, ...]
    says: tuple[str, ...]
    url: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


CASES = {
    "unreachable MySQL": Case(models(HEAD + TABLE), ("plan",), ('"shop" on 127.0.0.1:1', "hint: "), NOWHERE),
    "unreachable PostgreSQL": Case(
        models(HEAD + TABLE),
        ("check",),
        ('"shop" on 127.0.0.1:1', "hint: "),
        f"postgresql+psycopg://root:{PASSWORD}@127.0.0.1:1/shop",
    ),
    "a file that is no database": Case(
        lambda shell: shell.write("models.py", "not a database" * 100),
        ("status",),
        ("models.py",),
        "sqlite:///models.py",
    ),
    "unknown driver": Case(
        models(HEAD + TABLE), ("status",), ("nosuch", "hint: "), f"nosuch://root:{PASSWORD}@127.0.0.1/shop"
    ),
    "URL that cannot be read": Case(
        models(HEAD + TABLE),
        ("status",),
        ("cannot be read", "hint: "),
        f"//root:{PASSWORD}@@127.0.0.1:x/shop",
    ),
    "no URL": Case(models(HEAD + TABLE), ("status",), ("no database is named", "--url"), ""),
    "URL in the wrong place": Case(models(HEAD + TABLE), ("plan", NOWHERE), ("--help",)),
    "no models": Case(
        lambda shell: shell.write("schemadiff.toml", ""),
        ("plan",),
        ("no models are named", "--models"),
    ),
    "settings with an unknown key": Case(
        lambda shell: shell.write("schemadiff.toml", 'model = "x"'),
        ("plan",),
        ("schemadiff.toml", '"model"', "models"),
        NOWHERE,
    ),
    "settings that are no TOML": Case(
        lambda shell: shell.write("schemadiff.toml", "models = "),
        ("plan",),
        ("schemadiff.toml",),
        NOWHERE,
    ),
    "models: not module:attribute": Case(
        models(HEAD), ("plan", "--models", "models"), ('"models"', "module:attribute"), NOWHERE
    ),
    "models: no such module": Case(
        models(HEAD), ("plan", "--models", "nosuch:metadata"), ('no module "nosuch"', "hint: "), NOWHERE
    ),
    "models: no such attribute": Case(
        models(HEAD + TABLE),
        ("check", "--models", "models:Base"),
        ('no attribute "Base"', "hint: "),
        NOWHERE,
    ),
    "models: something else": Case(
        models(HEAD + TABLE), ("plan", "--models", "models:Integer"), ("models:Integer", "hint: "), NOWHERE
    ),
    "models that raise": Case(
        models("import os\n\nlimit = int('many')\n"),
        ("plan",),
        ("ValueError", "models.py, line 3: limit = int('many')"),
        NOWHERE,
    ),
    "models with a syntax error": Case(
        models("import os\n\nlimit = = 3\n"),
        ("check",),
        ("SyntaxError", "models.py, line 3: limit = = 3"),
        NOWHERE,
    ),
    "models that import what is not there": Case(
        models("import nosuch_library\n"), ("plan",), ("nosuch_library", "models.py, line 1"), NOWHERE
    ),
    "models that exit": Case(models("raise SystemExit(0)\n"), ("plan",), ("models", "SystemExit"), NOWHERE),
    "no tables": Case(
        models(HEAD), ("plan",), ("no tables: was the module that defines them imported?", "models"), NOWHERE
    ),
    "revision with a syntax error": Case(
        revision("0002_second.py", "op.add_column("), ("apply",), ("0002_second.py, line 7", "syntax error")
    ),
    "revision with an unknown verb": Case(
        revision("0002_second.py", 'op.add_colum("user", None)'),
        ("apply",),
        ("0002_second.py, line 7", "op.add_colum", "op.add_column"),
    ),
    "revision with a wrong before-image": Case(
        revision("0002_second.py", 'op.drop_column("user", sa.Column("name", sa.String(99)))'),
        ("apply", "--allow", "all"),
        ("0002_second.py, line 7", "user.name", "20", "99"),
    ),
    "revision about a table that is not there": Case(
        revision("0002_second.py", 'op.add_column("users", sa.Column("x", sa.Integer))'),
        ("check",),
        ("0002_second.py, line 7", '"users"'),
    ),
    "revision that raises": Case(
        revision("0002_second.py", "1 / 0"), ("apply",), ("0002_second.py, line 7", "ZeroDivisionError")
    ),
    "revision without upgrade": Case(
        without_upgrade,
        ("apply",),
        ("0002_second.py", "upgrade"),
    ),
    "two files with one number": Case(
        revision("0001_second.py", "pass"),
        ("plan",),
        ("number 1", "0001_begin.py", "0001_second.py", "schemadiff renumber"),
    ),
    "a gap": Case(
        revision("0003_second.py", "pass"),
        ("apply",),
        ("revision 2", "0001_begin.py", "0003_second.py", "hint: "),
    ),
    "database ahead of the files": Case(ahead, ("apply",), ("revision 1", "newest", "hint: ")),
    "applied revision that was edited": Case(edited, ("check",), ("0001_begin.py", "edited", "new revision")),
    "version table without a row": Case(no_row, ("apply",), ("schemadiff_version", "no row", "hint: ")),
    "version table with two rows": Case(two_rows, ("status",), ("schemadiff_version", "2 rows", "hint: ")),
    "version table with a version that there is not": Case(
        by_hand("version = -3"), ("apply",), ("schemadiff_version", "version cannot be '-3'", "hint: ")
    ),
    "version table with another digest": Case(
        by_hand("digest = 'abc', files = NULL"),
        ("rollback",),
        ("revision files", "abc", "schemadiff history"),
    ),
    "version table whose files are none": Case(
        by_hand("files = '5'"), ("check",), ("schemadiff_version", "files cannot be '5'", "hint: ")
    ),
    "version table with a time that is none": Case(
        by_hand("changed_at = 'today'"), ("status",), ("schemadiff_version", "today", "hint: ")
    ),
    "journal that is no JSON": Case(
        by_hand("journal = '{oops'"), ("apply",), ("schemadiff_version", "changed by hand", "hint: ")
    ),
    "journal that is no object": Case(
        by_hand("journal = '[1]'"), ("rollback",), ("schemadiff_version", "journal cannot be '[1]'", "hint: ")
    ),
    "journal that is no entry": Case(
        by_hand("""journal = '{"format": 1, "revision": 1, "steps": [{}]}'"""),
        ("apply",),
        ("journal", "changed by hand", "NULL"),
    ),
    "journal of a later release": Case(
        by_hand("""journal = '{"format": 99}', tool = '9.9'"""), ("apply",), ("schemadiff 9.9", "Install")
    ),
    "option that the driver of MySQL does not know": Case(
        models(HEAD + TABLE),
        ("status",),
        ('"shop" on 127.0.0.1:1', "nosuch", "hint: "),
        f"{NOWHERE}?nosuch=1",
    ),
    "option that the driver of PostgreSQL does not know": Case(
        models(HEAD + TABLE),
        ("status",),
        ('"shop" on 127.0.0.1:1', "nosuch", "hint: "),
        f"postgresql+psycopg://root@127.0.0.1:1/shop?nosuch=1&password={PASSWORD}",
    ),
    "value that the driver does not take": Case(
        models(HEAD + TABLE),
        ("status",),
        ("***", "hint: "),
        f"postgresql+psycopg://root@127.0.0.1:1/shop?connect_timeout={PASSWORD}&password={PASSWORD}",
    ),
    "directory that cannot be written": Case(
        unwritable, ("plan", "--versions", "occupied/versions"), ("occupied/versions", "hint: ")
    ),
    "plan while revisions are pending": Case(pending, ("plan",), ("0001", "schemadiff apply")),
    "possible rename": Case(
        renamed, ("plan",), ("user", "name", "title", "--rename user.name=title", "--no-renames")
    ),
    "rename of nothing": Case(begun, ("plan", "--rename", "user.nosuch=x"), ("user.nosuch=x", "nosuch")),
    "no directory of revisions": Case(models(HEAD), ("apply",), ("versions", "schemadiff plan")),
    "revision that there is not": Case(begun, ("show", "7"), ("7", "versions", "1 to 1")),
    "target that there is not": Case(begun, ("apply", "--to", "7"), ("revision 7", "0 to 1")),
    "target behind": Case(begun, ("apply", "--to", "0"), ("schemadiff rollback --to 0",)),
    "two targets": Case(begun, ("rollback", "--to", "0", "--steps", "1"), ("not both",)),
    "no steps": Case(begun, ("rollback", "--steps", "0"), ("0 steps",)),
    "unknown hazard": Case(begun, ("apply", "--allow", "SD999"), ("SD999", "SD101", "all")),
    "unknown command": Case(begun, ("upgrade",), ("upgrade", "--help")),
    "unknown option": Case(begun, ("apply", "--nosuch"), ("--nosuch", "apply --help")),
    "not a number": Case(begun, ("show", "one"), ("show --help",)),
}


@pytest.mark.slow  # a process each
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input(shell: Shell, case: Case) -> None:
    case.prepare(shell)
    files, database = _files(shell.folder), _database(shell)
    asked = Shell(shell.folder, shell.url if case.url is None else case.url, case.environment)
    answer = asked.process(*case.arguments, code=2)
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert answer.out == ""
    for text in case.says:
        assert text in answer.err
    assert PASSWORD not in answer.err
    assert _files(shell.folder) == files
    assert _database(shell) == database


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_refused_login_names_no_password(fresh_database: Callable[[str], str], shell: Shell) -> None:
    for engine in ("mysql", "mariadb", "postgresql"):
        url = fresh_database(engine)
        scheme, _, rest = url.partition("://")
        wrong = f"{scheme}://nobody:{PASSWORD}@{rest.rpartition('@')[2]}"
        answer = Shell(shell.folder, wrong).process("status", code=2)
        assert "cannot connect to" in answer.err
        assert PASSWORD not in answer.err


KEY = """\
    op.add_column("user", sa.Column("boss", sa.Integer, server_default="9"))
    op.add_constraint("user", sa.ForeignKeyConstraint(["boss"], ["user.id"], name="fk_boss"))
"""


def test_what_is_refused_at_the_end_is_rolled_back(shell: Shell) -> None:
    begun(shell)
    shell.execute("INSERT INTO user VALUES (1, 'Ada')")
    text = '"""second"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n'
    file = shell.write("versions/0002_second.py", text + KEY)
    told = shell("apply", code=2).err
    assert "error: revision 0002 could not be applied: the change would break foreign keys" in told
    assert "Everything that this revision did is rolled back; the database is at revision 0001" in told
    file.write_text(text + KEY.splitlines()[0] + "\n")
    with contextlib.closing(sqlite3.connect(shell.url.partition("///")[2], isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM user").fetchall()
        told = shell("apply", "--lock-wait", "0", code=2).err
    assert "error: revision 0002 could not be applied: the database is in use by another program" in told
    assert "the database is at revision 0001" in told
    shell("apply")


def test_a_defect_is_told_in_a_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemadiff.commands.status.status_of", _defect)
    shell.environment["SCHEMADIFF_VERSIONS"] = "versions"
    shell.url = NOWHERE
    answer = shell("status", code=2)
    assert (
        answer.err.splitlines()[0]
        == "error: unexpected RuntimeError: password *** at mysql://root:***@127.0.0.1"
    )
    assert "report it" in answer.err
    assert "Traceback" not in answer.err
    shell.environment["SCHEMADIFF_DEBUG"] = "1"
    traced = shell("status", code=2).err
    assert "Traceback" in traced
    assert PASSWORD not in traced


def _defect(*_: object) -> None:
    raise RuntimeError(f"password {PASSWORD}\nat mysql://root:other@127.0.0.1")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _database(shell: Shell) -> list[object]:
    tables = shell.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
    version = shell.execute("SELECT * FROM schemadiff_version") if shell.versions() and tables else []
    return [tables, version]
