"""The commands of `flask db` as functions, with the names and parameters that Flask-Migrate's users know.

Each works on the application whose context it is called in, and says what the command says; it asks nothing, and raises
`SchemadiffError` where the command would exit. Further keywords are the options of the command: ``allow=["SD102"]``.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from schemadiff.cli.guard import FINE
from schemadiff.config.options import options_of
from schemadiff.errors import PendingError, SchemadiffError
from schemadiff.flask.calls import command_of, work_of
from schemadiff.flask.configured import Configured
from schemadiff.flask.project import configured
from schemadiff.flask.speech import speaking
from schemadiff.flask.surface import BIND, BY_NAME

_DIFFERENT = {
    "check": "models, revisions and database do not agree",
    "stamp": "nothing was recorded: the database is not as that revision leaves one",
}


def init(
    directory: str | None = None, multidb: bool = False, template: str | None = None, package: bool = False
) -> None:
    """Makes the directory of revisions."""
    _do("init", directory=directory, multidb=multidb, template=template, package=package)


def revision(
    directory: str | None = None,
    message: str | None = None,
    autogenerate: bool = False,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | None = None,
    version_path: str | None = None,
    rev_id: str | None = None,
    **options: Any,
) -> None:
    """Writes an empty revision; with `autogenerate` it does what `migrate` does."""
    _do(
        "migrate" if autogenerate else "revision",
        directory=directory,
        message=message,
        sql=sql,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=version_path,
        rev_id=rev_id,
        **options,
    )


def migrate(
    directory: str | None = None,
    message: str | None = None,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | None = None,
    version_path: str | None = None,
    rev_id: str | None = None,
    x_arg: str | Sequence[str] | None = None,
    **options: Any,
) -> None:
    """Compares the live database with the models and writes the next revision."""
    _do(
        "migrate",
        directory=directory,
        message=message,
        sql=sql,
        head=head,
        splice=splice,
        branch_label=branch_label,
        version_path=version_path,
        rev_id=rev_id,
        x_arg=x_arg,
        **options,
    )


def edit(directory: str | None = None, revision: str = "current", **options: Any) -> None:
    """Opens the file of a revision in an editor."""
    _do("edit", directory=directory, revision=revision, **options)


def merge(
    directory: str | None = None,
    revisions: str | Sequence[str] = "",
    message: str | None = None,
    branch_label: str | None = None,
    rev_id: str | None = None,
) -> None:
    """Raises `UsageError`: there is nothing to merge."""
    _do("merge", directory=directory, revision=revisions, message=message)


def upgrade(
    directory: str | None = None,
    revision: str = "head",
    sql: bool = False,
    tag: str | None = None,
    x_arg: str | Sequence[str] | None = None,
    **options: Any,
) -> None:
    """Runs what is pending up to a revision. Processes that call it at once wait for the one that does the work."""
    _do("upgrade", directory=directory, revision=revision, sql=sql, tag=tag, x_arg=x_arg, **options)


def downgrade(
    directory: str | None = None,
    revision: str = "-1",
    sql: bool = False,
    tag: str | None = None,
    x_arg: str | Sequence[str] | None = None,
    **options: Any,
) -> None:
    """Undoes the last revision, or all after one."""
    _do("downgrade", directory=directory, revision=revision, sql=sql, tag=tag, x_arg=x_arg, **options)


def show(directory: str | None = None, revision: str = "head", **options: Any) -> None:
    """Shows one revision: operations, SQL, hazards."""
    _do("show", directory=directory, revision=revision, **options)


def history(
    directory: str | None = None,
    rev_range: str | None = None,
    verbose: bool = False,
    indicate_current: bool = False,
    **options: Any,
) -> None:
    """Lists the revisions, applied and pending."""
    _do(
        "history",
        directory=directory,
        rev_range=rev_range,
        verbose=verbose,
        indicate_current=indicate_current,
        **options,
    )


def heads(
    directory: str | None = None,
    verbose: bool = False,
    resolve_dependencies: bool = False,
    **options: Any,
) -> None:
    """Shows the newest revision."""
    _do("heads", directory=directory, verbose=verbose, resolve_dependencies=resolve_dependencies, **options)


def branches(directory: str | None = None, verbose: bool = False) -> None:
    """Raises `UsageError`: there are no branches."""
    _do("branches", directory=directory, verbose=verbose)


def current(directory: str | None = None, verbose: bool = False, **options: Any) -> None:
    """Shows where the database is, and what is pending."""
    _do("current", directory=directory, verbose=verbose, **options)


def stamp(
    directory: str | None = None,
    revision: str = "head",
    sql: bool = False,
    tag: str | None = None,
    purge: bool = False,
    **options: Any,
) -> None:
    """Records a revision as applied without running it. Raises `PendingError` where the database is not at it."""
    _do("stamp", directory=directory, revision=revision, sql=sql, tag=tag, purge=purge, **options)


def check(directory: str | None = None, **options: Any) -> None:
    """Raises `PendingError` where models, revisions and database do not agree."""
    _do("check", directory=directory, **options)


def list_templates() -> None:
    """Says that there are none."""
    _do("list-templates")


def _do(name: str, **given: Any) -> None:
    """Does what the command does. Its words are those of the commands that this application has."""
    from schemadiff.cli.terminal.terminal import Terminal

    found: Configured = configured()
    speak = speaking(f"flask {found.command}")
    _expect_known(name, given)
    if isinstance(given.get("x_arg"), str):
        given["x_arg"] = (given["x_arg"],)
    try:
        work, _ = work_of(name, given, speak)
        code = work(Terminal(stdin=io.StringIO()))  # nobody is asked
    except SchemadiffError as error:
        error.message, error.hint = speak(error.message), error.hint and speak(error.hint)
        raise
    if code != FINE and name in _DIFFERENT:
        hint = f"`flask {found.command} {name}` shows how."
        raise PendingError(_DIFFERENT[name], hint=hint)


def _expect_known(name: str, given: dict[str, Any]) -> None:
    """Raises `TypeError`, as Python does, for a keyword that is no option of the command."""
    command = command_of(name)
    known = {one.parameter for one in options_of(command.name) if not one.names_project} if command else set()
    known |= {"revision", BIND.parameter, *(one.option.parameter for one in BY_NAME[name].known)}
    for key in given:
        if key not in known:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
