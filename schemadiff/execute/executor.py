"""Carries a plan out.

Where DDL can be rolled back, a revision is one transaction, the version row included. Where each statement commits by
itself, the version row is the journal: before a step it records which step of which revision is about to run, and what
the parts that it touches look like. After a crash the live schema decides whether it is done, see `interruption`. A
step of data commits together with the journal entry that says it is done.
"""

from __future__ import annotations

import dataclasses
import re
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemadiff.config.defaults import LOCK_WAIT
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.driver_errors import is_lost, server_words
from schemadiff.dialects.shared.opening import Opening
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import (
    DatabaseError,
    Leave,
    LockedError,
    RevisionError,
    SchemadiffError,
    StepError,
    StoppedError,
)
from schemadiff.execute import advice, interruption, journal, preconditions, version_table
from schemadiff.execute.failed_operation import blamed
from schemadiff.execute.journal import Direction, Interrupted, PartialUndo
from schemadiff.execute.preconditions import Unmet
from schemadiff.execute.progress import Running, watching
from schemadiff.execute.status import State
from schemadiff.execute.transaction_guard import call, one_transaction
from schemadiff.operations import Execute, Operation, Run
from schemadiff.operations.functions import file_of
from schemadiff.planning import footprint
from schemadiff.planning.footprint import Neither
from schemadiff.planning.planner import Plan, Step
from schemadiff.schema import Schema


@dataclass(frozen=True, slots=True)
class Event:
    """Reports a step to the caller of a run: when it begins (neither ``seconds`` nor ``running``), twice a second while
    it takes longer than a second (``running``), and when it is done (``seconds``, its duration). A step that had to
    wait for a lock begins again.
    """

    revision: int
    direction: Direction
    step: Step
    position: int
    total: int
    seconds: float | None = None
    running: Running | None = None


Progress = Callable[[Event], object]
"""Called with each `Event`, never by two threads at once, but while a step runs by another one than the caller's.

It may raise `StoppedError`: when a step begins, the run stops before it; while a step runs, its statement is ended. Any
other exception that it raises while a step runs is raised when the step is done.
"""

PAUSES = (0.5, 1, 2, 5)
"""Seconds between two tries to get a lock on a table, the last one again and again: time for those who waited."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run behaves: ``progress`` is told of its steps, ``tell`` in a sentence whom it waits for; ``wait`` are the
    seconds for which it tries to get the locks on the tables of a step.
    """

    progress: Progress | None = None
    tell: Callable[[str], object] = str
    wait: float = LOCK_WAIT


@dataclass(frozen=True, slots=True)
class Task:
    """One revision to carry out, forward or back: the plan, and the version row before and after. ``turned`` says of
    what it undoes the part that is done, if it does. ``start`` is the schema in which its steps begin, by replay.

    ``unsure`` are operations on what the server will have named by itself, by a name that is a guess: good enough to be
    shown, not to be written into a script. ``since`` is the revision at which the transaction began that the task is a
    part of, ``None`` where it is one by itself.
    """

    revision: int
    direction: Direction
    plan: Plan
    before: State
    after: State
    turned: PartialUndo | None = None
    start: Schema = field(default_factory=Schema)
    unsure: tuple[Operation, ...] = ()
    since: int | None = None

    @property
    def rolled_back_to(self) -> int:
        """The revision at which the database is where the transaction of the task is rolled back."""
        return self.before.version if self.since is None else self.since


def run(connection: Connection, dialect: Dialect, task: Task, options: RunOptions) -> None:
    """Carries the task out. Raises `StepError` when a step fails, after which nothing (where DDL can be rolled back)
    or everything up to that step is done.
    """
    steps = task.plan.steps
    if not dialect.transactional_ddl or any(step.alone for step in steps):
        entry = entry_of(task)
        found = journal.found_there(entry, task.plan.operations)
        task = dataclasses.replace(task, start=footprint.after(found, task.start, dialect))
        _run_journalled(connection, dialect, task, entry, 0, options)
        return

    together(connection, dialect, [task], options)


def together(
    connection: Connection,
    dialect: Dialect,
    tasks: Sequence[Task],
    options: RunOptions,
    begin: Callable[[], Iterable[Task]] | None = None,
) -> None:
    """Carries the tasks out in one transaction that is rolled back when a step fails, and begun again while somebody
    holds a lock that it needs. `begin` yields what they have become when they are planned one after the other.
    """
    task = tasks[0]

    def whole() -> None:
        nonlocal task
        stepping = False
        try:
            ending = version_table.ending(dialect, tasks[0].before, lambda: task.after)
            with dialect.transaction(connection, ending) as opening:
                if opening and begin:
                    opening.send(connection)  # it reads what is there
                for one in begin() if begin else tasks:
                    task, stepping = one, True
                    steps = one.plan.steps
                    for position in range(len(steps)):
                        _step(connection, dialect, one, steps, position, options, opening, rolls_back=True)
                    stepping = False
        except RevisionError as error:
            if not stepping:  # else it says where
                error.message = f"revision {task.revision:04}: {error.message}"
            raise
        except (SQLAlchemyError, DatabaseError) as error:
            if stepping:
                raise
            raise _uncommitted(task, error) from error

    try:
        patiently(connection, dialect, [step for one in tasks for step in one.plan.steps], options, whole)
    except StoppedError as error:
        raise _stopped(task, task.plan.steps, None) from error


def entry_of(task: Task) -> journal.Entry:
    """The journal's entry of a task that begins."""
    digest = (task.after if task.direction == "up" else task.before).digest
    plan = task.plan
    return journal.begin(task.revision, task.direction, digest, plan.steps, plan.operations, task.turned)


def finish(
    connection: Connection, dialect: Dialect, task: Task, interrupted: Interrupted, options: RunOptions
) -> None:
    """Carries out what is left of an interrupted task, whose plan has the steps that are done and those to come."""
    _run_journalled(connection, dialect, task, interrupted.entry, interrupted.done, options)


def _run_journalled(
    connection: Connection,
    dialect: Dialect,
    task: Task,
    entry: journal.Entry,
    first: int,
    options: RunOptions,
) -> None:
    steps = task.plan.steps
    footings = interruption.footings(steps, task.start, dialect)

    def note(position: int, fingerprint: str | None = None) -> None:
        version_table.advance(connection, dialect, position, fingerprint)

    def part(position: int, end: int) -> None:
        # Rows, or what can be rolled back, and the entry that says it is there commit together: exactly once.
        with dialect.transaction(connection, version_table.noting(dialect, end)) as opening:
            for one in range(position, end):
                _step(connection, dialect, task, steps, one, options, opening)

    def clear(step: Step) -> None:
        # What would have to be waited for is left to the next run.
        if step.alone:
            with suppress(SQLAlchemyError):
                dialect.clear(connection, step.operations, patiently=False)

    position = first
    if position < len(steps):
        version_table.write(
            connection, dialect, dataclasses.replace(task.before, journal=journal.at(entry, position))
        )
    while position < len(steps):
        end = end_of_part(dialect, steps, position)
        some, step = steps[position:end], steps[position]
        if commits_with_entry(dialect, step):
            note(position)
            try:
                patiently(connection, dialect, some, options, partial(part, position, end))
            except StoppedError as error:
                raise _stopped(task, steps, position) from error
        else:
            footing = footings[position]
            before = interruption.fingerprint_of(connection, dialect, footing)
            note(position, before)
            try:
                patiently(
                    connection,
                    dialect,
                    some,
                    options,
                    partial(_step, connection, dialect, task, steps, position, options),
                )
            except StoppedError as error:
                # Its statement was ended, or has come to its end nevertheless.
                clear(step)
                done = position
                with suppress(SQLAlchemyError):
                    found = interruption.is_done(connection, dialect, footing, before)
                    if not isinstance(found, Neither):  # else the next run will see
                        done += found
                        note(done)
                raise _stopped(task, steps, done) from error
            except StepError:
                # The server refused it, so it is not done, whatever happens to these tables until the next run. When
                # the connection is lost nobody knows yet, and this entry cannot be written either.
                clear(step)
                with suppress(SQLAlchemyError):
                    note(position)
                raise
        position = end
    version_table.write(connection, dialect, task.after)


def commits_with_entry(dialect: Dialect, step: Step) -> bool:
    """Whether the step is held together with its entry in the journal by a transaction, so that nobody has to look."""
    return is_data(step) or (dialect.transactional_ddl and not step.alone)


def end_of_part(dialect: Dialect, steps: Sequence[Step], first: int) -> int:
    """The position after the steps that commit together with the one at `first`."""
    end = first + 1
    if dialect.transactional_ddl and not steps[first].alone:
        while end < len(steps) and not steps[end].alone:
            end += 1
    return end


def patiently(
    connection: Connection,
    dialect: Dialect,
    steps: Sequence[Step],
    options: RunOptions,
    work: Callable[[], None],
) -> None:
    """Does `work`, which carries out these steps, and does it again while somebody holds a lock that it needs. A
    function of the revision file is not called twice: who knows what else it does.
    """
    deadline = time.monotonic() + options.wait
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            work()
        except StepError as error:
            if error.__cause__ is None or not dialect.is_lock_timeout(error.__cause__):
                raise
            tables = dict.fromkeys(name for step in steps for name in step.tables)
            holders = dialect.blockers(connection, tuple(tables)) or (
                "who holds it cannot be seen from here",
            )
            left = deadline - time.monotonic()
            if left <= pause or any(step.run for step in steps):
                error.message = "\n".join([error.message, *(f"  in its way: {one}" for one in holders)])
                error.hint = (
                    f"{error.hint}\nThe lock was asked for again and again, for {options.wait:g} s in all: "
                    "end what is in its way, or give it more time with --lock-wait."
                )
                raise
            words = ", ".join(map(str, tables)) or "a table"
            options.tell(f"waiting for the lock on {words}: {'; '.join(holders)}")
        else:
            return
        try:
            time.sleep(pause)
        except Leave as error:
            raise StoppedError("stopped while it waited") from error


def _step(
    connection: Connection,
    dialect: Dialect,
    task: Task,
    steps: Sequence[Step],
    position: int,
    options: RunOptions,
    opening: Opening | None = None,
    *,
    rolls_back: bool = False,
) -> None:
    step, progress = steps[position], options.progress
    event = Event(task.revision, task.direction, step, position, len(steps))
    if progress:
        progress(event)

    def tell(running: Running) -> None:
        if progress:
            progress(dataclasses.replace(event, running=running))

    sql = "" if step.run else step.sql
    started = time.monotonic()
    with watching(connection, dialect, sql, step.tables, tell if progress else None) as watch:
        try:
            place = f"revision {task.revision:04}: {step.operations[0].describe()}" if step.operations else ""
            written = any(isinstance(one, Execute | Run) for one in step.operations)
            held = written and commits_with_entry(dialect, step)
            with (
                dialect.as_server_is(connection) if written else nullcontext(),
                one_transaction(connection, place, opening) if held and dialect.savepoints else nullcontext(),
            ):
                if opening and (step.expects or step.run):
                    opening.send(connection)
                preconditions.hold(connection, dialect, step.expects)
                if step.run:
                    dialect.expect_anything(connection)
                    call(step.run, connection, dialect, place)
                else:
                    if not written:
                        dialect.admit(connection, step.sql)
                    _send(connection, dialect, event, options, opening)
        except SchemadiffError:
            raise
        except Leave as error:
            if not step.run:
                raise  # nobody knows what becomes of the statement
            raise StoppedError("its function was interrupted") from error
        except (Exception, SystemExit) as error:
            if watch.stopped and not is_lost(error):
                raise StoppedError("its statement was ended") from error
            raise _failure(task, steps, position, error, rolls_back) from error
    if watch.stopped and commits_with_entry(dialect, step):
        # MySQL and MariaDB end SLEEP() without an error.
        raise StoppedError("its statement was ended")
    if progress:
        progress(dataclasses.replace(event, seconds=time.monotonic() - started))


def _send(
    connection: Connection,
    dialect: Dialect,
    event: Event,
    options: RunOptions,
    opening: Opening | None,
) -> None:
    step = event.step
    # Who looks at the server's sessions, a later run of schemadiff for one, sees what it is. It comes first: servers
    # show the beginning of a text.
    tag = ""
    if dialect.shows_statements:
        tag = f"/* schemadiff {event.revision:04} {event.direction} {event.position + 1}/{event.total} */ "
    sql = tag + step.sql
    if step.alone:
        dialect.clear(connection, step.operations)
        with dialect.without_lock_timeout(connection, sql):
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
        return
    whole = tag + opening.before(step.sql) if opening else sql
    try:
        connection.exec_driver_sql(whole, execution_options=VERBATIM)
    except DBAPIError as error:
        other = dialect.fallback(sql, error)
        if other is None:
            raise
        options.tell(
            f"step {event.position + 1} goes another way that keeps nobody waiting: {server_words(error)}"
        )
        connection.exec_driver_sql(other, execution_options=VERBATIM)


def _failure(
    task: Task, steps: Sequence[Step], position: int, error: Exception | SystemExit, rolls_back: bool
) -> StepError:
    step = steps[position]
    words = server_words(error)
    if step.run and not isinstance(error, SQLAlchemyError):
        words = f"{type(error).__name__}: {error}"
    if step.run:
        file = file_of(step.run.function)
        lines_of_it = [
            one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == file
        ]
        words += f" ({file}, line {lines_of_it[-1]})" if lines_of_it else ""
    verb = "apply" if task.direction == "up" else "roll back"
    # A rebuild is several statements, of which the first carries the operations.
    carried = next((one.operations for one in reversed(steps[: position + 1]) if one.operations), ())
    caused = blamed(carried, words)
    lines = [
        f"revision {task.revision:04}: could not {verb} step {position + 1} of {len(steps)}: {words}",
        *(f"  - {one.describe()}{'   <- this one' if one in caused else ''}" for one in carried),
    ]
    if not isinstance(error, Unmet):
        lines += [f"    {line}" for line in step.sql.splitlines()]
    if rolls_back:
        hint = advice.rolled_back(task.direction, task.rolled_back_to, alone=task.since is None)
    else:
        done = [
            one.describe()
            for before in steps[:position]
            for one in before.operations
            if one not in step.operations
        ]
        up = task.direction == "up"
        lost = is_lost(error)
        told = [f"{'Done' if up else 'Undone'} before it: {'; '.join(dict.fromkeys(done)) or 'nothing'}."]
        if lost:
            told.append("The connection was lost: whether this step is done will be read from the database.")
        told.append(advice.mend(task.direction, begun=bool(position or lost)))
        hint = "\n".join(told)
    if isinstance(error, Unmet):
        hint = f"{error.advice}\n{hint}"
    return StepError("\n".join(lines), hint=hint)


def _uncommitted(task: Task, error: SQLAlchemyError | DatabaseError) -> DatabaseError:
    """The words for a transaction that could not be begun, or not be committed when all of its steps were through."""
    words = error.message if isinstance(error, DatabaseError) else server_words(error)
    verb = "applied" if task.direction == "up" else "rolled back"
    if is_lost(error):
        hint = advice.lost(task.direction)
    else:
        hint = advice.rolled_back(task.direction, task.rolled_back_to, alone=task.since is None)
    if isinstance(error, DatabaseError) and error.hint:
        hint = f"{error.hint}\n{hint}"
    kind = LockedError if isinstance(error, LockedError) else StepError
    return kind(f"revision {task.revision:04} could not be {verb}: {words}", hint=hint)


def _stopped(task: Task, steps: Sequence[Step], done: int | None) -> StoppedError:
    """The words for a run that was stopped after that many steps; ``None`` where all of them are rolled back."""
    up = task.direction == "up"
    if done is None:
        return StoppedError(
            f"stopped in revision {task.revision:04}, and everything that {'it' if up else 'the rollback'} did is "
            f"{'rolled' if up else 'taken'} back: the database is at revision {task.rolled_back_to:04}",
            hint=advice.begin_again(task.direction),
        )
    lines = [
        f"stopped in revision {task.revision:04}: {done} of {len(steps)} steps {'done' if up else 'undone'}"
    ]
    for word, some in (("done" if up else "undone", steps[:done]), ("open", steps[done:])):
        operations = dict.fromkeys(one.describe() for step in some for one in step.operations)
        lines += [f"  {word}: {one}" for one in operations]
    return StoppedError("\n".join(lines), hint=advice.go_on(task.direction))


_DATA = re.compile(
    r"(?: \s | /\*.*?\*/ | --[^\n]*\n | \( )* (?: insert|update|delete|replace|select|with|set|do|call )\b",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def is_data(step: Step) -> bool:
    """Whether the step changes rows, which a transaction holds together with the journal; DDL commits by itself."""
    return step.run is not None or (
        any(isinstance(operation, Execute) for operation in step.operations)
        and _DATA.match(step.sql) is not None
    )
