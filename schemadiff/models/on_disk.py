"""Modules on disk that declare models: found by parsing, never by importing.

What nobody imports declares nothing: its tables are not in any MetaData, and nothing else says so. Told are classes
that have a table and derive from what looks like a declarative base (also through other files), and ``Table(…)`` calls.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from schemadiff.models import syntax

_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel"})
_BASE_MAKERS = frozenset({"declarative_base", "automap_base", "generate_base", "make_declarative_base"})
_HOLDER_MAKERS = _BASE_MAKERS | {"MetaData", "SQLAlchemy"}
_MAPPING_DECORATORS = frozenset({"mapped", "mapped_as_dataclass"})
_BASE_DECORATORS = frozenset({"as_declarative", "as_declarative_base"})
_COLUMNS = frozenset({"Column", "mapped_column", "relationship"})
_TABLE_NAMES = ("__tablename__", "__table__")

_WORTH_PARSING = (
    *(b"__tablename__", b"__abstract__", b"Base):", b"Model):", b"table=True", b"table = True"),
    *(
        b" Table(",
        b"=Table(",
        b".Table(",
        b"\nTable(",
        b"= Column(",
        b"=Column(",
        b".Column(",
        b"mapped_column(",
        b"Mapped[",
    ),
    *(b" MetaData(", b"=MetaData(", b".MetaData(", b"SQLAlchemy("),
    *(b"DeclarativeBase", b"declarative_base", b"automap_base", b"generate_base", b"as_declarative"),
)
"""Words of which a file that declares models, or a base for them, has at least one: all other files are read, and not
parsed.
"""

_OF_REVISIONS = (b"\ndef upgrade(", b"\ndown_revision")
"""Lines of revision files, of schemadiff or of another tool: these describe tables as they were."""

_PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", "tests", "test"})
_OF_TESTS = re.compile(r"test_.*|.*_tests?|conftest|setup")
_MOST_FOLDERS = 2_000
"""No project has more: whoever calls a command in ``/`` waits for no walk through the whole machine."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A model: the class, or the ``Table`` call, and the table where its name is written there."""

    name: str
    table: str | None

    def may_be(self, table: str) -> bool:
        """Whether it may be the model of the table, whose name follows from that of the class where none is written."""
        return (self.table or self.name).replace("_", "").lower() == table.replace("_", "").lower()


@dataclass(frozen=True, slots=True)
class File:
    """A file that declares models, or what holds models: bases, a MetaData, a Flask-SQLAlchemy ``db``. ``module`` is
    its dotted name below the folder that was searched.
    """

    path: Path
    module: str
    models: tuple[Declared, ...]
    holders: tuple[str, ...] = ()


def search(folder: Path, passed_over: Collection[str] = (), bases: Iterable[str] = ()) -> tuple[File, ...]:
    """The files below the folder that declare models or hold them, in the order of their paths. Those `passed_over`, by
    absolute paths, are not read; `bases` are the names of classes that are declarative bases or models, as far as they
    are known.

    Tests, hidden folders, virtual environments and revision files are no place for an application's models.
    """
    paths = (path for path in _python_files(folder) if path not in passed_over)
    parsed = ((path, _parsed(path)) for path in paths)
    trees = [(Path(path), tree) for path, tree in parsed if tree is not None]
    classes = [node for _, tree in trees for node in _classes(tree)]
    known = _with_derived(
        {*_BASES, *bases, *(name for _, tree in trees for name in _made_bases(tree))}, classes
    )
    found = (
        File(path, _dotted(path.relative_to(folder)), tuple(_models(tree, known)), tuple(_holders(tree)))
        for path, tree in trees
    )
    return tuple(one for one in found if one.models or one.holders)


def setting(files: Iterable[File]) -> str | None:
    """How the setting ``models`` names all that these files declare; ``None`` where that is not clear."""
    found = list(files)
    declaring = [one for one in found if one.models] or found
    if len(declaring) == 1 and declaring[0].holders:
        return f"{declaring[0].module}:{declaring[0].holders[0]}"
    package = common_package(one.module for one in declaring if one.models)
    return f"{package}.*" if package else None


def common_package(modules: Iterable[str]) -> str:
    """The package that modules of these names are in, or the module itself where it is one."""
    common: list[str] = []
    for level in zip(*(one.split(".") for one in modules), strict=False):
        if len(set(level)) > 1:
            break
        common.append(level[0])
    return ".".join(common)


def declared(path: Path) -> tuple[Declared, ...]:
    """Return the models that one file declares, by its syntax tree; none if it cannot be parsed."""
    tree = _parsed(path)
    return () if tree is None else tuple(_models(tree, _with_derived({*_BASES}, list(_classes(tree)))))


def without(files: Iterable[File], tables: Collection[str], classes: Collection[str]) -> tuple[File, ...]:
    """The files that declare a model which is not among those that are known: a copy of a known one is none."""
    new = (
        replace(one, models=tuple(each for each in one.models if not _is_known(each, tables, classes)))
        for one in files
    )
    return tuple(one for one in new if one.models)


def _is_known(model: Declared, tables: Collection[str], classes: Collection[str]) -> bool:
    return model.name in classes if model.table is None else model.table in tables


def _python_files(folder: Path) -> Iterator[str]:
    for count, (here, folders, files) in enumerate(os.walk(folder)):
        if count >= _MOST_FOLDERS:
            return
        if count and "pyvenv.cfg" in files:  # a virtual environment
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER and name[0] != ".")
        for name in sorted(files):
            if name.endswith(".py") and not _OF_TESTS.fullmatch(name, endpos=len(name) - 3):
                yield os.path.join(here, name)


def _parsed(path: str | Path) -> ast.Module | None:
    """The file's tree; ``None`` where it cannot be had, or nothing in it is of interest."""
    try:
        with open(path, "rb") as file:
            source = file.read()
        if any(word in source for word in _OF_REVISIONS) or not any(
            word in source for word in _WORTH_PARSING
        ):
            return None
        return syntax.parse(source)
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _last(node: ast.expr) -> str:
    """The last part of a dotted name, also of one that is called or subscripted."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _last(inner)
        case _:
            return ""


def _bound(node: ast.AST) -> tuple[str, ...]:
    """The names that a statement binds."""
    match node:
        case ast.Assign(targets=targets):
            return tuple(one.id for one in targets if isinstance(one, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case _:
            return ()


def _value(node: ast.AST) -> ast.expr | None:
    return node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes, also those inside ``if`` and ``try``, and none that a function makes."""
    return (node for node in _statements(tree.body) if isinstance(node, ast.ClassDef))


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            inner = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
            yield from _statements(inner)


def _made_bases(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree.body):
        value = _value(node)
        if value is not None and (
            (isinstance(value, ast.Call) and _last(value) in _BASE_MAKERS)
            or (isinstance(value, ast.Attribute) and value.attr == "Model")
        ):
            yield from _bound(node)
        if isinstance(node, ast.ClassDef) and _decorated(node, _BASE_DECORATORS):
            yield node.name


def _with_derived(bases: set[str], classes: Collection[ast.ClassDef]) -> frozenset[str]:
    """The bases, and the classes that derive from them."""
    while new := {one.name for one in classes if one.name not in bases and _derives(one, bases)}:
        bases = bases | new
    return frozenset(bases)


def _derives(node: ast.ClassDef, bases: Collection[str]) -> bool:
    return any(
        _last(base) in bases or (isinstance(base, ast.Attribute) and base.attr == "Model")
        for base in node.bases
    )


def _models(tree: ast.Module, bases: Collection[str]) -> Iterator[Declared]:
    for node in _statements(tree.body):
        if isinstance(node, ast.ClassDef):
            if _is_model(node, bases):
                yield Declared(node.name, _table_of(node))
        elif (value := _value(node)) is not None or (isinstance(node, ast.Expr) and (value := node.value)):
            table = _table_called(value)
            if table:
                yield Declared(table, table)


def _is_model(node: ast.ClassDef, bases: Collection[str]) -> bool:
    if any(one.arg == "table" and _is_true(one.value) for one in node.keywords):
        return True
    if any("__abstract__" in _bound(one) and _is_true(_value(one)) for one in node.body):
        return False
    has_name = any(name in _TABLE_NAMES for one in node.body for name in _bound(one))
    if _decorated(node, _MAPPING_DECORATORS):
        return True
    if _derives(node, bases):
        return (has_name or _has_columns(node)) and not _derives_from_sqlmodel(node)
    # A base that another package has: a mixin has no base, or no name of its own.
    return has_name and bool(node.bases) and _table_of(node) is not None


def _derives_from_sqlmodel(node: ast.ClassDef) -> bool:
    """Without ``table=True`` such a class is a shape of data, and no table."""
    return any(_last(base) == "SQLModel" for base in node.bases)


def _decorated(node: ast.ClassDef, names: Collection[str]) -> bool:
    return any(_last(one) in names for one in node.decorator_list)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _has_columns(node: ast.ClassDef) -> bool:
    for one in node.body:
        value = _value(one)
        if isinstance(value, ast.Call) and _last(value) in _COLUMNS:
            return True
        if isinstance(one, ast.AnnAssign) and _last(one.annotation) == "Mapped":
            return True
    return False


def _table_of(node: ast.ClassDef) -> str | None:
    for one in node.body:
        value = _value(one)
        if (
            "__tablename__" in _bound(one)
            and isinstance(value, ast.Constant)
            and isinstance(value.value, str)
        ):
            return value.value
        if "__table__" in _bound(one) and value is not None:
            return _table_called(value)
    return None


def _table_called(node: ast.expr) -> str | None:
    """The name of the table that a call declares in a MetaData which has a name; else it is a scratch table."""
    match node:
        case ast.Call(
            args=[ast.Constant(value=str(name)), ast.Name() | ast.Attribute(), *_], keywords=keywords
        ):
            reflected = any(one.arg == "autoload_with" for one in keywords)
            return name if _last(node) == "Table" and not reflected else None
        case _:
            return None


def _holders(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree.body):
        value = _value(node)
        if isinstance(value, ast.Call) and _last(value) in _HOLDER_MAKERS:
            yield from _bound(node)
        if isinstance(node, ast.ClassDef) and (
            _decorated(node, _BASE_DECORATORS)
            or any(_last(base) in _BASES - {"SQLModel"} for base in node.bases)
        ):
            yield node.name
