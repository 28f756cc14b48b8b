"""A class on the calendar and three people who contend for it: events of it."""

from datetime import timedelta

from contracts.booking import (
    AttendanceFinalized,
    BookingPolicy,
    Cancellation,
    CheckedIn,
    GrantKind,
    MarkedNoShow,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SessionScheduled,
    SpotOffered,
    WaitlistJoined,
    WaitlistPromoted,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, LocationId, ReservationId, SessionId, new_id
from tests.conftest import NOON

SPIN = SessionId(new_id())
MIA, LEO, ZOE = ClientId(new_id()), ClientId(new_id()), ClientId(new_id())


def scheduled(session: SessionId = SPIN, *, hours: int = 1) -> SessionScheduled:
    start = NOON + timedelta(hours=hours)
    return SessionScheduled(
        session_id=session, title="Spin", location_id=LocationId(new_id()), starts_at=start,
        ends_at=start + timedelta(hours=1), time_zone="Europe/Berlin", capacity=2,
        booking_opens_at=NOON, booking_closes_at=start, policy=BookingPolicy(),
    )  # fmt: skip


def reserved(client: ClientId, seats: int, reservation: ReservationId) -> ReservationMade:
    return ReservationMade(
        session_id=SPIN, client_id=client, reservation_id=reservation,
        source=ReservationSource.BOOKED, grant_id=GrantId(new_id()), grant_kind=GrantKind.PACK,
        free_until=NOON, policy_version=1, seats_taken=seats, capacity=2,
    )  # fmt: skip


def gave_up(client: ClientId, reservation: ReservationId, kind: Cancellation) -> Event:
    return ReservationCancelled(
        session_id=SPIN, client_id=client, reservation_id=reservation, kind=kind, free_until=NOON,
        policy_version=1, seats_taken=1,
    )  # fmt: skip


def a_busy_session() -> list[Event]:
    """Two seats; Mia comes, Leo cancels, Zoe waits and is promoted."""
    mia, leo, zoe = (ReservationId(new_id()) for _ in range(3))
    line = WaitlistJoined(session_id=SPIN, client_id=ZOE, seq=1, policy_version=1)
    return [
        scheduled(), reserved(MIA, 1, mia), reserved(LEO, 2, leo), line,
        gave_up(LEO, leo, Cancellation.LATE),
        WaitlistPromoted(session_id=SPIN, client_id=ZOE, seq=1, policy_version=1),
        reserved(ZOE, 2, zoe),
        CheckedIn(session_id=SPIN, client_id=MIA, reservation_id=mia),
        MarkedNoShow(session_id=SPIN, client_id=ZOE, reservation_id=zoe, policy_version=1),
        AttendanceFinalized(session_id=SPIN, attended=1, no_shows=1, late_cancels=1),
    ]  # fmt: skip


def a_class_with_bikes() -> list[Event]:
    """Mia on bike a; Leo waits, is offered a seat and lets it expire; Zoe waits behind."""
    bikes = scheduled().model_copy(
        update={"spots": ("a", "b"), "online_capacity": 1, "waiver_required": True}
    )
    mia = reserved(MIA, 1, ReservationId(new_id())).model_copy(update={"spot": "a"})
    line = [
        WaitlistJoined(session_id=SPIN, client_id=client, seq=seq, policy_version=1)
        for seq, client in enumerate((LEO, ZOE), start=1)
    ]
    offer = SpotOffered(
        session_id=SPIN, client_id=LEO, seq=1, expires_at=NOON, policy_version=1
    )  # fmt: skip
    return [bikes, mia, *line, offer]
