"""What scenarios of access are told in: people, a door, a class, and short words for events."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.decider import Aggregate
from contracts.access import (
    AccessGrantKind,
    ClassHeard,
    ClassWaiverHeard,
    ClientHeard,
    ClosureHeard,
    ClosureRemovalHeard,
    CredentialActivated,
    CredentialIssued,
    CredentialKind,
    DoorAdded,
    GrantOpened,
    HolderEquipped,
    LocationKnown,
    OpenHours,
    RequestEntry,
    ReservationHeard,
    StaffHeard,
    TokenBound,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    CredentialId,
    DoorId,
    EntryId,
    GymId,
    LocationId,
    ReservationId,
    SessionId,
    StaffId,
)
from services.access.api import RULES
from services.access.domain.class_seats import class_seats
from services.access.domain.credential import credential, token, token_id
from services.access.domain.door import door, premises
from services.access.domain.entry import entry
from services.access.domain.holder import holder
from tests.scenario import Gym, Scenario

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)  # the class starts; a Monday
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
OPENS, CLOSES = NOON - 20 * MINUTE, NOON + HOUR + 15 * MINUTE  # of a class grant

GYM = GymId(UUID(int=7))
HALL, ANNEX = LocationId(UUID(int=91)), LocationId(UUID(int=92))
FRONT, BACK = DoorId(UUID(int=81)), DoorId(UUID(int=82))
ANN, BEN = ClientId(UUID(int=11)), ClientId(UUID(int=12))
TOM = StaffId(UUID(int=21))
SES = SessionId(UUID(int=1))
CARD = CredentialId(UUID(int=31))
DIGEST = "ab" * 32

_STREAMS: dict[str, tuple[Aggregate[Any, Any], str]] = {
    "Door": (door, "door_id"),
    "Credential": (credential, "credential_id"),
    "Grant": (holder, "client_id"),
    "Impediment": (holder, "client_id"),
    "Client": (holder, "client_id"),
    "Staff": (holder, "staff_id"),
    "Ban": (holder, "client_id"),
    "Waiver": (holder, "client_id"),
    "Holder": (holder, "client_id"),
    "Class": (class_seats, "session_id"),
    "Reservation": (class_seats, "session_id"),
    "Access": (entry, "entry_id"),
}
"""Beginning of an event's name -> the stream it belongs to."""


def home(event: Event) -> tuple[Aggregate[Any, Any], UUID]:
    """The stream an event belongs to."""
    name = type(event).__name__
    if isinstance(event, TokenBound):
        return token, token_id(DIGEST)
    if isinstance(event, ClosureHeard | ClosureRemovalHeard | LocationKnown):
        return premises, event.location_id
    if name.startswith("Lockdown"):
        return premises, event.location_id or GYM  # type: ignore[attr-defined]
    kind, key = next(found for begins, found in _STREAMS.items() if name.startswith(begins))
    return kind, getattr(event, key)


def given(*past: Event | tuple[Event, ...]) -> Scenario:
    """A gym with a front door in the hall, in which this has happened."""
    gym = Gym(RULES, home, GYM)
    gym.happened(DoorAdded(door_id=FRONT, location_id=HALL, name="Front"))
    for one in past:
        gym.happened(*(one if isinstance(one, tuple) else (one,)))
    return Scenario(gym)


def known(*clients: ClientId) -> tuple[Event, ...]:
    return tuple(ClientHeard(client_id=one, erased=False) for one in clients)


def works(staff: StaffId = TOM, *, version: int = 1) -> StaffHeard:
    return StaffHeard(staff_id=staff, works=True, version=version)


def scheduled(starts_at: datetime = NOON, *, where: LocationId = HALL, version: int = 1) -> Event:
    return ClassHeard(
        session_id=SES, starts_at=starts_at, ends_at=starts_at + HOUR, location_id=where,
        version=version,
    )  # fmt: skip


def reservation_of(client: ClientId) -> ReservationId:
    return ReservationId(UUID(int=client.int * 100))


def seated(
    client: ClientId = ANN, *, where: LocationId = HALL, waiver: bool = False
) -> tuple[Event, ...]:
    """The client has a seat in the class, and with it a grant."""
    heard = ReservationHeard(
        session_id=SES, client_id=client, reservation_id=reservation_of(client), stands=True,
        version=client.int,
    )  # fmt: skip
    opened = GrantOpened(
        client_id=client, grant_id=reservation_of(client), kind=AccessGrantKind.CLASS,
        valid_from=OPENS, valid_until=CLOSES, location_id=where, session_id=SES,
        given_at=NOON - 24 * HOUR, waiver_required=waiver,
    )  # fmt: skip
    rule = ClassWaiverHeard(session_id=SES, required=waiver, version=1)
    return (*known(client), scheduled(where=where), rule, heard, opened)


def member(
    client: ClientId = ANN,
    *,
    until: datetime | None = None,
    since: datetime = NOON - 99 * HOUR,
    hours: tuple[OpenHours, ...] = (),
    zone: str = "UTC",
    where: tuple[LocationId, ...] = (),
) -> tuple[Event, ...]:
    """The client may enter in the doors' hours."""
    opened = GrantOpened(
        client_id=client, grant_id=UUID(int=client.int * 7), kind=AccessGrantKind.MEMBERSHIP,
        valid_from=since, valid_until=until, given_at=since, hours=hours, time_zone=zone,
        location_ids=where,
    )  # fmt: skip
    return (*known(client), opened)


def carries_card(client: ClientId | None = ANN, staff: StaffId | None = None) -> tuple[Event, ...]:
    """A credential, active."""
    issued = CredentialIssued(
        credential_id=CARD, client_id=client, staff_id=staff, kind=CredentialKind.CARD
    )
    bound = (CredentialActivated(credential_id=CARD), TokenBound(credential_id=CARD))
    equipped = HolderEquipped(client_id=client, staff_id=staff, credential_id=CARD)
    return (issued, *bound, equipped) if client else (issued, *bound)


def at_door(
    client: ClientId | None = ANN, *, at: DoorId = FRONT, digest: str | None = None
) -> RequestEntry:
    """The client asks; or, with a digest, whoever holds the card."""
    who = None if digest else client
    return RequestEntry(
        entry_id=EntryId(UUID(int=1000)), door_id=at, client_id=who, token_digest=digest
    )


SHOWS_CARD = at_door(digest=DIGEST)
