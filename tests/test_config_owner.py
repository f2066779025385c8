"""Whose settings are used: those of a folder above are, unless another user wrote them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemadiff.config.settings import settings
from schemadiff.errors import ConfigError

URL = 'url = "sqlite:///x.db"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder below one that has settings."""
    (tmp_path / "schemadiff.toml").write_text(URL)
    below = tmp_path / "project" / "deeper"
    below.mkdir(parents=True)
    return below


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the path belong to another user; without the right to do so, this process becomes another one's."""
    if os.getuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)


def test_those_of_a_folder_above_are_used(folder: Path) -> None:
    assert settings(directory=folder, environment={}).url == "sqlite:///x.db"


@pytest.mark.parametrize("which", ["schemadiff.toml", "."])
def test_those_of_another_user_are_not(folder: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    above = folder.parent.parent
    given_away(above / which, monkeypatch)
    found = settings(directory=folder, environment={})
    assert (found.url, found.source, found.passed_over) == (None, None, above / "schemadiff.toml")
    with pytest.raises(ConfigError, match="no database") as caught:
        found.need_url()
    assert "belongs to another user" in str(caught.value)
    # Who works in the folder itself has chosen it.
    assert settings(directory=above, environment={}).url == "sqlite:///x.db"


def test_what_another_user_says_to_others_is_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "pyproject.toml").write_text("[tool.ruff]\n[[[ no TOML")
    given_away(folder.parent / "pyproject.toml", monkeypatch)
    if os.getuid() == 0:
        assert settings(directory=folder, environment={}).url == "sqlite:///x.db"
    else:
        assert settings(directory=folder, environment={}).passed_over


@pytest.mark.parametrize("text", ["tool = []\n", 'tool = "x"\n', "[tool]\n", "[[tool]]\nschemadiff = 1\n"])
def test_what_pyproject_says_to_nobody_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert settings(directory=tmp_path, environment={}).url is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("schemadiff.toml", 'url = ["sqlite://u:S3cr3t@/x"]', '"url" must be text, not a list'),
        ("schemadiff.toml", '[url]\nmain = "sqlite://u:S3cr3t@/x"', '"url" must be text, not a table'),
        (
            "schemadiff.toml",
            'include = "mysql://u:S3cr3t@h/x"',
            '"include" must be a list of texts, not text',
        ),
        ("schemadiff.toml", 'online = "mysql://u:S3cr3t@h/x"', '"online" has an unknown value'),
        ("pyproject.toml", 'tool.schemadiff = "mysql://u:S3cr3t@h/x"', "no table"),
    ],
)
def test_a_wrong_value_is_not_repeated(tmp_path: Path, name: str, text: str, words: str) -> None:
    """It may be a URL with a password in it."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        settings(directory=tmp_path, environment={})
    assert "S3cr3t" not in str(caught.value)
