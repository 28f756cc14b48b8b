"""The cards of the dashboard: what they count and what they leave out, as pure functions.

A gym day is a location's local day, midnight to midnight, 23 or 25 hours when clocks change; a
gym's card sums its locations, each on its own day. A rate of nothing is ``None``, never 0 or 1.
Instants are UTC. Source: docs/rules.md, Cards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    CheckedIn,
    CheckInUndone,
    MarkedNoShow,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
)
from contracts.envelope import Event
from contracts.ids import LocationId, ReservationId, SessionId
from contracts.timetable import SessionKind

DAYS = 30  # full local days behind today that the attendance rate looks at


class SeatStatus(StrEnum):
    """What a seat counts as."""

    HELD = "held"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    GIVEN_UP = "given_up"
    """Cancelled early or late, lost with the session, or excused: in no card."""


CORRECTED = {
    Attendance.ATTENDED: SeatStatus.ATTENDED,
    Attendance.NO_SHOW: SeatStatus.NO_SHOW,
    Attendance.LATE_CANCELLED: SeatStatus.GIVEN_UP,
    Attendance.EXCUSED: SeatStatus.GIVEN_UP,
}


def counted_as(event: Event) -> SeatStatus | None:
    """What the seat an event speaks of counts as from now on; ``None``: it speaks of no seat."""
    match event:
        case ReservationMade() | ReservationReinstated() | CheckInUndone():
            return SeatStatus.HELD
        case CheckedIn():
            return SeatStatus.ATTENDED
        case MarkedNoShow():
            return SeatStatus.NO_SHOW
        case ReservationCancelled():
            return SeatStatus.GIVEN_UP
        case AttendanceCorrected(becomes=becomes):
            return CORRECTED[becomes]
    return None


@dataclass(frozen=True, slots=True)
class Seat:
    """A reservation of a session that was not given up."""

    reservation_id: ReservationId
    status: SeatStatus
    walk_in: bool = False
    counts: bool = True
    """False of staff, guests and tests, who count nowhere."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A session as cards count it."""

    session_id: SessionId
    location_id: LocationId
    time_zone: str
    local_date: date
    """Of the start, in ``time_zone``; a class past midnight belongs to the day it began."""
    starts_at: datetime
    ends_at: datetime
    capacity: int
    cancelled: bool
    closed_by: str
    """``staff`` or ``system``, who closed the books; empty while they are open."""
    seats: Sequence[Seat] = ()
    kind: SessionKind = SessionKind.CLASS

    @property
    def counted_seats(self) -> list[Seat]:
        """Those of members and others who count."""
        return [seat for seat in self.seats if seat.counts]

    @property
    def is_recorded(self) -> bool:
        """Whether anybody took attendance: a check-in, or a person closed the books."""
        return self.closed_by == "staff" or any(s.status is SeatStatus.ATTENDED for s in self.seats)


@dataclass(frozen=True, slots=True)
class ClassesToday:
    """Sessions of today: done, running and to come are the classes; cancelled stand apart."""

    done: list[SessionId]
    running: list[SessionId]
    to_come: list[SessionId]
    cancelled: list[SessionId]
    booked: list[ReservationId]
    """Seats taken in the classes, by people who came, were missed or are still to come."""
    capacity: int
    """People, of all classes together."""
    changes_at: datetime
    """When the clock alone changes the card next: a class begins or ends, or midnight."""


@dataclass(frozen=True, slots=True)
class AttendanceRate:
    """Of the seats of recorded sessions whose people came or were missed, those who came."""

    rate: float | None
    attended: list[ReservationId]
    no_shows: list[ReservationId]
    recorded: list[SessionId]
    not_recorded: list[SessionId]
    """Took place with seats taken, and nobody took attendance: how good the data is."""


def local_date(at: datetime, zone: str) -> date:
    """The day an instant falls on where the clock shows ``zone``."""
    return at.astimezone(ZoneInfo(zone)).date()


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """A gym day as instants, the end excluded."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    tomorrow = day + timedelta(days=1)
    next_midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC), next_midnight.astimezone(UTC)


def dates_of_interest(now: datetime) -> tuple[date, date]:
    """First and last local date any card may need, whatever the zone."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=DAYS + 1), today + timedelta(days=1)


def classes_today(sessions: Sequence[Counted], now: datetime) -> ClassesToday:
    """Every class on its location's today that was not moved away, empty ones included.

    Open gym, events and appointments are no classes.
    """
    all_classes = [s for s in sessions if s.kind is SessionKind.CLASS]
    today = [s for s in all_classes if s.local_date == local_date(now, s.time_zone)]
    classes = [s for s in today if not s.cancelled]
    return ClassesToday(
        done=[s.session_id for s in classes if s.ends_at <= now],
        running=[s.session_id for s in classes if s.starts_at <= now < s.ends_at],
        to_come=[s.session_id for s in classes if now < s.starts_at],
        cancelled=[s.session_id for s in today if s.cancelled],
        booked=[seat.reservation_id for s in classes for seat in s.counted_seats],
        capacity=sum(s.capacity for s in classes),
        changes_at=_next_change(all_classes, now),
    )


def attendance_rate(sessions: Iterable[Counted], now: datetime) -> AttendanceRate:
    """Attended / (attended + no-shows) over the last 30 full local days.

    Left out: walk-ins, given-up seats, sessions the gym cancelled, sessions not recorded, and
    seats of staff, guests and tests.
    """
    held = [s for s in sessions if not s.cancelled and _is_behind(s, now)]
    recorded = [s for s in held if s.is_recorded]
    seats = [seat for s in recorded for seat in s.counted_seats if not seat.walk_in]
    attended = [s.reservation_id for s in seats if s.status is SeatStatus.ATTENDED]
    no_shows = [s.reservation_id for s in seats if s.status is SeatStatus.NO_SHOW]
    of = len(attended) + len(no_shows)
    return AttendanceRate(
        rate=len(attended) / of if of else None,
        attended=attended,
        no_shows=no_shows,
        recorded=[s.session_id for s in recorded],
        not_recorded=[s.session_id for s in held if s.counted_seats and not s.is_recorded],
    )


def _is_behind(session: Counted, now: datetime) -> bool:
    today = local_date(now, session.time_zone)
    return today - timedelta(days=DAYS) <= session.local_date < today


def _next_change(sessions: Iterable[Counted], now: datetime) -> datetime:
    """The next start or end of a class, or midnight where one comes first."""
    zones = {"UTC", *(s.time_zone for s in sessions)}
    moments = {day_bounds(local_date(now, zone), zone)[1] for zone in zones}
    moments |= {at for s in sessions if not s.cancelled for at in (s.starts_at, s.ends_at)}
    return min(at for at in moments if at > now)
