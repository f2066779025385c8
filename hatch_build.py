"""What a build adds to the package's metadata: the addresses of the repository that it is built from.

The release workflow says the repository in `SCHEMADIFF_REPOSITORY`. Without it, as in a fork or a checkout, the package
names no address, and none that may be another's.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")


def absolute_links(text: str, repository: str, tag: str) -> str:
    """Return a document of the repository with links that lead there from anywhere; an SVG is shown, a page opened."""

    def link(found: re.Match[str]) -> str:
        view = "raw" if found[1].endswith(".svg") else "blob"
        return f"]({repository}/{view}/{tag}/{found[1]})"

    return LINK.sub(link, text)


def addresses(repository: str) -> dict[str, str]:
    """Return the addresses that the package index shows."""
    return {
        "Source": repository,
        "Documentation": f"{repository}/tree/main/docs",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


class Addresses(MetadataHookInterface):
    """Hatchling's hook, see `[tool.hatch.metadata.hooks.custom]`."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in `urls` and `readme`."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        repository = os.environ.get("SCHEMADIFF_REPOSITORY", "").rstrip("/")
        if repository:
            metadata["urls"] = addresses(repository)
            text = absolute_links(text, repository, f"v{metadata['version']}")
        else:
            metadata["urls"] = {}
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
