"""The shape of the package: which room may import which, and what must not stand in any of them.

A room imports from the rooms of the layers above its own in LAYERS, and the rooms of one layer import each other as
long as no circle arises. The same holds for the rooms inside each dialect. Imports for type checking count: they couple
two modules as well.
"""

import ast
import functools
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "schemadiff"
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
LAYERS = (
    ("errors",),
    ("config", "schema"),  # values
    ("operations",),  # values
    ("dialects",),
    ("compare",),  # schema x schema -> operations
    ("planning",),  # operations -> plan
    ("models",),  # SQLAlchemy's MetaData -> schema
    ("database", "revisions"),  # connection -> schema; plan <-> files
    ("alembic",),  # what Alembic left half-done -> operations
    ("execute",),  # plan -> database
    ("commands",),
    ("cli",),
    ("flask", "testing", "__main__"),  # these speak to people through cli, which alone prints
)
IN_DIALECTS = ("server", "canonical", "sql", "read", "online", "run", "dialect")
"""The same inside each dialect; all of them stand on ``shared`` and ``contract``, and on no other dialect."""
AGAINST = {
    # A difference between two MetaData is put into words by comparing them.
    ("models.merging", "compare.comparer"),
    ("dialects.postgresql.read.catalog", "dialects.postgresql.run.blockers"),
}
"""The imports that should not be: nothing is added here."""
PURE = ("schema", "operations", "compare", "planning", "models")
PURE_IN_DIALECTS = ("canonical", "sql")
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
WITHOUT_SQLALCHEMY = ("errors", "schema", "operations")
DIALECTS = {"mysql", "mariadb", "postgresql", "sqlite"}


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file, without the garbage collector meanwhile: what it closes then makes
    CPython 3.11 miscount how deep it is (SystemError: AST constructor recursion depth mismatch).
    """
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


@functools.cache
def imports(name: str, *, run_time_only: bool = False) -> tuple[tuple[int, str], ...]:
    """Return the line and the full name of every module, or name in it, that a module imports at any depth."""
    return tuple(_imports(name, run_time_only))


def _imports(name: str, run_time_only: bool) -> Iterator[tuple[int, str]]:
    queue: list[ast.AST] = [parsed(SOURCES[name])]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import counts its dots from the package that the module is in, or is.
            package = name.split(".") if SOURCES[name].name == "__init__.py" else name.split(".")[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)
        elif run_time_only and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            queue += node.orelse
        else:
            queue += ast.iter_child_nodes(node)


def module_of(imported: str) -> str | None:
    """Return the module of the package that an imported name is or stands in; None for all others."""
    while imported not in SOURCES:
        imported, dot, _ = imported.rpartition(".")
        if not dot:
            return None
    return imported if imported.partition(".")[0] == "schemadiff" else None


def room(module: str) -> str:
    """Return the name under which a module stands in LAYERS."""
    return module.split(".")[1]


HOMELESS = {room(name) for name in SOURCES if name != "schemadiff"} - set(LEVEL)


def without_prose(path: Path) -> Iterator[ast.AST]:
    """Yield the nodes of a module but its docstrings; a tree has no comments anyway."""
    queue: list[ast.AST] = [parsed(path)]
    while queue:
        node = queue.pop()
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
        yield node
        queue += ast.iter_child_nodes(node)


def mentioning(*words: str) -> Iterator[tuple[str, Path]]:
    """Yield the modules in whose text one of the words stands: only these are worth parsing for what says it."""
    for name, path in SOURCES.items():
        text = path.read_text()
        if any(word in text for word in words):
            yield name, path


def words(node: ast.AST) -> Iterator[str]:
    """Yield the names and texts that a node itself holds."""
    for _, value in ast.iter_fields(node):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield one


def test_every_module_has_a_layer() -> None:
    assert not HOMELESS, f"give {', '.join(sorted(HOMELESS))} a place in LAYERS"


def test_imports_point_one_way() -> None:
    wrong = []
    circles: TopologicalSorter[str] = TopologicalSorter()
    for name in set(SOURCES) - {"schemadiff"}:
        here = room(name)
        for line, imported in imports(name):
            target = module_of(imported)
            if target == "schemadiff" and not imported.endswith("__"):
                wrong.append(f"{name}:{line} imports {imported}: name the module that it stands in")
            if (
                target in {None, "schemadiff"}
                or here == (there := room(str(target)))
                or {here, there} & HOMELESS
            ):
                continue
            if LEVEL[there] > LEVEL[here]:
                wrong.append(f"{name}:{line} imports {imported}, which is a layer above it")
            circles.add(here, there)
    assert not wrong, "\n".join(wrong)
    circles.prepare()  # raises CycleError, which names the circle


def test_rooms_of_a_dialect_import_one_way() -> None:
    wrong = []
    for name in SOURCES:
        for line, imported in imports(name):
            target = module_of(imported)
            if target is None or not (_is_in_dialects(name) and _is_in_dialects(target)):
                continue
            (product, level), (other, deeper) = dialect_room(name), dialect_room(target)
            if (other not in {product, "shared", "contract"} or deeper > level) and not _excepted(
                name, target
            ):
                wrong.append(f"{name}:{line} imports {imported}")
    assert not wrong, "\n".join(wrong)


def test_models_know_no_comparison() -> None:
    wrong = {
        (name, target)
        for name in SOURCES
        if name.startswith("schemadiff.models.")
        for _, imported in imports(name)
        if (target := str(module_of(imported))).startswith(("schemadiff.compare", "schemadiff.planning"))
    }
    assert not [pair for pair in wrong if not _excepted(*pair)]


def test_every_exception_is_needed() -> None:
    there = {(name, module_of(imported)) for name in SOURCES for _, imported in imports(name)}
    needless = [pair for pair in AGAINST if tuple(f"schemadiff.{one}" for one in pair) not in there]
    assert not needless, f"take {needless} out of AGAINST"


def test_schemas_are_compared_in_one_place() -> None:
    """Filter, ask, align, compare: `Comparison` alone wires them, for any two of models, revisions and databases."""
    asks = {f"schemadiff.database.server_spelling.{name}" for name in ("ask", "differences")}
    compares = {f"schemadiff.compare.comparer.{name}" for name in ("compare", "drift")} | {
        "schemadiff.compare.comparer"
    }
    both = {
        name
        for name in SOURCES
        if (found := {imported for _, imported in imports(name)}) & asks and found & compares
    }
    assert both == {"schemadiff.database.comparison"}
    wired = {name for name in SOURCES for _, one in imports(name) if one in asks | compares}
    assert not [name for name in wired if name.startswith(("schemadiff.commands", "schemadiff.cli"))]


def test_pure_rooms_touch_no_connection() -> None:
    """They are handed schemas and return values: whoever has a connection is another room."""
    touching = [
        f"{name}:{node.lineno} {ast.unparse(node.func)}"
        for name, path in SOURCES.items()
        if _is_pure(name)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TOUCHES
    ]
    assert not touching, "\n".join(touching)


TOUCHES = {
    "execute",
    "exec_driver_sql",
    "connect",
    "begin",
    "begin_nested",
    "commit",
    "cursor",
    "scalar",
    "scalars",
}


def _is_pure(name: str) -> bool:
    parts = name.split(".")[1:]
    return bool(parts) and (
        parts[0] in PURE or (parts[0] == "dialects" and len(parts) > 2 and parts[2] in PURE_IN_DIALECTS)
    )


def _is_in_dialects(name: str) -> bool:
    return name.startswith("schemadiff.dialects.")


def dialect_room(name: str) -> tuple[str, int]:
    """The product that a module in `dialects` is about, ``shared`` or ``contract``, and how far up it stands there."""
    product, *rest = name.split(".")[2:]
    if product in {"shared", "contract"}:
        return product, -1 if product == "contract" else -2
    return product, IN_DIALECTS.index(rest[0]) if len(rest) > 1 else len(IN_DIALECTS)


def _excepted(name: str, target: str) -> bool:
    return (name.removeprefix("schemadiff."), target.removeprefix("schemadiff.")) in AGAINST


def test_the_package_itself_imports_lazily() -> None:
    top = parsed(SOURCES["schemadiff"]).body
    eager = [ast.unparse(node) for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [text for text in eager if "schemadiff" in text or "import ." in text or "from ." in text]


@pytest.mark.parametrize("name", [f"schemadiff.{name}" for name in WITHOUT_SQLALCHEMY])
def test_values_know_no_sqlalchemy(name: str) -> None:
    if name not in SOURCES:
        return
    named = {imported.partition(".")[0] for _, imported in imports(name, run_time_only=True)}
    assert "sqlalchemy" not in named
    assert _python(f"import sys, {name}; print('sqlalchemy' in sys.modules)") == "False"


def test_help_loads_neither_sqlalchemy_nor_rich() -> None:
    if "schemadiff.cli" not in SOURCES:
        return
    code = """
import contextlib, io, sys
from schemadiff.cli import main
sys.argv = ["schemadiff", "--help"]
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
    main()
assert "plan" in out.getvalue(), out.getvalue()
print([name for name in ("sqlalchemy", "rich") if name in sys.modules])
"""
    assert _python(code) == "[]"


def test_dialects_are_named_in_dialects_alone() -> None:
    named = [
        f"{name}:{node.lineno} says {node.value!r}"
        for name, path in mentioning(*DIALECTS)
        if not name.startswith(("schemadiff.dialects", "schemadiff.testing.strategies.engines"))
        for node in without_prose(path)
        if isinstance(node, ast.Constant) and node.value in DIALECTS
    ]
    assert not named, "\n".join(named)


OF_A_PRODUCT = re.compile(
    r"\b(LIMIT|FETCH FIRST|UNLOGGED|CONCURRENTLY|AUTO_INCREMENT|AUTOINCREMENT|ROWID|InnoDB|FULLTEXT|SPATIAL|gist|btree"
    r"|(sqlite|mysql|mariadb|postgresql|pg)_\w+|information_schema)\b"
)
"""Words of one product's SQL, of its catalogs, of SQLAlchemy's keywords for it: behind the contract of dialects."""


def test_the_words_of_a_product_stand_in_dialects_alone() -> None:
    said = [
        f"{name}:{node.lineno} says {node.value!r}"
        for name, path in SOURCES.items()
        if not name.startswith(("schemadiff.dialects", "schemadiff.testing.strategies"))
        and OF_A_PRODUCT.search(path.read_text())
        for node in without_prose(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OF_A_PRODUCT.search(node.value)
    ]
    assert not said, "\n".join(said)


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{name}:{node.lineno}"
        for name, path in mentioning("print")
        if not name.startswith("schemadiff.cli")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing, "\n".join(printing)


def test_alembic_is_never_imported() -> None:
    """It is named in prose, and where what it left behind is read, as text."""
    imported = {one.partition(".")[0] for name in SOURCES for _, one in imports(name)}
    assert not {"alembic", "flask_migrate"} & imported
    named = {
        name
        for name, path in mentioning("alembic", "Alembic")
        if "alembic" in " ".join(word for node in without_prose(path) for word in words(node)).lower()
    }
    rooms = {name.split(".")[1] for name in named - {"schemadiff"}}
    assert rooms <= {"alembic", "cli", "commands", "config", "database", "flask", "revisions"}


def test_no_docstring_begins_with_what() -> None:
    """Such a sentence hides its subject: say what is returned (``Return the …``) or what it is (``The …``)."""
    begins = re.compile(r'^\s*r?"""What\b', re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.end()) + 1}"
        for room in ("schemadiff", "tools", "benchmarks", "examples")
        for path in sorted((ROOT / room).rglob("*.py"))
        for text in [path.read_text()]
        for match in begins.finditer(text)
    ]
    assert not found, "\n".join(found)


def test_no_module_holds_two_ideas() -> None:
    lines = {name: len(path.read_text().splitlines()) for name, path in SOURCES.items()}
    assert not {name: count for name, count in lines.items() if count > 500}, (
        "split by idea, never into utils"
    )


def test_no_test_file_is_longer_than_a_module_may_be() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "tests").rglob("*.py")}
    assert not {name: count for name, count in lines.items() if count > 500}, "split it by what is tested"


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
