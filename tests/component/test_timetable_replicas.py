"""The timetable on a real database: rooms between replicas, and series that deadlines carry on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import Done, EventStore
from chassis.tenancy import Pool
from contracts.booking import ScheduleSession
from contracts.envelope import Command
from contracts.ids import (
    ClosureId,
    GymId,
    LocationId,
    RoomId,
    ScheduleId,
    SessionId,
    new_id,
)
from contracts.timetable import AddClosure, CreateSchedule, Pattern, TimetableCode
from deploy.local.installation import Installation
from services.booking.api import DUE, RULES
from services.booking.domain.class_schedule import class_schedule
from services.booking.domain.class_session import Stage, class_session
from services.booking.domain.rooms import location_calendar

NOW = datetime(2020, 2, 24, 15, tzinfo=UTC)  # long ago: other tests' deadlines are not due
HOUR = timedelta(hours=1)


@pytest.fixture
async def replicas(booking_pool: Pool) -> AsyncIterator[list[EventStore]]:
    """Stores with memories of their own over one database."""
    stores = [EventStore(PostgresRecorder(booking_pool)) for _ in range(3)]
    for store in stores:
        await store.start()
    yield stores
    for store in stores:
        await store.stop()


@pytest.fixture
def then() -> Context:
    return Context.system(GymId(new_id()), "staff:tests", NOW, new_id())


async def ask(store: EventStore, then: Context, command: Command) -> Done | Refused:
    try:
        ctx = replace(then, command_id=new_id())
        return await store.carry_out(command, ctx, RULES[type(command)])
    except Refused as refusal:
        return refusal


def session_in(room: RoomId, location: LocationId) -> ScheduleSession:
    starts_at = NOW + 48 * HOUR
    return ScheduleSession(
        session_id=SessionId(new_id()), title="Spin", location_id=location, room_id=room,
        starts_at=starts_at, ends_at=starts_at + HOUR, time_zone="UTC", capacity=9,
    )  # fmt: skip


def weekly(location: LocationId, room: RoomId | None = None) -> CreateSchedule:
    pattern = Pattern(
        title="Spin", weekdays=(7,), starts_at="09:00", minutes=60, capacity=9, room_id=room
    )
    return CreateSchedule(
        schedule_id=ScheduleId(new_id()), location_id=location, time_zone="America/New_York",
        pattern=pattern, from_date=NOW.date(),
    )  # fmt: skip


async def test_one_of_many_who_want_a_room_at_one_time_has_it_whichever_replica_serves_them(
    replicas: list[EventStore], then: Context
) -> None:
    room, hall = RoomId(new_id()), LocationId(new_id())
    wanted = [session_in(room, hall) for _ in range(9)]
    answers = await asyncio.gather(
        *(ask(replicas[nth % 3], then, one) for nth, one in enumerate(wanted))
    )
    assert sum(isinstance(one, Done) for one in answers) == 1
    refused = [one.code for one in answers if isinstance(one, Refused)]
    assert refused == [TimetableCode.ROOM_TAKEN] * 8
    calendar, _ = await replicas[0].read(then.gym_id, location_calendar, hall)
    assert len(calendar.placed) == 1


async def test_of_two_series_in_one_room_one_begins_and_the_other_leaves_nothing_behind(
    replicas: list[EventStore], then: Context
) -> None:
    room, hall = RoomId(new_id()), LocationId(new_id())
    both = [weekly(hall, room), weekly(hall, room)]
    answers = await asyncio.gather(
        *(ask(store, then, one) for store, one in zip(replicas[:2], both, strict=True))
    )
    begun = [
        len((await replicas[0].read(then.gym_id, class_schedule, one.schedule_id))[0].placed)
        for one in both
    ]
    assert sorted(begun) == [0, 4]
    assert sum(isinstance(one, Refused) for one in answers) == 1


async def carry_on(installation: Installation, store: EventStore, until: datetime) -> None:
    """Everything due by ``until`` is done, like the service's own worker does it."""
    dsn = installation.environment("booking")["RELAY_DATABASE_URL"]
    rules = {kind.command_type: rule for kind, rule in DUE.items()}
    worker = DeadlineWorker(dsn, store, FixedClock(until), rules, actor="system:booking")
    db = await asyncpg.connect(dsn)
    try:
        while await worker.carry_out_due(db):
            pass
    finally:
        await db.close()


async def test_deadlines_carry_a_series_on_week_by_week(
    installation: Installation, replicas: list[EventStore], then: Context
) -> None:
    command = weekly(LocationId(new_id()))
    await ask(replicas[0], then, command)
    for weeks in (1, 2, 6):
        await carry_on(installation, replicas[1], NOW + timedelta(weeks=weeks))
    series, _ = await replicas[2].read(then.gym_id, class_schedule, command.schedule_id)
    first = date(2020, 3, 1)
    assert sorted(series.placed) == [first + timedelta(weeks=week) for week in range(10)]
    starts = [
        (await replicas[2].read(then.gym_id, class_session, one))[0].starts_at
        for _, one in sorted(series.placed.items())
    ]
    assert starts[0] == datetime(2020, 3, 1, 14, tzinfo=UTC)
    assert starts[1:] == [
        datetime(2020, 3, 8, 13, tzinfo=UTC) + timedelta(weeks=week) for week in range(9)
    ]


async def test_a_closure_calls_each_session_off_by_a_deadline(
    installation: Installation, replicas: list[EventStore], then: Context
) -> None:
    hall = LocationId(new_id())
    command = weekly(hall)
    await ask(replicas[0], then, command)
    closing = AddClosure(
        closure_id=ClosureId(new_id()), location_id=hall, time_zone="America/New_York",
        from_date=date(2020, 3, 8), until_date=date(2020, 3, 15), reason="painting",
    )  # fmt: skip
    await ask(replicas[1], then, closing)
    await carry_on(installation, replicas[2], NOW)
    series, _ = await replicas[0].read(then.gym_id, class_schedule, command.schedule_id)
    stages = [
        (await replicas[0].read(then.gym_id, class_session, one))[0].stage
        for _, one in sorted(series.placed.items())
    ]
    assert stages == [Stage.SCHEDULED, Stage.CANCELLED, Stage.CANCELLED, Stage.SCHEDULED]
