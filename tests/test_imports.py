"""The shape of the package: which module may import which, and what must not stand in any of them.

A layer imports from the layers above it in LAYERS, and the modules of one layer import each other as long as
no circle arises. Imports for type checking count: they couple two modules as well.
"""

import ast
import gc
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
    ("errors", "config", "garbage"),
    ("tables", "schema", "words", "lookup", "functions", "silence", "slug", "digest"),
    ("operations", "stored"),
    ("dialects",),
    (
        "alignment",
        "blame",
        "comparer",
        "objects",
        "dependencies",
        "entries",
        "declared",
        "bookkeeping",
        "coherence",
        "columns",
        "constraint_source",
        "resolution",
        "filters",
        "makingroom",
        "namesakes",
        "gathering",
        "indexsource",
        "kept",
        "footprint",
        "opaque",
        "parts",
        "planner",
        "hazards",
        "uses",
        "reader",
        "writer",
        "naming",
        "rawsql",
        "recorder",
        "renames",
        "replay",
        "source",
        "typesource",
        "spelling",
        "tableoptions",
        "unsaid",
    ),  # pure
    (
        "advice",
        "async_drivers",
        "inspector",
        "revisions",
        "version",
        "watching",
        "confinement",
        "executor",
        "expectations",
        "facts",
        "interruption",
        "journal",
        "database",
        "urls",
        "history",
        "standing",
        "glance",
        "models",
    ),  # edges: I/O
    ("workflow", "tasks", "together", "rereading", "resumption", "difference", "outcomes", "script"),
    ("cli",),
    ("flask", "testing", "__main__"),  # these speak to people through cli, which alone prints
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
WITHOUT_SQLALCHEMY = ("errors", "tables", "schema", "stored", "operations")
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


def imports(name: str, *, run_time_only: bool = False) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of every module, or name in it, that a module imports at any depth."""
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


def prose_free(path: Path) -> ast.Module:
    """Return a module's tree without its docstrings; it has no comments anyway."""
    tree = parsed(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_bare_text(each)] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _is_bare_text(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


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
        for name, path in SOURCES.items()
        if not name.startswith(("schemadiff.dialects", "schemadiff.testing.strategies.engines"))
        for node in ast.walk(prose_free(path))
        if isinstance(node, ast.Constant) and node.value in DIALECTS
    ]
    assert not named, "\n".join(named)


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{name}:{node.lineno}"
        for name, path in SOURCES.items()
        if not name.startswith("schemadiff.cli")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing, "\n".join(printing)


def test_alembic_is_named_in_prose_alone() -> None:
    """And where its table is told from the models'."""
    named = [name for name, path in SOURCES.items() if "alembic" in ast.unparse(prose_free(path)).lower()]
    assert named == ["schemadiff.database.other_tools"]


def test_no_module_holds_two_ideas() -> None:
    lines = {name: len(path.read_text().splitlines()) for name, path in SOURCES.items()}
    assert not {name: count for name, count in lines.items() if count > 500}, (
        "split by idea, never into utils"
    )


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
