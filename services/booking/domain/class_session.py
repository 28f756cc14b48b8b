"""ClassSession: one class on the calendar and the contest for its seats.

Keeps      reserved clients <= capacity, unless the capacity was lowered below them; nobody is
           reserved and waiting; while promotion is automatic no eligible client waits beside a
           free seat; the line is served in order
Stream     ``session-{session_id}``
Rules      ``timetable``, ``reservations``, ``waitlist``, ``attendance``
Source     domain rules 3.1 to 3.4
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar, assert_never

from chassis.decider import Aggregate, Refused
from contracts.booking import (
    AttendanceFinalized,
    BookingCode,
    BookingPolicy,
    Cancellation,
    CapacityChanged,
    CheckedIn,
    CheckInUndone,
    MarkedNoShow,
    ReservationCancelled,
    ReservationMade,
    SessionCancelled,
    SessionScheduled,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import ClientId, ReservationId
from services.booking.domain import booking_policy

CalendarEvent: TypeAlias = (
    SessionScheduled | CapacityChanged | SessionCancelled | AttendanceFinalized
)
SeatEvent: TypeAlias = (
    ReservationMade | ReservationCancelled | CheckedIn | CheckInUndone | MarkedNoShow
)
LineEvent: TypeAlias = WaitlistJoined | WaitlistLeft | WaitlistPromoted | WaitlistPromotionSkipped
SessionEvent: TypeAlias = CalendarEvent | SeatEvent | LineEvent

T = TypeVar("T")

UNSET = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    """How far the session has come."""

    ABSENT = "absent"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True)
class Reservation:
    """One client's seat, or what is left of it after a late cancel."""

    reservation_id: ReservationId
    free_until: datetime  # UTC; giving it up from then on is late
    checked_in: bool = False


@dataclass(frozen=True, slots=True)
class ClassSession:
    """What the past has made of the session."""

    stage: Stage = Stage.ABSENT
    starts_at: datetime = UNSET  # UTC
    ends_at: datetime = UNSET  # UTC
    opens_at: datetime = UNSET  # UTC; booking opens
    closes_at: datetime = UNSET  # UTC; booking closes
    policy: BookingPolicy = field(default_factory=BookingPolicy)
    capacity: int = 0  # people
    reserved: Mapping[ClientId, Reservation] = field(default_factory=dict)
    late_cancelled: Mapping[ClientId, Reservation] = field(default_factory=dict)
    waiting: Mapping[ClientId, int] = field(default_factory=dict)  # seq; in the order of the line
    skipped: Mapping[ClientId, BookingCode] = field(default_factory=dict)  # why, when last in turn
    last_seq: int = 0

    @property
    def free_seats(self) -> int:
        """Below zero after the capacity was lowered below the reservations."""
        return self.capacity - len(self.reserved)

    def promotes(self, now: datetime) -> bool:
        """Whether free seats go to the line by themselves at ``now``."""
        ends = booking_policy.promotes_until(self.policy, self.starts_at)
        return self.stage is Stage.SCHEDULED and now < ends


def evolve(state: ClassSession, event: SessionEvent) -> ClassSession:
    match event:
        case WaitlistJoined() | WaitlistLeft() | WaitlistPromoted() | WaitlistPromotionSkipped():
            return _line_evolved(state, event)
        case SessionScheduled() | CapacityChanged() | SessionCancelled() | AttendanceFinalized():
            return _calendar_evolved(state, event)
        case _:
            return _seat_evolved(state, event)


def _calendar_evolved(state: ClassSession, event: CalendarEvent) -> ClassSession:
    match event:
        case SessionScheduled():
            return replace(
                state, stage=Stage.SCHEDULED, starts_at=event.starts_at, ends_at=event.ends_at,
                opens_at=event.booking_opens_at, closes_at=event.booking_closes_at,
                policy=event.policy, capacity=event.capacity,
            )  # fmt: skip
        case CapacityChanged():
            return replace(state, capacity=event.capacity)
        case SessionCancelled():
            return replace(state, stage=Stage.CANCELLED)
        case AttendanceFinalized():
            return replace(state, stage=Stage.FINALIZED)
    assert_never(event)


def _seat_evolved(state: ClassSession, event: SeatEvent) -> ClassSession:
    client = event.client_id
    match event:
        case ReservationMade():
            made = Reservation(event.reservation_id, event.free_until)
            return replace(state, reserved={**state.reserved, client: made})
        case ReservationCancelled(kind=Cancellation.LATE):
            late = {**state.late_cancelled, client: state.reserved[client]}
            return replace(state, reserved=_without(state.reserved, client), late_cancelled=late)
        case ReservationCancelled():
            return replace(
                state,
                reserved=_without(state.reserved, client),
                late_cancelled=_without(state.late_cancelled, client),
            )
        case CheckedIn() | CheckInUndone():
            seen = replace(state.reserved[client], checked_in=isinstance(event, CheckedIn))
            return replace(state, reserved={**state.reserved, client: seen})
        case MarkedNoShow():
            return state  # told by who is reserved and was not checked in
    assert_never(event)


def _line_evolved(state: ClassSession, event: LineEvent) -> ClassSession:
    client = event.client_id
    match event:
        case WaitlistJoined():
            line = {**state.waiting, client: event.seq}
            return replace(state, waiting=line, last_seq=event.seq)
        case WaitlistLeft() | WaitlistPromoted():
            return replace(
                state,
                waiting=_without(state.waiting, client),
                skipped=_without(state.skipped, client),
            )
        case WaitlistPromotionSkipped():
            return replace(state, skipped={**state.skipped, client: event.reason})
    assert_never(event)


def _without(people: Mapping[ClientId, T], client: ClientId) -> dict[ClientId, T]:
    kept = dict(people)
    kept.pop(client, None)
    return kept


class_session: Aggregate[ClassSession, SessionEvent] = Aggregate(
    "session", ClassSession(), evolve, snapshot_every=500
)


def must_be_on(state: ClassSession) -> None:
    """Raise ``Refused`` unless the session exists and is neither called off nor closed (B2)."""
    match state.stage:
        case Stage.ABSENT:
            raise Refused(
                BookingCode.SESSION_NOT_FOUND, "There is no such session.", field="session_id"
            )
        case Stage.CANCELLED:
            raise Refused(
                BookingCode.SESSION_CANCELLED, "The session was cancelled.", field="session_id"
            )
        case Stage.FINALIZED:
            raise Refused(
                BookingCode.SESSION_FINALIZED, "The session's attendance is closed.",
                field="session_id",
            )  # fmt: skip
