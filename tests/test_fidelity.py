"""docs/fidelity.md is what the story files come to, and leaves no engine out without a reason."""

from __future__ import annotations

from pathlib import Path

from tools import fidelity
from tools.fidelity import Kind
from tools.story_pages import CASES, told


def test_the_document_is_up_to_date() -> None:
    made = fidelity.document(told(), fidelity.kinds())
    assert fidelity.DOCUMENT.read_text() == made, "the stories have changed: run `make fidelity`"


def test_every_kind_is_shown_on_every_engine_that_has_it() -> None:
    assert fidelity.gaps(told(), fidelity.kinds()) == []


def test_no_story_stands_twice() -> None:
    """`python -m tools.story_pages` makes one page of a common one and an engine's own."""
    names = [(engine, page.stem) for engine, page in told()]
    assert [name for name in names if names.count(name) > 1] == []


def test_gaps_are_named() -> None:
    some = [
        (engine, Path(f"{name}.txt"))
        for engine, name in (("mysql", "a_one"), ("sqlite", "b"), ("mysql", "c"))
    ]
    kinds = {
        "things": [
            Kind("As", ("a_*",), ("mariadb", "mysql", "sqlite"), "None."),
            Kind("Bs", ("b",)),
            Kind("Ds", ("d",)),
        ]
    }
    assert fidelity.gaps(some, kinds) == [
        "As: postgresql has neither a story nor a reason",
        "Bs: mysql has neither a story nor a reason",
        "Bs: mariadb has neither a story nor a reason",
        "Bs: postgresql has neither a story nor a reason",
        "Ds: no story is called d",
    ]


def test_a_cell_links_to_its_stories_or_to_a_reason() -> None:
    kinds = {"things": [Kind("As", ("a_*",), ("sqlite",), "No reason.")]}
    made = fidelity.document(
        [("mysql", CASES / "mysql" / f"{name}.txt") for name in ("a_one", "a_two")], kinds
    )
    links = "[1](../tests/cases/mysql/a_one.txt) [2](../tests/cases/mysql/a_two.txt)"
    assert f"| As | yes {links} | no story | no story | –[^1] |\n\n[^1]: No reason.\n" in made
