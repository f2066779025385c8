"""All that a value is compared by is said by the models of some story, or another test of a real server is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.models.reader import read
from schemadiff.schema import (
    Check,
    Column,
    Composite,
    Constraint,
    Domain,
    Entry,
    Exclude,
    ForeignKey,
    Index,
    Namespace,
    Options,
    PrimaryKey,
    Routine,
    StoredObject,
    Unique,
    View,
)
from tests.stories import stories

Field = tuple[type, str]

OWNERS = (Column, Index, Options, *get_args(Constraint), *get_args(StoredObject))

_NEWER = "test_newer_servers.py::test_keys_over_time_that_models_speak_of_in_a_newer_server"
_LOOSE = "test_newer_servers.py::test_what_is_not_enforced_is_told_apart_in_a_newer_server"
_LATER = "test_in_place.py::test_a_constraint_is_validated_after_the_other_changes"
_BY_HAND = "dialects/test_postgresql_server.py::test_what_was_done_by_hand_is_undone"
_BETWEEN = "test_difference.py::test_two_databases"
_POSTGRESQL = "dialects/test_postgresql_between.py::test_there_and_back"
_EXTENSION = (
    "dialects/test_postgresql_between.py::test_an_extension_comes_before_what_needs_it_and_is_updated"
)
_PARTITION = "dialects/test_postgresql_between.py::test_a_partition_that_goes_takes_rows_along"

ELSEWHERE: Mapping[Field, str] = {
    # A person sets these by hand, and then models or revisions may speak of them.
    (Column, "visible"): "dialects/test_mysql_by_hand.py::test_an_attribute_is_named_and_kept",
    (Column, "attributes"): "dialects/test_mysql_by_hand.py::test_an_attribute_is_named_and_kept",
    (Index, "visible"): "test_in_place.py::test_a_hidden_index_is_altered",
    (Index, "tablespace"): "dialects/test_postgresql_server.py::test_an_index_in_a_tablespace",
    (
        Index,
        "valid",
    ): "dialects/test_postgresql_online.py::test_nobody_waits_while_an_index_is_built_or_dropped",
    (PrimaryKey, "parts"): "test_difference.py::test_a_primary_key_by_prefix",
    (Check, "inherited"): _BY_HAND,
    (Domain, "not_valid"): "dialects/test_postgresql_types.py::test_put_back",
    # PostgreSQL marks these as valid in a CREATE TABLE, so that no table is as a fresh one.
    (Check, "not_valid"): _LATER,
    (ForeignKey, "not_valid"): _BY_HAND,
    # Only a server newer than the stories' has them.
    (PrimaryKey, "without_overlaps"): _NEWER,
    (Unique, "without_overlaps"): _NEWER,
    (ForeignKey, "period"): _NEWER,
    (ForeignKey, "enforced"): _LOOSE,
    (Check, "enforced"): _LOOSE,
    # No models say these; two databases are compared by them.
    (View, "options"): _POSTGRESQL,
    (Namespace, "name"): "dialects/test_postgresql_server.py::test_schemas",
    (Index, "comment"): _POSTGRESQL,
    **{(Composite, name): _POSTGRESQL for name in ("name", "columns")},
    **{(Entry, name): _POSTGRESQL for name in ("name", "words", "create", "stage", "owner")},
    (Entry, "alter"): _EXTENSION,
    (Entry, "rows"): _PARTITION,
    **{(Routine, name): _BETWEEN for name in ("kind", "name", "definition", "table", "arguments")},
}
"""Fields that no story says, each with the test that does. The list only shrinks."""

NO_WORD = {(Exclude, "comment")}
"""SQLAlchemy's ExcludeConstraint takes no comment: neither models nor revision files have a word for it."""


def compared(owner: type) -> Iterator[dataclasses.Field[Any]]:
    yield from (one for one in dataclasses.fields(owner) if one.compare)


def said(value: Any) -> Iterator[Field]:
    """Yield the fields that are not as they are where nobody says anything, in the value and all below it."""
    if isinstance(value, tuple):
        for one in value:
            yield from said(one)
    elif dataclasses.is_dataclass(value):
        for field in compared(type(value)):
            inner = getattr(value, field.name)
            if field.default is dataclasses.MISSING or inner != field.default:
                yield type(value), field.name
            yield from said(inner)


@pytest.mark.once  # views are SQLAlchemy 2.1's
def test_each_field_has_a_story() -> None:
    told: set[Field] = set()
    for story in stories():
        for section in ("current.py", "desired.py"):
            schema = read(story.metadata(section), offline_dialect(story.engine))
            told.update(said((*schema.tables.values(), *schema.objects.values())))
    everything = {(owner, field.name) for owner in OWNERS for field in compared(owner)}
    missing = sorted((owner.__name__, name) for owner, name in everything - told - set(ELSEWHERE) - NO_WORD)
    assert not missing, "write a story with it in tests/cases"
    assert not told & (set(ELSEWHERE) | NO_WORD), "they have a story now: take them off the list"
    assert not (set(ELSEWHERE) | NO_WORD) - everything, "there is no such field"


def test_the_tests_that_are_named_exist() -> None:
    for reference in set(ELSEWHERE.values()):
        path, _, name = reference.partition("::")
        assert f"def {name}(" in (Path(__file__).parent / path).read_text(), reference
