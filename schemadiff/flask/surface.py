"""The counterpart of each command, option and keyword of Flask-Migrate 4.1 and of Alembic's `configure`. Pure.

From here come the commands of `flask db`, the functions of `schemadiff.flask`, the answers where one line of numbered
revisions has no such thing, and the tables of docs/flask.md. `tests/test_flask_surface.py` holds it to the names that
Flask-Migrate itself tells (``tests/flask_migrate_surface.json``).
"""

from __future__ import annotations

from dataclasses import dataclass

from schemadiff.config.options import Option

_ONE_LINE = "revisions are numbered in one line"


@dataclass(frozen=True, slots=True)
class Known:
    """An option that Flask-Migrate has. ``becomes`` says what it does here; with ``instead`` it does nothing, and a
    call with it is refused with that sentence, unless its value is the one of ``means_nothing``.
    """

    option: Option
    becomes: str = ""
    instead: str = ""
    means_nothing: str | None = None


@dataclass(frozen=True, slots=True)
class Familiar:
    """A command of Flask-Migrate's. ``of`` is the command of `schemadiff` that does its work; without one it has work
    of its own, or ``instead`` refuses it. ``revision`` is what its argument is where it is left out.
    """

    name: str
    becomes: str
    known: tuple[Known, ...] = ()
    of: str = ""
    help: str = ""
    revision: str | None = None
    argument: str = "[REVISION]"
    instead: str = ""


def _flag(name: str, help_: str, short: str | None = None) -> Option:
    return Option(name, "flag", help_, short=short)


def _text(name: str, help_: str, metavar: str = "TEXT", short: str | None = None) -> Option:
    return Option(name, "text", help_, short=short, metavar=metavar)


DIRECTORY = Known(
    _text("directory", "The revision files, in the place of what Migrate was given.", "DIRECTORY", "-d"),
    "the directory of revisions",
)
X_ARG = Known(
    Option("x-arg", "list", "Told to the functions of @migrate.configure.", short="-x", metavar="TEXT"),
    "`config.cmd_opts.x` of the functions of `@migrate.configure`",
)
_TAG = Known(
    _text("tag", "Told to the functions of @migrate.configure."),
    "`config.cmd_opts.tag` of the functions of `@migrate.configure`",
)
_MESSAGE = Known(_text("message", "What the revision does.", short="-m"), "the message and the file's name")
_VERBOSE = _flag("verbose", "Say more.", "-v")
_REV_ID = Known(
    _text("rev-id", "There is none: revisions are numbered."),
    instead=f"a revision has no id of its own, because {_ONE_LINE}: leave it out, the next number is taken",
)
_BRANCH_LABEL = Known(
    _text("branch-label", "There is none: revisions are one line."),
    instead=f"there are no branches to label, because {_ONE_LINE}: say it in the message, with -m",
)
_NEW = (
    Known(
        _text("head", "The head alone: revisions are one line.", "head"),
        "only `head`.",
        f"a revision comes behind the newest one, because {_ONE_LINE}: leave it out",
        means_nothing="head",
    ),
    Known(
        _flag("splice", "There is none: revisions are one line."),
        instead=f"nothing can be spliced in between, because {_ONE_LINE}: leave it out, and write the next one",
    ),
    _BRANCH_LABEL,
    Known(
        _text("version-path", "There is none: all revisions stand in one directory.", "PATH"),
        instead="all revisions of a history stand in one directory: name it with --directory",
    ),
    _REV_ID,
)
_NO_SQL = Known(
    _flag("sql", "There is none: see --dry-run."),
    instead="a revision is a file, made by asking the database: --dry-run shows its SQL and writes nothing",
)
_RUN = (Known(_flag("sql", ""), "a script for the product's own client"), _TAG, X_ARG, DIRECTORY)

FAMILIAR: tuple[Familiar, ...] = (
    Familiar(
        "init",
        "makes the directory of revisions; there is no environment to edit",
        (
            Known(
                _flag("multidb", "Not needed: each bind has a history of its own."),
                "not needed: each bind has a history of its own",
            ),
            Known(
                _text("template", "There are none.", short="-t"),
                instead="there are no templates, because revision files are written whole: leave it out",
                means_nothing="flask",
            ),
            Known(
                _flag("package", "Also write an empty __init__.py into the directory."),
                "an empty `__init__.py` in the directory",
            ),
            DIRECTORY,
        ),
        help="Make the directory of revisions.",
    ),
    Familiar("list-templates", "says that there are none", help="Say that there are no templates."),
    Familiar(
        "migrate",
        "compares the live database with the models and writes the next revision",
        (_MESSAGE, _NO_SQL, *_NEW, X_ARG, DIRECTORY),
        "plan",
    ),
    Familiar(
        "revision",
        "writes an empty revision to be filled in",
        (
            _MESSAGE,
            Known(_flag("autogenerate", "Do what migrate does."), "`flask db migrate`"),
            _NO_SQL,
            *_NEW,
            DIRECTORY,
        ),
        "revision",
    ),
    Familiar(
        "edit",
        "opens the file of a revision in `$VISUAL` or `$EDITOR`",
        (DIRECTORY,),
        help="Open the file of a revision in an editor.",
        revision="head",
    ),
    Familiar(
        "merge",
        "",
        (
            Known(_text("message", "Not needed.", short="-m"), "not needed"),
            _BRANCH_LABEL,
            _REV_ID,
            DIRECTORY,
        ),
        help="Say what to do in the place of a merge.",
        revision="",
        argument="[REVISIONS]...",
        instead=f"there is nothing to merge, because {_ONE_LINE}: where two files have one number, `schemadiff "
        "renumber` moves those behind that were not applied here",
    ),
    Familiar("upgrade", "runs what is pending, up to a revision", _RUN, "apply", revision="head"),
    Familiar("downgrade", "undoes the last revision, or all after one", _RUN, "rollback", revision="-1"),
    Familiar("show", "one revision: operations, SQL, hazards", (DIRECTORY,), "show", revision="head"),
    Familiar(
        "history",
        "the revisions, applied and pending, the oldest first",
        (
            Known(
                _text(
                    "rev-range", "Those from START to END alone: 2:4, -3:current, :head.", "START:END", "-r"
                ),
                "the revisions from the first to the second, both of them",
            ),
            Known(_VERBOSE, "also all that the file's docstring says"),
            Known(
                _flag("indicate-current", "Mark the last one that is applied.", "-i"), "the mark `(current)`"
            ),
            DIRECTORY,
        ),
        "history",
    ),
    Familiar(
        "heads",
        "the newest revision",
        (
            Known(_VERBOSE, "also its file and digest"),
            Known(
                _flag("resolve-dependencies", "Not needed: revisions are one line."),
                "not needed: each revision depends on the one before it",
            ),
            DIRECTORY,
        ),
        help="Show the newest revision.",
    ),
    Familiar(
        "branches",
        "",
        (Known(_VERBOSE, "not needed"), DIRECTORY),
        help="Say that there are no branches.",
        instead=f"there are no branches, because {_ONE_LINE}: see history",
    ),
    Familiar(
        "current",
        "where the database is, and what is pending; exits 0",
        (Known(_VERBOSE, "also the file and digest of that revision"), DIRECTORY),
        "status",
    ),
    Familiar(
        "stamp",
        "records the database at a revision, proven by a comparison or with `--force`",
        (
            Known(
                _flag("sql", "There is none."),
                instead="what is recorded holds a digest of the files: run the command where the database can be "
                "reached",
            ),
            _TAG,
            Known(
                _flag("purge", "Not needed: a stamp forgets what was recorded before."),
                "not needed: a stamp forgets what was recorded before",
            ),
            DIRECTORY,
        ),
        "stamp",
        revision="head",
    ),
    Familiar("check", "whether models, revisions and database agree", (DIRECTORY,), "check"),
)
BIND = _text(
    "bind", 'A bind of Flask-SQLAlchemy\'s, "default" (the application\'s own database) or "all".', "NAME"
)
"""Flask-Migrate has no such option: its template for several databases stands in each project."""

ON_EVERY_BIND = frozenset({"migrate", "upgrade", "check", "current", "history", "heads", "models"})
"""The commands that work on all databases where nobody names one."""

ON_NO_BIND = frozenset({"init", "list-templates", "merge", "branches"})

BY_NAME = {one.name: one for one in FAMILIAR}


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of `Migrate`, or of Alembic's `configure`. Only where it ``changes`` nothing that people could miss, or
    is one of the values of ``harmless``, nobody has to be warned.
    """

    becomes: str
    followed: bool = False
    harmless: tuple[object, ...] = ()


_WRITING = "revision files are written in a form of their own"
_CONNECTS = "the application's engine is used"

KEYWORDS = {
    "directory": Keyword("the directory of revisions", followed=True),
    "command": Keyword("the name of the commands", followed=True),
    "include_object": Keyword("tables and columns that it refuses are not compared", followed=True),
    "include_name": Keyword("tables and columns that it refuses are not compared", followed=True),
    "target_metadata": Keyword("the models, in the place of the application's", followed=True),
    "version_table": Keyword(
        "a table of that name is Alembic's and not compared; schemadiff keeps a table of its own",
        followed=True,
    ),
    "version_table_schema": Keyword("the schema of that table", followed=True),
    "transaction_per_migration": Keyword('`True` is `transaction="each"`', followed=True),
    "compare_type": Keyword(
        "types are always compared, as the server understands them", harmless=(True, None)
    ),
    "compare_server_default": Keyword(
        "defaults are always compared, as the server understands them", harmless=(True,)
    ),
    "include_schemas": Keyword(
        "each schema that a model names is compared; `schemas=[…]` names others", harmless=(True, False)
    ),
    "render_as_batch": Keyword(
        "SQLite's tables are rebuilt where they must be", harmless=(True, False, None)
    ),
    "process_revision_directives": Keyword("no revision is written where nothing differs"),
    "on_version_apply": Keyword("`op.run` calls a function in a revision"),
    "render_item": Keyword(_WRITING),
    "template_args": Keyword(_WRITING),
    "user_module_prefix": Keyword(_WRITING, harmless=(None,)),
    "sqlalchemy_module_prefix": Keyword(_WRITING, harmless=("sa.",)),
    "alembic_module_prefix": Keyword(_WRITING, harmless=("op.",)),
    "upgrade_token": Keyword(_WRITING, harmless=("upgrades",)),
    "downgrade_token": Keyword(_WRITING, harmless=("downgrades",)),
    "autogenerate_plugins": Keyword("all that schemadiff knows is compared"),
    "literal_binds": Keyword("a script has its values in it", harmless=(True, False)),
    "output_buffer": Keyword("`--sql` prints the script"),
    "starting_rev": Keyword("the database says where it is", harmless=(None,)),
    "tag": Keyword("`--tag` is told to the functions of `@migrate.configure`", harmless=(None,)),
    "transactional_ddl": Keyword("the server decides", harmless=(None,)),
    "version_table_pk": Keyword("schemadiff keeps a table of its own", harmless=(True, False)),
    "connection": Keyword(_CONNECTS, harmless=(None,)),
    "url": Keyword(_CONNECTS, harmless=(None,)),
    "dialect_name": Keyword(_CONNECTS, harmless=(None,)),
    "dialect_opts": Keyword(_CONNECTS, harmless=(None,)),
}
"""Those that are not ``followed`` are named in one line of the log."""
