"""Tells Alembic's revision files apart, where they stand among those of schemadiff: by what they assign, never by
running them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from schemadiff.errors import RevisionError
from schemadiff.models.syntax import parse

_SAID = {"revision", "down_revision"}

OTHER_DIRECTORY = (
    "Revisions of schemadiff stand in a directory of their own: name another one. `schemadiff baseline --from-alembic "
    "DIRECTORY` takes the database over as Alembic has left it."
)


def refuse_alembic(paths: Iterable[Path]) -> None:
    """Raises `RevisionError` where one of the files is a revision of Alembic's. One that cannot be read is none."""
    for path in paths:
        try:
            tree = parse(path.read_bytes(), str(path))
        except (OSError, ValueError, SyntaxError):
            continue
        refuse_tree(tree, path)


def refuse_tree(tree: ast.Module, path: Path) -> None:
    """Raises `RevisionError` where the file of that syntax tree is a revision of Alembic's."""
    said = assigned(tree)
    if said.keys() >= _SAID:
        value = said["revision"]
        name = f": {value.value!s}" if isinstance(value, ast.Constant) else ""
        raise RevisionError(f"{path}: this is an Alembic revision{name}", hint=OTHER_DIRECTORY)


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """The names to which the module gives values, with the last value of each, as it is written."""
    return {
        target.id: one.value
        for one in tree.body
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        if isinstance(target, ast.Name)
    }


def is_of_alembic(directory: Path) -> bool:
    """Whether it is a directory that Alembic's `init` made: with an environment and a folder of revisions."""
    return (directory / "env.py").is_file() and (directory / "versions").is_dir()
