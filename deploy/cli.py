"""``b2b``: everything a developer or an operator does from a terminal."""

import logging
import sys
from importlib import import_module
from typing import cast

import structlog
import typer
from typer.core import TyperCommand, TyperGroup

from deploy.trouble import Trouble

COMMANDS = {
    "run": "run",
    "migrate": "migrate",
    "databases": "databases",
    "streams": "streams",
    "secrets": "secrets",
    "seed": "seed",
    "demo-traffic": "demo_traffic",
    "tail": "tail",
    "projections": "projections",
    "check": "check",
    "dead-letters": "dead_letters",
    "token": "token",
    "gym": "gym",
    "clock": "clock",
    "data": "data",
    "backup": "backup",
    "drill": "drill",
}
"""Command -> module of ``deploy.commands``, whose ``cli`` it is."""


class _OnDemand(TyperGroup):
    """Loads a command's module when it is asked for, so that the runner stays small."""

    def list_commands(self, ctx: object) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"deploy.commands.{COMMANDS[cmd_name]}")
        command = cast(TyperCommand, typer.main.get_command(module.cli))
        command.name = cmd_name
        return command


cli = typer.Typer(
    cls=_OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@cli.callback()
def back2back() -> None:
    """Back2Back OS from a terminal."""


def app() -> None:
    """The program. Expected trouble is one line and exit code 1."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        cli()
    except Trouble as error:
        print(f"b2b: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    app()
