"""The URL of a database, and that no password of it gets out, be it in what an error was raised from."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

import schemadiff
from schemadiff.database.url import keep_secret, read_url, secrets_of
from schemadiff.errors import ConfigError, SchemadiffError

SECRET = "S3cr3tXy"
NOWHERE = "127.0.0.1:1/x"


@pytest.mark.parametrize("password", [f"ab@{SECRET}", f"a/b@{SECRET}", f"a@{SECRET}/b", f"{SECRET}@x:y", "@"])
def test_a_second_at_sign_is_refused(password: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_url(f"mysql+pymysql://root:{password}@{NOWHERE}")
    assert SECRET not in str(caught.value)
    assert "percent encoding" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://root:a:{SECRET}@{NOWHERE}",
        f"mysql+pymysql://root:a/{SECRET}@{NOWHERE}",
        f"postgresql+psycopg://user@server:{SECRET}@{NOWHERE}",
        f"mysql+pymysql://root:a%40{SECRET}@{NOWHERE}?a=b@c",
        "sqlite:////home/a@b/c.db",
    ],
)
def test_other_signs_are_read(url: str) -> None:
    assert read_url(url).database in ("x", "/home/a@b/c.db")
    if SECRET in url:
        assert SECRET in secrets_of(url)[0]


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://root:{SECRET}@{NOWHERE}",
        f"postgresql+psycopg://root:{SECRET}@{NOWHERE}",
        f"mysql+pymysql://root:ab@{SECRET}@{NOWHERE}",
        f"mysql+pymysql://root:ab@{SECRET}/x:y@{NOWHERE}",
        f"foo://u:{SECRET}@h/x",
        f"//u:{SECRET}@h/x",
        f"mysql+pymysql://u@127.0.0.1:1/x?password={SECRET}&nonsense=1",
        f"postgresql+psycopg://u@{NOWHERE}?password={SECRET}&nonsense=1",
        f"postgresql+psycopg://u:{SECRET}@/x?host=127.0.0.1:a",
        f"mysql+pymysql://u:{SECRET}@h:port/x",
    ],
)
def test_no_error_of_the_api_repeats_a_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemadiffError) as caught:
        schemadiff.status(url, tmp_path)
    link: BaseException | None = caught.value
    while link is not None:
        assert SECRET not in f"{link} {link.args!r}"
        link = link.__cause__ or link.__context__
    lines = traceback.format_exception(caught.value)
    assert not [line for line in lines if SECRET in line]


def test_what_repeats_a_secret_is_cut_off() -> None:
    try:
        try:
            raise ValueError("harmless")
        except ValueError:
            raise ValueError(f"with {SECRET}") from None
    except ValueError as error:
        outer = SchemadiffError(f"it is {SECRET}", hint=f"not {SECRET}")
        outer.__cause__ = RuntimeError("between")
        outer.__cause__.__context__ = error
    keep_secret(outer, (SECRET,))
    assert str(outer) == "it is ***\nnot ***"
    assert isinstance(outer.__cause__, RuntimeError)
    assert outer.__cause__.__context__ is None
