"""Do the books balance? What was acknowledged, what is stored, what is streamed, what is shown."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import nats

from chassis.eventstore.events import read
from chassis.eventstore.recorder import StoredEvent
from contracts.ids import GymId
from deploy.local.installation import Installation
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from tests.faults.city import City, Gym, until, uuid_of

EVENTS = """
SELECT category, stream_id, version, type, data, pos, event_id FROM es.events
 WHERE gym_id = $1 ORDER BY pos
"""


async def stored(city: City, gym: GymId) -> list[Any]:
    """Every event of the gym in booking's store, in order."""
    relay = await asyncpg.connect(city.installation.environment("booking")["RELAY_DATABASE_URL"])
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


async def must_balance(city: City, gym: Gym, session: str, told: Mapping[str, str]) -> ClassSession:
    """``told``: what each client was last told about ``session``; raises ``AssertionError``."""
    sessions, ledgers = folded(await stored(city, gym.id))
    state = sessions[uuid_of(session)]
    by_state = {
        word: {uuid_of(client) for client, last in told.items() if last == word}
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
        client: [h for h in ledger.holds.values() if h.session_id == uuid_of(session)]
        for client, ledger in ledgers.items()
    }
    assert {client for client, holds in held.items() if holds} == set(state.reserved)
    for ledger in ledgers.values():
        assert all(grant.available >= 0 for grant in ledger.grants.values())
    return state


async def must_be_streamed(city: City, gym: Gym) -> None:
    """JetStream holds the gym's events, each once, in the store's order."""
    rows = await stored(city, gym.id)
    wanted = [str(row["event_id"]) for row in rows]

    async def streamed() -> bool:
        return await _streamed(city.installation, gym.id) == wanted

    await until(streamed, 30)


async def _streamed(installation: Installation, gym: GymId) -> list[str]:
    client = await nats.connect(**installation.nats_login("operator"), connect_timeout=5)
    try:
        js = client.jetstream(timeout=3)
        sub = await js.subscribe(f"evt.{gym}.booking.>", ordered_consumer=True)
        info = await sub.consumer_info()
        ids = []
        delivered = info.delivered.consumer_seq if info.delivered else 0
        for _ in range((info.num_pending or 0) + delivered):
            message = await sub.next_msg(timeout=5)
            ids.append((message.headers or {})["Nats-Msg-Id"])
        return ids
    finally:
        await client.close()


ROSTER = """query ($id: ID!) { roster(sessionId: $id) {
  session { reserved waiting } reservations { clientId } waitlist { clientId } } }"""


async def must_be_shown(gym: Gym, session: str, state: ClassSession) -> None:
    """The roster shows what is stored."""

    async def shown() -> bool:
        told = await gym.ask(ROSTER, id=session)
        roster = told["roster"]
        return bool(
            roster
            and {uuid_of(one["clientId"]) for one in roster["reservations"]} == set(state.reserved)
            and [uuid_of(one["clientId"]) for one in roster["waitlist"]] == list(state.waiting)
            and roster["session"]["reserved"] == len(state.reserved)
            and roster["session"]["waiting"] == len(state.waiting)
        )

    await until(shown, 30)
