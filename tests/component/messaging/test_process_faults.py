"""Relays and projections that are killed or frozen as processes lose and repeat nothing."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from nats.aio.client import Client

from chassis.office import SILENCE
from deploy.local.servers import Nats
from deploy.schema import ROOT
from tests.component.messaging.probe import STREAM, Journal, in_stream, publish
from tests.component.messaging.tallies import Views, level
from tests.world.chronicle import Chronicle
from tests.world.waiting import until

pytestmark = pytest.mark.faults


@contextmanager
def _worker(**task: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.component.messaging.worker", json.dumps(task)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _stored(client: Client) -> int:
    return (await client.jetstream().stream_info(STREAM)).state.messages


async def test_a_projector_killed_in_the_middle_applies_each_event_once(
    views: Views, client: Client, broker: Nats, tell: Chronicle
) -> None:
    tally = await views.make()
    seq = 0
    for _ in range(3):
        publishing = asyncio.create_task(publish(client, 300, first=seq + 1))
        with _worker(part="projection", nats=broker.url, dsn=views.dsn, name=tally.name):
            await level(views, tally, seq + 100)  # killed while the rest is under way
        tell(f"the projector was killed after {seq + 100} events, of which more were under way")
        await publishing
        seq += 300
    with _worker(part="projection", nats=broker.url, dsn=views.dsn, name=tally.name):
        await level(views, tally, seq)

    assert await views.seen(tally) == list(range(1, seq + 1))
    tell(f"its read model has seen all {seq} events, once and in order")


async def test_a_relay_that_stands_still_is_succeeded_and_changes_nothing_when_it_wakes_up(
    journal: Journal, client: Client, broker: Nats, tell: Chronicle
) -> None:
    writing = asyncio.create_task(_write(journal))
    task = {"part": "relay", "nats": broker.url, "dsn": journal.relay_dsn}
    with _worker(**task) as frozen:
        await _grows(client, 50)
        with _worker(**task):
            frozen.send_signal(signal.SIGSTOP)
            tell(f"the relay stood still when {await _stored(client)} events were in the stream")
            await _grows(client, await _stored(client) + 50)
            tell("another took over")
            frozen.send_signal(signal.SIGCONT)
            tell("the first woke up")
            await _grows(client, await _stored(client) + 50)
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
            wanted = len(await journal.history())
            await _grows(client, wanted)

    history = await journal.history()
    assert await in_stream(client) == history
    tell(f"the stream holds the {len(history)} events of the store, once and in order")


async def _write(journal: Journal) -> None:
    while True:
        await journal.record(3, pause=0.005)


async def _grows(client: Client, to: int) -> None:
    async def grown() -> bool:
        return await _stored(client) >= to

    await until(grown, within=6 * SILENCE)
