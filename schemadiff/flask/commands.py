"""The commands of `flask db`, made from the tables of options and of what Flask-Migrate's users know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from schemadiff.cli.command_table import COMMANDS
from schemadiff.cli.output import renderer_for
from schemadiff.config.options import Option, options_of, words_of
from schemadiff.flask.calls import beside, command_of, work_of
from schemadiff.flask.speech import speaking
from schemadiff.flask.surface import BIND, BY_NAME, DIRECTORY, FAMILIAR, ON_NO_BIND, X_ARG
from schemadiff.flask.targets import with_relative_last


def _option(option: Option, command: str) -> click.Option:
    """The option as Click wants it."""
    found: dict[str, Any] = {
        "help": option.help,
        "metavar": option.metavar,
        "default": option.default,
        "show_default": option.default is not None,
        "multiple": option.kind == "list",
        "is_flag": option.kind == "flag",
    }
    if option.kind == "word":
        found["type"] = click.Choice(words_of(option, command))
    elif option.kind == "number":
        found["type"] = int
    elif option.kind == "seconds":
        found["type"] = click.FloatRange(min=option.least)
    kept = {name: value for name, value in found.items() if value is not None and value is not False}
    return click.Option([*option.flags, option.parameter], **kept)


db_commands = AppGroup(
    "db",
    help="Carry changes of the models to the database (schemadiff).",
    params=[_option(DIRECTORY.option, ""), _option(X_ARG.option, "")],
)


class _Command(click.Command):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Also answers in the format that was asked for where the options cannot be understood."""
        given = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            from schemadiff.cli import guard
            from schemadiff.cli.call import format_asked_for
            from schemadiff.cli.terminal.terminal import Terminal

            path = error.ctx.command_path if error.ctx else str(self.name)
            command = command_of(str(self.name))
            output = renderer_for(format_asked_for(given), command.name if command else str(self.name))
            guard.answer_failure(Terminal(), output, error.format_message(), guard.usage_hint(path))
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes ``-1`` for a revision, where there is an argument for one."""
        if any(isinstance(one, click.Argument) for one in self.params):
            options = [one for one in self.params if isinstance(one, click.Option) and not one.is_flag]
            args = with_relative_last(args, frozenset(flag for one in options for flag in one.opts))
        return super().parse_args(ctx, args)


def _register(name: str) -> None:
    """Makes the command one of `flask db`, with the options that do not name the project."""
    familiar, command = BY_NAME.get(name), command_of(name)
    params: list[click.Parameter] = []
    help_ = familiar.help if familiar else ""
    if command and command.of_flask:
        help_ = command.of_flask.help
        by_place = command.of_flask.by_place
        params += [
            _option(one, command.name)
            for one in options_of(command.name)
            if not one.names_project and one.name != by_place
        ]
    if name not in ON_NO_BIND:
        params.append(_option(BIND, name))
    if familiar:
        params += [_option(one.option, name) for one in beside(familiar)]
        if familiar.revision is not None:
            several = familiar.argument.endswith("...")
            params.append(
                click.Argument(
                    ["revision"], required=False, nargs=-1 if several else 1, metavar=familiar.argument
                )
            )
    run = with_appcontext(_runs(name))
    db_commands.add_command(_Command(name, callback=run, params=params, help=help_))


def _runs(name: str) -> Any:
    def run(**given: Any) -> None:
        from schemadiff.cli import guard

        context = click.get_current_context()
        group = context.parent
        speak = speaking(f"flask {group.info_name if group else 'db'}")
        work = work_of(name, _with_those_of_the_group(given, group.params if group else {}), speak)
        context.exit(guard.run(*work))

    return run


def _with_those_of_the_group(given: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the command, with those of `flask db` in front of its name."""
    x = (*(group.get("x_arg") or ()), *(given.get("x_arg") or ()))
    return {**given, "directory": given.get("directory") or group.get("directory"), "x_arg": x}


for _name in (
    *(one.name for one in FAMILIAR),
    *(one.of_flask.name for one in COMMANDS.values() if one.of_flask and one.of_flask.name not in BY_NAME),
):
    _register(_name)
