"""The settings, in one place: options, then the environment, then ``schemadiff.toml`` or ``pyproject.toml``.

No SQLAlchemy here: `schemadiff --help` must not load it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

from schemadiff.config.options import SETTINGS, Option
from schemadiff.config.options import Online as Online
from schemadiff.config.options import Transaction as Transaction
from schemadiff.errors import ConfigError

DEFAULT_VERSIONS = "versions"


class Choice(TypedDict, total=False):
    """The settings besides those that name the project: what is compared, and how it is carried out. As in `Settings`,
    where ``None`` says nothing.
    """

    include: Sequence[str]
    exclude: Sequence[str]
    schemas: Sequence[str]
    online: str | None
    transaction: str | None


_KINDS = {
    str: "text",
    list: "a list",
    dict: "a table",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


_TEXTS_OR_LISTS = ("models",)
"""Settings that are one text on the command line, and may be several in the file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``None`` where nothing says it; ``models`` may be several, with commas between them. ``source`` is the file that
    the settings come from, ``passed_over`` one that is not used because it belongs to another user; both for messages.
    ``connect_args`` go with the ``url``; an ``engine`` (``module:attribute``) stands in the place of both, so that
    there is no ``url`` beside it.
    """

    url: str | None = None
    connect_args: Mapping[str, Any] = field(default_factory=dict)
    engine: str | None = None
    models: str | None = None
    versions: Path = Path(DEFAULT_VERSIONS)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    online: Online = "auto"
    transaction: Transaction = "each"
    source: Path | None = None
    passed_over: Path | None = None

    def need_url(self) -> str:
        """The URL of the database. Raises `ConfigError` when there is none."""
        if not self.url:
            raise ConfigError(
                "no database is named",
                hint="Give --url, set SCHEMADIFF_URL (or DATABASE_URL), or write url or engine into [tool.schemadiff] "
                "of pyproject.toml; for example mysql+pymysql://user:password@localhost/shop."
                f"{self._why_not_there()}",
            )
        return self.url

    def need_models(self) -> str:
        """The path of the models. Raises `ConfigError` when there is none."""
        if not self.models:
            raise ConfigError(
                "no models are named",
                hint='Give --models, set SCHEMADIFF_MODELS, or write models = "app:db" into [tool.schemadiff] of '
                f"pyproject.toml.{self._why_not_there()}",
            )
        return self.models

    def _why_not_there(self) -> str:
        return f"\n{passed_over(self.passed_over)}" if self.passed_over else ""


def passed_over(path: Path) -> str:
    """Why the settings in that file are not used, in a sentence."""
    return (
        f"{path} is not used, because it or its folder belongs to another user: run the command in that folder, or "
        "hand the settings over."
    )


def settings(
    url: str | None = None,
    models: str | None = None,
    versions: str | None = None,
    *,
    application: Mapping[str, Any] | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **given: Unpack[Choice],
) -> Settings:
    """The settings that hold in `directory` (the current one): an option wins over the environment, which wins over
    what the application's own code says, as in a file, which wins over the file. Paths in a file are relative to the
    file. Raises `ConfigError` when the file is malformed.
    """
    env = os.environ if environment is None else environment
    path, table, not_used = _table(directory or Path.cwd())
    for key, value in table.items():
        _expect_valid(key, value, path)
    if "engine" in table and ("url" in table or "connect_args" in table):
        raise ConfigError(
            f'{path}: the setting "engine" says how to connect, so "url" and "connect_args" say nothing beside it',
            hint="Leave either the one or the others out.",
        )
    said = application or {}
    table.update(said)
    chosen = versions or env.get("SCHEMADIFF_VERSIONS") or said.get("versions")
    if chosen is None:
        in_file = Path(table.get("versions", DEFAULT_VERSIONS))
        folder = in_file if path is None else path.parent / in_file
        if folder.is_relative_to(Path.cwd()):
            folder = folder.relative_to(Path.cwd())
    else:
        folder = Path(chosen)
    models_in_file = table.get("models")
    if isinstance(models_in_file, list):
        models_in_file = ",".join(models_in_file)
    named = url or env.get("SCHEMADIFF_URL")
    engine = None if named else env.get("SCHEMADIFF_ENGINE") or table.get("engine")
    others: dict[str, Any] = {
        key: _value(option, given.get(key), env, table)
        for key, option in SETTINGS.items()
        if option.kind in ("list", "word")
    }
    return Settings(
        url=named or (None if engine else env.get("DATABASE_URL") or table.get("url")),
        connect_args={} if engine else table.get("connect_args", {}),
        engine=engine,
        models=models or env.get("SCHEMADIFF_MODELS") or models_in_file,
        versions=folder,
        source=path,
        passed_over=not_used,
        **others,
    )


def _expect_valid(key: str, value: object, path: Path | None) -> None:
    """Raises `ConfigError` where the file says something that there is not, or says it in another kind of value."""
    if key not in SETTINGS:
        raise ConfigError(
            f'{path}: there is no setting "{key}"', hint=f"The settings are {', '.join(SETTINGS)}."
        )
    kind = SETTINGS[key].kind
    if kind == "table":
        if not isinstance(value, dict):
            raise ConfigError(f'{path}: the setting "{key}" must be a table, not {type(value).__name__}')
        return
    may_be_list = kind == "list" or key in _TEXTS_OR_LISTS
    listed = may_be_list and isinstance(value, list) and all(isinstance(one, str) for one in value)
    if listed or (kind != "list" and isinstance(value, str)):
        return
    right = "a list of texts" if kind == "list" else "text or a list of texts" if may_be_list else "text"
    # Not what it is: that may be a URL with a password in it.
    raise ConfigError(f'{path}: the setting "{key}" must be {right}, not {_KINDS.get(type(value), "that")}')


def _value(option: Option, given: Any, env: Mapping[str, str], table: Mapping[str, Any]) -> Any:
    """The values of the command line, else the environment, else the file."""
    told = next((env[name] for name in option.environment if name in env), None)
    if option.kind == "list":
        if given or told is None:
            return tuple(given or table.get(str(option.key), ()))
        return tuple(one.strip() for one in told.split(",") if one.strip())
    value = given or told or table.get(str(option.key), option.words[0])
    if value in option.words:
        return value
    # A word is shown; anything else may be a URL that stands at the wrong key, with a password in it.
    shown = f": {value!r}" if value.isalpha() else ""
    raise ConfigError(f'the setting "{option.key}" has an unknown value{shown}', hint=option.meaning)


def _table(directory: Path) -> tuple[Path | None, dict[str, Any], Path | None]:
    """The settings' table of the nearest file in the directory or above it, and the file. Above it, what another user
    has written is not used, as git does not use such a repository, and comes last: who works in a folder below a
    shared one would connect to where that user says, and import what that user says.
    """
    for folder in (directory, *directory.parents):
        for name in ("schemadiff.toml", "pyproject.toml"):
            path = folder / name
            if not path.is_file():
                continue
            foreign = folder != directory and _is_of_another_user(path)
            try:
                content = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
                if foreign:
                    continue
                raise ConfigError(f"cannot read the settings in {path}: {error}") from error
            table = content if name == "schemadiff.toml" else _of_tool(content)
            if table is not None and foreign:
                return None, {}, path
            if table is not None and not isinstance(table, dict):
                raise ConfigError(
                    f"{path}: tool.schemadiff is no table",
                    hint="Write [tool.schemadiff], and the settings under it.",
                )
            if table is not None:
                return path, table, None
    return None, {}, None


def _is_of_another_user(path: Path) -> bool:
    if not hasattr(os, "getuid"):
        return False  # Windows has no such owners
    mine = {os.getuid()}
    if os.getuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        mine.add(int(os.environ["SUDO_UID"]))
    return not {path.stat().st_uid, path.parent.stat().st_uid} <= mine


def _of_tool(content: Mapping[str, Any]) -> object:
    """Return the table ``tool.schemadiff`` of a pyproject.toml. The rest of the file may be wrong."""
    tools = content.get("tool")
    return tools.get("schemadiff") if isinstance(tools, dict) else None
