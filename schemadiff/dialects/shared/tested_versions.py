"""The oldest version of each server that schemadiff was tried on (`make test-versions`). Pure."""

from __future__ import annotations

OLDEST = {
    "mysql": ("MySQL", (9, 7)),
    "mariadb": ("MariaDB", (10, 5)),
    "postgresql": ("PostgreSQL", (15,)),
    "sqlite": ("SQLite", (3, 39)),
}


def about_age(name: str, version: tuple[int, ...]) -> str | None:
    """A sentence for a server that is older than all that schemadiff was tried on; ``None`` for others."""
    if not version or name not in OLDEST or version >= OLDEST[name][1]:
        return None
    product, oldest = OLDEST[name]
    told, known = (".".join(map(str, numbers)) for numbers in (version, oldest))
    return (
        f"this server is {product} {told}, older than what schemadiff was tried on ({product} {known} and newer): "
        "read its plans with care, and try them on a copy first"
    )
