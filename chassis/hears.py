"""What a service hears of the others: a table from event to command, and who carries that out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chassis.bus.desk import Desk
from chassis.bus.reactions import Reaction
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore, Rules
from chassis.streams import event_stream
from contracts.envelope import Command, Envelope, Event


def _now(_: Envelope, now: datetime) -> datetime:
    return now


class Hears(NamedTuple):
    """What an event of another context asks of a service."""

    context: str
    """The event's."""
    name: str
    """Of the durable consumer; it never changes."""
    asks: Callable[[Any, int], Command | None]
    """From the event and its stream's version; ``None``: this one asks nothing."""
    at: Callable[[Envelope, datetime], datetime] = _now
    """The moment it is decided at, given that of hearing."""


def hear_all(
    desk: Desk,
    hears: Mapping[type[Event], Hears],
    rules: Rules,
    store: EventStore,
    clock: Clock,
    *,
    actor: str,
) -> None:
    """Register everything heard with the desk; ``rules`` carry out what it asks, as ``actor``."""
    for kind, heard in hears.items():
        desk.reaction(
            kind, _reaction(heard, rules, store, clock, actor), name=heard.name,
            stream=event_stream(heard.context),
        )  # fmt: skip


def _reaction(heard: Hears, rules: Rules, store: EventStore, clock: Clock, actor: str) -> Reaction:
    async def react(envelope: Envelope) -> None:
        command = heard.asks(envelope.event, envelope.version)
        if command is not None:
            heard_at = clock.now()
            ctx = Context.because(envelope, actor, heard.at(envelope, heard_at), heard_at)
            await store.carry_out(command, ctx, rules[type(command)])

    return react
