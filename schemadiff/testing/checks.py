"""Checks of a project's revisions: each returns what is wrong, in words, else nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemadiff.commands.apply import apply, rollback
from schemadiff.commands.check import check
from schemadiff.commands.sources import models_of
from schemadiff.errors import SchemadiffError
from schemadiff.operations import Operation
from schemadiff.revisions import files
from schemadiff.testing.project import Project


def history_is_linear(project: Project) -> list[str]:
    """The revisions follow each other, each number once and none left out, and all can be read."""
    try:
        found = files.load(project.versions)
    except SchemadiffError as error:
        return [str(error)]
    return [] if found else [f"there are no revisions in {project.versions}"]


def models_equal_revisions(project: Project, database: str) -> list[str]:
    """Check that the revisions, applied to an empty database, lead to the models."""
    apply(database, project.versions, allow=["all"])
    found = check(database, project.models, project.versions, **project.compared)
    wrong = []
    if found.missing:
        wrong += [
            "the models say what no revision makes:",
            *_told(found.missing),
            "write it: schemadiff plan",
        ]
    if found.drifted:
        wrong += ["the revisions make what they do not say:", *_told(found.drifted)]
    return wrong


def revisions_go_up_down_and_up(project: Project, database: str) -> list[str]:
    """Each revision can be applied, undone, and applied again, and to undo it leaves what was there before it."""
    return list(_up_down_and_up(project, database))


def _up_down_and_up(project: Project, database: str) -> Iterator[str]:
    models = models_of(project.models)
    for revision in files.load(project.versions):
        number = revision.number
        apply(database, project.versions, to=number, allow=["all"])
        if number in project.one_way:
            continue
        try:
            # A baseline's tables are schemadiff's own here.
            rollback(database, project.versions, steps=1, allow=["all", "SD902"])
        except SchemadiffError as error:
            yield f"revision {number:04} ({revision.path}) cannot be undone: {error}"
            yield f"where that is meant so: project(one_way=[{number}])"
        else:
            left = check(database, models, project.versions, **project.compared).drifted
            if left:
                yield f"revision {number:04} ({revision.path}) was undone, and something is otherwise than before:"
                yield from _told(left)
        try:
            apply(database, project.versions, to=number, allow=["all"])
        except SchemadiffError as error:
            yield f"revision {number:04} ({revision.path}) was undone, and cannot be applied again: {error}"
            return  # the next ones stand on it
    drifted = check(database, models, project.versions, **project.compared).drifted
    if drifted:
        yield "after all revisions went up, down and up, the database is not as they say:"
        yield from _told(drifted)


def _told(operations: Iterable[Operation]) -> list[str]:
    return [f"  {one.describe()}" for one in operations]
