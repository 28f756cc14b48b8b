"""``append``: one durable event a writer, ours against the library's recorder.

Ours goes the whole way of a command (rule, idempotency row, event, answer) through the store, the
library's through its recorder alone.
"""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

from bench.baselines import library
from bench.booking import Booking, booking
from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from chassis.context import Context
from chassis.decider import Aggregate
from chassis.eventstore.store import Unit
from contracts.booking import CapacityChanged
from contracts.ids import GymId, SessionId, new_id

CONNECTIONS = 16

tally: Aggregate[int, CapacityChanged] = Aggregate("bench", 0, lambda _, event: event.capacity)


async def append(ground: Ground) -> Figure:
    """Each writer on a stream of its own."""
    dsn = ground.installation.environment("booking")["DATABASE_URL"]
    plain = await ground.baseline_database("bench_library")
    writers, seconds = ground.sizes.commanders, ground.sizes.seconds
    sample = CapacityChanged(session_id=SessionId(new_id()), capacity=20, previous=19)
    data = sample.model_dump_json().encode()
    with library.recorder(plain) as recorder:
        async with booking(dsn, connections=CONNECTIONS, gym_id=GymId(new_id())) as ours:

            async def mine() -> float:
                return await _events_per_second(ours, writers, seconds)

            async def theirs() -> float:
                return await asyncio.to_thread(
                    library.events_per_second, recorder, writers, seconds, data
                )

            return await ratio(ground.sizes.rounds, mine, theirs, unit="events/s", tell=ground.tell)


async def _events_per_second(ours: Booking, writers: int, seconds: float) -> float:
    until = time.perf_counter() + seconds
    streams = [new_id() for _ in range(writers)]

    async def write(stream: UUID) -> int:
        written = 0
        while time.perf_counter() < until:
            await ours.store.execute(_context(ours.gym_id), lambda unit: _count(unit, stream))
            written += 1
        return written

    began = time.perf_counter()
    written = await asyncio.gather(*map(write, streams))
    rate = sum(written) / (time.perf_counter() - began)
    for stream, count in zip(streams, written, strict=True):
        _, version = await ours.store.read(ours.gym_id, tally, stream)
        if version != count:
            raise WrongResult(f"{version} events stored, {count} acknowledged")
    return rate


def _count(unit: Unit, stream: UUID) -> None:
    now = unit.state(tally, stream)
    event = CapacityChanged(session_id=SessionId(stream), capacity=now + 1, previous=now)
    unit.record(tally, stream, [event])


def _context(gym_id: GymId) -> Context:
    return Context.system(gym_id, "system:bench", datetime.now(UTC), new_id())
