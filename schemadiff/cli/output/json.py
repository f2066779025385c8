"""What every answer in the JSON format begins with, and what has to do with revisions as such. Pure.

Apart from `plan_json`, which knows every operation: `status` and `history` do without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemadiff.journal import Interrupted
    from schemadiff.revisions import Revision

VERSION = 1

Object = dict[str, Any]


def dump(command: str, content: Mapping[str, Any]) -> str:
    """The JSON text of a command's answer. ASCII alone: it passes through every terminal and encoding."""
    return json.dumps({"version": VERSION, "command": command, **content}, indent=2)


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
