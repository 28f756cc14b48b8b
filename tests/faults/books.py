"""Do the books balance? What was acknowledged, what is stored, what is streamed, what is shown."""

from collections.abc import Iterable
from typing import Any

import asyncpg

from chassis.eventstore.events import read
from chassis.eventstore.recorder import StoredEvent
from contracts.ids import GymId
from contracts.ids import read as read_id
from deploy.local.installation import Installation
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from tests.faults.rush import Rush
from tests.world import documents
from tests.world.bus import Bus
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

EVENTS = """
SELECT category, stream_id, version, type, data, pos, event_id FROM es.events
 WHERE gym_id = $1 ORDER BY pos
"""


async def stored(system: System, gym: GymId) -> list[Any]:
    """Every event of the gym in booking's store, in order."""
    relay = await asyncpg.connect(system.installation.environment("booking")["RELAY_DATABASE_URL"])
    try:
        return list(await relay.fetch(EVENTS, gym))
    finally:
        await relay.close()


def folded(rows: Iterable[Any]) -> tuple[dict[Any, ClassSession], dict[Any, ClientLedger]]:
    """Sessions and ledgers, from nothing but the stored events."""
    sessions: dict[Any, ClassSession] = {}
    ledgers: dict[Any, ClientLedger] = {}
    versions: dict[Any, int] = {}
    for category, stream, version, kind, data, *_ in rows:
        assert version == versions.get(stream, 0) + 1, "a version is missing or doubled"
        versions[stream] = version
        event: Any = read(StoredEvent(stream, version, kind, data))
        if category == "session":
            before = sessions.get(stream, class_session.initial)
            sessions[stream] = class_session.evolve(before, event)
            assert len(sessions[stream].reserved) <= max(
                sessions[stream].capacity, len(before.reserved)
            ), "overbooked"
        elif category == "ledger":
            ledgers[stream] = client_ledger.evolve(
                ledgers.get(stream, client_ledger.initial), event
            )
    return sessions, ledgers


async def must_balance(system: System, rush: Rush) -> ClassSession:
    """What everybody was told is what is stored. Raises ``AssertionError``."""
    session = uuid_of(rush.session)
    sessions, ledgers = folded(await stored(system, rush.gym.id))
    state = sessions[session]
    by_state = {
        word: {uuid_of(client) for client, last in rush.told.items() if last == word}
        for word in ("reserved", "waiting")
    }
    assert len(state.reserved) <= state.capacity
    assert not set(state.reserved) & set(state.waiting)
    promoted = set(state.reserved) - by_state["reserved"]
    assert promoted <= by_state["waiting"], "a seat nobody was told about"
    assert by_state["reserved"] <= set(state.reserved), "a booking was lost"
    assert by_state["waiting"] - promoted == set(state.waiting), "a place in line was lost"
    places = [place.seq for place in state.waiting.values()]
    assert places == sorted(places)
    assert not state.waiting or len(state.reserved) == state.capacity, "an idle seat"
    held = {
        client: [h for h in ledger.holds.values() if h.session_id == session]
        for client, ledger in ledgers.items()
    }
    assert {client for client, holds in held.items() if holds} == set(state.reserved)
    for ledger in ledgers.values():
        assert all(grant.available >= 0 for grant in ledger.grants.values())
    return state


async def must_be_streamed(system: System, gym: Gym) -> None:
    """JetStream holds the gym's events, each once, in the store's order."""
    rows = await stored(system, gym.id)
    wanted = [str(row["event_id"]) for row in rows]

    async def streamed() -> bool:
        return await _streamed(system.installation, gym.id) == wanted

    await until(streamed, 30)


async def _streamed(installation: Installation, gym: GymId) -> list[str]:
    async with Bus(installation) as bus:
        js = bus.client.jetstream(timeout=3)
        sub = await js.subscribe(f"evt.{gym}.booking.>", ordered_consumer=True)
        info = await sub.consumer_info()
        ids = []
        delivered = info.delivered.consumer_seq if info.delivered else 0
        for _ in range((info.num_pending or 0) + delivered):
            message = await sub.next_msg(timeout=5)
            ids.append((message.headers or {})["Nats-Msg-Id"])
        return ids


async def must_be_shown(rush: Rush, state: ClassSession) -> None:
    """The roster shows what is stored."""

    async def shown() -> bool:
        roster = await rush.gym.owner.ask(documents.ROSTER, id=rush.session)
        return bool(
            roster
            and {uuid_of(one["clientId"]) for one in roster["reservations"]} == set(state.reserved)
            and [uuid_of(one["clientId"]) for one in roster["waitlist"]] == list(state.waiting)
            and roster["session"]["reserved"] == len(state.reserved)
            and roster["session"]["waiting"] == len(state.waiting)
        )

    await until(shown, 30)


async def must_be_right(system: System, rush: Rush) -> ClassSession:
    """Stored, streamed and shown are what everybody was told."""
    state = await must_balance(system, rush)
    await must_be_streamed(system, rush.gym)
    await must_be_shown(rush, state)
    return state


async def consumers(installation: Installation) -> set[str]:
    """The durable consumers of all event streams: who reacts to what."""
    async with Bus(installation) as bus:
        js = bus.client.jetstream(timeout=3)
        return {
            one.config.durable_name
            for stream in ("EVT_MEMBERS", "EVT_BOOKING", "EVT_ACCESS", "EVT_BILLING")
            for one in await js.consumers_info(stream)
            if one.config.durable_name
        }


def uuid_of(shown: str) -> Any:
    """The UUID behind a shown id."""
    return read_id(shown.partition("_")[0], shown)
