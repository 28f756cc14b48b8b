"""Events as they happen, straight from the streams."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import orjson
import typer
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy

from chassis.reader import Reader, count_behind
from chassis.streams import CONTEXTS, event_stream
from contracts.ids import GymId
from deploy.commands import gym as gyms
from deploy.commands.terminal import say
from deploy.operator import Operator

Line = Callable[[str], None]

cli = typer.Typer(add_completion=False)


@cli.command()
def tail_command(
    gym: Annotated[str, typer.Option(help="Slug, gym_... or UUID.")] = "",
    kind: Annotated[str, typer.Option("--type", help="booking, or an event's type.")] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Begin with the oldest.")] = False,
    until_now: Annotated[
        bool, typer.Option("--until-now", help="From the oldest to the newest, and no further.")
    ] = False,
) -> None:
    """Show events as they happen."""

    async def follow() -> None:
        operator = Operator()
        wanted = await gyms.find(operator, gym) if gym else None
        if until_now:
            await until_newest(operator, gym=wanted, kind=kind, line=say)
        else:
            await tail(operator, gym=wanted, kind=kind, everything=everything, line=say)

    asyncio.run(follow())


async def tail(
    operator: Operator, *, gym: GymId | None, kind: str, everything: bool, line: Line
) -> None:
    """Give ``line`` each event of ``gym`` (any) and ``kind`` (any) until cancelled.

    ``kind`` is a context, ``booking``, or an event's type with or without its version.
    ``everything`` begins with the oldest event, else with the next one.
    """
    policy = DeliverPolicy.ALL if everything else DeliverPolicy.NEW

    async def heard(message: Msg) -> None:
        line(shown(orjson.loads(message.data)))

    async with operator.nats() as client:
        jetstream = client.jetstream(timeout=5)
        for context in _contexts(kind):
            await jetstream.subscribe(
                subject(gym, kind or context),
                stream=event_stream(context),
                ordered_consumer=True,
                deliver_policy=policy,
                cb=heard,
            )
        await asyncio.Event().wait()


async def until_newest(operator: Operator, *, gym: GymId | None, kind: str, line: Line) -> None:
    """Give ``line`` each event of ``gym`` (any) and ``kind`` (any) there is, context by context."""
    async with operator.nats() as client:
        for context in _contexts(kind):
            stream, subjects = event_stream(context), (subject(gym, kind or context),)
            left = await count_behind(client, stream, subjects, 0)
            reader = Reader(client, stream, subjects)
            try:
                while left > 0:
                    batch = await reader.next_batch()
                    left -= len(batch)
                    for message in batch:
                        line(shown(orjson.loads(message.data)))
            finally:
                await reader.stop()


def _contexts(kind: str) -> Sequence[str]:
    return [kind.partition(".")[0]] if kind else CONTEXTS


def subject(gym: GymId | None, kind: str) -> str:
    """The filter for ``kind``: ``booking``, ``booking.reservation_made`` or with ``.v1``."""
    rest = {0: f"{kind}.>", 1: f"{kind}.*"}.get(kind.count("."), kind)
    return f"evt.{gym or '*'}.{rest}"


def shown(told: dict[str, Any]) -> str:
    """One event on one line: when, where in the store, whose, what, in which stream, by whom."""
    head = (
        f"{told['occurred_at'][:19]}Z #{told['position']} gym {told['gym_id']} "
        f"{told['event_type']} {told['stream']}@{told['version']} by {told['actor']}"
    )
    return f"{head} {orjson.dumps(told['event']).decode()}"
