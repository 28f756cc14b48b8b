"""How clients join a demo gym, and buy the next pack when one is used up. Pure."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from uuid import UUID

from contracts.access import GrantEntry
from contracts.booking import BookingCode, GrantCredits, GrantKind, Period, SignWaiver
from contracts.envelope import Command
from contracts.ids import ClientId, GrantId, NoteId
from contracts.members import AddNote, AddTag, AlertLevel, RegisterClient, SetAlert
from contracts.permissions import Role
from deploy.demo.acts import Act, Wave, Who
from deploy.demo.gyms import PASSWORD
from deploy.demo.opening import House
from deploy.demo.people import PACK, PACK_LASTS, Person, Plan

NEWCOMERS = 0.8
"""Who joined later in the gym's history is still called new."""
UNKNOWN = frozenset({BookingCode.CLIENT_NOT_FOUND.value})


def client_id(house: House, person: Person) -> ClientId:
    return ClientId(house.calendar.id("client", person.email))


def member(house: House, person: Person) -> Who:
    """``person`` asking by themselves."""
    return Who(house.gym_id, f"client:{client_id(house, person)}", (Role.MEMBER.value,))


def joining(house: House, person: Person, at: datetime, chance: Random) -> Iterator[Act]:
    """From stranger to member, at the desk."""
    client, desk = client_id(house, person), house.any(Role.FRONT_DESK)
    registration = RegisterClient(
        client_id=client, name=person.name, email=person.email,
        phone=f"+1 555 {chance.randrange(1000, 9999)} {chance.randrange(100, 999)}",
        password=PASSWORD if person.signs_in else None,
    )  # fmt: skip
    grant = GrantCredits(
        client_id=client, grant_id=_grant_id(house, person, 0), reason="membership",
        kind=GrantKind.UNLIMITED if person.plan is Plan.UNLIMITED else GrantKind.LIMITED,
        credits=0 if person.plan is Plan.UNLIMITED else 3,
        period=None if person.plan is Plan.UNLIMITED else Period.WEEK,
    )  # fmt: skip
    pays = pack(house, person, 0, at) if person.plan is Plan.PACK else grant
    commands = [registration, pays, SignWaiver(client_id=client)]
    if house.gym.has_open_gym:
        commands.append(GrantEntry(client_id=client, grant_id=_grant_id(house, person, -1)))
    for command in commands:
        patient = UNKNOWN if command is not registration else frozenset[str]()
        yield Act(at, Wave.GYM, (desk, command), (client,), patient=patient)
    for command in _remarks(house, client, person, chance):
        yield Act(at, Wave.GYM, (desk, command), (client,))


def pack(house: House, person: Person, nth: int, at: datetime) -> Command:
    """The ``nth`` pack somebody buys."""
    return GrantCredits(
        client_id=client_id(house, person), grant_id=_grant_id(house, person, nth), credits=PACK,
        expires_at=at + PACK_LASTS, reason=f"pack of {PACK}",
    )  # fmt: skip


def _grant_id(house: House, person: Person, nth: int) -> GrantId:
    return GrantId(house.calendar.id("grant", f"{person.email} {nth}"))


def _remarks(house: House, client: UUID, person: Person, chance: Random) -> Iterator[Command]:
    """What the desk writes down about some."""
    who = ClientId(client)
    if person.joins > NEWCOMERS:
        yield AddTag(client_id=who, tag="new")
    elif chance.random() < 0.15:  # noqa: PLR2004
        yield AddTag(client_id=who, tag="founding member")
    if chance.random() < 0.05:  # noqa: PLR2004
        yield SetAlert(client_id=who, level=AlertLevel.YELLOW, text="Had a knee injury")
    if chance.random() < 0.05:  # noqa: PLR2004
        note = NoteId(house.calendar.id("note", person.email))
        yield AddNote(client_id=who, note_id=note, text="Asked about a plan for two.")
