"""Offences: the late cancels and no-shows that the books of a session show.

Source: docs/rules.md, Penalties; docs/rules.md, Waitlist (W7).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.booking import Attendance, GrantKind, Violation
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking.domain.class_session import ClassSession
from services.booking.domain.corrections import seat_of

KINDS = {
    Attendance.NO_SHOW: Violation.NO_SHOW,
    Attendance.LATE_CANCELLED: Violation.LATE_CANCEL,
}
"""What the books call it -> what it is."""


@dataclass(frozen=True, slots=True)
class Offence:
    """A late cancel or a no-show, as the closed books show it."""

    client: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    grant_kind: GrantKind
    starts_at: datetime  # UTC
    free_until: datetime  # UTC
    empty_seats: int = 0  # at the start
    later_late_cancels: int = 0  # and before the start
    after_start: bool = False  # a late cancel nobody could make use of any more

    @property
    def is_refilled(self) -> bool:
        """With k seats empty at the start only the last k late cancels before it count.

        The others' seats were taken; a seat given up after the start never was.
        """
        in_time = self.kind is Violation.LATE_CANCEL and not self.after_start
        return in_time and self.later_late_cancels >= self.empty_seats


def committed(state: ClassSession) -> Iterator[tuple[ClientId, Violation]]:
    """Who gave up a seat late, in that order, then who did not come."""
    for client in state.late_cancelled:
        yield client, Violation.LATE_CANCEL
    for client, seat in state.reserved.items():
        if not seat.checked_in:
            yield client, Violation.NO_SHOW


def offence(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    kind: Violation,
) -> Offence:
    """What a client did with their seat, and the facts it is judged on."""
    seat = seat_of(state, client)
    return Offence(
        client=client, session_id=session_id, reservation_id=seat.reservation_id, kind=kind,
        grant_kind=seat.grant_kind, starts_at=state.starts_at, free_until=seat.free_until,
        empty_seats=empty_seats(state), later_late_cancels=_later(state, client),
        after_start=seat.after_start,
    )  # fmt: skip


def refilled(state: ClassSession) -> tuple[ClientId, ...]:
    """Whose late cancel costs nothing: with k seats empty only the last k count."""
    in_time = [one for one, seat in state.late_cancelled.items() if not seat.after_start]
    return tuple(in_time[: max(len(in_time) - empty_seats(state), 0)])


def empty_seats(state: ClassSession) -> int:
    """At the start; of a session that was closed before they were counted, when it was."""
    counted = state.empty_at_start
    return max(state.capacity - len(state.reserved), 0) if counted is None else counted


def _later(state: ClassSession, client: ClientId) -> int:
    """Late cancels after the client's and before the start."""
    in_time = [one for one, seat in state.late_cancelled.items() if not seat.after_start]
    return len(in_time) - in_time.index(client) - 1 if client in in_time else 0
