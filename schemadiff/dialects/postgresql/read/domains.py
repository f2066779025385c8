"""Domains: types with a name of their own, made of another type and what its values must be (CREATE DOMAIN)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from schemadiff.dialects.postgresql.canonical.expressions import expression
from schemadiff.dialects.postgresql.canonical.tables import column_type, default_text
from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.read import explain, scratch
from schemadiff.dialects.postgresql.server.savepoints import rolled_back, succeeds
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import retype_domain
from schemadiff.dialects.postgresql.sql.create import made_name
from schemadiff.dialects.postgresql.sql.restored_settings import comment_on_check
from schemadiff.schema import Domain, Name, Schema, StoredObject, Type

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect

_DOMAINS = """
SELECT n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod), t.typdefault, t.typnotnull,
    CASE WHEN t.typcollation <> b.typcollation THEN c.collname END,
    ARRAY(SELECT conname FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' ORDER BY conname),
    ARRAY(SELECT pg_get_constraintdef(oid)
          FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' ORDER BY conname),
    ARRAY(SELECT conname FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' AND NOT convalidated)
FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_collation c ON c.oid = t.typcollation
WHERE t.typtype = 'd' AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid
AND e.deptype = 'e')"""

_ASKED = "schemadiff_ask_domain"


def read(connection: Connection, schemas: Mapping[str, str | None]) -> Iterator[Domain]:
    """The live domains; `schemas` maps a schema's name to the one that it has in the result."""
    rows = connection.execute(sa.text(_DOMAINS), {"schemas": list(schemas)}).all()
    for schema, name, kind, default, not_null, collation, names, texts, not_valid in rows:
        checks = [(one, _condition(text)) for one, text in zip(names, texts, strict=True)]
        domain = Domain(Name(name, schemas[schema]), kind, collation, default, not not_null, tuple(checks))
        yield canonical(dataclasses.replace(domain, not_valid=tuple(not_valid), names=tuple(names)))


def _condition(text: str) -> str:
    """Return the condition inside ``CHECK (…)``."""
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
        # SQLAlchemy writes NOT NULL between the name and the CHECK: the name is that of NOT NULL then, and lost.
        () if condition is None else ((None if kind.not_null else kind.constraint_name, condition),),
    )
    return canonical(dataclasses.replace(domain, written=domain))


def canonical(domain: Domain) -> Domain:
    """The domain with its type, default and conditions in one spelling, and no name that the server made up."""
    kind, collation = column_type(Type(domain.type), None)

    def given(name: str | None) -> str | None:
        return None if name and _is_made_up(domain, name) else name

    checks = [(given(name), expression(condition)) for name, condition in domain.checks]
    order = sorted(range(len(checks)), key=lambda one: (checks[one][0] or "", checks[one][1]))
    return dataclasses.replace(
        domain,
        type=kind.sql,
        collation=domain.collation or collation,
        default=None if domain.default is None else default_text(domain.default, kind.sql),
        checks=tuple(checks[one] for one in order),
        names=tuple(domain.names[one] for one in order) if domain.names else (),
        not_valid=tuple(sorted({given(name) or "" for name in domain.not_valid})),
    )


def _is_made_up(domain: Domain, name: str) -> bool:
    """Whether the server may have given the name: it numbers them where another one is taken."""
    number = re.search(r"_(check\d*)$", name)
    return number is not None and name == made_name(domain.name.name, "", number[1])


def same(connection: Connection, one: Domain, other: Domain) -> bool | None:
    """Whether `other`, a live domain, is what the server makes of `one`: that is created in the session's temporary
    schema and rolled back, or explained where it may not be created.
    """
    asked = dataclasses.replace(one, name=Name(_ASKED, "pg_temp"))
    with rolled_back(connection):
        if not scratch.may_create(connection):
            return explain.same_domain(connection, one, other)
        if not succeeds(connection, list(create(asked))):
            return False
        schema = connection.execute(
            sa.text(
                "SELECT nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE typname = :name"
            ),
            {"name": _ASKED},
        ).scalar_one()
        found = next(found for found in read(connection, {schema: None}) if found.name.name == _ASKED)
    return dataclasses.replace(found, name=other.name) == other


def create(domain: Domain) -> Iterator[str]:
    """CREATE DOMAIN, each CHECK under the name that the server would give it where nobody else has that: what is to be
    replaced may still have it.
    """
    words = [f"CREATE DOMAIN {quoted(domain.name)} AS {domain.type}"]
    if domain.collation:
        words.append(f"COLLATE {quote(domain.collation)}")
    if domain.default is not None:
        words.append(f"DEFAULT {_default(domain)}")
    if not domain.nullable:
        words.append("NOT NULL")
    named = _named(domain, domain.checks, ())
    words += [_check(*check) for check in named if check[0] not in _not_valid(domain, named)]
    yield " ".join(words)
    for check in named:
        if check[0] in _not_valid(domain, named):
            yield f"ALTER DOMAIN {quoted(domain.name)} ADD {_check(*check)} NOT VALID"


def _default(domain: Domain) -> str | None:
    """The default as somebody wrote it: the server keeps 5 and '5' apart."""
    return domain.written.default if domain.written else domain.default


def _check(name: str, condition: str) -> str:
    return f"CONSTRAINT {quote(name)} CHECK ({condition})"


def _named(
    domain: Domain, checks: Sequence[tuple[str | None, str]], taken: Collection[str]
) -> list[tuple[str, str]]:
    """The checks, those without a name under those that the server makes up: numbered from the second one on."""
    free = (
        name
        for number in count()
        if (name := made_name(domain.name.name, "", f"check{number or ''}")) not in taken
        and name not in [other for other, _ in domain.checks]
    )
    return [(name or next(free), condition) for name, condition in checks]


def _not_valid(domain: Domain, named: Sequence[tuple[str, str]]) -> list[str]:
    """The names of the checks that are not valid; `named` are all those of the domain."""
    return [
        name
        for (name, _), (given, _) in zip(named, domain.checks, strict=True)
        if (given or "") in domain.not_valid
    ]


def changes(before: Domain, after: Domain, was: StoredObject | None, schema: Schema) -> Iterator[str]:
    """ALTER DOMAIN for each difference, or the domain created again under its columns. `was` is the live domain, which
    knows the names of its checks.
    """
    belongings = schema.definitions.get(after.name, ())
    if not retype_domain.alters_in_place(before, after, schema):
        there = [name for name, _ in _named(after, after.checks, ())]
        rest = [sql for sql in belongings if not sql.startswith("COMMENT ON CONSTRAINT ")]
        creation = [*create(after), *_comments(after, there, belongings), *rest]
        yield from retype_domain.made_anew(before, after, creation, schema)
        return
    alter = f"ALTER DOMAIN {quoted(after.name)}"
    live = _live(before, was)
    names = dict(zip(before.checks, live, strict=True))
    loose = _not_valid(before, list(zip(live, (text for _, text in before.checks), strict=True)))
    strict = [check for check in after.checks if (check[0] or "") not in after.not_valid]
    for check in before.checks:
        kept = check in after.checks and (names[check] in loose or check in strict)
        if not kept:
            yield f"{alter} DROP CONSTRAINT {quote(names[check])}"
        elif check in strict and names[check] in loose:
            yield f"{alter} VALIDATE CONSTRAINT {quote(names[check])}"
    if before.default != after.default:
        yield f"{alter} DROP DEFAULT" if after.default is None else f"{alter} SET DEFAULT {_default(after)}"
    if before.nullable != after.nullable:
        yield f"{alter} {'DROP' if after.nullable else 'SET'} NOT NULL"
    new = [
        check
        for check in after.checks
        if check not in before.checks or (names[check] not in loose and check not in strict)
    ]
    staying = [name for check, name in names.items() if check in after.checks and check not in new]
    added = _named(after, new, staying)
    for check, named in zip(new, added, strict=True):
        yield f"{alter} ADD {_check(*named)}" + ("" if check in strict else " NOT VALID")
    yield from _comments(after, [name for name, _ in added], belongings)


def _comments(domain: Domain, checks: Collection[str], belongings: Sequence[str]) -> Iterator[str]:
    """Those of the statements that give these checks a comment."""
    starts = tuple(f"{comment_on_check(domain.name, name)} IS " for name in checks)
    yield from (sql for sql in belongings if starts and sql.startswith(starts))


def _live(domain: Domain, was: StoredObject | None) -> list[str]:
    """The names under which the server knows the domain's checks: those of `was` where it says the same, or has one
    without a name in the same place.
    """
    known = list(zip(was.checks, was.names, strict=False)) if isinstance(was, Domain) else []
    same = dict(known)
    nameless = [name for (given, _), name in known if given is None]
    mine = [check for check in domain.checks if check[0] is None]
    guessed = [name for name, _ in _named(domain, mine, ())]
    if len(nameless) == len(mine):
        guessed = nameless
    places = dict(zip(mine, guessed, strict=True))
    return [same.get(check) or check[0] or places[check] for check in domain.checks]
