"""The order of views, routines and domains by their texts, where no catalog of the server's says more."""

from __future__ import annotations

from schemadiff.schema import Domain, Name, Routine, StoredObject, View
from schemadiff.schema.dependencies import dependents, in_order, mentions_any


def view(name: str, definition: str, *, needs: frozenset[Name] | None = None) -> View:
    return View(Name(name), definition, needs=needs)


def names(objects: list[StoredObject]) -> list[str]:
    return [one.name.name for one in objects]


def test_only_the_circle_is_cut() -> None:
    # "a" has a column that is called as "z" is, which reads from it.
    objects: list[StoredObject] = [
        view("a", "SELECT id AS x, z FROM t"),
        view("z", "SELECT x FROM a"),
        view("b", "SELECT x FROM z"),
        view("c", "SELECT x FROM a JOIN b ON true"),
    ]
    assert names(in_order(objects)) == ["a", "z", "b", "c"]


def test_a_body_needs_less_than_a_query() -> None:
    routine = Routine("function", Name("f"), "CREATE FUNCTION f() AS 'SELECT x FROM a'")
    assert names(in_order([routine, view("a", "SELECT f() AS x")])) == ["f", "a"]


def test_functions_of_one_name_do_not_need_each_other_by_their_heads() -> None:
    one = Routine("function", Name("f"), "CREATE FUNCTION f(a int) AS 'SELECT 1'", arguments="(a int)")
    other = Routine("function", Name("f"), "CREATE FUNCTION f(a text) AS 'SELECT f(1)'", arguments="(a text)")
    assert in_order([other, one]) == [one, other]


def test_a_domain_needs_what_its_check_calls() -> None:
    domain = Domain(Name("d"), "text", checks=((None, "ok(VALUE)"),))
    routine = Routine("function", Name("ok"), "CREATE FUNCTION ok(text) AS 'SELECT true'")
    assert in_order([domain, routine]) == [routine, domain]


def test_the_catalog_decides_where_it_was_read() -> None:
    orders = view("orders", "SELECT status FROM t", needs=frozenset({Name("t")}))
    status = view("status", "SELECT orders.status FROM orders", needs=frozenset({Name("orders")}))
    assert in_order([status, orders]) == [orders, status]
    assert dependents([status, orders], [Name("t")]) == [orders, status]
    assert not mentions_any(orders, [Name("status")])
    assert not mentions_any(orders, [Name("t", "other")])
