"""Seconds and shares in words. Pure."""

from __future__ import annotations


def percent(share: float) -> str:
    """The share in whole percent, never more than there is: 100 % is for what is done."""
    return f"{int(share * 100)} %"


def clock(seconds: float) -> str:
    """Minutes and seconds as a clock shows them, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rough(seconds: float) -> str:
    """A duration that is an estimate: ``12 s``, ``3 min``, ``2 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
