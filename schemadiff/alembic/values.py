"""Expressions of an Alembic revision file -> the values that they stand for. Pure: nothing of the file is executed.

A syntax tree is walked by a list of what may stand in it: literals, names that the file has given to such values, and
constructors of SQLAlchemy. Whatever else there is raises `NotUnderstood`.
"""

from __future__ import annotations

import ast
import importlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from schemadiff.schema.describe import short

_MODULES = (
    "sqlalchemy",
    "sqlalchemy.dialects",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.schema",
    "sqlalchemy.sql",
    "sqlalchemy.sql.expression",
    "sqlalchemy.sql.schema",
    "sqlalchemy.sql.sqltypes",
    "sqlalchemy.types",
)
_CONSTRUCTORS = frozenset(
    {
        "CheckConstraint",
        "Column",
        "Computed",
        "DefaultClause",
        "FetchedValue",
        "ForeignKey",
        "ForeignKeyConstraint",
        "Identity",
        "Index",
        "MetaData",
        "PrimaryKeyConstraint",
        "Table",
        "UniqueConstraint",
        "column",
        "desc",
        "asc",
        "false",
        "literal_column",
        "null",
        "table",
        "text",
        "true",
    }
)
"""Functions that may be called beside types: each only makes a value."""

_STANDS_FOR = {"sqlmodel.AutoString": sa.String, "sqlmodel.sql.sqltypes.AutoString": sa.String}
"""Types of other packages that a revision file names, and what they are in a database."""


class NotUnderstood(Exception):
    """The file says something that only running it would tell. ``line`` is where."""

    def __init__(self, node: ast.AST, words: str = "") -> None:
        self.line = int(getattr(node, "lineno", 0))
        super().__init__(words or f"`{short(ast.unparse(node))}` is not understood")


class Scope:
    """The names of a file, as far as its lines say plainly what they are. `dialect` is what the database is."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._paths: dict[str, str] = {}
        self._values: dict[str, ast.expr] = {}
        self._busy: set[str] = set()
        self.batches: dict[str, object] = {}
        """The names that `batch_alter_table` was given."""

    def take(self, statement: ast.stmt) -> bool:
        """Whether the statement only gives a name to something, which is noted."""
        match statement:
            case ast.Import(names=names):
                for one in names:
                    top = one.name.partition(".")[0]
                    self._paths[one.asname or top] = one.name if one.asname else top
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for one in names:
                    self._paths[one.asname or one.name] = f"{module}.{one.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._values[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._values[name] = value
            case _:
                return False
        return True

    def within(self) -> Scope:
        """The scope of a function in it."""
        inner = Scope(self._dialect)
        inner._paths, inner._values = dict(self._paths), dict(self._values)
        return inner

    def path(self, node: ast.expr) -> str | None:
        """The path of what is named, in the words of the module that it was imported from: ``alembic.op.f``."""
        match node:
            case ast.Name(id=name):
                return None if name in self.batches else self._paths.get(name)
            case ast.Attribute(value=value, attr=attr):
                path = self.path(value)
                return path and f"{path}.{attr}"
            case _:
                return None

    def arguments(self, call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call. Raises `NotUnderstood`."""
        positional: list[Any] = []
        for one in call.args:
            if isinstance(one, ast.Starred):
                positional += self.value(one.value)
            else:
                positional.append(self.value(one))
        named: dict[str, Any] = {}
        for keyword in call.keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                named.update(value)
            else:
                named[keyword.arg] = value
        return positional, named

    def value(self, node: ast.expr) -> Any:
        """The value of an expression. Raises `NotUnderstood`."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.List(elts=elements):
                return [self.value(one) for one in elements]
            case ast.Tuple(elts=elements):
                return tuple(self.value(one) for one in elements)
            case ast.Dict(keys=keys, values=values):
                pairs = [(key, value) for key, value in zip(keys, values, strict=True) if key is not None]
                if len(pairs) < len(keys):
                    raise NotUnderstood(node)
                return {self.value(key): self.value(value) for key, value in pairs}
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, other = self.value(left), self.value(right)
                if isinstance(one, str) and isinstance(other, str):
                    return one + other
                raise NotUnderstood(node)
            case ast.Name(id=name) if name in self._values:
                if name in self._busy:
                    raise NotUnderstood(node)
                self._busy.add(name)
                try:
                    return self.value(self._values[name])
                finally:
                    self._busy.discard(name)
            case ast.Attribute() if self._asks_dialect(node):
                return self._dialect
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.Call():
                return self._called(node)
            case _:
                raise NotUnderstood(node)

    def holds(self, node: ast.expr) -> bool:
        """Whether a condition is true that only asks which product the database is. Raises `NotUnderstood`."""
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                one, other = self.value(left), self.value(right)
                match op:
                    case ast.Eq():
                        return bool(one == other)
                    case ast.NotEq():
                        return bool(one != other)
                    case ast.In() if isinstance(other, list | tuple):
                        return one in other
                    case ast.NotIn() if isinstance(other, list | tuple):
                        return one not in other
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.holds(operand)
            case _:
                pass
        raise NotUnderstood(node)

    def _refuse(self, node: ast.AST) -> bool:
        raise NotUnderstood(node)

    def _asks_dialect(self, node: ast.Attribute) -> bool:
        """Whether it is ``….dialect.name`` of Alembic's connection or context."""
        return node.attr == "name" and self._is_dialect(node.value)

    def _is_dialect(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr="dialect", value=owner):
                return self.is_bind(owner) or self._is_context(owner)
            case ast.Name(id=name) if name in self._values:
                return isinstance(self._values[name], ast.Attribute) and self._is_dialect(self._values[name])
            case _:
                return False

    def is_noted(self, node: ast.expr) -> bool:
        """Whether it is something without an effect to which a name may be given."""
        return self.is_bind(node) or self._is_context(node) or self._is_dialect(node)

    def is_bind(self, node: ast.expr) -> bool:
        """Whether it is the connection of Alembic's run."""
        return self._is_given_by(node, "alembic.op.get_bind")

    def _is_context(self, node: ast.expr) -> bool:
        return self._is_given_by(node, "alembic.op.get_context")

    def _is_given_by(self, node: ast.expr, path: str) -> bool:
        """Whether it is a call of that function without arguments, or a name that was given to one."""
        match node:
            case ast.Call(func=function, args=[], keywords=[]):
                return self.path(function) == path
            case ast.Name(id=name) if name in self._values:
                return isinstance(self._values[name], ast.Call) and self._is_given_by(
                    self._values[name], path
                )
            case _:
                return False

    def _named(self, node: ast.Name | ast.Attribute) -> Any:
        """A type without brackets, as in ``sa.Column("id", sa.Integer)``."""
        found = self._of_sqlalchemy(node)
        if isinstance(found, type) and issubclass(found, TypeEngine):
            return found
        raise NotUnderstood(node)

    def _called(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute) and self._is_f(function):
            positional, _ = self.arguments(node)
            return positional[0] if positional else self._refuse(node)
        path = self.path(function) or ""
        try:
            if _is_function(path):
                positional, _ = self.arguments(node)
                return getattr(sa.func, path.rpartition(".")[2])(*positional)
            if isinstance(function, ast.Attribute) and function.attr == "with_variant":
                owner = self.value(function.value)
                positional, named = self.arguments(node)
                if isinstance(owner, type):
                    owner = owner()
                return (
                    owner.with_variant(*positional, **named)
                    if isinstance(owner, TypeEngine)
                    else self._refuse(node)
                )
            if path == "alembic.op.create_table":
                positional, named = self.arguments(node)
                columns = [
                    sa.column(one.name, one.type) for one in positional[1:] if isinstance(one, sa.Column)
                ]
                return sa.table(positional[0], *columns, schema=named.get("schema"))
            found = self._of_sqlalchemy(function)
            positional, named = self.arguments(node)
            return found(*positional, **named)
        except NotUnderstood:
            raise
        except Exception as error:
            # SQLAlchemy does not take these arguments: a mistake of the file, or words of another release.
            words = " ".join(str(error).split())
            raise NotUnderstood(node, f"`{short(ast.unparse(node))}` is not understood: {words}") from None

    def _is_f(self, function: ast.Attribute) -> bool:
        """Whether it is ``op.f``, which says that a name is final."""
        if function.attr != "f":
            return False
        owner = function.value
        return self.path(owner) == "alembic.op" or (isinstance(owner, ast.Name) and owner.id in self.batches)

    def _of_sqlalchemy(self, node: ast.expr) -> Any:
        path = self.path(node) or ""
        if path in _STANDS_FOR:
            return _STANDS_FOR[path]
        module, _, name = path.rpartition(".")
        if module in _MODULES and not name.startswith("_"):
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and issubclass(found, TypeEngine):
                return found
            if name in _CONSTRUCTORS and found is not None:
                return found
        raise NotUnderstood(node)


def _is_function(path: str) -> bool:
    owner, _, name = path.rpartition(".")
    return owner in ("sqlalchemy.func", "sqlalchemy.sql.func", "sqlalchemy.sql.expression.func") and (
        name.isidentifier() and not name.startswith("_")
    )
