"""The line of one session counted again from the log: who stands in it, and whose offer is on."""

from datetime import datetime
from typing import Any

from contracts import booking as said
from tests.domain.booking.naive_seats import MINUTE, Seats


def read(seats: Seats, event: Any, now: datetime, *, unsigned: bool, early: bool) -> None:
    """``unsigned``: whether the client has yet to sign what the session asks for.

    ``early``: whether booking has yet to open for them.
    """
    match event:
        case said.WaitlistJoined():
            seats.stand(event, now, unsigned=unsigned, early=early)
        case said.WaitlistLeft() | said.WaitlistPromoted():
            seats.line.remove(event.client_id)
            offered = seats.offered.pop(event.client_id, None)
            if isinstance(event, said.WaitlistLeft) and event.reason == "claimed":
                seats.claims = event.client_id
                seats.claims_offer = event.client_id if offered else None
            seats.declined.discard(event.client_id)
        case said.SpotOffered():
            assert event.client_id not in seats.offered
            assert seats.promotes_until <= now < seats.serves_until
            held = now + seats.policy.offer_minutes * MINUTE
            assert event.expires_at == min(held, seats.serves_until)
            seats.offered[event.client_id] = event.expires_at
        case said.OfferShortened():
            seats.offered[event.client_id] = event.expires_at
        case said.OfferWithdrawn():
            assert not seats.promotes_until <= now < seats.serves_until
            assert now < seats.offered.pop(event.client_id)
        case said.OfferExpired():
            assert seats.offered.pop(event.client_id) <= now
            seats.line.remove(event.client_id)
            seats.line.append(event.client_id)
            assert event.seq > seats.last_seq
            seats.last_seq = event.seq
        case said.OfferDeclined():
            del seats.offered[event.client_id]
            if event.keeps_place:
                seats.declined.add(event.client_id)
