"""Docstrings are plain English: see CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("schemadiff", "tools", "benchmarks", "examples")
WITHOUT_SUBJECT = re.compile(r'^\s*r?"""What\b', re.MULTILINE)


def test_no_docstring_begins_with_what() -> None:
    """Such a sentence hides its subject: say what is returned (``Return the …``) or what it is (``The …``)."""
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.end()) + 1}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for text in [path.read_text()]
        for match in WITHOUT_SUBJECT.finditer(text)
    ]
    assert not found, "\n".join(found)
