"""Changes of a session on the calendar: another time, another instructor, another room, back again.

Whoever has a seat keeps it. A start that moves by more than 15 minutes, or a substitute, lets
everybody leave freely until 12 hours after the notice or the start, whichever is first. Source:
docs/rules.md, Sessions.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from chassis.decider import Refused, replace
from contracts.booking import BookingCode, BookingPolicy
from contracts.ids import ClientId, RoomId, SessionId, StaffId
from contracts.timetable import (
    InstructorAssigned,
    InstructorSubstituted,
    InstructorUnassigned,
    NewDeadline,
    RoomAssigned,
    SessionPart,
    SessionReinstated,
    SessionRescheduled,
    TimetableCode,
)
from services.booking.domain import booking_policy, policies
from services.booking.domain.class_session import (
    ClassSession,
    Reservation,
    SessionEvent,
    Stage,
    must_be_on,
)


def reschedule(
    state: ClassSession,
    session_id: SessionId,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    by_series: bool = False,
) -> list[SessionEvent]:
    """Move the session; nothing when it is at that time already."""
    must_be_ahead(state, now)
    starts_at, ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    if ends_at <= starts_at:
        raise Refused(
            BookingCode.ENDS_BEFORE_IT_STARTS, "A session ends after it starts.", field="ends_at"
        )
    if starts_at <= now:
        raise Refused(
            BookingCode.STARTS_IN_THE_PAST, "A session starts in the future.", field="starts_at",
            now=now.isoformat(),
        )  # fmt: skip
    if (starts_at, ends_at) == (state.starts_at, state.ends_at):
        return []
    # In however many steps, and whichever of the starts somebody knew when they booked.
    moved = any(abs(starts_at - known) > policies.MOVED for known in state.known_starts)
    notice = policies.free_after_notice(now, starts_at) if moved else None
    local = booking_policy.zone(state.slot.time_zone)
    return [
        SessionRescheduled(
            session_id=session_id, starts_at=starts_at, ends_at=ends_at,
            previous_starts_at=state.starts_at, previous_ends_at=state.ends_at,
            booking_opens_at=booking_policy.opens_at(state.policy, starts_at, local),
            booking_closes_at=booking_policy.closes_at(state.policy, starts_at),
            free_cancel_until=notice, by_series=by_series,
            deadlines=_moved(state, starts_at, notice, now),
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def substitute(
    state: ClassSession,
    session_id: SessionId,
    instructor: StaffId | None,
    now: datetime,
    *,
    by_series: bool = False,
) -> list[SessionEvent]:
    """Have somebody else give the class; nothing when they do already, or nobody is named."""
    must_be_ahead(state, now)
    original = state.slot.instructor_id
    if instructor is None or instructor == original:
        return []
    if original is None:
        return [
            InstructorAssigned(session_id=session_id, instructor_id=instructor, by_series=by_series)
        ]
    notice, deadlines = _noticed(state, now)
    return [
        InstructorSubstituted(
            session_id=session_id, original=original, substitute=instructor,
            free_cancel_until=notice, by_series=by_series,
            deadlines=deadlines, policy_version=state.policy.version,
        )
    ]  # fmt: skip


def unassign(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Have nobody give the class for now; who comes next is told to nobody a second time."""
    must_be_ahead(state, now)
    original = state.slot.instructor_id
    if original is None:
        raise Refused(TimetableCode.NO_INSTRUCTOR, "Nobody gives the class.", field="session_id")
    notice, deadlines = _noticed(state, now)
    return [
        InstructorUnassigned(
            session_id=session_id, original=original, free_cancel_until=notice,
            deadlines=deadlines, policy_version=state.policy.version,
        )
    ]  # fmt: skip


def _noticed(state: ClassSession, now: datetime) -> tuple[datetime, tuple[NewDeadline, ...]]:
    """Until when people may leave freely who hear that somebody else gives it, and for whom."""
    notice = policies.free_after_notice(now, state.starts_at)
    longer = {client: max(one.free_until, notice) for client, one in state.reserved.items()}
    return notice, new_deadlines(state.reserved, longer)


def assign_room(
    state: ClassSession, session_id: SessionId, room: RoomId | None, *, by_series: bool = False
) -> list[SessionEvent]:
    """Give the class another room, or none; whether it can be had is looked at afterwards.

    The room it has, said for the session alone, is its own from then on: no series changes it.
    """
    must_be_on(state)
    if room == state.slot.room_id and (by_series or SessionPart.ROOM in state.slot.own):
        return []
    return [
        RoomAssigned(
            session_id=session_id, room_id=room, previous=state.slot.room_id, by_series=by_series
        )
    ]


def reinstate(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Put a session that was called off back on the calendar, empty."""
    if state.stage is not Stage.CANCELLED:
        must_be_on(state)
        raise Refused(
            TimetableCode.SESSION_NOT_CANCELLED, "The session was not called off.",
            field="session_id",
        )  # fmt: skip
    if state.starts_at <= now:
        raise Refused(
            BookingCode.STARTS_IN_THE_PAST, "Its time has passed.", field="session_id",
            starts_at=state.starts_at.isoformat(),
        )  # fmt: skip
    return [SessionReinstated(session_id=session_id)]


def leniently(
    state: ClassSession, client: ClientId, since: Iterable[BookingPolicy]
) -> ClassSession:
    """The session as the most lenient of these rules, if any is, lets the client leave it.

    ``since``: the gym's rules that have come into force since it was put on the calendar. Those
    that were in force then were known, and a session with rules of its own has them instead.
    """
    seat = state.reserved.get(client)
    if seat is None:  # nor need there be such a session
        return state
    found = [(booking_policy.late_from(one, state.starts_at), one.version) for one in since]
    until, version = max(found, default=(seat.free_until, 0))
    if until <= seat.free_until:
        return state
    longer = {**state.reserved, client: replace(seat, free_until=until)}
    policy = state.policy.model_copy(update={"version": version})
    return replace(state, reserved=longer, policy=policy)


def must_be_ahead(state: ClassSession, now: datetime) -> None:
    """Raise ``Refused`` unless the session is on and has not started."""
    must_be_on(state)
    if state.starts_at <= now:
        raise Refused(
            TimetableCode.SESSION_STARTED, "The session has started.", field="session_id",
            started_at=state.starts_at.isoformat(),
        )  # fmt: skip


def _moved(
    state: ClassSession, starts_at: datetime, notice: datetime | None, now: datetime
) -> tuple[NewDeadline, ...]:
    """The late deadline moves along with the start; a grace period keeps its own end.

    So does an earlier notice, but until the new start at most.
    """
    before = booking_policy.late_from(state.policy, state.starts_at)
    after = booking_policy.late_from(state.policy, starts_at)
    # Who has just booked may leave for as long after it; no grace of theirs ends later than this.
    latest = max(starts_at, now + timedelta(minutes=state.policy.cancel_grace_minutes))
    ends = {
        client: max(
            after,
            notice or after,
            min(one.free_until, latest) if one.free_until > before else after,
        )
        for client, one in state.reserved.items()
    }
    return new_deadlines(state.reserved, ends)


def new_deadlines(
    reserved: Mapping[ClientId, Reservation], ends: Mapping[ClientId, datetime]
) -> tuple[NewDeadline, ...]:
    """Those of the seats whose deadline to give them up freely becomes another."""
    return tuple(
        NewDeadline(client_id=client, reservation_id=one.reservation_id, free_until=ends[client])
        for client, one in reserved.items()
        if ends[client] != one.free_until
    )
