"""How long a run waits for others unless it is told otherwise. No imports: ``--help`` tells these numbers."""

from __future__ import annotations

LOCK_WAIT = 60.0
"""Seconds to wait for another run to end, and to try to get the locks on the tables of a step."""

LOCK_TIMEOUT = 2.0
"""Seconds that a statement waits for a lock on a table, and lets others wait behind it, before it gives up for now."""
