"""Expressions over a column, by the group of its type: what a CHECK, an index or a generated column can say."""

from __future__ import annotations

from schemadiff.testing.strategies.engines import Engine, Kind

FORMS = {
    "int": (
        "{0} > 0",
        "{0} != 5",
        "{0}.in_([1, 2])",
        "{0}.between(1, 5)",
        "sa.or_({0} > 0, {0} < -5)",
        "{0} % 2 == 0",
        "sa.and_({0} > 0, sa.or_({0} < 10, {0}.is_(None)))",
        "sa.func.coalesce({0}, 1) <= 3",
    ),
    "number": ("{0} >= 0", "{0} < 1.5", "{0} * 2 <= 7"),
    "text": (
        "{0} != ''",
        '{0} != "it\'s"',
        "{0}.like('a%')",
        "sa.func.length({0}) > 1",
        "{0}.in_(['a', 'b:c'])",
        "sa.func.lower({0}) == {0}",
        "{0} != 'back\\\\slash'",
        "{0} != '100%'",
    ),
    "time": ("{0} > '2020-01-02'", "{0}.is_not(None)"),
    "bool": ("{0}.is_not(None)",),
    "enum": ("{0}.is_not(None)", "{0} != 'a'"),
    "none": ("{0}.is_not(None)",),
}

INLINE = ("{0} > 0", "{0} != 5", "{0} >= 0", "{0} != ''")
"""Those that are SQL as well as Python."""

COMPUTED = ("{0} + 1", "abs({0})", "({0} * 2) - 3")
"""Of a number, as SQL."""


def part_forms(engine: Engine, kind: Kind) -> list[str]:
    """Return the forms that a part of an index on a column of that type can have, plain as a rule."""
    forms = ["{0}", "{0}", "{0}", *engine.part_forms]
    if kind.group == "text" and engine.functional:
        forms += ["sa.func.lower({0})"]
    if kind.group == "int" and engine.functional:
        forms += ["({0} + 1)", "sa.func.abs({0})"]
    return forms


def is_expression(form: str) -> bool:
    """Whether the part of an index is more than a column and its direction."""
    return "lower" in form or "abs" in form or "+" in form


def fits(kind: Kind, form: str) -> bool:
    """Whether a part of an index can make this of a column of that type."""
    if "lower" in form:
        return kind.group == "text"
    return kind.group == "int" if is_expression(form) else True
