"""Revision files that git knows of on other branches. Optional: without git nothing is known."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemadiff.errors import RevisionError
from schemadiff.revisions import files

_SECONDS = 5
_MOST_BRANCHES = 100
_UPSTREAM = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""The branches that a team merges into, the surest first."""


@dataclass(frozen=True, slots=True)
class OnBranch:
    """A revision file as a branch has it."""

    name: str
    branch: str


def on_branches(directory: Path, wanted: Mapping[int, str]) -> dict[int, OnBranch]:
    """The branches that have revisions of these numbers whose own digest is this one, the newest branches first."""
    found: dict[int, OnBranch] = {}
    refs = _git(
        directory, "for-each-ref", "--sort=-committerdate", f"--count={_MOST_BRANCHES}", _SHORT, *_REFS
    )
    known: dict[str, str] = {}
    for branch in refs.splitlines():
        if len(found) == len(wanted):
            break
        for number, name, blob in _revisions(directory, branch):
            if number not in wanted or number in found:
                continue
            if blob not in known:
                known[blob] = _own(_git(directory, "cat-file", "blob", blob), name, number)
            if known[blob] == wanted[number]:
                found[number] = OnBranch(name, branch)
    return found


_SHORT, _REFS = "--format=%(refname:short)", ("refs/heads", "refs/remotes")


def upstream_names(directory: Path) -> tuple[str, frozenset[str]] | None:
    """The branch that others' work comes from, and the revision files that it has; ``None`` where git cannot tell."""
    here = _git(directory, "rev-parse", "HEAD")
    for ref in _UPSTREAM:
        there = _git(directory, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if there and there != here:
            return ref, frozenset(name for _, name, _ in _revisions(directory, ref))
    return None


def _revisions(directory: Path, ref: str) -> Iterator[tuple[int, str, str]]:
    """The revision files of the directory on a branch: number, name, and the hash of the content."""
    for line in _git(directory, "ls-tree", "-z", ref, "./").split("\0"):
        about, _, path = line.partition("\t")
        name = path.rpartition("/")[2]
        number = files.number_in(name)
        if number is not None:
            yield number, name, about.split()[2]


def _own(text: str, name: str, number: int) -> str:
    try:
        return files.understand(text, Path(name), number, ()).own
    except RevisionError:
        return ""


def _git(directory: Path, *arguments: str) -> str:
    """Return git's output; empty where it has none, or there is no git."""
    call = ["git", "-C", str(directory), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(
            call,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip("\n") if done.returncode == 0 else ""
