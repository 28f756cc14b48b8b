"""A class that was taught and four people's seats in it: events of it."""

from datetime import UTC, datetime, timedelta

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    BookingPolicy,
    Cancellation,
    CheckedIn,
    CheckInUndone,
    GrantKind,
    MarkedNoShow,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SessionScheduled,
)
from contracts.envelope import Event
from contracts.ids import (
    ClassTypeId,
    ClientId,
    GrantId,
    LocationId,
    ReservationId,
    SessionId,
    new_id,
)

SPIN, HERE = SessionId(new_id()), LocationId(new_id())
NOON = datetime(2027, 3, 3, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
MIA, LEO, ZOE, BEN = (ReservationId(new_id()) for _ in range(4))
CLIENTS = {seat: ClientId(new_id()) for seat in (MIA, LEO, ZOE, BEN)}


def scheduled(
    session: SessionId = SPIN, starts_at: datetime = NOON, kind: ClassTypeId | None = None
) -> SessionScheduled:
    return SessionScheduled(
        session_id=session, title="Spin", location_id=HERE, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1), time_zone="Europe/Berlin", capacity=12,
        booking_opens_at=NOON, booking_closes_at=starts_at, policy=BookingPolicy(),
        class_type_id=kind,
    )  # fmt: skip


def reserved(
    seat: ReservationId,
    source: ReservationSource = ReservationSource.BOOKED,
    grant: GrantId | None = None,
) -> ReservationMade:
    return ReservationMade(
        session_id=SPIN, client_id=CLIENTS[seat], reservation_id=seat, source=source,
        grant_id=grant or GrantId(new_id()), grant_kind=GrantKind.PACK, free_until=NOON,
        policy_version=1, seats_taken=1, capacity=12,
    )  # fmt: skip


def gave_up(seat: ReservationId, kind: Cancellation) -> ReservationCancelled:
    return ReservationCancelled(
        session_id=SPIN, client_id=CLIENTS[seat], reservation_id=seat, kind=kind, free_until=NOON,
        policy_version=1, seats_taken=1,
    )  # fmt: skip


def here(seat: ReservationId) -> CheckedIn:
    return CheckedIn(session_id=SPIN, client_id=CLIENTS[seat], reservation_id=seat)


def missed(seat: ReservationId) -> MarkedNoShow:
    return MarkedNoShow(
        session_id=SPIN, client_id=CLIENTS[seat], reservation_id=seat, policy_version=1
    )


def corrected(seat: ReservationId, was: Attendance, becomes: Attendance) -> AttendanceCorrected:
    return AttendanceCorrected(
        session_id=SPIN, client_id=CLIENTS[seat], reservation_id=seat, was=was, becomes=becomes,
        credits=1, reason="seen", policy_version=1,
    )  # fmt: skip


def a_taught_class() -> list[Event]:
    """Mia came, Leo did not, Zoe gave up late, Ben walked in."""
    return [
        scheduled(), reserved(MIA), reserved(LEO), reserved(ZOE),
        gave_up(ZOE, Cancellation.LATE), here(MIA), here(LEO),
        CheckInUndone(session_id=SPIN, client_id=CLIENTS[LEO], reservation_id=LEO),
        reserved(BEN, ReservationSource.WALK_IN), here(BEN), missed(LEO),
        AttendanceFinalized(session_id=SPIN, attended=2, no_shows=1, late_cancels=1),
    ]  # fmt: skip
