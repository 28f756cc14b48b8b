"""The waitlist: a line for a full session, served in order.

Until ``booking_policy.promotes_until`` a free seat goes to the first in line who is eligible at
that moment; the others are passed over and keep their place. From then on a free seat is there to
be claimed. When the session starts the line dissolves. Domain rules 3.3.
"""

from datetime import datetime
from itertools import takewhile

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import ClientId, SessionId
from services.booking.domain import booking_policy
from services.booking.domain.class_session import ClassSession, SessionEvent, Stage, must_be_on


def must_have_a_place(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused`` unless standing in line makes sense and the line has room."""
    if client in state.waiting:
        raise Refused(
            BookingCode.ALREADY_WAITLISTED, "The client is in line.", field="client_id",
            waitlist_position=position(state, client),
        )  # fmt: skip
    queued = state.promotes(now) and any(one not in state.skipped for one in state.waiting)
    if state.free_seats > 0 and not queued:
        raise Refused(
            BookingCode.WAITLIST_NOT_NEEDED, "There is a free seat to book.", field="session_id",
            free_seats=state.free_seats,
        )  # fmt: skip
    longest = booking_policy.longest_waitlist(state.policy, state.capacity)
    if len(state.waiting) >= longest:
        raise Refused(
            BookingCode.WAITLIST_FULL, "The waitlist is full.", field="session_id",
            waitlist_max=longest,
        )  # fmt: skip


def join(state: ClassSession, session_id: SessionId, client: ClientId) -> list[SessionEvent]:
    """Stand last in line."""
    return [
        WaitlistJoined(
            session_id=session_id, client_id=client, seq=state.last_seq + 1,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def leave(state: ClassSession, session_id: SessionId, client: ClientId) -> list[SessionEvent]:
    """Step out of the line."""
    must_be_on(state)
    if client not in state.waiting:
        raise Refused(BookingCode.NOT_WAITLISTED, "The client is not in line.", field="client_id")
    return [WaitlistLeft(session_id=session_id, client_id=client, reason="left")]


def promote(state: ClassSession, session_id: SessionId, client: ClientId) -> list[SessionEvent]:
    """Take the client out of the line for a free seat; all before them were just passed over."""
    return [
        WaitlistPromoted(
            session_id=session_id, client_id=client, seq=state.waiting[client],
            passed_over=tuple(takewhile(lambda one: one != client, state.waiting)),
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def pass_over(
    state: ClassSession, session_id: SessionId, client: ClientId, reason: BookingCode
) -> list[SessionEvent]:
    """Note why the client, in turn, did not get the seat; once as long as the reason stays."""
    if state.skipped.get(client) == reason:
        return []
    return [
        WaitlistPromotionSkipped(
            session_id=session_id, client_id=client, reason=reason,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def close(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Dissolve the line of a session that has started; nothing is charged."""
    if state.stage is not Stage.SCHEDULED or now < state.starts_at:
        return []
    return [
        WaitlistLeft(session_id=session_id, client_id=client, reason="session_started")
        for client in state.waiting
    ]


def position(state: ClassSession, client: ClientId) -> int:
    """The client's place in line, from 1."""
    return list(state.waiting).index(client) + 1
