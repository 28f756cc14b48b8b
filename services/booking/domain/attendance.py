"""Attendance: who came, and closing the books of a session.

Check-in is open from ``booking_policy.check_in_opens_at`` to the end of the session and can be
undone until the books are closed: by staff once the session has started, or by the clock a while
after the end, but only when somebody was checked in, so that a gym that does not take attendance
gets no false no-shows. Then somebody is asked who came, and if nobody says so for days, everybody
is excused: no credit is held for ever. Source: docs/rules.md, Attendance.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookingCode,
    CheckedIn,
    CheckInSource,
    CheckInUndone,
    MarkedNoShow,
    SeatsCounted,
)
from contracts.ids import ClientId, SessionId
from services.booking.domain import booking_policy, offences, policies, waitlist
from services.booking.domain.class_session import (
    ClassSession,
    Reservation,
    SessionEvent,
    Stage,
    must_be_on,
)
from services.booking.domain.reservations import reservation_of


def source_of(
    state: ClassSession, asked: CheckInSource | None, *, by_client: bool
) -> CheckInSource:
    """Where a check-in comes from. What a client says of it proves nothing: it is their own.

    Raises ``Refused(SELF_CHECK_IN_OFF)`` when a client asks and the policy does not let them.
    """
    if by_client and not state.policy.self_check_in:
        raise Refused(
            BookingCode.SELF_CHECK_IN_OFF, "Clients are checked in at the gym.", field="source"
        )
    return CheckInSource.SELF if by_client else asked or CheckInSource.STAFF


def must_be_expected(state: ClassSession, client: ClientId) -> Reservation:
    """Raise ``Refused`` unless the client has a seat and is not checked in; answers the seat."""
    must_be_on(state)
    reservation = reservation_of(state, client)
    if reservation.checked_in:
        raise Refused(
            BookingCode.ALREADY_CHECKED_IN, "The client is checked in.", field="client_id"
        )
    return reservation


def check_in(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    source: CheckInSource = CheckInSource.STAFF,
    *,
    reason: str = "",
    overrides: tuple[BookingCode, ...] = (),
    let_in_at: datetime | None = None,
) -> list[SessionEvent]:
    """The client is here. Whether check-in is open is looked at before."""
    reservation = must_be_expected(state, client)
    return [
        CheckedIn(
            session_id=session_id, client_id=client, source=source,
            reservation_id=reservation.reservation_id, policy_version=state.policy.version,
            reason=reason, overrides=overrides, let_in_at=let_in_at,
        )
    ]  # fmt: skip


def is_news(state: ClassSession, client: ClientId, let_in_at: datetime) -> bool:
    """Whether a door tells of the client what it has not told before.

    Its word comes again, years later perhaps: a check-in that staff undid stays so.
    """
    told = state.let_in.get(client)
    return told is None or let_in_at > told


def check_in_must_be_open(state: ClassSession, now: datetime) -> None:
    """Raise ``Refused`` outside the time of check-in."""
    opens_at = booking_policy.check_in_opens_at(state.policy, state.starts_at)
    if now < opens_at:
        raise Refused(
            BookingCode.CHECK_IN_NOT_OPEN, "Check-in is not open yet.", field="session_id",
            opens_at=opens_at.isoformat(),
        )  # fmt: skip
    if now > state.ends_at:
        raise Refused(
            BookingCode.CHECK_IN_CLOSED, "The session is over.", field="session_id",
            closed_at=state.ends_at.isoformat(),
        )  # fmt: skip


def is_near(state: ClassSession, instant: datetime) -> bool:
    """Whether whoever came to the class when it was to start then is here for it as it is now.

    It may have moved to a later time by as long as check-in is open before a start, or by what
    counts as no move.
    """
    opens_at = booking_policy.check_in_opens_at(state.policy, state.starts_at)
    return instant >= min(opens_at, state.starts_at - policies.MOVED)


def undo_check_in(
    state: ClassSession, session_id: SessionId, client: ClientId
) -> list[SessionEvent]:
    """The check-in was a mistake."""
    must_be_on(state)
    reservation = reservation_of(state, client)
    if not reservation.checked_in:
        raise Refused(
            BookingCode.NOT_CHECKED_IN, "The client is not checked in.", field="client_id"
        )
    return [
        CheckInUndone(
            session_id=session_id, client_id=client, reservation_id=reservation.reservation_id,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def count_at_start(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Note how many seats are empty once the session has started; once.

    Late cancels are judged by it, so it comes before whatever changes the seats from then on.
    """
    is_over = state.stage is not Stage.SCHEDULED or state.empty_at_start is not None
    if is_over or now < state.starts_at:
        return []
    empty = max(state.capacity - len(state.reserved), 0)
    version = state.policy.version
    return [SeatsCounted(session_id=session_id, empty_seats=empty, policy_version=version)]


def finalize(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Close the books: who was checked in attended, who was not is a no-show."""
    must_be_on(state)
    if now < state.starts_at:
        raise Refused(
            BookingCode.SESSION_NOT_STARTED, "The session has not started.", field="session_id",
            starts_at=state.starts_at.isoformat(),
        )  # fmt: skip
    missing = {c: one for c, one in state.reserved.items() if not one.checked_in}
    events = waitlist.close(state, session_id, now)
    events += (
        MarkedNoShow(
            session_id=session_id, client_id=client, reservation_id=one.reservation_id,
            policy_version=state.policy.version,
        )
        for client, one in missing.items()
    )  # fmt: skip
    events.append(
        AttendanceFinalized(
            session_id=session_id, attended=len(state.reserved) - len(missing),
            no_shows=len(missing), late_cancels=len(state.late_cancelled),
            refilled=offences.refilled(state), policy_version=state.policy.version,
        )
    )  # fmt: skip
    return events


def ask(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Ask who came, once, when the books should be closed and nobody has said so."""
    if not _waits(state) or state.is_unrecorded or not _is_time(state, now):
        return []
    return [
        AttendanceUnrecorded(
            session_id=session_id, seats=len(state.reserved) + len(state.late_cancelled),
            excused_at=booking_policy.unrecorded_excused_at(state.policy, state.ends_at),
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def excuse(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Close the books nobody kept, at last: everybody is excused."""
    excused_at = booking_policy.unrecorded_excused_at(state.policy, state.ends_at)
    if not _waits(state) or now < excused_at:
        return []
    seats = {**state.late_cancelled, **state.reserved}
    return [
        *waitlist.close(state, session_id, now),
        AttendanceFinalized(
            session_id=session_id, attended=0, no_shows=0, late_cancels=0,
            excused=tuple(one.reservation_id for one in seats.values()),
            excused_clients=tuple(seats), policy_version=state.policy.version,
        ),
    ]  # fmt: skip


def _waits(state: ClassSession) -> bool:
    """Whether somebody's seat waits for an attendance nobody recorded."""
    seats = state.reserved or state.late_cancelled
    return state.stage is Stage.SCHEDULED and bool(seats) and not _is_recorded(state)


def _is_recorded(state: ClassSession) -> bool:
    return any(one.checked_in for one in state.reserved.values())


def _is_time(state: ClassSession, now: datetime) -> bool:
    return now >= booking_policy.attendance_closes_at(state.policy, state.ends_at)


def is_due(state: ClassSession, now: datetime) -> bool:
    """Whether the clock may close the books: the time has come and somebody took attendance."""
    return state.stage is Stage.SCHEDULED and _is_time(state, now) and _is_recorded(state)
