"""Writes schemadiff/cli/help.py: what every --help prints, so that printing it loads nothing; and the tables of
docs/command-line.md and docs/flask.md.

    make help-texts

`tests/cli/test_help.py` holds it to what Typer makes of the commands.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from schemadiff.cli.app import app, run
from schemadiff.cli.command_table import COMMANDS
from schemadiff.config.options import FORMATS, OPTIONS, Option
from schemadiff.flask.speech import speaking
from schemadiff.flask.surface import FAMILIAR, KEYWORDS, Familiar, Known

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "schemadiff" / "cli" / "help.py"
PAGE = ROOT / "docs" / "command-line.md"
FLASK_PAGE = ROOT / "docs" / "flask.md"
BEGIN, END = "<!-- made by `make help-texts` -->", "<!-- end -->"

HEAD = '''\
"""The text of every --help on a terminal of 80 columns or more, by the name of the command: Typer would take 50 ms.

Made by `make help-texts` from `app`: change that, and make it again.
"""

# No `from __future__` and no import: this is all that a --help loads.

TEXTS = {
'''


def texts() -> dict[str, str]:
    """Return the text that Typer prints for each command, and for the whole of them under the empty name."""
    commands = [
        "",
        *(str(one.name or one.callback.__name__) for one in app.registered_commands if one.callback),
    ]
    return {one: _printed(*filter(None, (one, "--help"))) for one in commands}


def _printed(*arguments: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run(arguments)
    return out.getvalue()


def tables() -> str:
    """The tables of the page: commands, options, settings that are no options, formats."""
    commands = [
        [f"`schemadiff {one.name}`", f"`flask db {one.of_flask.name}`" if one.of_flask else "", one.help]
        for one in COMMANDS.values()
    ]
    options = [
        [_flags(one), ", ".join(one.commands), _variables(one), f"`{one.key}`" if one.key else "", one.help]
        for one in OPTIONS
        if one.commands
    ]
    settings = [[f"`{one.key}`", _variables(one), one.help] for one in OPTIONS if not one.commands]
    formats = [[f"`{name}`", ", ".join(some)] for name, some in FORMATS.items()]
    return "\n\n".join(
        (
            _table(["schemadiff", "flask db", "does"], commands),
            _table(["option", "of", "variable", "setting", "says"], options),
            _table(["setting alone", "variable", "says"], settings),
            _table(["format", "of"], formats),
        )
    )


def _flags(option: Option) -> str:
    value = ", ".join(option.words) or option.metavar or ", ".join(FORMATS if option.kind == "word" else ())
    return f"`{', '.join(option.flags)}`{f' {value}' if value else ''}"


def _variables(option: Option) -> str:
    return ", ".join(f"`{one}`" for one in option.environment)


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def page() -> str:
    """The page with the tables as they are now."""
    return _with_tables(PAGE, tables())


def flask_page() -> str:
    """The page about Flask with the tables of what became of Flask-Migrate."""
    return _with_tables(FLASK_PAGE, flask_tables())


def _with_tables(path: Path, made: str) -> str:
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}"


def flask_tables() -> str:
    """The tables of Flask-Migrate's commands, options and keywords."""
    commands = [
        [
            f"`flask db {' '.join(filter(None, (one.name, one.argument if one.revision is not None else '')))}`",
            _became(one),
        ]
        for one in FAMILIAR
    ]
    of: dict[tuple[str, str], list[str]] = {}
    for command in FAMILIAR:
        if not command.instead:
            for known in command.known:
                of.setdefault((f"`{', '.join(known.option.flags)}`", _became(known)), []).append(command.name)
    options = [[flags, ", ".join(names), became] for (flags, became), names in of.items()]
    keywords = [
        [
            f"`{name}`",
            "followed" if one.followed else "not needed" if one.harmless else "not followed",
            one.becomes,
        ]
        for name, one in KEYWORDS.items()
    ]
    return "\n\n".join(
        (
            _table(["command", "does"], commands),
            _table(["option", "of", "is"], options),
            _table(["keyword of `Migrate`", "", "because, or how"], keywords),
        )
    )


def _became(one: Familiar | Known) -> str:
    instead = one.instead and f"Refused: {speaking('flask db')(one.instead)}."
    return " ".join(filter(None, (one.becomes, instead)))


def main() -> None:
    """Writes the module and the page."""
    PAGE.write_text(page(), encoding="utf-8")
    FLASK_PAGE.write_text(flask_page(), encoding="utf-8")
    os.environ["COLUMNS"] = "80"
    sections = (f'    "{name}": """\\\n{text}""",\n' for name, text in texts().items())
    MODULE.write_text(f"{HEAD}{''.join(sections)}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
