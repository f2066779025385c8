"""The command line: the only code that prints, prompts or exits.

app        Typer's commands; imports nothing else until a command runs
command_table  the commands, once for `schemadiff` and `flask db`
options    the rows of `config.options` as Typer wants them
call       one call of a command: its project, its format, its own options
quick      help, version and the plain calls of status and history, before anything else is loaded
help       the ready texts of --help
guard      runs one command: errors become messages, exit codes, and never show a password
project    what a command works on: a database, models, a directory of revisions
commands   plan, check, diff, show
standing   status, history
running    apply, rollback
init       init
output     values -> reports, the JSON format and SQL text                   (pure)
terminal   where lines are written and questions asked, and the signals that stop a run
"""

from __future__ import annotations

import gc
import sys

from schemadiff.cli import quick


def main() -> None:
    """Runs the command that ``sys.argv`` names, and exits with its code."""
    try:
        code = quick.answer(sys.argv[1:])
        if code is None:
            from schemadiff.cli.app import run
            from schemadiff.commands.garbage_collector import SELDOM

            gc.set_threshold(*SELDOM)
            code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
