"""Writes schemadiff/cli/help.py: what every --help prints, so that printing it loads nothing.

    make help-texts

`tests/cli/test_help.py` holds it to what Typer makes of the commands.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from schemadiff.cli.app import app, run

MODULE = Path(__file__).resolve().parent.parent / "schemadiff" / "cli" / "help.py"

HEAD = '''\
"""What every --help prints on a terminal of 80 columns or more, by the name of the command: Typer would take 50 ms.

Made by `make help-texts` from `app`: change that, and make it anew.
"""

# No `from __future__` and no import: this is all that a --help loads.

TEXTS = {
'''


def texts() -> dict[str, str]:
    """What Typer prints for each command, and for the whole of them under the empty name."""
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


def main() -> None:
    """Writes the module."""
    os.environ["COLUMNS"] = "80"
    sections = (f'    "{name}": """\\\n{text}""",\n' for name, text in texts().items())
    MODULE.write_text(f"{HEAD}{''.join(sections)}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
