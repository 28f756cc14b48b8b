"""Deadlines of a test, and who carries them out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.store import EventStore, Unit
from contracts.booking import CloseWaitlist
from contracts.ids import SessionId, new_id
from tests.component.eventstore.conftest import count, tally
from tests.world.waiting import until

IN_AN_HOUR = timedelta(hours=1)


def close(command: CloseWaitlist, unit: Unit) -> None:
    count(command.session_id, limit=3)(unit)


def worker(dsn: str, store: EventStore, clock: FixedClock) -> DeadlineWorker:
    return DeadlineWorker(
        dsn, store, clock, {CloseWaitlist.command_type: close}, actor="system:booking"
    )


async def set_deadline(store: EventStore, ctx: Context, stream: Any, name: str = "close") -> None:
    command = CloseWaitlist(session_id=SessionId(stream))
    await store.execute(
        replace(ctx, command_id=new_id()),
        lambda unit: unit.wake(name, ctx.now + IN_AN_HOUR, command),
    )


async def until_counted(store: EventStore, ctx: Context, stream: Any) -> None:
    async def is_counted() -> bool:
        return (await store.read(ctx.gym_id, tally, stream))[1] > 0

    await until(is_counted)
