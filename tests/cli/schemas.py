"""The published JSON Schema, and answers held to it: in the tests no key may be missing from it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

PATH = Path(__file__).resolve().parent.parent.parent / "docs" / "schemas" / "answer-1.json"
PUBLISHED: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

_NAMES = {"revision": "empty_revision"}
"""Answers that do not have the name of their command: a revision is a part of several."""


def checked(answer: Any) -> Any:
    """The answer, which is as the schema says and has no key that the schema does not know."""
    name = "failure" if "error" in answer and "revisions" not in answer else answer["command"]
    name = _NAMES.get(name, name)
    _validator(name).validate(answer)
    return answer


def checked_operation(told: Any) -> Any:
    """The operation, likewise."""
    _validator("operation").validate(told)
    return told


@functools.cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    schema = {
        "$schema": PUBLISHED["$schema"],
        "$ref": f"#/$defs/{name}",
        "$defs": _closed(PUBLISHED["$defs"]),
    }
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _closed(schema: Any) -> Any:
    """The schema without room for the keys of later releases."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if schema.get("type") == "object" else inner
