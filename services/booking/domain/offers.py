"""Offers: a free seat held for one person in line at a time, after automatic promotion has ended.

Silence sends them to the back of the line; a no takes them out of it, unless they keep their place
to claim a seat later. An offered seat is taken. Source: docs/rules.md, Waitlist.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    SpotOffered,
)
from contracts.ids import ClientId, SessionId
from services.booking.domain import booking_policy
from services.booking.domain.booking_policy import Phase
from services.booking.domain.class_session import ClassSession, SessionEvent
from services.booking.domain.reservations import may_claim
from services.booking.domain.waitlist import before, leave, must_be_waiting


def offer(
    state: ClassSession, session_id: SessionId, client: ClientId, now: datetime
) -> list[SessionEvent]:
    """Hold a free seat for the client, whose turn it is."""
    return [
        SpotOffered(
            session_id=session_id, client_id=client, seq=state.waiting[client].seq,
            expires_at=booking_policy.offer_expires_at(state.policy, state.starts_at, now),
            passed_over=before(state, client),
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def keep_in_phase(state: ClassSession, session_id: SessionId, now: datetime) -> list[SessionEvent]:
    """Hold no seat outside the phase of offers, once the session moved or has other rules.

    Where it is not offers by now nobody was silent: they keep their place, and the seat is the
    line's, or there to be claimed.
    """
    if state.phase(now) is not Phase.OFFERS:
        return [
            OfferWithdrawn(
                session_id=session_id, client_id=client, policy_version=state.policy.version
            )
            for client, until in state.offers.items()
            if until > now
        ]  # fmt: skip
    ends_at = booking_policy.offers_until(state.policy, state.starts_at)
    return [
        OfferShortened(
            session_id=session_id, client_id=client, expires_at=ends_at,
            policy_version=state.policy.version,
        )
        for client, until in state.offers.items()
        if until > ends_at
    ]  # fmt: skip


def expire(
    state: ClassSession, session_id: SessionId, client: ClientId, now: datetime
) -> list[SessionEvent]:
    """Send a client who did not answer in time to the back of the line."""
    if client not in state.offers or now < state.offers[client]:
        return []
    return [
        OfferExpired(
            session_id=session_id, client_id=client, seq=state.last_seq + 1,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def decline(
    state: ClassSession, session_id: SessionId, client: ClientId, *, keep_place: bool
) -> list[SessionEvent]:
    """The client does not want the seat."""
    must_be_waiting(state, client)
    if client not in state.offers:
        raise Refused(BookingCode.NOT_OFFERED, "No seat is offered.", field="client_id")
    events: list[SessionEvent] = [
        OfferDeclined(
            session_id=session_id, client_id=client, keeps_place=keep_place,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip
    if not keep_place:
        events += leave(state, session_id, client, reason="declined")
    return events


def must_be_claimable(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused`` unless a client in line may now take a seat by themselves."""
    must_be_waiting(state, client)
    if now >= state.closes_at:
        raise Refused(
            BookingCode.BOOKING_CLOSED, "Booking has closed.", field="session_id",
            closed_at=state.closes_at.isoformat(),
        )  # fmt: skip
    if may_claim(state, client, now):
        return
    if client in state.offers:
        raise Refused(
            BookingCode.OFFER_EXPIRED, "The offer is over.", field="client_id",
            expired_at=state.offers[client].isoformat(),
        )  # fmt: skip
    if state.serves(now):
        raise Refused(BookingCode.NOT_OFFERED, "No seat is offered.", field="client_id")
    raise Refused(
        BookingCode.SESSION_FULL, "The session is full.", field="session_id",
        capacity=state.capacity, seats_taken=len(state.reserved), waiting=len(state.waiting),
    )  # fmt: skip
