"""Every kind of stored object, one row a kind: what it is called, when it comes and goes, how it is changed, and in
which texts it may name others. Code that treats kinds alike asks here; only what reads, creates or writes one names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemadiff.schema.objects import (
    Composite,
    Domain,
    Entry,
    Enum,
    Namespace,
    Routine,
    Sequence,
    StoredObject,
    View,
)

Phase = Literal["namespace", "sequence", "enum", "type", "dependent", "routine", "staged"]
"""When a kind comes and goes. Namespaces, sequences and enumerated types come before all tables and go after them. A
type comes with the functions that it may call, before tables. A dependent goes before tables change and comes after. A
routine does so unless a table may call it. One that is ``staged`` says by itself when (`Entry.stage`).
"""


def _none(_: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """``value`` is the class, ``noun`` what people call it where that is not its key. The verb of a change is
    ``changes``: `alter` names what differs, `replace` gives the whole. ``texts`` is the SQL in which it may name
    others; of one that is ``late_bound`` the server looks these up only when it runs. One that ``holds`` keeps the
    server from dropping them.
    """

    value: type[StoredObject]
    phase: Phase
    changes: Literal["alter", "replace"] = "replace"
    texts: Callable[[Any], tuple[str, ...]] = _none
    noun: str = ""
    late_bound: bool = False
    holds: bool = False


def _of_view(view: View) -> tuple[str, ...]:
    return (view.definition,)


def _of_domain(domain: Domain) -> tuple[str, ...]:
    return (domain.type, domain.default or "", *(condition for _, condition in domain.checks))


def _of_composite(composite: Composite) -> tuple[str, ...]:
    return tuple(text for _, text in composite.columns)


def _of_routine(routine: Routine) -> tuple[str, ...]:
    return (routine.definition,)


KINDS: Mapping[str, Kind] = {
    "schema": Kind(Namespace, "namespace"),
    "sequence": Kind(Sequence, "sequence", "alter"),
    "enum": Kind(Enum, "enum", "alter"),
    "domain": Kind(Domain, "type", "alter", _of_domain),
    "composite": Kind(Composite, "type", "alter", _of_composite, noun="composite type"),
    "view": Kind(View, "dependent", texts=_of_view, holds=True),
    "trigger": Kind(Routine, "dependent", texts=_of_routine, late_bound=True, holds=True),
    "function": Kind(Routine, "routine", texts=_of_routine, late_bound=True),
    "procedure": Kind(Routine, "routine", texts=_of_routine, late_bound=True),
    "event": Kind(Routine, "dependent", texts=_of_routine, late_bound=True),
    "entry": Kind(Entry, "staged"),
}
"""By the kind of its `Key`."""


def kind_of(stored: StoredObject) -> Kind:
    """The row of the object's kind."""
    return KINDS[stored.kind]


def is_dependent(stored: StoredObject) -> bool:
    """Whether it goes before the tables change, and comes after: a view, a trigger, a policy, a rule."""
    if isinstance(stored, Entry):
        return stored.stage == "dependent"
    return kind_of(stored).phase == "dependent"


def is_function(stored: StoredObject) -> bool:
    """Whether a table, a view or another function may call it."""
    return kind_of(stored).phase == "routine"


def holds(stored: StoredObject) -> bool:
    """Whether the server refuses to drop what the object mentions."""
    return kind_of(stored).holds or (isinstance(stored, Entry) and is_dependent(stored))


def of_phase(objects: Iterable[StoredObject], *phases: Phase) -> list[StoredObject]:
    """Those of the objects that come and go in one of the phases."""
    return [one for one in objects if kind_of(one).phase in phases]
