"""ALTER TYPE … RENAME VALUE, where a label goes and another one comes. Pure."""

from __future__ import annotations

from schemadiff.dialects.postgresql.canonical.types import parse_enum, quoted
from schemadiff.dialects.postgresql.server.sql_text import string
from schemadiff.dialects.shared.label_renames import Relabelling, labels, literal, supposed
from schemadiff.operations import AlterColumn, Operation
from schemadiff.operations.objects import ReplaceObject
from schemadiff.schema import Enum, Name


def relabelling(operation: Operation) -> Relabelling | None:
    """Return the labels of an enumerated type that an operation replaces, and how a revision would rename them;
    ``None`` if none is replaced.
    """
    match operation:
        case AlterColumn(before=was, after=now) if was.type.values and now.type.values:
            if was.type.sql != now.type.sql:
                return None
            return _of(parse_enum(was.type.sql).name, was.type.values, now.type.values, "op.alter_column(…)")
        case ReplaceObject(before=Enum() as old, after=Enum() as new):
            return _of(old.name, old.values, new.values, "op.alter_enum(…)")
        case _:
            return None


def _of(name: Name, before: tuple[str, ...], after: tuple[str, ...], verb: str) -> Relabelling | None:
    gone, come = labels(before, after)
    pairs = tuple(zip(gone, come, strict=False))
    if not pairs:
        return None
    known = dict(pairs)
    reached = tuple(known.get(one, one) for one in before)
    calls = [
        f"op.execute({literal(_rename(name, old, new))}, reverse={literal(_rename(name, new, old))}"
        for old, new in pairs
    ]
    way = f"{supposed(pairs)}{'); '.join(calls)}, effect=[{verb}]) in the place of {verb}: effect holds "
    if reached == after:
        way += "what the plan has of that type"
    else:
        way += f"its change to {', '.join(map(repr, reached))}, and another {verb} leads on from there"
    return Relabelling(gone, f"{way}.")


def _rename(name: Name, old: str, new: str) -> str:
    return f"ALTER TYPE {quoted(name)} RENAME VALUE {string(old)} TO {string(new)}"
