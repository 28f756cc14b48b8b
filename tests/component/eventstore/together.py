"""Commands that meet: written as one batch, by whoever knows the stream already."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chassis.context import Context
from chassis.eventstore.events import encode, meta
from chassis.eventstore.recorder import Answer, Append, NewEvent, Recorder, StreamKey
from chassis.eventstore.store import EventStore, Unit
from contracts.ids import new_id
from tests.component.eventstore.conftest import counted, tally

Rule = Callable[[Unit], Any]


def again(ctx: Context) -> Context:
    """Another command of the same person."""
    return replace(ctx, command_id=new_id())


class Gated:
    """Lets appends through when told, so that what comes meanwhile is one batch."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def append(self, batch: Sequence[Append]) -> list[int | None]:
        self.reached.set()
        await self.opened.wait()
        return await self._recorder.append(batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorder, name)


async def one_batch(
    store: EventStore, gated: Gated, ctx: Context, *commands: tuple[Context, Rule]
) -> list[Any]:
    """What becomes of ``commands`` that are written together."""
    before = asyncio.create_task(store.execute(again(ctx), lambda _: None))
    await gated.reached.wait()
    running = [asyncio.create_task(store.execute(*command)) for command in commands]
    await asyncio.sleep(0)  # each has its turn
    gated.opened.set()
    await before
    outcomes: list[Any] = await asyncio.gather(*running, return_exceptions=True)
    return outcomes


async def in_memory(store: EventStore, ctx: Context, stream: Any) -> None:
    """Have ``store`` know the stream as it is now, so that its next command decides at once."""
    key = StreamKey(ctx.gym_id, tally.category, stream)
    await store._writer.residents.load([(key, tally)])


def one_to_append(ctx: Context, stream: Any, event_type: str, **more: Any) -> Append:
    """Of one event, for a recorder; ``looked_at``: streams it only saw, and at which version."""
    key = StreamKey(ctx.gym_id, tally.category, stream)
    data = encode(counted(stream, 1))
    event = NewEvent(key, 1, new_id(), event_type, data, meta(ctx))
    seen = {key: 0, **more.pop("looked_at", {})}
    command = again(ctx).command_id
    return Append(ctx.gym_id, ctx.actor, command, seen, [event], Answer(b"", b"null"), **more)
