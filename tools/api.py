"""Writes docs/api.md, the reference of the Python functions, from the docstrings of what `schemadiff` exports.

make api
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import schemadiff

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"

HEAD = """\
# The Python functions

<!-- Made by `make api` from the docstrings: change these, and make it anew. -->

`import schemadiff` gives what stands here, and that is all that is public, beside
[`schemadiff.flask`](flask.md) and [`schemadiff.testing`](testing.md). Other modules may change with any release.

Parameters have the names of the [command line's options](command-line.md): `lock_wait` is `--lock-wait`; `include`,
`exclude`, `schemas`, `online` and `transaction` are those of the settings. The functions read no settings file and no
environment, and never print, prompt or exit.

| type | takes |
| --- | --- |
| `Database` | a URL, an Engine, an AsyncEngine or a Connection |
| `Models` | a MetaData, or what the setting `models` takes: `module:attribute`, a base, a `db`, a list |
| `Side` | a database, models, or a directory of revisions: `versions`, at one of them `versions/@7` |
| `Refuses` | a function that is given a kind (`"table"`, `"column"` …), a table and a name: whether it takes no part |
| `Confirm` | a function that is asked about the hazards of a run, and answers whether they may pass |
| `Decide` | a function that is asked whether a column was renamed |
| `Progress` | a function that is called with each [Event](#event) |
| `Online`, `Transaction` | `"auto"`, `"always"`, `"never"`; `"each"`, `"all"` |
"""


def page() -> str:
    """Return the text of the page."""
    public = {name: getattr(schemadiff, name) for name in schemadiff.__all__ if not name.startswith("_")}
    functions = {name: one for name, one in public.items() if inspect.isfunction(one)}
    errors = {name: one for name, one in public.items() if _is_error(one)}
    values = {name: one for name, one in public.items() if name not in functions and name not in errors}
    lines = [HEAD, "## Functions\n"]
    lines += [part for name, one in functions.items() for part in _function(name, one)]
    lines.append("## What they return\n")
    lines += [part for name, one in values.items() for part in _value(name, one)]
    lines.append("## What they raise\n\n| error | is a | when |\n| --- | --- | --- |")
    lines += [
        f"| `{name}` | `{one.__base__.__name__}` | {_prose(one).replace(chr(10), ' ')} |"
        for name, one in errors.items()
    ]
    return "\n".join(lines) + "\n"


def _is_error(one: object) -> bool:
    return inspect.isclass(one) and issubclass(one, Exception)


def _function(name: str, function: object) -> Iterator[str]:
    signature = inspect.signature(inspect.unwrap(function))  # type: ignore[arg-type]
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parameters:
            parameters.append("*")
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parameters.append(f"{parameter.name}: {parameter.annotation}{default}")
    yield f"### {name}\n\n```text\nschemadiff.{name}("
    yield from (f"    {one}," for one in parameters)
    yield f") -> {signature.return_annotation}\n```\n"
    yield f"{_prose(function)}\n"


def _value(name: str, value: type) -> Iterator[str]:
    yield f"### {name}\n\n{_prose(value)}\n"
    rows = (
        [(field.name, str(field.type)) for field in dataclasses.fields(value)]
        if dataclasses.is_dataclass(value)
        else []
    )
    rows = [row for row in rows if not row[0].startswith("_")]
    said = {
        key: one for key, one in vars(value).items() if isinstance(one, property) and not key.startswith("_")
    }
    if rows or said:
        yield "| attribute | type | |\n| --- | --- | --- |"
        yield from (f"| `{key}` | `{kind.replace('|', chr(92) + '|')}` | |" for key, kind in rows)
        for key, one in said.items():
            kind = str(inspect.signature(one.fget).return_annotation) if one.fget else ""
            words = _prose(one).replace("\n", " ")
            yield f"| `{key}` | `{kind.replace('|', chr(92) + '|')}` | {words} |"
        yield ""


def _prose(documented: object) -> str:
    """Return a docstring as Markdown."""
    text = textwrap.dedent(inspect.getdoc(documented) or "")
    return re.sub(r"``(.+?)``", r"`\1`", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
