"""A column type in the database's own words, for what SQLAlchemy has no type for."""

from __future__ import annotations

from typing import Any

from sqlalchemy.types import UserDefinedType


class NativeType(UserDefinedType[Any]):
    """Compiles to the text that it is given: ``NativeType("geometry")``."""

    cache_ok = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_: object) -> str:
        """The text."""
        return self.sql

    def __repr__(self) -> str:
        return f"NativeType({self.sql!r})"
