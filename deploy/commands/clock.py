"""The development clock: all processes follow one file."""

import re
import time
from datetime import timedelta
from typing import Annotated

import typer

from chassis.clock import LOOK_EVERY
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The development clock of all processes."
)

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MOVE = re.compile(r"(?P<back>-?)(?:\d+[dhms])+")
_PART = re.compile(r"(\d+)([dhms])")


@cli.command("show")
def show_command() -> None:
    """What time it is for the processes."""
    say(show(Operator()))


@cli.command("move", context_settings={"ignore_unknown_options": True})
def move_command(by: Annotated[str, typer.Argument(help="2d, 1h30m, -3h")]) -> None:
    """Move it for all processes at once."""
    operator = Operator()
    move(operator, by)
    say(show(operator))


@cli.command("reset")
def reset_command() -> None:
    """Back to the machine's time."""
    operator = Operator()
    reset(operator)
    say(show(operator))


def show(operator: Operator) -> str:
    """The time by the processes' clock, and how far it is from the machine's."""
    return f"{operator.clock.now():%F %T} UTC, moved by {_offset(operator)}"


def move(operator: Operator, by: str) -> None:
    """Move by ``by``: ``2d``, ``-3h``, ``1h30m``. Raises ``Trouble`` for anything else."""
    file = operator.local.clock_file
    new = file.with_suffix(".new")
    new.write_text(str((_offset(operator) + _duration(by)).total_seconds()))
    new.rename(file)  # a reader never sees half a number
    time.sleep(LOOK_EVERY)  # whoever asks a process next finds it in the new time


def reset(operator: Operator) -> None:
    """Back to the machine's time."""
    operator.local.clock_file.unlink(missing_ok=True)
    time.sleep(LOOK_EVERY)


def _offset(operator: Operator) -> timedelta:
    file = operator.local.clock_file
    return timedelta(seconds=float(file.read_text() or 0) if file.exists() else 0)


def _duration(text: str) -> timedelta:
    told = _MOVE.fullmatch(text)
    if told is None:
        raise Trouble(f"{text} is not a duration such as 2d, -3h or 1h30m")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return timedelta(seconds=-seconds if told["back"] else seconds)
