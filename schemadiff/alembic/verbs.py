"""The calls of an Alembic revision file -> what they change. Pure. Arguments have Alembic's own names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from schemadiff.alembic.effects import (
    UNSAID,
    AddColumn,
    AddConstraint,
    AlterColumn,
    Change,
    CommentTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Insert,
    MakeIndex,
    MakeTable,
    RenameColumn,
    RenameTable,
    Table,
    Unknown,
)
from schemadiff.alembic.migration import Call
from schemadiff.schema.describe import short


def changes_of(call: Call) -> list[Change]:
    """Return the changes that a call makes; `Unknown` for a call that is not known."""
    verb = VERBS.get(call.verb)
    if verb is None:
        return [Unknown(f"op.{call.verb}")]
    positional, named = list(call.positional), dict(call.named)
    batch = call.batch
    if batch is not None and call.verb in _TABLE_STANDS:
        positional.insert(_TABLE_STANDS[call.verb], batch.table)
        if batch.schema is not None:
            named.setdefault("source_schema" if call.verb == "create_foreign_key" else "schema", batch.schema)
    try:
        return list(verb(*positional, **named))
    except (TypeError, ValueError, AttributeError, sa.exc.SQLAlchemyError) as error:
        return [Unknown(f"op.{call.verb}: {' '.join(str(error).split())}")]


_TABLE_STANDS = {
    "add_column": 0,
    "alter_column": 0,
    "create_check_constraint": 1,
    "create_foreign_key": 1,
    "create_index": 1,
    "create_primary_key": 1,
    "create_table_comment": 0,
    "create_unique_constraint": 1,
    "drop_column": 0,
    "drop_constraint": 1,
    "drop_index": 1,
    "drop_table_comment": 0,
}
"""Where the name of the table stands among the arguments, which a batch leaves out."""


def _create_table(
    table_name: str,
    *columns: Any,
    schema: str | None = None,
    if_not_exists: bool | None = None,
    **options: Any,
) -> Iterator[Change]:
    table = (table_name, schema)
    plain: list[Any] = []
    indexes: list[MakeIndex] = []
    for one in columns:
        match one:
            case sa.Index():
                parts = list(one.expressions or getattr(one, "_pending_colargs", ()))
                indexes.append(_index(table, one.name, parts, unique=bool(one.unique), **one.kwargs))
            case sa.Column() if one.index:
                bare = one._copy()
                bare.index = bare.unique = None
                plain.append(bare)
                indexes.append(_index(table, None, [one.name], unique=bool(one.unique)))
            case _:
                plain.append(one)
    yield MakeTable(table, tuple(plain), options, bool(if_not_exists))
    yield from indexes


def _index(
    table: Table, name: str | None, parts: Sequence[Any], *, lenient: bool = False, **options: Any
) -> MakeIndex:
    """The index; under the name that SQLAlchemy gives it where it has none."""
    first = next((one for one in parts if isinstance(one, str)), "")
    known = name or f"ix_{table[0]}_{first}"
    return MakeIndex(table, known, tuple(parts), options, bool(name), lenient)


def _drop_table(
    table_name: str, *, schema: str | None = None, if_exists: bool | None = None, **_options: Any
) -> Iterator[Change]:
    yield DropTable((table_name, schema), bool(if_exists))


def _rename_table(old_table_name: str, new_table_name: str, *, schema: str | None = None) -> Iterator[Change]:
    yield RenameTable((old_table_name, schema), (new_table_name, schema))


def _create_table_comment(
    table_name: str, comment: str | None, *, existing_comment: Any = UNSAID, schema: str | None = None
) -> Iterator[Change]:
    yield CommentTable((table_name, schema), comment, existing_comment)


def _drop_table_comment(
    table_name: str, *, existing_comment: Any = UNSAID, schema: str | None = None
) -> Iterator[Change]:
    yield CommentTable((table_name, schema), None, existing_comment)


def _add_column(
    table_name: str,
    column: sa.Column[Any],
    *,
    schema: str | None = None,
    if_not_exists: bool | None = None,
    insert_before: str | None = None,
    insert_after: str | None = None,
    inline_references: bool | None = None,
) -> Iterator[Change]:
    table = (table_name, schema)
    if column.primary_key:
        raise ValueError("a column with a primary key")
    name = column.name
    yield AddColumn(table, _bare(column), bool(if_not_exists))
    for key in column.foreign_keys:
        known = {"ondelete": key.ondelete, "onupdate": key.onupdate}
        yield _constraint(
            table, key.name, "foreignkey", sa.ForeignKeyConstraint, [name], [key.target_fullname], **known
        )
    for check in column.constraints:
        if isinstance(check, sa.CheckConstraint):
            yield _constraint(table, check.name, "check", sa.CheckConstraint, check.sqltext)
    if column.index:
        yield _index(table, None, [name], unique=bool(column.unique))
    elif column.unique:
        yield _constraint(table, None, "unique", sa.UniqueConstraint, name)


def _bare(column: sa.Column[Any]) -> sa.Column[Any]:
    """The column without keys, indexes and constraints."""
    copy = column._copy()
    copy.foreign_keys.clear()
    copy.constraints.clear()
    copy.unique = copy.index = None
    return copy


def _constraint(
    table: Table, name: Any, kind: str, make: Callable[..., sa.Constraint], *arguments: Any, **options: Any
) -> AddConstraint:
    said = {key: value for key, value in options.items() if value is not None}
    return AddConstraint(table, name, kind, partial(make, *arguments, name=name, **said))


def _drop_column(
    table_name: str,
    column_name: str,
    *,
    schema: str | None = None,
    if_exists: bool | None = None,
    **_options: Any,
) -> Iterator[Change]:
    yield DropColumn((table_name, schema), column_name, bool(if_exists))


_ALTERED = {
    "type": ("type_", "existing_type", None),
    "nullable": ("nullable", "existing_nullable", None),
    "default": ("server_default", "existing_server_default", False),
    "comment": ("comment", "existing_comment", False),
    "autoincrement": ("autoincrement", "existing_autoincrement", None),
}
"""For each attribute of a column the words of Alembic for what it becomes and what it was, and for nothing said."""


def _alter_column(
    table_name: str,
    column_name: str,
    *,
    new_column_name: str | None = None,
    name: str | None = None,
    schema: str | None = None,
    **said: Any,
) -> Iterator[Change]:
    table = (table_name, schema)
    to: dict[str, Any] = {}
    was: dict[str, Any] = {}
    for attribute, (word, before, nothing) in _ALTERED.items():
        becomes, is_now = said.pop(word, nothing), said.pop(before, UNSAID)
        if becomes is not nothing:
            to[attribute] = becomes
            if is_now is not UNSAID and not (is_now is nothing and nothing is False):
                was[attribute] = is_now
    said = {key: value for key, value in said.items() if key not in ("insert_before", "insert_after")}
    if said:
        raise ValueError(f"`{next(iter(said))}` is not understood")
    if isinstance(to.get("default"), sa.Computed | sa.Identity):
        raise ValueError("a change of what is generated")
    new = new_column_name or name
    if new and new != column_name:
        yield RenameColumn(table, column_name, new)
    if to:
        yield AlterColumn(table, new or column_name, to, was)


def _create_index(
    index_name: str | None,
    table_name: str,
    columns: Sequence[Any],
    *,
    schema: str | None = None,
    unique: bool = False,
    if_not_exists: bool | None = None,
    **options: Any,
) -> Iterator[Change]:
    lenient = bool(if_not_exists)
    yield _index((table_name, schema), index_name, columns, lenient=lenient, unique=unique, **options)


def _drop_index(
    index_name: str,
    table_name: str | None = None,
    *,
    schema: str | None = None,
    if_exists: bool | None = None,
    **_options: Any,
) -> Iterator[Change]:
    yield DropIndex((table_name, schema) if table_name else None, index_name, bool(if_exists))


def _create_unique_constraint(
    constraint_name: str | None,
    table_name: str,
    columns: Sequence[str],
    *,
    schema: str | None = None,
    **options: Any,
) -> Iterator[Change]:
    yield _constraint(
        (table_name, schema), constraint_name, "unique", sa.UniqueConstraint, *columns, **options
    )


def _create_primary_key(
    constraint_name: str | None, table_name: str, columns: Sequence[str], *, schema: str | None = None
) -> Iterator[Change]:
    yield _constraint((table_name, schema), constraint_name, "primary", sa.PrimaryKeyConstraint, *columns)


def _create_check_constraint(
    constraint_name: str | None, table_name: str, condition: Any, *, schema: str | None = None, **options: Any
) -> Iterator[Change]:
    yield _constraint(
        (table_name, schema), constraint_name, "check", sa.CheckConstraint, condition, **options
    )


def _create_foreign_key(
    constraint_name: str | None,
    source_table: str,
    referent_table: str,
    local_cols: Sequence[str],
    remote_cols: Sequence[str],
    *,
    source_schema: str | None = None,
    referent_schema: str | None = None,
    **options: Any,
) -> Iterator[Change]:
    prefix = f"{referent_schema}.{referent_table}" if referent_schema else referent_table
    targets = [f"{prefix}.{column}" for column in remote_cols]
    table = (source_table, source_schema)
    columns = list(local_cols)
    yield _constraint(
        table, constraint_name, "foreignkey", sa.ForeignKeyConstraint, columns, targets, **options
    )


def _drop_constraint(
    constraint_name: str | None,
    table_name: str,
    type_: str | None = None,
    *,
    schema: str | None = None,
    if_exists: bool | None = None,
) -> Iterator[Change]:
    if constraint_name is None and type_ != "primary":
        raise ValueError("a constraint without a name")
    yield DropConstraint((table_name, schema), constraint_name, type_, bool(if_exists))


def _execute(sqltext: Any, *, execution_options: Any = None) -> Iterator[Change]:
    text = sa.text(sqltext) if isinstance(sqltext, str) else sqltext
    if not isinstance(text, sa.TextClause) or text._bindparams:
        raise ValueError("SQL that is not a plain text")
    yield Execute(str(text.compile(dialect=sa.engine.default.DefaultDialect(paramstyle="named"))))


def _bulk_insert(
    table: Any, rows: Sequence[Mapping[str, Any]], *, multiinsert: bool = True
) -> Iterator[Change]:
    if not isinstance(table, sa.TableClause):
        raise ValueError("not a table")
    if rows:
        yield Insert(table, tuple(rows))


VERBS: Mapping[str, Callable[..., Iterator[Change]]] = {
    "add_column": _add_column,
    "alter_column": _alter_column,
    "bulk_insert": _bulk_insert,
    "create_check_constraint": _create_check_constraint,
    "create_foreign_key": _create_foreign_key,
    "create_index": _create_index,
    "create_primary_key": _create_primary_key,
    "create_table": _create_table,
    "create_table_comment": _create_table_comment,
    "create_unique_constraint": _create_unique_constraint,
    "drop_column": _drop_column,
    "drop_constraint": _drop_constraint,
    "drop_index": _drop_index,
    "drop_table": _drop_table,
    "drop_table_comment": _drop_table_comment,
    "execute": _execute,
    "rename_table": _rename_table,
}


def words_of(call: Call, changes: Sequence[Change]) -> str:
    """The call that makes these changes, in a few words: ``add_column user.phone``."""
    subject = ""
    match next(iter(changes), None):
        case RenameTable(table=table, after=after):
            subject = f"{_said(table)} to {_said(after)}"
        case RenameColumn(table=table, name=name, after=after):
            subject = f"{_said(table)}.{name} to {after}"
        case AddColumn(table=table, column=column):
            subject = f"{_said(table)}.{column.name}"
        case DropColumn(table=table, name=name) | AlterColumn(table=table, name=name):
            subject = f"{_said(table)}.{name}"
        case MakeIndex(table=table, name=name):
            subject = f"{name} on {_said(table)}"
        case DropIndex(table=place, name=name):
            subject = f"{name} on {_said(place)}" if place else name
        case AddConstraint(table=table, name=called):
            subject = f"{called} on {_said(table)}" if called else f"on {_said(table)}"
        case DropConstraint(table=table, name=name):
            subject = f"{name} on {_said(table)}"
        case Execute(sql=sql):
            subject = short(sql)
        case Insert(table=into, rows=rows):
            subject = f"{len(rows)} row{'' if len(rows) == 1 else 's'} into {into.name}"
        case Unknown(words=words):
            return f"{words} (not understood)"
        case MakeTable(table=table) | DropTable(table=table) | CommentTable(table=table):
            subject = _said(table)
        case _:
            pass
    return f"{call.verb} {subject}".strip()


def _said(table: Table) -> str:
    return f"{table[1]}.{table[0]}" if table[1] else table[0]
