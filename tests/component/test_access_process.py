"""The access process beside members and booking, on real servers: from a seat to a check-in."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from contracts.access import (
    AddDoor,
    EntryOutcome,
    IssueCredential,
    RequestEntry,
    RevokeCredential,
)
from contracts.booking import (
    BookClass,
    CancelReservation,
    GrantCredits,
    ImposeBookingBan,
    LiftBookingBan,
    ScheduleSession,
)
from contracts.envelope import Command, Reply
from contracts.ids import (
    ClientId,
    CredentialId,
    DoorId,
    EntryId,
    GrantId,
    GymId,
    LocationId,
    SessionId,
    new_id,
)
from contracts.members import OpenLocation, RegisterClient
from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from tests.component.members.house import gym_of
from tests.component.serving import Gateway, serving
from tests.component.test_booking_process import heard
from tests.world.waiting import until

LONG = 60.0  # seconds until a test gives up waiting
SOON = 300.0  # seconds; inside the door's window and the check-in's

CHECKED_IN = "booking.checked_in.v1"


@pytest.fixture(scope="module")
async def gateway(installation: Installation) -> AsyncIterator[Gateway]:
    async with serving(installation, "members", "booking", "access") as asked:
        yield asked


class House:
    """A gym with a door and a class that starts in five minutes."""

    def __init__(self, gateway: Gateway, gym_id: GymId) -> None:
        self.gateway = gateway
        self.gym_id = gym_id
        self.location = LocationId(new_id())
        self.door = DoorId(new_id())

    async def owner(self, command: Command) -> Reply:
        reply = await self.gateway.ask(self.gym_id, command, "staff:owner", "owner")
        assert reply.outcome == "done", reply
        return reply

    async def member(self, client: ClientId, command: Command) -> Reply:
        return await self.gateway.ask(self.gym_id, command, f"client:{client}", "member")

    async def open_up(self) -> None:
        place = OpenLocation(location_id=self.location, name="Sol", time_zone="Europe/Madrid")
        await self.owner(place)
        door = AddDoor(door_id=self.door, location_id=self.location, name="Front")
        await self.owner(door)

    async def client(self) -> ClientId:
        client = ClientId(new_id())
        await self.owner(RegisterClient(client_id=client, name="Ann"))
        await self.owner(GrantCredits(client_id=client, grant_id=GrantId(new_id()), credits=5))
        return client

    async def session(self, starts_in: float = SOON) -> SessionId:
        session = SessionId(new_id())
        starts_at = datetime.now(UTC) + timedelta(seconds=starts_in)
        await self.owner(
            ScheduleSession(
                session_id=session, title="Spin", location_id=self.location, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1), time_zone="Europe/Madrid", capacity=9,
            )
        )  # fmt: skip
        return session

    async def seated(self, starts_in: float = SOON) -> tuple[ClientId, SessionId]:
        """A client with a seat."""
        client, session = await self.client(), await self.session(starts_in)
        reply = await self.member(client, BookClass(session_id=session, client_id=client))
        assert reply.outcome == "done", reply
        return client, session

    async def enters(self, client: ClientId) -> EntryOutcome:
        """The client asks the door, with their app."""
        asked = RequestEntry(entry_id=EntryId(new_id()), door_id=self.door, client_id=client)
        return outcome(await self.member(client, asked))

    async def opens_for(self, client: ClientId) -> EntryOutcome:
        """The door opens once access has heard; each try is a decision of its own."""
        return await self._answered(client, lambda told: told.granted)

    async def keeps_out(self, client: ClientId, reason: str) -> EntryOutcome:
        """The door stays shut for this reason once access has heard."""
        return await self._answered(client, lambda told: told.reason == reason)

    async def _answered(
        self, client: ClientId, wanted: Callable[[EntryOutcome], bool]
    ) -> EntryOutcome:
        async def as_wanted() -> EntryOutcome | None:
            told = await self.enters(client)
            return told if wanted(told) else None

        told: EntryOutcome = await until(as_wanted, LONG)
        return told


def outcome(reply: Reply) -> EntryOutcome:
    assert reply.outcome == "done", reply
    return EntryOutcome.model_validate(reply.result)


@pytest.fixture
async def house(gateway: Gateway) -> House:
    gym = gym_of()
    reply = await gateway.ask(gym.gym_id, gym, "system:operator", OPERATOR)
    assert reply.outcome == "done", reply
    house = House(gateway, gym.gym_id)
    await house.open_up()
    return house


async def test_who_has_a_seat_enters_and_is_checked_in(
    house: House, installation: Installation
) -> None:
    client, session = await house.seated()

    told = await house.opens_for(client)

    assert told.session_id == session
    (checked_in,) = [
        event for event in await heard(installation, house.gym_id, CHECKED_IN)
        if event.event_type == CHECKED_IN
    ]  # fmt: skip
    assert checked_in.model_dump()["client_id"] == client
    assert checked_in.model_dump()["session_id"] == session


async def test_who_gave_the_seat_up_stays_outside(house: House) -> None:
    client, session = await house.seated()
    await house.opens_for(client)
    other, _ = await house.seated(starts_in=86_400)

    late, seat = await house.seated()
    await house.opens_for(late)
    left, gone = await house.seated()
    await house.member(left, CancelReservation(session_id=gone, client_id=left))

    told = await house.keeps_out(left, "no_reservation")
    assert not told.granted
    early = await house.keeps_out(other, "no_reservation")
    assert early.facts.next_grant_from is not None
    assert session != seat


async def test_who_is_banned_after_booking_stays_outside_until_it_is_lifted(house: House) -> None:
    client, _ = await house.seated()
    await house.opens_for(client)
    await house.owner(ImposeBookingBan(client_id=client, reason="threats"))
    await house.keeps_out(client, "banned")
    await house.owner(LiftBookingBan(client_id=client))
    await house.opens_for(client)


async def test_a_credential_opens_until_it_is_revoked(house: House) -> None:
    client, _ = await house.seated()
    await house.opens_for(client)
    credential, digest = CredentialId(new_id()), hashlib.sha256(new_id().bytes).hexdigest()
    await house.owner(
        IssueCredential(credential_id=credential, client_id=client, token_digest=digest)
    )

    async def shown() -> EntryOutcome:
        entry = EntryId(new_id())
        asked = RequestEntry(entry_id=entry, door_id=house.door, token_digest=digest)
        return outcome(await house.owner(asked))

    assert (await shown()).client_id == client
    await house.owner(RevokeCredential(credential_id=credential))
    assert (await shown()).reason == "unknown_credential"


async def test_one_request_has_one_answer_however_often_it_is_made(house: House) -> None:
    client, _ = await house.seated()
    await house.opens_for(client)
    asked = RequestEntry(entry_id=EntryId(new_id()), door_id=house.door, client_id=client)
    key = new_id()
    replies = await asyncio.gather(*(
        house.gateway.ask(house.gym_id, asked, f"client:{client}", "member", key=key)
        for _ in range(10)
    ))  # fmt: skip
    assert {outcome(reply).granted for reply in replies} == {True}
    assert len({reply.position for reply in replies}) == 1


async def test_a_door_of_another_gym_looks_like_an_absent_one(
    house: House, gateway: Gateway
) -> None:
    elsewhere = gym_of()
    await gateway.ask(elsewhere.gym_id, elsewhere, "system:operator", OPERATOR)
    asked = [
        RequestEntry(entry_id=EntryId(new_id()), door_id=door, client_id=ClientId(new_id()))
        for door in (house.door, DoorId(new_id()))
    ]
    replies = [await gateway.ask(elsewhere.gym_id, one, "staff:owner", "owner") for one in asked]
    assert [reply.code for reply in replies] == ["DOOR_NOT_FOUND"] * 2
    assert replies[0] == replies[1]
