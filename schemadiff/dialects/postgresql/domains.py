"""Domains: types with a name of their own, made of another type and what its values must be (CREATE DOMAIN)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from schemadiff.dialects.postgresql import ask
from schemadiff.dialects.postgresql.canonical import column_type, default_text
from schemadiff.dialects.postgresql.expressions import expression
from schemadiff.dialects.postgresql.sqltext import quote
from schemadiff.dialects.postgresql.types import quoted
from schemadiff.errors import UnsupportedError
from schemadiff.schema import Domain, Name, Type

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect

_DOMAINS = """
SELECT n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod), t.typdefault, t.typnotnull,
    CASE WHEN t.typcollation <> b.typcollation THEN c.collname END,
    ARRAY(SELECT conname FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' ORDER BY conname),
    ARRAY(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' ORDER BY conname)
FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_collation c ON c.oid = t.typcollation
WHERE t.typtype = 'd' AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid
AND e.deptype = 'e')"""

_ASKED = "schemadiff_ask_domain"


def read(connection: Connection, schemas: Mapping[str, str | None]) -> Iterator[Domain]:
    """The live domains; `schemas` maps a schema's name to the one that it has in the result."""
    rows = connection.execute(sa.text(_DOMAINS), {"schemas": list(schemas)}).all()
    for schema, name, kind, default, not_null, collation, names, texts in rows:
        checks = [(one, _condition(text)) for one, text in zip(names, texts, strict=True)]
        domain = Domain(Name(name, schemas[schema]), kind, collation, default, not not_null, tuple(checks))
        yield canonical(domain)


def _condition(text: str) -> str:
    """What stands in ``CHECK (…)``."""
    return text.removesuffix(" NOT VALID").removeprefix("CHECK (").removesuffix(")")


def domain_of(kind: Any) -> DOMAIN | None:
    """SQLAlchemy's domain in a column's type; ``None`` where there is none."""
    kind = kind.item_type if isinstance(kind, sa.ARRAY) else kind
    return kind if isinstance(kind, DOMAIN) else None


def declared(declared_type: Any, sqlalchemy: SQLAlchemyDialect, default_schema: str | None) -> Domain | None:
    """The domain behind a column's type; ``None`` where it is none, or one that somebody else creates."""
    kind = domain_of(declared_type)
    if kind is None or not kind.create_type:
        return None
    compiler: Any = sqlalchemy.ddl_compiler(sqlalchemy, None)  # type: ignore[arg-type]
    check = kind.check
    condition = (
        None
        if check is None
        else compiler.sql_compiler.process(check, include_table=False, literal_binds=True)
    )
    domain = Domain(
        Name(str(kind.name), None if kind.schema == default_schema else kind.schema),
        sqlalchemy.type_compiler_instance.process(kind.data_type),
        kind.collation,
        None if kind.default is None else compiler.render_default_string(kind.default),
        not kind.not_null,
        () if condition is None else ((kind.constraint_name, condition),),
    )
    return canonical(dataclasses.replace(domain, written=domain))


def canonical(domain: Domain) -> Domain:
    """The domain with its type, default and conditions in one spelling, and no name that the server made up."""
    kind, collation = column_type(Type(domain.type), None)
    made_up = f"{domain.name.name}_check"
    checks = ((None if name == made_up else name, expression(condition)) for name, condition in domain.checks)
    return dataclasses.replace(
        domain,
        type=kind.sql,
        collation=domain.collation or collation,
        default=None if domain.default is None else default_text(domain.default, kind.sql),
        checks=tuple(sorted(checks, key=lambda check: (check[0] or "", check[1]))),
    )


def same(connection: Connection, one: Domain, other: Domain) -> bool:
    """Whether `other`, a live domain, is what the server makes of `one`: that is created in the session's temporary
    schema and rolled back.
    """
    asked = dataclasses.replace(one, name=Name(_ASKED, "pg_temp"))
    with ask.rolled_back(connection):
        if not ask.may_create(connection) or not ask.succeeds(connection, [create(asked)]):
            return False
        schema = connection.execute(
            sa.text(
                "SELECT nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE typname = :name"
            ),
            {"name": _ASKED},
        ).scalar_one()
        found = next(found for found in read(connection, {schema: None}) if found.name.name == _ASKED)
    return dataclasses.replace(found, name=other.name) == other


def create(domain: Domain) -> str:
    """CREATE DOMAIN."""
    words = [f"CREATE DOMAIN {quoted(domain.name)} AS {domain.type}"]
    if domain.collation:
        words.append(f"COLLATE {quote(domain.collation)}")
    if domain.default is not None:
        words.append(f"DEFAULT {domain.default}")
    if not domain.nullable:
        words.append("NOT NULL")
    words += [_check(*check) for check in domain.checks]
    return " ".join(words)


def _check(name: str | None, condition: str) -> str:
    return f"CONSTRAINT {quote(name)} CHECK ({condition})" if name else f"CHECK ({condition})"


def in_place(before: Domain, after: Domain) -> bool:
    """Whether ALTER DOMAIN leads from one to the other: it can change everything but the type below."""
    return (before.type, before.collation) == (after.type, after.collation)


def changes(before: Domain, after: Domain) -> Iterator[str]:
    """ALTER DOMAIN for each thing that differs. Raises `UnsupportedError` for the type below it, which cannot change
    (PostgreSQL 15 manual, ALTER DOMAIN).
    """
    if not in_place(before, after):
        raise UnsupportedError(
            f'domain "{after.name}": PostgreSQL cannot change the type that a domain is made of '
            f"({before.type} -> {after.type})",
            hint="Declare a domain of another name, and give that to the columns.",
        )
    alter = f"ALTER DOMAIN {quoted(after.name)}"
    for name, _ in (check for check in before.checks if check not in after.checks):
        yield f"{alter} DROP CONSTRAINT {quote(name or f'{before.name.name}_check')}"
    if before.default != after.default:
        yield f"{alter} DROP DEFAULT" if after.default is None else f"{alter} SET DEFAULT {after.default}"
    if before.nullable != after.nullable:
        yield f"{alter} {'DROP' if after.nullable else 'SET'} NOT NULL"
    for check in (check for check in after.checks if check not in before.checks):
        yield f"{alter} ADD {_check(*check)}"
