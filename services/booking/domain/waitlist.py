"""The waitlist: a line for a full session, served in order, in three phases.

Automatic: a free seat goes to the first in line who is eligible at that moment; the others are
passed over and keep their place. Then offers, see ``offers``. Then claims: whoever is first has
it. When the session starts the line dissolves. Source: docs/rules.md, Waitlist.
"""

from datetime import datetime, timedelta
from itertools import takewhile

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    ClaimsOpened,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import ClientId, GrantId, SessionId
from services.booking.domain import booking_policy
from services.booking.domain.class_session import ClassSession, SessionEvent, Stage, must_be_on


def must_have_a_place(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused`` unless standing in line makes sense and the line has room (W5)."""
    if client in state.waiting:
        raise Refused(
            BookingCode.ALREADY_WAITLISTED, "The client is in line.", field="client_id",
            waitlist_position=position(state, client),
        )  # fmt: skip
    if state.free_online > 0 and not state.owes(now):
        raise Refused(
            BookingCode.WAITLIST_NOT_NEEDED, "There is a free seat to book.", field="session_id",
            free_seats=state.free_online,
        )  # fmt: skip
    longest = booking_policy.longest_waitlist(state.policy, state.capacity)
    if len(state.waiting) >= longest:
        raise Refused(
            BookingCode.WAITLIST_FULL, "The waitlist is full.", field="session_id",
            waitlist_max=longest,
        )  # fmt: skip


def join(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    *,
    notice_minutes: int = 0,
    swap: bool = False,
    grant_id: GrantId | None = None,
    reason: str = "",
    overrides: tuple[BookingCode, ...] = (),
) -> list[SessionEvent]:
    """Stand last in line. ``grant_id``: named to pay with."""
    return [
        WaitlistJoined(
            session_id=session_id, client_id=client, seq=state.last_seq + 1,
            policy_version=state.policy.version, minimum_notice_minutes=notice_minutes, swap=swap,
            reason=reason, overrides=overrides, grant_id=grant_id,
        )
    ]  # fmt: skip


def leave(
    state: ClassSession, session_id: SessionId, client: ClientId, *, reason: str = "left"
) -> list[SessionEvent]:
    """Step out of the line."""
    must_be_waiting(state, client)
    return [
        WaitlistLeft(
            session_id=session_id, client_id=client, reason=reason,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def must_be_waiting(state: ClassSession, client: ClientId) -> None:
    """Raise ``Refused`` unless the session is on and the client in line for it."""
    must_be_on(state)
    if client not in state.waiting:
        raise Refused(BookingCode.NOT_WAITLISTED, "The client is not in line.", field="client_id")


def must_have_notice(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused(SHORT_NOTICE)`` when it starts sooner than the client wants to know (W3)."""
    notice = timedelta(minutes=state.waiting[client].notice_minutes)
    if state.starts_at - now < notice:
        raise Refused(BookingCode.SHORT_NOTICE, "The session starts too soon for the client.")


def promote(
    state: ClassSession, session_id: SessionId, client: ClientId, *, reason: str = ""
) -> list[SessionEvent]:
    """Take the client out of the line for a seat.

    All before them were just passed over, or staff says why it is not their turn (W8).
    """
    return [
        WaitlistPromoted(
            session_id=session_id, client_id=client, seq=state.waiting[client].seq,
            passed_over=before(state, client), policy_version=state.policy.version, reason=reason,
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


def tell(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Tell the line that there is a free seat to claim; once until it is taken."""
    if not state.waiting or state.claims_told or state.free_online <= 0:
        return []
    if state.stage is not Stage.SCHEDULED or state.serves(now) or now >= state.closes_at:
        return []
    return [
        ClaimsOpened(
            session_id=session_id, free_seats=state.free_online, waiting=tuple(state.waiting),
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def close(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Dissolve the line of a session that has started; nothing is charged (W6)."""
    if state.stage is not Stage.SCHEDULED or now < state.starts_at:
        return []
    return [
        WaitlistLeft(
            session_id=session_id, client_id=client, reason="session_started",
            policy_version=state.policy.version,
        )
        for client in state.waiting
    ]  # fmt: skip


def before(state: ClassSession, client: ClientId) -> tuple[ClientId, ...]:
    """Who stands before the client and has no seat held for them."""
    ahead = takewhile(lambda one: one != client, state.waiting)
    return tuple(one for one in ahead if one not in state.offers)


def position(state: ClassSession, client: ClientId) -> int:
    """The client's place in line, from 1."""
    return list(state.waiting).index(client) + 1
