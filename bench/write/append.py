"""``append``: one durable event a writer, our recorder against the library's.

Both are handed an event that is already bytes, know the version it follows, and answer when it is
durable. Ours goes through the group commit every command uses.
"""

import asyncio
import time
from uuid import UUID

from bench.baselines import library
from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Append, NewEvent, StreamKey
from chassis.eventstore.writer import Writer
from chassis.tenancy import open_pool
from contracts.booking import CapacityChanged
from contracts.ids import GymId, SessionId, new_id

CONNECTIONS = 16
KIND = CapacityChanged.event_type
META = b"{}"


async def append(ground: Ground) -> Figure:
    """Each writer on a stream of its own."""
    dsn = ground.installation.environment("booking")["DATABASE_URL"]
    plain = await ground.baseline_database("bench_library")
    writers, seconds = ground.sizes.commanders, ground.sizes.seconds
    sample = CapacityChanged(session_id=SessionId(new_id()), capacity=20, previous=19)
    data = sample.model_dump_json().encode()
    pool = await open_pool(dsn, name="bench", size=CONNECTIONS)
    writer = Writer(PostgresRecorder(pool))
    await writer.start()
    try:
        with library.recorder(plain) as recorder:

            async def mine() -> float:
                return await _events_per_second(writer, _streams(writers), seconds, data)

            async def theirs() -> float:
                return await asyncio.to_thread(
                    library.events_per_second, recorder, writers, seconds, data
                )

            return await ratio(ground.sizes.rounds, mine, theirs, unit="events/s", tell=ground.tell)
    finally:
        await writer.stop()
        await pool.close()


def _streams(writers: int) -> list[StreamKey]:
    """A new stream for each writer, in a gym of the round's own."""
    gym_id = GymId(new_id())
    return [StreamKey(gym_id, "bench", new_id()) for _ in range(writers)]


async def _events_per_second(
    writer: Writer, streams: list[StreamKey], seconds: float, data: bytes
) -> float:
    until = time.perf_counter() + seconds

    async def write(stream: StreamKey) -> int:
        version = 0
        while time.perf_counter() < until:
            await writer.submit(_following(stream, version, data), ()).answer
            version += 1
        return version

    began = time.perf_counter()
    written = await asyncio.gather(*map(write, streams))
    rate = sum(written) / (time.perf_counter() - began)
    await _must_be_stored(writer, streams, written)
    return rate


def _following(stream: StreamKey, version: int, data: bytes) -> Append:
    event_id: UUID = new_id()
    event = NewEvent(stream, version + 1, event_id, KIND, data, META)
    return Append(stream.gym_id, "system:bench", event_id, {stream: version}, [event])


async def _must_be_stored(writer: Writer, streams: list[StreamKey], written: list[int]) -> None:
    for stream, version in zip(streams, written, strict=True):
        # An append that says it follows the last acknowledged event succeeds only if it does.
        await writer.submit(
            Append(stream.gym_id, "system:bench", new_id(), {stream: version}), ()
        ).answer
    if not all(written):
        raise WrongResult("a writer wrote nothing")
