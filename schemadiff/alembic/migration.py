"""An Alembic revision file -> the calls of its ``upgrade`` and ``downgrade``. Pure: it is parsed, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemadiff.alembic.values import NotUnderstood, Scope
from schemadiff.models.syntax import parse


@dataclass(frozen=True, slots=True)
class Batch:
    """A block ``with op.batch_alter_table(…)``. ``line`` tells two of one table apart."""

    table: str
    schema: str | None
    recreate: str
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `op`, or of what `op.batch_alter_table` gave, and the values of its arguments."""

    verb: str
    positional: tuple[Any, ...]
    named: dict[str, Any]
    line: int
    batch: Batch | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A statement that only running it would explain, in words."""

    words: str
    line: int


Statement = Call | Unread


@dataclass(frozen=True, slots=True)
class Migration:
    """The statements of the file's two functions, in order."""

    upgrade: tuple[Statement, ...] = ()
    downgrade: tuple[Statement, ...] = field(default=())


def read(source: bytes, dialect: str) -> Migration:
    """Parse a revision file as it would run on a database of that product. Raises `SyntaxError` and `ValueError` as
    `ast.parse` does.
    """
    scope = Scope(dialect)
    bodies: dict[str, list[ast.stmt]] = {}
    for statement in parse(source, "").body:
        if isinstance(statement, ast.FunctionDef):
            bodies[statement.name] = statement.body
        else:
            scope.take(statement)
    return Migration(
        *(tuple(_statements(bodies.get(name, ()), scope.within())) for name in ("upgrade", "downgrade"))
    )


def _statements(body: Iterable[ast.stmt], scope: Scope, batch: Batch | None = None) -> Iterator[Statement]:
    for statement in body:
        try:
            yield from _read(statement, scope, batch)
        except NotUnderstood as error:
            yield Unread(str(error), error.line)


def _read(statement: ast.stmt, scope: Scope, batch: Batch | None) -> Iterator[Statement]:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            pass
        case ast.Expr(value=ast.Call() as call):
            yield _call(call, scope, batch)
        case ast.Assign(targets=[ast.Name()], value=ast.Call() as call) if (
            _verb(call, scope) == "create_table"
        ):
            yield _call(call, scope, batch)
            scope.take(statement)
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=ast.expr() as value):
            if not scope.is_noted(value):
                scope.value(value)
            scope.take(statement)
        case ast.Import() | ast.ImportFrom():
            scope.take(statement)
        case ast.If(test=test, body=body, orelse=orelse):
            yield from _statements(body if scope.holds(test) else orelse, scope, batch)
        case ast.With(
            items=[ast.withitem(context_expr=ast.Call() as call, optional_vars=ast.Name(id=name))], body=body
        ):
            if scope.path(call.func) != "alembic.op.batch_alter_table":
                raise NotUnderstood(call)
            inner = _batch(call, scope)
            scope.batches[name] = inner
            # What is called on `op` meanwhile comes first: a batch is carried out when its block ends.
            found = list(_statements(body, scope, inner))
            yield from sorted(found, key=lambda one: isinstance(one, Call) and one.batch is not None)
            del scope.batches[name]
        case _:
            raise NotUnderstood(statement)


def _batch(call: ast.Call, scope: Scope) -> Batch:
    positional, named = scope.arguments(call)
    known = dict(zip(("table_name", "schema", "recreate"), positional, strict=False), **named)
    table, schema, recreate = (
        known.pop("table_name", None),
        known.pop("schema", None),
        known.pop("recreate", "auto"),
    )
    # These say how Alembic reads the table that it copies. A naming convention is not among them: under names that it
    # makes up, constraints are dropped that have none in the database.
    for name in ("reflect_args", "reflect_kwargs"):
        known.pop(name, None)
    if known or not isinstance(table, str):
        raise NotUnderstood(call)
    return Batch(table, schema, str(recreate), call.lineno)


def _verb(call: ast.Call, scope: Scope) -> str | None:
    """The verb of `op`, or of a batch, that is called."""
    function = call.func
    match function:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in scope.batches:
            return attr
        case _:
            owner, _, verb = (scope.path(function) or "").rpartition(".")
            return verb if owner == "alembic.op" else None


def _call(call: ast.Call, scope: Scope, batch: Batch | None) -> Call:
    verb = _verb(call, scope)
    match call.func:
        case ast.Attribute(value=ast.Name(id=name)) if name in scope.batches:
            pass
        case ast.Attribute(value=owner, attr="execute") if scope.is_bind(owner):
            verb, batch = "execute", None
        case _:
            batch = None
    if verb is None:
        raise NotUnderstood(call)
    positional, named = scope.arguments(call)
    return Call(verb, tuple(positional), named, call.lineno, batch)
