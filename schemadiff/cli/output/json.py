"""The JSON format. What it says of operations stands in `plan_json`: `status` and `history` do without."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from schemadiff.cli.output.renderer import Failure, Renderer

if TYPE_CHECKING:
    from pathlib import Path

    from schemadiff.commands.diff import Difference
    from schemadiff.commands.results import (
        Baseline,
        Diagnosis,
        Drift,
        Outcome,
        Planned,
        Renumbered,
        Seen,
        Shown,
        Stamped,
    )
    from schemadiff.execute.journal import Interrupted
    from schemadiff.execute.status import Status
    from schemadiff.models.on_disk import File
    from schemadiff.revisions.files import Revision
    from schemadiff.schema import Name

VERSION = 1

Object = dict[str, Any]


class Format(Renderer):
    """One object, as docs/json.md describes it. ASCII alone: it passes through every terminal and encoding."""

    __slots__ = ()
    name: ClassVar[str] = "json"

    def planned(self, found: Planned, missed: Sequence[File]) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump({**plan_json.planned(found), "not_imported": [_file(one) for one in missed]})

    def drift(self, found: Drift, missed: Sequence[File]) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump({**plan_json.drift(found), "not_imported": [_file(one) for one in missed]})

    def seen(self, found: Seen) -> str:
        """``without_model`` is ``null`` where no database is named, as ``in_database`` is."""
        modules = [
            {
                "module": one.module or None,
                "path": str(one.path) if one.path else None,
                "tables": [{**_table(each.name), "in_database": each.in_database} for each in one.tables],
            }
            for one in found.modules
        ]
        without = found.without_model
        return self._dump(
            {
                "operations": [],
                "statements": [],
                "modules": modules,
                "without_model": None
                if without is None
                else [{**_table(one.name), "because": one.because} for one in without],
                "not_imported": [_file(one) for one in found.not_imported],
            }
        )

    def difference(self, found: Difference) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.difference(found))

    def shown(self, found: Shown) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.shown(found))

    def status(self, found: Status, settings: Path | None, *, verbose: bool = False) -> str:
        """``database_version`` is ``null`` where there is no version table, ``settings`` where there is no file."""
        changed_at = found.state.changed_at if found.state else None
        return self._dump(
            {
                "operations": [],
                "statements": [],
                "database": found.place,
                "database_version": found.version,
                "newest": len(found.revisions),
                "changed_at": f"{changed_at.isoformat()}Z" if changed_at else None,
                "pending": [revision(one) for one in found.pending],
                "interrupted": interrupted(found.interrupted),
                "at_work": found.at_work,
                "settings": str(settings) if settings else None,
            }
        )

    def history(
        self,
        found: Sequence[Revision],
        version: int | None,
        directory: Path,
        failure: Failure | None,
        *,
        verbose: bool = False,
        marked: bool = False,
    ) -> str:
        """``applied`` is ``null`` where no database said so."""
        return self._dump(
            {
                "operations": [],
                "statements": [],
                "database_version": version,
                "revisions": [
                    {**revision(one), "applied": None if version is None else one.number <= version}
                    for one in found
                ],
                **(_failure(failure) if failure else {}),
            }
        )

    def preview(self, found: Outcome, place: str) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.outcome(found, place, dry_run=True))

    def halfway(self, found: Status, place: str) -> str:
        from schemadiff.cli.output import plan_json
        from schemadiff.commands.results import Outcome

        at = found.version or 0
        nothing = Outcome(at, at, ())
        return self._dump(
            plan_json.outcome(nothing, place, dry_run=True, interrupted=interrupted(found.interrupted))
        )

    def outcome(self, found: Outcome, place: str) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.outcome(found, place, dry_run=False))

    def baseline(self, found: Baseline, place: str) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.baseline(found, place))

    def stamped(self, found: Stamped, place: str) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.stamped(found, place))

    def begun(self, found: Revision) -> str:
        return self._dump({"operations": [], "statements": [], "revision": revision(found)})

    def diagnosed(self, found: Diagnosis, place: str) -> str:
        from schemadiff.cli.output import plan_json

        return self._dump(plan_json.diagnosed(found, place))

    def renumbered(self, found: Renumbered, *, dry_run: bool) -> str:
        return self._dump(
            {
                "operations": [],
                "statements": [],
                "moves": [{"before": str(one.before), "after": str(one.after)} for one in found.moves],
                "moved": bool(found.moves) and not dry_run,
                "overlaps": [
                    {"mine": str(one.mine), "other": str(one.other), "what": list(one.what)}
                    for one in found.overlaps
                ],
                "unfit": found.unfit,
                "upstream": found.upstream,
            }
        )

    def failed(self, failure: Failure) -> str:
        return self._dump(_failure(failure))

    def _dump(self, content: Mapping[str, Any]) -> str:
        return json.dumps({"version": VERSION, "command": self.command, **content}, indent=2)


def _failure(failure: Failure) -> Object:
    return {"error": failure.message, "hint": failure.hint, "exit_code": failure.exit_code}


def _file(one: File) -> Object:
    """A file that declares models and that nobody imported."""
    return {
        "path": str(one.path),
        "module": one.module,
        "models": [{"name": each.name, "table": each.table} for each in one.models],
    }


def _table(name: Name) -> Object:
    return {"table": name.name, "schema": name.schema}


def revision(one: Revision) -> Object:
    """A revision file."""
    return {"number": one.number, "message": one.message, "path": str(one.path), "digest": one.digest}


def interrupted(found: Interrupted | None) -> Object | None:
    """How far a revision is that was begun and not finished."""
    if found is None:
        return None
    return {
        "number": found.revision,
        "direction": found.direction,
        "steps": [step.sql for step in found.steps],
        "done": found.done,
    }
