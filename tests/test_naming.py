"""The names of revision files: in every script, and found again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from schemadiff.revisions import files
from schemadiff.revisions.slug import slug

NAMES = {
    "修改字段": "修改字段",
    "Добавить поле «Йод»": "добавить_поле_йод",
    "名前を変更する": "名前を変更する",
    "हिन्दी नाम": "हिन्दी_नाम",
    "Größe ändern, déjà vu": "große_andern_deja_vu",
    "add  x-y/z": "add_x_y_z",
    "…": "revision",
}


@pytest.mark.parametrize(("message", "name"), NAMES.items())
def test_a_message_names_the_file(tmp_path: Path, message: str, name: str) -> None:
    assert slug(message) == name
    path = files.save(tmp_path, 1, message, f'"""{message}"""\n\n\ndef upgrade(op): ...\n')
    assert path.name == f"0001_{name}.py"
    (found,) = files.load(tmp_path)
    assert (found.path, found.message) == (path, message)


def test_the_longest_name_fits(tmp_path: Path) -> None:
    path = files.save(tmp_path, 1, "\U00020000" * 100, '"""x"""\n\n\ndef upgrade(op): ...\n')
    assert files.load(tmp_path)[0].path == path


def test_a_name_that_a_file_system_has_taken_apart_is_found(tmp_path: Path) -> None:
    """As macOS once did with all names."""
    name = unicodedata.normalize("NFD", "0001_й_が.py")
    (tmp_path / name).write_text('"""x"""\n\n\ndef upgrade(op): ...\n')
    (tmp_path / "0002_not-one.py").write_text("no revision (")
    assert len(files.load(tmp_path)) == 1
