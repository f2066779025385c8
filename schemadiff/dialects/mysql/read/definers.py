"""In whose name views, routines, triggers and events are carried out (DEFINER), who may call a routine, and whether
that can stay so.

An object that is created again gets the account that creates it as its definer (MySQL 9.7, CREATE VIEW), unless that
names another one, which takes a right. A routine that is dropped loses its grants, too (automatic_sp_privileges); a
view keeps them.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemadiff.dialects.mysql.server.conversation import Refusal, Talk
from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, literal, quote
from schemadiff.operations import Operation
from schemadiff.operations.objects import CreateObject, ReplaceObject
from schemadiff.schema import Name, Routine, Schema, StoredObject, View

_ACCOUNT = rf"(?:{QUOTED}|{STRING})@(?:{QUOTED}|{STRING})"
_DEFINER = re.compile(rf"DEFINER=(?P<account>{_ACCOUNT}) ")
_ROLES = re.compile(rf"{_ACCOUNT}(?:,{_ACCOUNT})*")
_GLOBAL = re.compile(r"GRANT (?P<rights>.+?) ON \*\.\* TO .*?(?P<grants> WITH GRANT OPTION)?")
_ANYBODY = (
    {"ALL PRIVILEGES"},
    {"SET USER"},
    {"SYSTEM_USER", "SET_USER_ID"},
    {"SYSTEM_USER", "SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER"},
)
"""The rights of which one set takes to name any account: that of MariaDB from 10.5.2, of MySQL before 8.2 and since.
Without SYSTEM_USER (MySQL 8.0.16) an account that has it cannot be named.
"""
_GRANTS = (
    "SELECT db, routine_name, user, host, proc_priv FROM mysql.procs_priv WHERE db IN ({0}) AND routine_type = {1} "
    "ORDER BY db, routine_name, user, host"
)
_HEAD = re.compile(r"CREATE (?:OR REPLACE )?(?:ALGORITHM=\w+ )?")


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of the account on objects that it creates: to name another account as definer, and to grant EXECUTE on
    a routine.
    """

    names: bool
    grants: bool


def rights(talk: Talk) -> Rights:
    """Return the rights that SHOW GRANTS proves; a right that is not shown counts as missing."""
    reply = next(talk([["SELECT CURRENT_ROLE()"]]))
    roles = "" if isinstance(reply, Refusal) else str(reply[0][0] or "")
    # MySQL tells of the rights of roles that are named alone, MariaDB of those of the current one anyway.
    using = f" FOR CURRENT_USER() USING {roles}" if _ROLES.fullmatch(roles) else ""
    shown = next(talk([[f"SHOW GRANTS{using}"]]))
    rows = [] if isinstance(shown, Refusal) else shown
    lines = [match for row in rows if (match := _GLOBAL.fullmatch(str(row[0])))]
    known = {one.strip() for line in lines for one in line["rights"].split(",")}
    granting = {one.strip() for line in lines if line["grants"] for one in line["rights"].split(",")}
    return Rights(
        any(some <= known for some in _ANYBODY),
        "ALL PRIVILEGES" in granting or {"EXECUTE", "ALTER ROUTINE"} <= granting,
    )


def without(sql: str) -> str:
    """The statement, as SHOW CREATE has it, without the account."""
    return _DEFINER.sub("", sql, count=1)


def defined(stored: View | Routine, shown: str, known: Rights) -> View | Routine:
    """The object of another account, with that as it stands in what SHOW CREATE has."""
    found = _DEFINER.search(shown)
    if found is None:
        return stored
    if known.names:
        return dataclasses.replace(stored, definer=found["account"])
    words = (
        f"it is carried out in the name of {found['account']} (DEFINER), and then in that of the account that "
        "creates it again, which may not name another one"
    )
    return dataclasses.replace(stored, unkept=(*stored.unkept, words))


def grants(
    talk: Talk, listed: str, known: Mapping[str, str | None], kind: str
) -> Mapping[Name, tuple[str, ...]] | None:
    """The statements that give the functions or procedures of the listed schemas their grants again, by name; ``None``
    where the account may not see them.
    """
    reply = next(talk([[_GRANTS.format(listed, literal(kind.upper()))]]))
    if isinstance(reply, Refusal):
        return None
    found: dict[Name, list[str]] = defaultdict(list)
    for schema, routine, user, host, given in reply:
        name = Name(str(routine), known.get(str(schema)))
        every = sorted(given) if isinstance(given, set | frozenset) else str(given).split(",")
        words = [one.upper() for one in every if one != "Grant"]
        target = f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)
        option = " WITH GRANT OPTION" if "Grant" in every else ""
        grantee = f"{literal(str(user))}@{literal(str(host))}"
        found[name].append(
            f"GRANT {', '.join(words) or 'USAGE'} ON {kind.upper()} {target} TO {grantee}{option}"
        )
    return {name: tuple(some) for name, some in found.items()}


def granted(routine: Routine, given: Mapping[Name, tuple[str, ...]] | None, known: Rights) -> Routine:
    """The routine with its grants."""
    if given is None:
        words = "grants on it, which this account may not see, are lost"
        return dataclasses.replace(routine, unkept=(*routine.unkept, words))
    own = given.get(routine.name, ())
    if not own or known.grants:
        return dataclasses.replace(routine, belongings=own)
    lost = f"its grants are lost, which this account may not give again: {'; '.join(own)}"
    return dataclasses.replace(routine, unkept=(*routine.unkept, lost))


def given_back(sql: str, was: StoredObject | None) -> str:
    """The CREATE statement, in the name of the account that what it replaces has."""
    account = was.definer if isinstance(was, View | Routine) else None
    head = _HEAD.match(sql)
    if account is None or head is None:
        return sql
    return f"{head[0]}DEFINER={account} {sql[head.end() :]}"


def forgone(operations: Sequence[Operation], live: Schema) -> Mapping[Operation, str]:
    """The operations that create an object again without all that it has, each with that in words."""
    found: dict[Operation, str] = {}
    for one in operations:
        if isinstance(one, CreateObject | ReplaceObject):
            made = one.after if isinstance(one, ReplaceObject) else one.object
            was = live.objects.get(made.key)
            if isinstance(was, View | Routine) and was.unkept:
                found[one] = "; ".join(was.unkept)
    return found
