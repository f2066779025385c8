"""Advisory locks (GET_LOCK), where it is not sure that one statement takes place in the session of the one before.

A proxy that shares sessions between clients (ProxySQL, MaxScale, RDS Proxy) should keep the session of whoever has
taken a lock. Where one does not, the lock stays with a session that others use, and holds nothing together here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Ask = Callable[[str], Sequence[Any]]
"""Runs a statement that returns one row."""

_PROOFS = 4
_TRIES = 100


def is_held(ask: Ask, name: str) -> bool:
    """Whether the lock (the name is SQL) is that of the session in which the next statements take place."""
    for _ in range(_PROOFS):
        # In one statement: a proxy may answer CONNECTION_ID() alone by itself.
        holder, own = ask(f"SELECT IS_USED_LOCK({name}), CONNECTION_ID()")
        if holder != own:
            return False
    return True


def release(ask: Ask, name: str) -> None:
    """Gives the lock back, whichever session the statements lead to meanwhile."""
    for _ in range(_TRIES):
        # 0: another session holds it; NULL: nobody does.
        if ask(f"SELECT RELEASE_LOCK({name})")[0] != 0:
            return
