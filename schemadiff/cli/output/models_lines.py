"""Which models were found, and which were not, as lines for people. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schemadiff.cli.output.lines import BLANK, advice, heading, one_line
from schemadiff.schema.describe import some

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.commands.results import Seen, SeenTable
    from schemadiff.models.on_disk import File


def missed(files: Sequence[File], models: str) -> Iterator[Line]:
    """Why a model may be missing from what was found; `models` is the command that says more."""
    if not files:
        return
    told = some((f"{_place(one.path)} ({some(each.name for each in one.models)})" for one in files), 5)
    yield (
        ("not imported", "bold yellow"),
        f": {one_line(told)}: these models were not seen",
    )
    yield advice(
        f"if they belong here, import them, or name them in the setting models; all that was seen: {models}"
    )


def seen(found: Seen) -> Iterator[Line]:
    """All of it."""
    yield heading("found")
    for module in found.modules:
        yield (
            "  ",
            (one_line(module.module) or "in no module under a name", "bold"),
            (f"  {one_line(_place(module.path))}" if module.path else "", "dim"),
        )
        for table in module.tables:
            yield (f"    {one_line(str(table.name))}", (_absence(table), "yellow"))
    if found.without_model:
        yield BLANK
        yield heading("without a model", ": in the database, and declared by nothing that was found")
        for one in found.without_model:
            told = {"dropped": "the next plan drops it", "ignored": "ignored by the settings"}
            yield (
                f"  {one_line(str(one.name))}",
                (f"  {told.get(one.because, one.because)}", "red" if one.because == "dropped" else "dim"),
            )
    if found.without_model is None:
        yield BLANK
        yield ("no database is named: nothing is said about its tables",)
    if found.not_imported:
        yield BLANK
        yield heading("not imported", ": these files declare models, and nobody imported them")
        for file in found.not_imported:
            yield (
                "  ",
                (one_line(file.module), "bold"),
                (f"  {one_line(_place(file.path))}", "dim"),
            )
            for model in file.models:
                yield (f"    {one_line(model.name)}", f" ({one_line(model.table)})" if model.table else "")
        yield advice("import them where the models are loaded, or name them in the setting models")


def _absence(table: SeenTable) -> str:
    return "  not in the database" if table.in_database is False else ""


def _place(path: Path | None) -> str:
    """The path as it is seen from the current directory."""
    if path is None:
        return ""
    here = Path.cwd().resolve()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
