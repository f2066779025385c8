"""The bar of a long step: two lines that are drawn over until the step is done, and then are gone.

      3/7 alter column user.email
          ⠹ ━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━  42 %  copying rows, about 12 s left  0:31

Where nobody knows the share there is no bar, but what goes on and for how long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.control import Control
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import ControlType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from schemadiff.cli.output.units import clock, percent

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 30


class Bar:
    """A bar under `begun`, the line on which the cursor stands and which the bar takes along while it is there."""

    def __init__(self, console: Console, begun: Text) -> None:
        self._begun = begun
        self._share: float | None = None
        self._words = ""
        self._since = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=5, transient=True)
        rows = max(0, begun.cell_len - 1) // max(1, console.width)
        console.control(Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)))
        for _ in range(rows):
            console.control(Control((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)))
        self._live.start()

    def move(self, share: float | None, words: str, elapsed: float) -> None:
        """Shows how far it is."""
        self._share, self._words, self._since = share, words, time.monotonic() - elapsed

    def stop(self) -> None:
        """Wipes the lines away; the cursor stands where `begun` did begin."""
        self._live.stop()

    def _draw(self) -> Group:
        row = Table.grid(padding=(0, 1))
        cells: list[Spinner | ProgressBar | Text] = [self._spinner]
        if self._share is not None:
            cells.append(ProgressBar(1, self._share, width=_WIDTH, complete_style="cyan"))
            cells.append(Text(percent(self._share)))
        cells.append(Text(self._words))
        cells.append(Text(clock(time.monotonic() - self._since), style="dim"))
        row.add_row(Text("     "), *cells)
        return Group(self._begun, row)
