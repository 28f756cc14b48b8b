"""Two replicas of booking on one database whose clocks differ: whoever waits is not forgotten."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import Done, EventStore
from chassis.tenancy import Pool
from contracts.booking import (
    BookClass,
    CancelReservation,
    ChangeCapacity,
    ClaimSpot,
    GrantCredits,
    JoinWaitlist,
    OpenLedger,
    ScheduleSession,
)
from contracts.envelope import Command
from contracts.ids import ClientId, GrantId, GymId, LocationId, SessionId, new_id
from deploy.local.installation import Installation
from services.booking.api import DUE, RULES
from services.booking.domain.class_session import class_session

STARTS = datetime(2020, 2, 24, 15, tzinfo=UTC)  # long ago: other tests' deadlines are not due
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CLAIMS = STARTS - HOUR  # offers end, by the usual rules
AHEAD = timedelta(seconds=90)


class Booking:
    """A replica that is right about the time, and one ahead that carries deadlines out."""

    def __init__(self, right: EventStore, ahead: EventStore, gym_id: GymId, dsn: str) -> None:
        self.right, self._ahead, self._gym_id, self._dsn = right, ahead, gym_id, dsn

    async def ask(self, at: datetime, *commands: Command) -> list[Done]:
        return [
            await self.right.carry_out(
                one, Context.system(self._gym_id, "staff:tests", at, new_id()), RULES[type(one)]
            )
            for one in commands
        ]

    async def carry_out_due(self, at: datetime) -> None:
        rules = {kind.command_type: rule for kind, rule in DUE.items()}
        clock = FixedClock(at + AHEAD)
        worker = DeadlineWorker(self._dsn, self._ahead, clock, rules, actor="system:booking")
        db = await asyncpg.connect(self._dsn)
        try:
            while await worker.carry_out_due(db):
                continue
        finally:
            await db.close()


@pytest.fixture
async def booking(installation: Installation, booking_pool: Pool) -> AsyncIterator[Booking]:
    async with (
        EventStore(PostgresRecorder(booking_pool)) as right,
        EventStore(PostgresRecorder(booking_pool)) as ahead,
    ):
        dsn = installation.environment("booking")["RELAY_DATABASE_URL"]
        yield Booking(right, ahead, GymId(new_id()), dsn)


async def test_who_is_offered_a_seat_anew_after_offers_have_ended_elsewhere_can_claim_it_in_time(
    booking: Booking,
) -> None:
    session, ann, ben = SessionId(new_id()), ClientId(new_id()), ClientId(new_id())
    plan = ScheduleSession(
        session_id=session, title="Spin", location_id=LocationId(new_id()), starts_at=STARTS,
        ends_at=STARTS + HOUR, time_zone="UTC", capacity=1,
    )  # fmt: skip
    await booking.ask(STARTS - 3 * DAY, plan)
    for one in (ann, ben):
        grant = GrantCredits(client_id=one, grant_id=GrantId(new_id()), credits=1)
        await booking.ask(STARTS - 3 * DAY, OpenLedger(client_id=one), grant)
    book, join = (
        BookClass(session_id=session, client_id=ann),
        JoinWaitlist(session_id=session, client_id=ben),
    )
    await booking.ask(STARTS - DAY, book, join)
    cancel = CancelReservation(session_id=session, client_id=ann)
    await booking.ask(CLAIMS - 5 * MINUTE, cancel)  # Ben has an offer, until claims open

    await booking.carry_out_due(CLAIMS - AHEAD)
    await booking.ask(CLAIMS - MINUTE, ChangeCapacity(session_id=session, capacity=2))
    await booking.carry_out_due(CLAIMS)

    state, _ = await booking.right.read(booking._gym_id, class_session, session)
    assert not state.offers
    [claimed] = await booking.ask(CLAIMS, ClaimSpot(session_id=session, client_id=ben))
    assert (claimed.result or {})["status"] == "reserved"
