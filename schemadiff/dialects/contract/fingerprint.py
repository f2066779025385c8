"""By which a database can be recognised as the one that was looked at before."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """Two values that mean nothing by themselves. ``definitions`` is another one as soon as any definition is, and
    ``others`` as soon as anybody but this connection has changed anything at all.
    """

    definitions: object
    others: object
