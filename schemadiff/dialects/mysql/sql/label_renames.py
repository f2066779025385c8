"""The three steps that rename a label of an ENUM or SET: the new one comes, rows take it, the old one goes. Pure."""

from __future__ import annotations

import unicodedata

from schemadiff.dialects.mysql.canonical.types import members
from schemadiff.dialects.mysql.server.sql_text import literal as text
from schemadiff.dialects.mysql.server.sql_text import quote
from schemadiff.dialects.mysql.sql.create import qualified
from schemadiff.dialects.shared.label_renames import Relabelling, labels, literal, supposed
from schemadiff.operations import AlterColumn, Operation
from schemadiff.schema import Name


def relabelling(operation: Operation) -> Relabelling | None:
    """Return the members of an ENUM or SET that an operation replaces, and how a revision would rename them; ``None``
    if none is replaced.
    """
    if not isinstance(operation, AlterColumn) or operation.before.generated or operation.after.generated:
        return None
    was, now = operation.before, operation.after
    kind = was.type.sql.partition("(")[0]
    if kind not in _UPDATES or now.type.sql.partition("(")[0] != kind:
        return None
    before, after = members(was.type.sql), members(now.type.sql)
    exact = (was.collation or "").endswith(("_bin", "_cs"))
    gone, come = labels(before, after, str if exact else _folded)
    pairs = tuple(zip(gone, come, strict=False))
    if not pairs:
        return None
    update = _UPDATES[kind]
    forth = [update(operation.table, was.name, old, new) for old, new in pairs]
    back = [update(operation.table, was.name, new, old) for old, new in pairs]
    calls = "; ".join(
        f"op.execute({literal(sql)}, reverse={literal(undo)})" for sql, undo in zip(forth, back, strict=True)
    )
    both = _python(kind, (*before, *(new for _, new in pairs)))
    way = (
        f"an op.alter_column(…) to {both}; {calls}; an op.alter_column(…) from that to {_python(kind, after)}"
    )
    return Relabelling(gone, f"{supposed(pairs)}{way}.")


def _python(kind: str, values: tuple[str, ...]) -> str:
    return f"{'Enum' if kind == 'enum' else 'SET'}({', '.join(map(repr, values))})"


def _folded(label: str) -> str:
    """The same for labels that most collations take for one, which cannot stand in one ENUM (1291, MySQL 9.7)."""
    return "".join(
        one for one in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(one)
    )


def _update(table: Name, column: str, old: str, new: str) -> str:
    name = quote(column)
    return f"UPDATE {qualified(table)} SET {name} = {text(new)} WHERE {name} = {text(old)}"


def _update_set(table: Name, column: str, old: str, new: str) -> str:
    """A SET's value is a list between commas, which no member holds."""
    name = quote(column)
    value = f"REPLACE(CONCAT(',', {name}, ','), {text(f',{old},')}, {text(f',{new},')})"
    return (
        f"UPDATE {qualified(table)} SET {name} = TRIM(BOTH ',' FROM {value}) "
        f"WHERE FIND_IN_SET({text(old)}, {name}) > 0"
    )


_UPDATES = {"enum": _update, "set": _update_set}
