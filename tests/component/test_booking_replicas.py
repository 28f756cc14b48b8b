"""Two replicas of booking fight over one class on one database: nothing is lost or sold twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from uuid import UUID

import pytest

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import Done, EventStore
from chassis.tenancy import Pool
from contracts.booking import (
    BookClass,
    BookingPolicy,
    CancelReservation,
    GrantCredits,
    ScheduleSession,
)
from contracts.envelope import Command
from contracts.ids import ClientId, GrantId, GymId, LocationId, SessionId, new_id
from contracts.members import GymReferences, KnownReferences
from services.booking.api import RULES, handler
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger

SEATS, PEOPLE = 5, 30


class Everybody:
    """Knows every client there is, and no places."""

    async def know(self, client: ClientId, ctx: Context) -> bool:
        return True

    async def have(self, asked: GymReferences, ctx: Context) -> KnownReferences:
        return KnownReferences(currency="EUR")


class Nobody(Everybody):
    """Knows no client."""

    async def know(self, client: ClientId, ctx: Context) -> bool:
        return False


class Replicas:
    """Stores with memories of their own over one database, asked in turn."""

    def __init__(self, stores: list[EventStore], gym_id: GymId, clock: FixedClock) -> None:
        self.stores = stores
        self._turn = cycle(stores)
        self._ctx = Context.system(gym_id, "staff:tests", clock.now(), new_id())

    async def ask(self, command: Command, key: UUID | None = None) -> Done | Refused:
        ctx = replace(self._ctx, command_id=key or new_id())
        carry_out = handler(RULES[type(command)], next(self._turn), Everybody())
        try:
            return await carry_out(command, ctx)
        except Refused as refusal:
            return refusal

    async def session(self, clock: FixedClock) -> SessionId:
        session, starts_at = SessionId(new_id()), clock.now() + timedelta(days=2)
        await self.ask(
            ScheduleSession(
                session_id=session, title="Spin", location_id=LocationId(new_id()),
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), time_zone="UTC",
                capacity=SEATS, policy=BookingPolicy(waitlist_uncapped=True, waitlist_max=100),
            )
        )  # fmt: skip
        return session

    async def people(self) -> list[ClientId]:
        """Clients with one credit each; their ledgers are opened by the grant."""
        people = [ClientId(new_id()) for _ in range(PEOPLE)]
        await asyncio.gather(
            *(
                self.ask(GrantCredits(client_id=one, grant_id=GrantId(new_id()), credits=1))
                for one in people
            )
        )
        return people


@pytest.fixture
async def replicas(booking_pool: Pool, gym_id: GymId, clock: FixedClock) -> AsyncIterator[Replicas]:
    async with (
        EventStore(PostgresRecorder(booking_pool)) as one,
        EventStore(PostgresRecorder(booking_pool)) as other,
    ):
        yield Replicas([one, other], gym_id, clock)


async def test_two_replicas_fill_the_class_exactly_and_keep_one_line(
    replicas: Replicas, gym_id: GymId, clock: FixedClock
) -> None:
    session, people = await replicas.session(clock), await replicas.people()

    async def come_and_maybe_go(n: int, client: ClientId) -> None:
        await replicas.ask(BookClass(session_id=session, client_id=client, or_waitlist=True))
        if n % 3 == 0:
            await replicas.ask(CancelReservation(session_id=session, client_id=client))

    await asyncio.gather(*(come_and_maybe_go(n, one) for n, one in enumerate(people)))
    state, _ = await replicas.stores[0].read(gym_id, class_session, session)
    assert len(state.reserved) == SEATS
    places = [place.seq for place in state.waiting.values()]
    assert places == sorted(places)
    assert not state.reserved.keys() & state.waiting.keys()
    for client in people:
        ledger, _ = await replicas.stores[0].read(gym_id, client_ledger, client)
        held = {hold.session_id for hold in ledger.holds.values()}
        assert held == ({session} if client in state.reserved else set())


async def test_one_key_is_one_booking_whichever_replica_is_asked(
    replicas: Replicas, clock: FixedClock
) -> None:
    session, people = await replicas.session(clock), await replicas.people()
    command, key = BookClass(session_id=session, client_id=people[0]), new_id()
    done = await asyncio.gather(*(replicas.ask(command, key) for _ in range(50)))
    assert all(isinstance(one, Done) for one in done)
    assert len({one.position for one in done if isinstance(one, Done)}) == 1
    assert sum(not one.replayed for one in done if isinstance(one, Done)) == 1


async def test_one_credit_buys_one_seat_whichever_replicas_are_asked(
    replicas: Replicas, gym_id: GymId, clock: FixedClock
) -> None:
    people = await replicas.people()
    sessions = [await replicas.session(clock) for _ in range(4)]
    asked = await asyncio.gather(
        *(replicas.ask(BookClass(session_id=one, client_id=people[0])) for one in sessions)
    )
    assert sum(isinstance(one, Done) for one in asked) == 1
    assert {one.code for one in asked if isinstance(one, Refused)} <= {"OVERLAP", "NO_ENTITLEMENT"}


async def test_a_client_members_does_not_know_is_refused_and_gets_no_ledger(
    replicas: Replicas, gym_id: GymId, clock: FixedClock
) -> None:
    client, store = ClientId(new_id()), replicas.stores[0]
    grant = GrantCredits(client_id=client, grant_id=GrantId(new_id()), credits=1)
    ctx = Context.system(gym_id, "staff:tests", clock.now(), new_id())
    with pytest.raises(Refused) as refusal:
        await handler(RULES[GrantCredits], store, Nobody())(grant, ctx)
    assert (refusal.value.code, refusal.value.field) == ("CLIENT_NOT_FOUND", "client_id")
    assert await store.read(gym_id, client_ledger, client) == (client_ledger.initial, 0)
