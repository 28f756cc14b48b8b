"""The people of a session: a seat, a place in line, and what corrected books say of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from chassis.decider import replace
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    BookingCode,
    Charge,
    GrantKind,
    ReservationMade,
)
from contracts.ids import ClientId, GrantId, ReservationId
from contracts.timetable import NewDeadline

COSTS: Mapping[Attendance, Charge] = {
    Attendance.ATTENDED: Charge.CONSUMED,
    Attendance.NO_SHOW: Charge.FORFEITED,
    Attendance.LATE_CANCELLED: Charge.FORFEITED,
    Attendance.EXCUSED: Charge.RELEASED,
}
"""What a reservation costs in the end; a late cancel that was refilled costs nothing."""


@dataclass(frozen=True)
class Reservation:
    """One client's seat, or what is left of it after a late cancel."""

    reservation_id: ReservationId
    free_until: datetime  # UTC; giving it up from then on is late
    grant_id: GrantId  # what pays for it
    grant_kind: GrantKind
    checked_in: bool = False
    online: bool = True  # counts towards the online capacity
    spot: str | None = None
    after_start: bool = False  # given up when the session had started
    removed: bool = False  # not given up: staff took it back
    flag: BookingCode | None = None  # why nothing the client has pays for it

    @classmethod
    def of(cls, event: ReservationMade) -> Self:
        """The seat that was taken."""
        return cls(
            event.reservation_id, event.free_until, event.grant_id, event.grant_kind,
            online=event.online, spot=event.spot,
        )  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One client's place in line."""

    seq: int
    notice_minutes: int = 0  # pass over when the start is nearer
    swap: bool = False  # give up an overlapping seat for this one
    grant_id: GrantId | None = None  # named to pay with


@dataclass(frozen=True)
class Correction:
    """What the corrected books say of a client, and what their seat costs since."""

    becomes: Attendance
    charge: Charge
    credits: int

    @classmethod
    def of(cls, event: AttendanceCorrected) -> Self:
        """What was corrected."""
        return cls(event.becomes, event.charge or COSTS[event.becomes], event.credits)


def given_longer(
    reserved: Mapping[ClientId, Reservation], deadlines: Iterable[NewDeadline]
) -> dict[ClientId, Reservation]:
    """The seats with these deadlines to give them up."""
    known = {one.client_id: one.free_until for one in deadlines}
    return {
        client: replace(one, free_until=known.get(client, one.free_until))
        for client, one in reserved.items()
    }
