"""Draws docs/plan.svg, the picture of the README: what `schemadiff plan` and `apply` print for its models.

    make picture

The commands run on an SQLite file in a folder that is gone at the end. tests/test_docs.py holds the picture to them.
"""

from __future__ import annotations

import html
import io
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.text import Text

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "plan.svg"
WIDTH = 106
BLOCK = re.compile(r"^```(?:python|toml)\n# (app\.py|schemadiff\.toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own, without the fonts that it would load from elsewhere."""


def printed() -> str:
    """Return what a terminal shows, with its colours."""
    (_, before), (_, settings), (_, after) = BLOCK.findall(
        (PROJECT / "README.md").read_text(encoding="utf-8")
    )
    with tempfile.TemporaryDirectory(prefix="schemadiff-picture-") as name:
        folder = Path(name)
        (folder / "schemadiff.toml").write_text(settings, encoding="utf-8")
        (folder / "app.py").write_text(before, encoding="utf-8")
        _run(folder, "plan", "-m", "create user")
        _run(folder, "apply", "--yes")
        with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
            rows = [(f"{number}@example.org", "a") for number in range(1204)]
            connection.executemany('INSERT INTO "user" (email, nickname) VALUES (?, ?)', rows)
        (folder / "app.py").write_text(after, encoding="utf-8")
        commands = [("plan",), ("apply", "--yes")]
        return "\n".join(
            f"\x1b[1m$ schemadiff {' '.join(one)}\x1b[0m\n{_run(folder, *one)}" for one in commands
        )


def _run(folder: Path, *arguments: str) -> str:
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("SCHEMADIFF_", "DATABASE_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", "from schemadiff.cli import main; main()", *arguments],
        cwd=folder,
        env={
            **own,
            "SCHEMADIFF_URL": "sqlite:///shop.db",
            "FORCE_COLOR": "1",
            "COLUMNS": str(WIDTH),
            "PYTHONPATH": str(PROJECT),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def draw(terminal: str) -> str:
    """Return the SVG of what a terminal shows."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text.from_ansi(terminal), soft_wrap=False)
    return console.export_svg(title="schemadiff", code_format=FORMAT, unique_id="schemadiff")


def words(svg: str) -> list[str]:
    """Return the words of a picture, whichever release of Rich drew it."""
    return (
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", svg, flags=re.DOTALL))
        .replace("\xa0", " ")
        .split()
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(printed()), encoding="utf-8")
    print(f"drew {PICTURE.relative_to(PROJECT)}")
