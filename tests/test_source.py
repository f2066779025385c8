"""The source text of revision files: what ruff's formatter would make of it, and what it evaluates to."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from schemadiff.revisions.writer.python_source import Call, Strings, literal, render

WORDS = st.text(max_size=40)
LEAVES = st.one_of(
    WORDS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Call, st.just("sa.Column"), st.lists(inner, max_size=5)),
        st.builds(Strings, st.lists(WORDS, max_size=4)),
        st.dictionaries(WORDS, inner, max_size=4),
    ),
    max_leaves=12,
)


def value(node: object) -> object:
    match node:
        case Call():
            return [node.function, *map(value, node.arguments)]
        case Strings():
            return node.items
        case dict():
            return {key: value(item) for key, item in node.items()}
        case _:
            return node


def evaluated(node: ast.expr) -> object:
    match node:
        case ast.Call():
            return [ast.unparse(node.func), *map(evaluated, node.args)]
        case ast.Dict():
            return {
                ast.literal_eval(key): evaluated(item)
                for key, item in zip(node.keys, node.values, strict=True)
                if key is not None
            }
        case _:
            return ast.literal_eval(node)


@given(WORDS)
def test_a_literal_is_its_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@given(NODES, st.integers(20, 100))
def test_what_is_rendered_evaluates_to_the_same(node: object, width: int) -> None:
    statement = ast.parse("\n".join(render(node, 0, width))).body[0]
    assert isinstance(statement, ast.Expr)
    assert evaluated(statement.value) == value(node)


def test_what_is_rendered_is_what_ruff_makes_of_it(tmp_path: Path) -> None:
    long = "a rather long comment, which makes the column's line too long for one line"
    nodes = [
        Call(
            "op.add_column",
            ["user", Call("sa.Column", ["email", Call("sa.String", [100]), ("nullable", False)])],
        ),
        Call(
            "op.add_column",
            ["user", Call("sa.Column", ["email", Call("sa.String", [100]), ("comment", long)])],
        ),
        Call(
            "op.create_table", ["t", Call("sa.ForeignKeyConstraint", [Strings(["a"]), Strings([long, long])])]
        ),
        Call(
            "op.alter_table",
            ["t", {"comment": 'it\'s "q"'}, {"comment": 'only "double"', "mysql_engine": None}],
        ),
        Call("f", [long * 2, "back\\slash", "tab\t, bell\a, new\nline", "single'quote", "é\U0001f600"]),
        Call(
            "op.create_view", ["names", f"SELECT {long} \nFROM user \nWHERE id > 3", ("materialized", True)]
        ),
        Call("sa.text", [f"{long} \n{long}\n"]),
        Call("f", [Call("g", []), 1.5, -3, True, {}]),
    ]
    path = tmp_path / "revision.py"
    lines = [line for node in nodes for line in render(node, 0, 88)]
    path.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
