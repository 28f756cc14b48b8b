"""Do the books balance? What everybody was told against what is stored, and every invariant."""

from datetime import timedelta
from typing import Any

import asyncpg
import nats.errors

from chassis.eventstore.events import read
from chassis.eventstore.recorder import StoredEvent
from chassis.projection import NotYet
from contracts.ids import read as read_id
from deploy.check.checker import Grounds, check
from deploy.check.verdict import Verdict
from services.booking.domain.class_session import ClassSession, class_session
from tests.faults.rush import Rush
from tests.world import documents
from tests.world.bus import Bus
from tests.world.chronicle import Chronicle
from tests.world.hearing import is_everything_heard
from tests.world.system import System
from tests.world.waiting import until

SETTLED_WITHIN = 60.0  # seconds until everything that was recorded must have been heard of
SESSION = """
SELECT version, type, data FROM es.events
 WHERE gym_id = $1 AND category = 'session' AND stream_id = $2 ORDER BY version
"""


async def must_be_right(system: System, rush: Rush, tell: Chronicle) -> ClassSession:
    """What everybody was told is stored and shown, and nothing else is wrong with the system."""
    state = await stored(system, rush)
    must_be_what_was_told(rush, state)
    await must_be_shown(rush, state)
    verdicts = await every_invariant_holds(system)
    seats = f"{len(state.reserved)} of {state.capacity} seats, {len(state.waiting)} waiting"
    tell(f"stored and shown as everybody was told: {seats}")
    tell.hold(verdicts.values())
    return state


async def stored(system: System, rush: Rush) -> ClassSession:
    """The session, from nothing but its events."""
    db = await asyncpg.connect(system.installation.dsn("auditor", "b2b_booking"))
    try:
        session = uuid_of(rush.session)
        rows = await db.fetch(SESSION, rush.gym.id, session)
    finally:
        await db.close()
    events: Any = [
        read(StoredEvent(session, row["version"], row["type"], row["data"])) for row in rows
    ]
    return class_session.fold(events)


def must_be_what_was_told(rush: Rush, state: ClassSession) -> None:
    """No acknowledged seat, place or cancellation is lost, and no seat is nobody's wish."""
    said = {
        word: {uuid_of(client) for client, last in rush.told.items() if last == word}
        for word in ("reserved", "waiting", "cancelled")
    }
    promoted = set(state.reserved) - said["reserved"]
    assert promoted <= said["waiting"], "a seat nobody was told about"
    assert said["reserved"] <= set(state.reserved), "a booking was lost"
    assert said["waiting"] - promoted == set(state.waiting), "a place in line was lost"
    assert not said["cancelled"] & set(state.reserved), "a cancellation was lost"
    assert not state.waiting or len(state.reserved) == state.capacity, "an idle seat"


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

    await until(shown, SETTLED_WITHIN)


async def every_invariant_holds(system: System) -> dict[str, Verdict]:
    """All of them, of all gyms, with nothing on its way any more; by code."""
    wrong: list[Verdict] = []
    found: list[Verdict] = []

    async def settled() -> bool:
        nonlocal found
        try:
            found = await _checked(system)
        except (asyncpg.PostgresError, nats.errors.Error, TimeoutError, NotYet):
            return False  # what was killed is still coming back
        wrong[:] = [one for one in found if not one.holds]
        return not wrong

    try:
        await until(settled, SETTLED_WITHIN)
    except AssertionError:
        raise AssertionError([(one.code, one.offenders) for one in wrong]) from None
    return {one.code: one for one in found}


async def _checked(system: System) -> list[Verdict]:
    async with Bus(system.installation) as bus:
        grounds = Grounds(
            lambda name: system.installation.dsn("auditor", name), bus.client, bus.asker, bus.clock
        )
        return await check(grounds, timedelta(0))


async def everything_is_heard(system: System) -> None:
    """Return when every reaction has done with all there is."""

    async def heard() -> bool:
        return await is_everything_heard(system.installation)

    await until(heard, SETTLED_WITHIN)


def uuid_of(shown: str) -> Any:
    """The UUID behind a shown id."""
    return read_id(shown.partition("_")[0], shown)
