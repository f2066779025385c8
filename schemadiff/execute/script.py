"""Plans -> scripts: what `apply` or `rollback` would do, for somebody to run by hand with the product's own client.
Pure.

A script leaves what a run leaves: the same database and the same version row. It holds the lock, and begins with the
expectation that the database is where the script was written for. Where DDL can be rolled back, a revision is one
transaction, the update of the version row included. Where each statement commits by itself, the script keeps the
journal that `executor` keeps, so that a script which stopped is finished by `apply` or undone by `rollback`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from schemadiff import __version__
from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects import Dialect
from schemadiff.errors import UnsupportedError
from schemadiff.execute import executor, journal, version_table
from schemadiff.execute.executor import Task
from schemadiff.execute.status import State
from schemadiff.operations import DropIndex, nothing
from schemadiff.planning.planner import Plan, Step


def of_plan(
    plan: Plan,
    dialect: Dialect,
    settings: Sequence[str],
    lock_timeout: float = LOCK_TIMEOUT,
    *,
    first: Sequence[str] = (),
    last: Sequence[str] = (),
) -> tuple[str, ...]:
    """The lines of a script that carries out a plan of no revision, between the statements `first` and `last`. Empty
    where there is nothing to do.
    """
    if not (plan.steps or last):
        return ()
    client = dialect.client
    statements = [*first]
    position = 0
    while position < len(plan.steps):
        begin, position = position, executor.end_of_part(dialect, plan.steps, position)
        some = [
            sql
            for step in plan.steps[begin:position]
            for sql in (*_held(step, dialect), *client.without_lock_timeout(step.sql, lock_timeout))
        ]
        alone = not dialect.transactional_ddl or plan.steps[begin].alone
        if position == len(plan.steps) and not alone:
            some, last = [*some, *last], ()
        statements += some if alone else client.transaction(some)
    statements += client.transaction(last) if len(last) > 1 else last
    return (*_opening(dialect, settings, lock_timeout), *map(client.statement, statements))


def of_tasks(
    tasks: Sequence[Task],
    messages: Mapping[int, str],
    dialect: Dialect,
    settings: Sequence[str],
    place: str,
    lock_timeout: float = LOCK_TIMEOUT,
) -> tuple[str, ...]:
    """The lines of a script that carries out the tasks, one after the other. Empty where there are none. A statement
    that waits longer than `lock_timeout` seconds for a lock stops it.

    Raises `UnsupportedError` when one of them calls a function, since its version would be claimed without it, or
    depends on a name that the server has yet to make up.
    """
    tasks = [_without_nothing(task) for task in tasks]
    for task in tasks:
        _refuse_functions(task)
        _refuse_guesses(task)
    if not tasks:
        return ()
    return tuple(_of_tasks(tasks, messages, dialect, settings, place, lock_timeout))


def comment(text: str) -> str:
    """The text as it may stand in a comment of one line."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _of_tasks(
    tasks: Sequence[Task],
    messages: Mapping[int, str],
    dialect: Dialect,
    settings: Sequence[str],
    place: str,
    lock_timeout: float,
) -> Iterator[str]:
    client = dialect.client
    begin, end = tasks[0].before, tasks[-1].after
    yield from _comments(
        f"{place}: from revision {begin.version:04} to {end.version:04}, written by schemadiff {__version__}",
        f"Run it with {client.command}{client.caution and f'; {client.caution}'}.",
        f"A database that is not at revision {begin.version:04} is refused, and stays as it is.",
        *(
            [f"A statement that waits {lock_timeout:g} s for a lock gives up, and stops it (--lock-timeout)."]
            if client.patience(lock_timeout)
            else []
        ),
        "Where an error stops it, "
        + (
            "nothing remains of the revision that it stood in."
            if not any(_is_journalled(dialect, task) for task in tasks)
            else "`schemadiff status` says what is done, and `schemadiff apply` or `schemadiff rollback` leads on."
        ),
    )
    yield ""
    yield from _opening(dialect, settings, lock_timeout)
    if client.lock:
        words = "another run of schemadiff holds the lock on this database"
        yield from map(client.statement, client.expect(client.lock, words))
    creation = version_table.creation(dialect) if begin.version == 0 else ()
    noting = client.noting()
    for task in tasks:
        verb = "apply" if task.direction == "up" else "roll back"
        yield ""
        yield from _comments(
            f"{verb} {task.revision:04} {messages.get(task.revision, '')}",
            *(f"{hazard.code} {hazard.message}" for hazard in task.plan.hazards),
        )
        if _is_journalled(dialect, task):
            begun = client.transaction(creation) if len(creation) > 1 else creation
            statements = (*begun, *noting, *_journalled(task, dialect, lock_timeout))
            noting = ()
        else:
            statements = client.transaction((*creation, *_whole(task, dialect)))
        creation = ()
        yield from map(client.statement, statements)
    if client.unlock:
        yield ""
        yield client.statement(client.unlock)


def _is_journalled(dialect: Dialect, task: Task) -> bool:
    return not dialect.transactional_ddl or any(step.alone for step in task.plan.steps)


def _opening(dialect: Dialect, settings: Sequence[str], lock_timeout: float) -> Iterator[str]:
    yield from dialect.client.opening
    yield from map(dialect.client.statement, settings)
    patience = dialect.client.patience(lock_timeout)
    if patience:
        yield patience


def _comments(*texts: str) -> Iterator[str]:
    for text in texts:
        yield f"-- {comment(text)}"


def _refuse_functions(task: Task) -> None:
    called = [step.sql for step in task.plan.steps if step.run]
    if called:
        raise UnsupportedError(
            f"revision {task.revision:04} cannot be a script: it would {', '.join(map(comment, called))}, a function "
            "of the revision file",
            hint="Carry it out with `schemadiff apply` or `schemadiff rollback`; a script can go as far as the "
            "revision next to it (--to).",
        )


def _refuse_guesses(task: Task) -> None:
    if task.unsure:
        what = "; ".join(comment(one.describe()) for one in task.unsure)
        raise UnsupportedError(
            f"revision {task.revision:04} cannot be in one script with what comes before it: the server has yet to "
            f"make up a name for what it drops ({what})",
            hint="Write a script that ends before it (--to) and run it; then write the next one.",
        )


def _without_nothing(task: Task) -> Task:
    """The task with the steps that do something: a function that does nothing can be a script."""
    steps = tuple(step for step in task.plan.steps if step.run is None or step.run.function is not nothing)
    return dataclasses.replace(task, plan=dataclasses.replace(task.plan, steps=steps))


def _held(step: Step, dialect: Dialect) -> Iterator[str]:
    """The statements that stop the script where the rows are not as the step expects them."""
    for one in step.expects:
        if one.portable:
            yield from dialect.client.expect(f"NOT EXISTS ({one.exceptions})", f"some {one.words}")


def _expected(dialect: Dialect, state: State) -> tuple[str, ...]:
    words = f"this database is not at revision {state.version:04}, where this begins"
    return dialect.client.expect(version_table.expected(dialect, state), words)


def _whole(task: Task, dialect: Dialect) -> Iterator[str]:
    yield from _expected(dialect, task.before)
    for step in task.plan.steps:
        yield from _held(step, dialect)
        yield step.sql
    yield version_table.update(dialect, task.before, task.after)


def _journalled(task: Task, dialect: Dialect, lock_timeout: float) -> Iterator[str]:
    """The journal moves with each step, and a step of data commits together with that."""
    client, steps = dialect.client, task.plan.steps
    yield from _expected(dialect, task.before)
    done = version_table.update(dialect, task.before, task.after)
    if not steps:
        yield done
        return
    begun = journal.at(executor.entry_of(task), 0)
    yield version_table.update(dialect, task.before, dataclasses.replace(task.before, journal=begun))
    if not executor.commits_with_entry(dialect, steps[0]):
        yield from client.note(0, looks=True, drops=_drops_index(steps[0]))
    position = 0
    while position < len(steps):
        first, position = position, executor.end_of_part(dialect, steps, position)
        noted: tuple[str, ...] = (done,)
        if position < len(steps):
            step = steps[position]
            looks = not executor.commits_with_entry(dialect, step)
            noted = client.note(position, looks=looks, drops=_drops_index(step))
        some = (
            sql
            for step in steps[first:position]
            for sql in (*_held(step, dialect), *client.without_lock_timeout(step.sql, lock_timeout))
        )
        both = (*some, *noted)
        yield from client.transaction(both) if executor.commits_with_entry(dialect, steps[first]) else both


def _drops_index(step: Step) -> bool:
    return any(isinstance(one, DropIndex) for one in step.operations)
