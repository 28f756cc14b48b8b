"""Killed connections, killed brokers and two relays at once leave one history."""

import asyncio
import random
from contextlib import AsyncExitStack

import asyncpg
import nats
import pytest
from nats.aio.client import Client

import chassis.relay.loop
from chassis.nats_client import leave
from chassis.relay import Relay
from chassis.relay.status import DOUBTS, State
from deploy.local.installation import Installation
from deploy.local.places import free_port
from deploy.local.servers import Nats
from tests.component.messaging.probe import (
    CONTEXT,
    STREAM,
    Journal,
    in_stream,
    kill_and_restart,
    running,
)
from tests.faults.proxy import Proxy
from tests.world.chronicle import Chronicle
from tests.world.waiting import until

pytestmark = pytest.mark.faults


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are let relay soon."""
    monkeypatch.setattr(chassis.relay.loop, "CUT_OFF_AFTER", 0.5)


async def _write_until(done: asyncio.Event, journal: Journal, seed: int) -> None:
    dice = random.Random(seed)
    while not done.is_set():
        await journal.record(
            dice.randint(1, 40), pause=dice.choice((0, 0.01)), keep=dice.random() > 0.2
        )


async def _kill_relays(admin: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """End the relays' connections to Postgres; whether there were any."""
    killed = await admin.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1",
        f"relay {STREAM}",
    )
    return bool(killed)


async def _one_history(client: Client, journal: Journal, tell: Chronicle) -> None:
    """The stream holds what the store holds, in its order, once."""
    history = await journal.history()
    assert await in_stream(client) == history
    tell(f"the stream holds the {len(history)} events of the store, once and in order")


async def _level(client: Client, journal: Journal) -> None:
    wanted = len(await journal.history())

    async def level() -> bool:
        return (await client.jetstream().stream_info(STREAM)).state.messages >= wanted

    await until(level)


async def test_two_relays_whose_connections_are_killed_write_one_history(
    journal: Journal,
    client: Client,
    other_client: Client,
    installation: Installation,
    tell: Chronicle,
) -> None:
    relays = [
        Relay(context=CONTEXT, dsn=journal.relay_dsn, client=each)
        for each in (client, other_client)
    ]
    admin = await asyncpg.connect(installation.admin_dsn)
    done = asyncio.Event()
    async with running(*(relay.run for relay in relays)):
        writers = [asyncio.create_task(_write_until(done, journal, seed)) for seed in range(3)]
        for _ in range(4):
            before = len(await journal.history())

            async def written(before: int = before) -> bool:
                return len(await journal.history()) > before + 50

            await until(written)
            await until(lambda: _kill_relays(admin))
            tell(f"the relays' connections were killed behind event {before + 50}")
        done.set()
        await asyncio.gather(*writers)
        await _level(client, journal)
        await until(
            lambda: {relay.status.state for relay in relays} == {State.RUNNING, State.STANDBY}
        )
    await admin.close()

    await _one_history(client, journal, tell)


async def test_a_broker_killed_again_and_again_gets_one_history(
    journal: Journal, client: Client, broker: Nats, tell: Chronicle
) -> None:
    relay = Relay(context=CONTEXT, dsn=journal.relay_dsn, client=client)
    done = asyncio.Event()
    async with running(relay.run):
        writer = asyncio.create_task(_write_until(done, journal, 1))
        for _ in range(2):
            await until(lambda: relay.status.state is State.RUNNING)
            await kill_and_restart(broker, client)
            tell("the broker was killed and started again")
        done.set()
        await writer
        await _level(client, journal)

    await _one_history(client, journal, tell)


async def test_a_store_that_is_away_is_not_taken_for_a_stream_that_is(
    client: Client, tell: Chronicle
) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    relay = Relay(context=CONTEXT, dsn=nowhere, client=client)
    async with running(relay.run):
        await until(lambda: relay.status.state is State.STORE_AWAY)
        assert not relay.ready
    tell("a store that does not answer is told as one that is away")


async def test_while_the_broker_is_away_the_relay_is_not_ready_and_counts_what_waits(
    journal: Journal, client: Client, broker: Nats, tell: Chronicle
) -> None:
    relay = Relay(context=CONTEXT, dsn=journal.relay_dsn, client=client)
    async with running(relay.run):
        await until(lambda: relay.ready)
        broker.stop()
        try:
            await journal.record(30)
            await until(lambda: relay.status.state is State.RETRYING)
            await until(lambda: relay.status.waiting == 30)
            assert not relay.ready
            assert relay.status.oldest_seconds > 0
            tell("the broker was stopped: the relay is not ready and counts 30 events that wait")
        finally:
            broker.start()
        await until(lambda: relay.ready and relay.status.waiting == 0)

    await _one_history(client, journal, tell)


@pytest.mark.usefixtures("impatient")
async def test_a_relay_that_alone_is_cut_off_from_the_broker_leaves_the_stream_to_another(
    journal: Journal, client: Client, broker: Nats, tell: Chronicle
) -> None:
    async with AsyncExitStack() as network:
        way = await network.enter_async_context(Proxy(("127.0.0.1", broker.port)))
        far = await _through(way)
        relay, standby = (
            Relay(context=CONTEXT, dsn=journal.relay_dsn, client=each) for each in (far, client)
        )
        async with running(relay.run):
            await until(lambda: relay.status.state is State.RUNNING)
            async with running(standby.run):
                await until(lambda: standby.status.state is State.STANDBY)
                await network.aclose()
                await journal.record(30)
                await _level(client, journal)
                await until(lambda: relay.status.state is State.STANDBY)
                assert standby.status.state is State.RUNNING
                tell("the relay was cut off from the broker, and the other one sent 30 events")
        await leave(far)

    await _one_history(client, journal, tell)


@pytest.mark.usefixtures("impatient")
async def test_when_all_relays_are_cut_off_whoever_was_last_counts_what_waits(
    journal: Journal, client: Client, other_client: Client, broker: Nats, tell: Chronicle
) -> None:
    relay, standby = (
        Relay(context=CONTEXT, dsn=journal.relay_dsn, client=each)
        for each in (client, other_client)
    )
    async with running(relay.run):
        await until(lambda: relay.ready)
        async with running(standby.run):
            await until(lambda: standby.status.state is State.STANDBY)
            doubts = DOUBTS.labels(CONTEXT)._value.get()
            broker.stop()
            try:
                await journal.record(30)
                await until(lambda: DOUBTS.labels(CONTEXT)._value.get() >= doubts + 3)
                assert (relay.status.state, relay.status.waiting) == (State.RETRYING, 30)
                assert standby.status.state is State.STANDBY
                tell("both relays were cut off: the one that had relayed counts 30 events")
            finally:
                broker.start()
            await _level(client, journal)

    await _one_history(client, journal, tell)


async def _through(way: Proxy) -> Client:
    """A connection by that way."""

    async def quiet(_: Exception) -> None:
        """That it is cut off is part of the test."""

    return await nats.connect(
        f"nats://127.0.0.1:{way.port}", user="developer", password="secret", error_cb=quiet,
        max_reconnect_attempts=-1, reconnect_time_wait=0.05,
    )  # fmt: skip
