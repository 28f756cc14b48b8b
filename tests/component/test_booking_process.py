"""The booking process beside members, on real servers: asked over the bus, heard on the stream."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import nats
import pytest
from nats.errors import TimeoutError as Silence

from chassis.wire import unpack
from contracts.booking import (
    BookClass,
    BookingCode,
    BookingOutcome,
    CancelReservation,
    ChangeCapacity,
    CheckIn,
    GrantCredits,
    ScheduleSession,
)
from contracts.envelope import Command, Event, Reply
from contracts.ids import ClientId, GrantId, GymId, LocationId, SessionId, new_id
from contracts.members import EraseClient, OpenLocation, RegisterClient
from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from tests.component.members.house import gym_of
from tests.component.serving import Gateway, serving

LONG = 60.0  # seconds until a test gives up waiting


@pytest.fixture(
    scope="module",
    params=[(), ("commands", "reactions,deadlines", "relay")],
    ids=["one process", "a process a part"],
)
async def gateway(
    installation: Installation, request: pytest.FixtureRequest
) -> AsyncIterator[Gateway]:
    async with serving(installation, "members", "booking", parts=request.param) as asked:
        yield asked


class House:
    """A gym of its own, and who asks in it."""

    def __init__(self, gateway: Gateway, gym_id: GymId) -> None:
        self.gateway = gateway
        self.gym_id = gym_id
        self.location = LocationId(new_id())

    async def open_up(self) -> None:
        """Have a place for classes."""
        place = OpenLocation(
            location_id=self.location, name="Sol", time_zone="Europe/Madrid"
        )  # fmt: skip
        await self._done(place)

    async def owner(self, command: Command, key: UUID | None = None) -> Reply:
        return await self.gateway.ask(self.gym_id, command, "staff:owner", "owner", key=key)

    async def member(self, client: ClientId, command: Command) -> Reply:
        return await self.gateway.ask(self.gym_id, command, f"client:{client}", "member")

    async def client(self, credits: int = 5) -> ClientId:  # noqa: A002 - the contract's word
        """A registered client with a pack."""
        client = ClientId(new_id())
        await self._done(RegisterClient(client_id=client, name="Ann"))
        grant = GrantCredits(client_id=client, grant_id=GrantId(new_id()), credits=credits)
        await self._done(grant)
        return client

    async def session(self, capacity: int = 1, *, starts_in: float = 5 * 86_400) -> SessionId:
        session = SessionId(new_id())
        starts_at = datetime.now(UTC) + timedelta(seconds=starts_in)
        await self._done(
            ScheduleSession(
                session_id=session, title="Spin", location_id=self.location,
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=1),
                time_zone="Europe/Madrid", capacity=capacity,
            )
        )  # fmt: skip
        return session

    async def _done(self, command: Command) -> None:
        reply = await self.owner(command)
        assert reply.outcome == "done", reply


@pytest.fixture
async def house(gateway: Gateway) -> House:
    gym = gym_of()
    reply = await gateway.ask(gym.gym_id, gym, "system:operator", OPERATOR)
    assert reply.outcome == "done", reply
    house = House(gateway, gym.gym_id)
    await house.open_up()
    return house


async def heard(installation: Installation, gym_id: GymId, last: str) -> list[Event]:
    """What the gym's booking stream tells, up to the first event of type ``last``.

    But for what it heard of members, which comes when it comes.
    """
    operator = await nats.connect(**installation.nats_login("developer"))
    events: list[Event] = []
    try:
        stream = await operator.jetstream().subscribe(
            f"evt.{gym_id}.booking.>", ordered_consumer=True
        )
        async with asyncio.timeout(LONG):
            while not events or events[-1].event_type != last:
                try:
                    events.append(unpack((await stream.next_msg(timeout=1)).data).event)
                except (Silence, TimeoutError):
                    continue
    finally:
        await operator.close()
    return [event for event in events if not event.event_type.endswith("_heard.v1")]


def outcome(reply: Reply) -> BookingOutcome:
    assert reply.outcome == "done", reply
    return BookingOutcome.model_validate(reply.result)


async def test_a_member_books_and_the_next_one_waits_and_is_promoted(
    house: House, installation: Installation
) -> None:
    ann, ben, session = await house.client(), await house.client(), await house.session()
    first = await house.member(ann, BookClass(session_id=session, client_id=ann))
    assert outcome(first).status == "reserved"
    line = BookClass(session_id=session, client_id=ben, or_waitlist=True)
    second = outcome(await house.member(ben, line))
    assert (second.status, second.waitlist_position) == ("waiting", 1)
    gone = await house.member(ann, CancelReservation(session_id=session, client_id=ann))
    assert outcome(gone).status == "cancelled_early"
    assert (first.position or 0) < (gone.position or 0)
    told = await heard(installation, house.gym_id, "booking.waitlist_promoted.v1")
    assert [type(event).__name__ for event in told if type(event).__name__ != "LedgerOpened"] == [
        "CreditsGranted", "CreditsGranted", "SessionScheduled", "SessionsPlaced",
        "ReservationMade", "CreditHeld", "WaitlistJoined", "LineJoined", "ReservationCancelled",
        "CreditReleased", "WaitlistPromoted",
    ]  # fmt: skip


async def test_a_client_registered_with_members_gets_a_ledger(
    house: House, installation: Installation
) -> None:
    client = ClientId(new_id())
    await house.owner(RegisterClient(client_id=client, name="Ann"))
    told = await heard(installation, house.gym_id, "booking.ledger_opened.v1")
    assert [event.model_dump() for event in told] == [{"client_id": client}]


async def test_a_client_of_another_gym_looks_like_an_absent_one(
    house: House, gateway: Gateway
) -> None:
    elsewhere = gym_of()
    await gateway.ask(elsewhere.gym_id, elsewhere, "system:operator", OPERATOR)
    theirs = await House(gateway, elsewhere.gym_id).client()
    session = await house.session()
    replies = [
        await house.owner(BookClass(session_id=session, client_id=client))
        for client in (theirs, ClientId(new_id()))
    ]
    assert {reply.code for reply in replies} == {"CLIENT_NOT_FOUND"}
    assert replies[0] == replies[1]


async def test_a_session_of_another_gym_looks_like_an_absent_one(
    house: House, gateway: Gateway
) -> None:
    elsewhere = gym_of()
    await gateway.ask(elsewhere.gym_id, elsewhere, "system:operator", OPERATOR)
    there = House(gateway, elsewhere.gym_id)
    await there.open_up()
    theirs = await there.session()
    ann = await house.client()
    replies = [
        await house.member(ann, BookClass(session_id=session, client_id=ann))
        for session in (theirs, SessionId(new_id()))
    ]
    assert {reply.code for reply in replies} == {"SESSION_NOT_FOUND"}
    assert replies[0] == replies[1]


async def test_members_act_for_themselves_only_and_staff_within_their_roles(
    house: House,
) -> None:
    ann, ben, session = await house.client(), await house.client(), await house.session(2)
    for_another = await house.member(ann, BookClass(session_id=session, client_id=ben))
    resize = ChangeCapacity(session_id=session, capacity=9)
    by_member = await house.member(ann, resize)
    by_trainer = await house.gateway.ask(house.gym_id, resize, "staff:t", "trainer")
    check_in = await house.member(ann, CheckIn(session_id=session, client_id=ben))
    refused = (for_another, by_member, by_trainer, check_in)
    assert {reply.code for reply in refused} == {"FORBIDDEN"}
    alone = await house.member(ann, CheckIn(session_id=session, client_id=ann))
    assert alone.code == "SELF_CHECK_IN_OFF"


async def test_one_key_has_one_effect_however_often_and_at_once(house: House) -> None:
    ann, session = await house.client(), await house.session(5)
    command, key = BookClass(session_id=session, client_id=ann), new_id()
    replies = await asyncio.gather(*(house.owner(command, key) for _ in range(20)))
    assert {outcome(reply).reservation_id for reply in replies} == {
        outcome(replies[0]).reservation_id
    }
    assert {reply.position for reply in replies} == {replies[0].position}
    other = await house.owner(ChangeCapacity(session_id=session, capacity=4), key)
    assert (other.code, other.field) == ("IDEMPOTENCY_KEY_REUSED", "idempotency_key")


async def test_a_rush_fills_the_class_exactly_and_lines_the_others_up(house: House) -> None:
    people = await asyncio.gather(*(house.client() for _ in range(24)))
    session = await house.session(8)
    replies = await asyncio.gather(
        *(
            house.member(one, BookClass(session_id=session, client_id=one, or_waitlist=True))
            for one in people
        )
    )
    seated = [reply for reply in replies if reply.outcome == "done" and reply.result
              and reply.result["status"] == "reserved"]  # fmt: skip
    places = sorted(
        reply.result["waitlist_position"]
        for reply in replies
        if reply.result and reply.result["status"] == "waiting"
    )
    assert len(seated) == 8
    assert places == list(range(1, 9))
    assert [reply.code for reply in replies if reply.code] == ["WAITLIST_FULL"] * 8


async def test_the_line_dissolves_by_itself_when_the_session_starts(
    house: House, installation: Installation
) -> None:
    ann, ben = await house.client(), await house.client()
    for starts_in in (3, 12, 48):  # it may have started where the machine stands still
        session = await house.session(starts_in=starts_in)
        await house.member(ann, BookClass(session_id=session, client_id=ann, or_waitlist=True))
        line = BookClass(session_id=session, client_id=ben, or_waitlist=True)
        reply = await house.member(ben, line)
        if reply.outcome == "done":
            break
    assert outcome(reply).status == "waiting"
    left = (await heard(installation, house.gym_id, "booking.waitlist_left.v1"))[-1]
    assert left.model_dump()["reason"] == "session_started"


async def test_who_was_erased_is_booked_by_nobody(house: House, installation: Installation) -> None:
    client, session = await house.client(), await house.session()
    reply = await house.owner(EraseClient(client_id=client))
    assert reply.outcome == "done", reply
    await heard(installation, house.gym_id, "booking.booking_ban_imposed.v1")

    reply = await house.owner(BookClass(session_id=session, client_id=client))

    assert (reply.outcome, reply.code) == ("refused", BookingCode.BOOKING_BANNED)
