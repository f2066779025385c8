"""The three steps that rename a label of an ENUM: the new one comes, the rows take it, the old one goes. Pure."""

from __future__ import annotations

import unicodedata

from schemadiff.dialects.mysql.ddl import qualified
from schemadiff.dialects.mysql.sqltext import literal as text
from schemadiff.dialects.mysql.sqltext import quote
from schemadiff.dialects.mysql.types import members
from schemadiff.dialects.relabelling import Relabelling, labels, literal, supposed
from schemadiff.operations import AlterColumn, Operation
from schemadiff.schema import Name


def relabelling(operation: Operation) -> Relabelling | None:
    """What an operation takes from an ENUM for which others come; ``None`` where it is nothing."""
    if not isinstance(operation, AlterColumn) or operation.before.generated or operation.after.generated:
        return None
    was, now = operation.before, operation.after
    if not (was.type.sql.startswith("enum(") and now.type.sql.startswith("enum(")):
        return None
    before, after = members(was.type.sql), members(now.type.sql)
    exact = (was.collation or "").endswith(("_bin", "_cs"))
    gone, come = labels(before, after, str if exact else _folded)
    pairs = tuple(zip(gone, come, strict=False))
    if not pairs:
        return None
    forth = [_update(operation.table, was.name, old, new) for old, new in pairs]
    back = [_update(operation.table, was.name, new, old) for old, new in pairs]
    calls = "; ".join(
        f"op.execute({literal(sql)}, reverse={literal(undo)})" for sql, undo in zip(forth, back, strict=True)
    )
    both = _python((*before, *(new for _, new in pairs)))
    way = f"an op.alter_column(…) to {both}; {calls}; an op.alter_column(…) from that to {_python(after)}"
    return Relabelling(gone, f"{supposed(pairs)}{way}.")


def _python(values: tuple[str, ...]) -> str:
    return f"Enum({', '.join(map(repr, values))})"


def _folded(label: str) -> str:
    """The same for labels that most collations take for one, which cannot stand in one ENUM (1291, MySQL 9.7)."""
    return "".join(
        one for one in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(one)
    )


def _update(table: Name, column: str, old: str, new: str) -> str:
    name = quote(column)
    return f"UPDATE {qualified(table)} SET {name} = {text(new)} WHERE {name} = {text(old)}"
