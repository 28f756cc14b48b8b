"""Whoever trains every day has many seats ahead: what pays for them changes in one breath."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.context import Context
from chassis.eventstore.memory import MemoryRecorder
from chassis.eventstore.recorder import Loaded, StreamKey
from chassis.eventstore.store import EventStore
from contracts.booking import (
    BarErasedClient,
    BookClass,
    BookingPolicy,
    EndEntitlement,
    GrantCredits,
    GrantKind,
    OpenLedger,
    ScheduleSession,
    SuspendEntitlement,
    Suspension,
)
from contracts.envelope import Command
from contracts.ids import GymId, SessionId, new_id
from contracts.timetable import HearLocation
from services.booking.api import RULES
from tests.domain.booking.language import ANN, DAY_BEFORE, HALL, HOUR, NOON, grant_of

DAYS = 40  # she has a seat on
MINE = {"client_id": ANN, "grant_id": grant_of(ANN)}
ANOTHER = GrantCredits(client_id=ANN, grant_id=grant_of(ANN, 2), kind=GrantKind.UNLIMITED)


class Counting(MemoryRecorder):
    """Counts how often it was asked for streams, however many at once."""

    asked = 0

    async def load(self, streams: Sequence[tuple[StreamKey, int]]) -> list[Loaded]:
        self.asked += 1
        return await super().load(streams)


@pytest.mark.parametrize(
    "commands",
    [
        (EndEntitlement(**MINE),),
        (SuspendEntitlement(**MINE, because=Suspension.HOLD), ANOTHER),
        (BarErasedClient(client_id=ANN),),
    ],
    ids=["ended", "on hold, then another", "erased"],
)
async def test_the_sessions_of_all_seats_ahead_are_read_at_once(
    gym_id: GymId, commands: tuple[Command, ...]
) -> None:
    recorder = Counting()

    async def carried_out(*asked: Command) -> int:
        """By a process that remembers nothing; how often it asked its store."""
        before = recorder.asked
        async with EventStore(recorder) as store:
            for one in asked:
                key, now = new_id(), DAY_BEFORE - timedelta(days=1)
                ctx = Context(gym_id, "staff:x", frozenset({"owner"}), now, key, key, key)
                await store.carry_out(one, ctx, RULES[type(one)])
        return recorder.asked - before

    await carried_out(
        HearLocation(location_id=HALL, time_zone="UTC"), OpenLedger(client_id=ANN),
        GrantCredits(**MINE, kind=GrantKind.UNLIMITED),
        *(command for day in range(DAYS) for command in _a_seat_on(day)),
    )  # fmt: skip

    for command in commands:
        assert await carried_out(command) <= 4  # her ledger, sessions, penalties; the gym's rules


def _a_seat_on(day: int) -> tuple[Command, Command]:
    session, starts_at = SessionId(UUID(int=day + 1)), NOON + timedelta(days=day)
    planned = ScheduleSession(
        session_id=session, title="Spin", location_id=HALL, starts_at=starts_at,
        ends_at=starts_at + HOUR, time_zone="UTC", capacity=5,
        policy=BookingPolicy(opens_days_before=60),
    )  # fmt: skip
    return planned, BookClass(session_id=session, client_id=ANN)
