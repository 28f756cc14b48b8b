"""The words booking's scenarios are told in: people, a session at noon, shorthands."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.decider import Aggregate
from contracts.booking import (
    BookingPolicy,
    Cancellation,
    CheckedIn,
    CreditHeld,
    CreditsGranted,
    GrantKind,
    LedgerOpened,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SessionScheduled,
    TimeReleased,
    WaitlistJoined,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, LocationId, ReservationId, SessionId
from contracts.timetable import (
    ClosureAdded,
    ClosureRemoved,
    LocationHeard,
    SessionsLifted,
    SessionsPlaced,
)
from services.booking.api import RULES
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import client_penalties
from services.booking.domain.rooms import location_calendar
from tests.scenario import Gym, Scenario

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)  # the session starts; a Monday
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY_BEFORE = NOON - 24 * HOUR  # promotion is automatic
LATE = NOON - 2 * HOUR  # the first late moment
OFFERS = NOON - 4 * HOUR  # the first moment of offers
CLAIMS = NOON - HOUR  # the first moment of claiming

SES, OTHER, FAR = (SessionId(UUID(int=n)) for n in (1, 2, 3))
ANN, BEN, CAT, DAN = (ClientId(UUID(int=n)) for n in (11, 12, 13, 14))
HALL = LocationId(UUID(int=99))


LEDGER = ("Line", "Credit", "Time", "Ledger", "Entitlement", "Waiver", "BookingBan",
          "PromotionMissed", "HoldMoved")  # fmt: skip


def home(event: Event) -> tuple[Aggregate[Any, Any], UUID]:
    """Ledger events name the client alone or begin with credit or time; the others a session."""
    of_location = SessionsPlaced | SessionsLifted | ClosureAdded | ClosureRemoved | LocationHeard
    if isinstance(event, of_location):
        return location_calendar, event.location_id
    name = type(event).__name__
    if name.startswith(("Violation", "Fee")):
        return client_penalties, event.client_id  # type: ignore[attr-defined]
    if name.startswith(LEDGER):
        return client_ledger, event.client_id  # type: ignore[attr-defined]
    return class_session, event.session_id  # type: ignore[attr-defined]


def given(*past: Event | tuple[Event, ...]) -> Scenario:
    """A gym in which this has happened."""
    gym = Gym(RULES, home)
    for one in past:
        gym.happened(*(one if isinstance(one, tuple) else (one,)))
    return Scenario(gym)


Past = tuple[Event | tuple[Event, ...], ...]
"""What happened before, with some that belong together."""


def scheduled(
    capacity: int = 1, session: SessionId = SES, starts_at: datetime = NOON, **policy: Any
) -> SessionScheduled:
    rules = BookingPolicy(**policy)
    return SessionScheduled(
        session_id=session, title="Spin", location_id=HALL, starts_at=starts_at,
        ends_at=starts_at + HOUR, time_zone="UTC", capacity=capacity, policy=rules,
        booking_opens_at=starts_at - timedelta(days=7),
        booking_closes_at=starts_at - timedelta(minutes=rules.closes_minutes_before),
    )  # fmt: skip


def with_room(capacity: int, **more: object) -> SessionScheduled:
    """One with that said of the session itself, not of its policy."""
    return scheduled(capacity).model_copy(update=more)


def grant_of(client: ClientId, nth: int = 1) -> GrantId:
    return GrantId(UUID(int=client.int * 100 + nth))


def reservation_of(client: ClientId, session: SessionId = SES) -> ReservationId:
    return ReservationId(UUID(int=client.int * 1000 + session.int))


def granted(
    client: ClientId,
    credits: int = 10,  # noqa: A002 - the contract's word
    *,
    nth: int = 1,
    expires_at: datetime | None = None,
    valid_from: datetime = NOON - timedelta(days=30),
) -> CreditsGranted:
    """A pack; an unlimited grant when ``credits`` is 0."""
    return CreditsGranted(
        client_id=client, grant_id=grant_of(client, nth), credits=credits,
        kind=GrantKind.PACK if credits else GrantKind.UNLIMITED,
        valid_from=valid_from, expires_at=expires_at, reason="",
    )  # fmt: skip


def opened(client: ClientId) -> LedgerOpened:
    return LedgerOpened(client_id=client)


def with_credits(*clients: ClientId, credits: int = 10) -> tuple[Event, ...]:  # noqa: A002
    """Known clients with a pack each."""
    return tuple(e for one in clients for e in (opened(one), granted(one, credits)))


def reserved(
    client: ClientId,
    session: SessionId = SES,
    *,
    free_until: datetime = LATE,
    starts_at: datetime = NOON,
) -> tuple[Event, ...]:
    """The client has a seat, paid from their first pack."""
    made = ReservationMade(
        session_id=session, client_id=client, reservation_id=reservation_of(client, session),
        source=ReservationSource.BOOKED, grant_id=grant_of(client), grant_kind=GrantKind.PACK,
        free_until=free_until, policy_version=1, seats_taken=1, capacity=1,
    )  # fmt: skip
    held = CreditHeld(
        client_id=client, grant_id=grant_of(client), session_id=session, credits=1,
        reservation_id=made.reservation_id, starts_at=starts_at, ends_at=starts_at + HOUR,
    )  # fmt: skip
    return made, held


def waiting(client: ClientId, seq: int, session: SessionId = SES) -> WaitlistJoined:
    return WaitlistJoined(session_id=session, client_id=client, seq=seq, policy_version=1)


def checked_in(client: ClientId, session: SessionId = SES) -> CheckedIn:
    return CheckedIn(
        session_id=session, client_id=client, reservation_id=reservation_of(client, session)
    )


def late_cancelled(client: ClientId, session: SessionId = SES) -> tuple[Event, ...]:
    """The client had a seat and gave it up late."""
    reservation = reservation_of(client, session)
    cancelled = ReservationCancelled(
        session_id=session, client_id=client, reservation_id=reservation,
        kind=Cancellation.LATE, free_until=LATE, policy_version=1, seats_taken=0,
    )  # fmt: skip
    freed = TimeReleased(client_id=client, reservation_id=reservation)
    return (*reserved(client, session), cancelled, freed)
