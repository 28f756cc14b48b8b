"""Killed connections, killed brokers and two relays at once leave one history."""

import asyncio
import random

import asyncpg
import pytest
from nats.aio.client import Client

from chassis.relay import Relay
from chassis.relay.status import State
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
from tests.world.chronicle import Chronicle
from tests.world.waiting import until

pytestmark = pytest.mark.faults


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
