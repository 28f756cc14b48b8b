"""Our booking commands in this process, on a store of their own: the service without the bus."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from chassis.context import Context
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import Done, EventStore, Unit
from chassis.tenancy import open_pool
from contracts.booking import (
    BookClass,
    BookingPolicy,
    CancelReservation,
    GrantCredits,
    ScheduleSession,
)
from contracts.envelope import Command
from contracts.ids import ClientId, GrantId, GymId, LocationId, SessionId, new_id
from contracts.permissions import Role
from services.booking import bookings, ledgers, sessions
from services.booking.domain.class_session import class_session

C = TypeVar("C", bound=Command)
CREDITS = 100


class Booking:
    """Commands of one gym's clients and staff, carried out on ``store``."""

    def __init__(self, store: EventStore, gym_id: GymId) -> None:
        self.store = store
        self.gym_id = gym_id

    async def schedule(self, capacity: int, *, count: int = 1) -> list[SessionId]:
        """Sessions in two days."""
        starts = datetime.now(UTC) + timedelta(days=2)
        made = []
        for _ in range(count):
            session = ScheduleSession(
                session_id=SessionId(new_id()), title="Bench", location_id=LocationId(new_id()),
                starts_at=starts, ends_at=starts + timedelta(hours=1), time_zone="UTC",
                capacity=capacity, policy=BookingPolicy(),
            )  # fmt: skip
            await self._do(sessions.schedule_session, session, "staff:bench", Role.OWNER)
            made.append(session.session_id)
        return made

    async def clients(self, count: int) -> list[ClientId]:
        """People with credits."""
        ids = [ClientId(new_id()) for _ in range(count)]
        for client in ids:
            rule = ledgers.opening(client, _grant)
            pack = GrantCredits(client_id=client, grant_id=GrantId(new_id()), credits=CREDITS)
            await self._do(rule, pack, "staff:bench", Role.OWNER)
        return ids

    async def book(self, session: SessionId, client: ClientId) -> None:
        """Raises ``Refused``."""
        command = BookClass(session_id=session, client_id=client)
        await self._do(bookings.book_class, command, f"client:{client}", Role.MEMBER)

    async def cancel(self, session: SessionId, client: ClientId) -> None:
        """Raises ``Refused``."""
        command = CancelReservation(session_id=session, client_id=client)
        await self._do(bookings.cancel_reservation, command, f"client:{client}", Role.MEMBER)

    async def seats(self, session: SessionId) -> int:
        """Seats taken, folded from what is stored."""
        state, _ = await self.store.read(self.gym_id, class_session, session)
        return len(state.reserved)

    async def _do(
        self,
        rule: Callable[[C, Unit], Any],
        command: C,
        actor: str,
        role: Role,
    ) -> Done:
        key = new_id()
        ctx = Context(self.gym_id, actor, frozenset({role}), datetime.now(UTC), key, new_id(), key)
        return await self.store.carry_out(command, ctx, rule)


def _grant(command: GrantCredits, unit: Unit) -> None:
    ledgers.grant_credits(command, unit)


@asynccontextmanager
async def booking(dsn: str, *, connections: int, gym_id: GymId) -> AsyncIterator[Booking]:
    """A fresh store, nothing in memory, on the booking service's own role."""
    pool = await open_pool(dsn, name="bench", size=connections)
    try:
        async with EventStore(PostgresRecorder(pool)) as store:
            yield Booking(store, gym_id)
    finally:
        await pool.close()


async def must_have(ours: Booking, sessions: Sequence[SessionId], seats: int) -> None:
    """Raise ``AssertionError`` unless the sessions together have so many seats taken."""
    taken = sum([await ours.seats(session) for session in sessions])
    assert taken == seats, f"{taken} seats taken, {seats} acknowledged"
