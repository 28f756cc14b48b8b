"""Streams are declared once and never bent without a word."""

import asyncio
from dataclasses import replace

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from chassis import streams
from chassis.reader import Reader
from contracts.ids import new_id
from deploy.local.installation import Installation
from tests.component.messaging.probe import CONTEXT, STREAM, connected_as
from tests.world.waiting import until

WANTED = streams.events_of(CONTEXT)


async def _found(client: Client) -> StreamConfig:
    return (await client.jetstream().stream_info(STREAM)).config


async def _replace_by(client: Client, config: StreamConfig) -> None:
    js = client.jetstream()
    await js.delete_stream(STREAM)
    await js.add_stream(config)


async def test_declaring_again_touches_nothing(installation: Installation) -> None:
    async with connected_as(installation, "operator") as operator:
        assert await streams.declare(operator) == []


async def test_an_event_stream_keeps_everything_for_ever(client: Client) -> None:
    config = await _found(client)

    assert (config.deny_delete, config.deny_purge) == (True, True)
    assert (config.max_age or 0, config.max_msgs) == (0, -1)
    assert config.subjects == ["evt.*.probe.>"]


async def test_what_may_change_is_mended_and_an_operators_tuning_stays(client: Client) -> None:
    await _replace_by(client, replace(WANTED, duplicate_window=60, max_bytes=50_000_000))

    assert await streams.declare_one(client, WANTED)

    config = await _found(client)
    assert (config.duplicate_window, config.max_bytes) == (120, 50_000_000)
    assert not await streams.declare_one(client, WANTED)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("max_age", replace(WANTED, max_age=3600)),
        ("subjects", replace(WANTED, subjects=["evt.*.probe.v1.>"])),
        ("deny_purge", replace(WANTED, deny_purge=False)),
    ],
)
async def test_a_stream_that_would_lose_events_is_an_error_and_left_alone(
    client: Client, field: str, other: StreamConfig
) -> None:
    await _replace_by(client, other)

    with pytest.raises(streams.StreamDiffers, match=f"stream EVT_PROBE: {field} is"):
        await streams.declare_one(client, WANTED)

    assert getattr(await _found(client), field) == getattr(other, field)


async def test_a_stream_made_anew_is_empty_and_set_as_it_was(client: Client) -> None:
    await _replace_by(client, replace(WANTED, max_bytes=50_000_000))
    await client.jetstream().publish(f"evt.{new_id()}.probe.counted.v1", b"{}")

    assert await streams.renew(client, [WANTED]) == [STREAM]

    info = await client.jetstream().stream_info(STREAM)
    assert (info.state.messages, info.state.last_seq) == (0, 0)
    assert info.config.max_bytes == 50_000_000


async def test_a_stream_somebody_listens_to_is_not_thrown_away(client: Client) -> None:
    await client.jetstream().publish(f"evt.{new_id()}.probe.counted.v1", b"{}")
    reader = Reader(client, STREAM, after=1)
    waiting = asyncio.create_task(reader.next_batch())

    async def listens() -> bool:
        consumers = await client.jetstream().consumers_info(STREAM)
        return any(one.num_waiting for one in consumers)

    await until(listens)
    with pytest.raises(streams.StillHeard, match="1 still listen to EVT_PROBE"):
        await streams.renew(client, [WANTED])
    assert (await client.jetstream().stream_info(STREAM)).state.messages == 1
    await reader.stop()
    assert await waiting == []
