"""What the past has made of a session's line: who stands in it, who is offered a seat."""

from collections.abc import Mapping
from typing import TypeAlias, TypeVar, assert_never

from chassis.decider import replace
from contracts.booking import (
    ClaimsOpened,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import ClientId
from services.booking.domain.session_people import Place
from services.booking.domain.session_state import ClassSession

LineEvent: TypeAlias = WaitlistJoined | WaitlistLeft | WaitlistPromoted | WaitlistPromotionSkipped
OfferEvent: TypeAlias = (
    SpotOffered | OfferShortened | OfferWithdrawn | OfferExpired | OfferDeclined | ClaimsOpened
)

T = TypeVar("T")


def line_evolved(state: ClassSession, event: LineEvent) -> ClassSession:
    """The session once somebody came into the line or left it."""
    client = event.client_id
    match event:
        case WaitlistJoined():
            place = Place(event.seq, event.minimum_notice_minutes, event.swap, event.grant_id)
            line = {**state.waiting, client: place}
            return replace(state, waiting=line, last_seq=event.seq)
        case WaitlistLeft() | WaitlistPromoted():
            return replace(
                state,
                waiting=without(state.waiting, client),
                skipped=without(state.skipped, client),
                offers=without(state.offers, client),
                declined=tuple(one for one in state.declined if one != client),
            )
        case WaitlistPromotionSkipped():
            return replace(state, skipped={**state.skipped, client: event.reason})
    assert_never(event)


def offers_evolved(state: ClassSession, event: OfferEvent) -> ClassSession:
    """The session once a seat was held for somebody, or is no longer."""
    match event:
        case SpotOffered(client_id=client):
            return replace(
                state,
                offers={**state.offers, client: event.expires_at},
                skipped=without(state.skipped, client),
            )
        case OfferShortened(client_id=client):
            return replace(state, offers={**state.offers, client: event.expires_at})
        case OfferWithdrawn(client_id=client):
            return replace(state, offers=without(state.offers, client))
        case OfferExpired(client_id=client):
            last = replace(state.waiting[client], seq=event.seq)
            return replace(
                state,
                offers=without(state.offers, client),
                waiting={**without(state.waiting, client), client: last},
                last_seq=event.seq,
            )
        case OfferDeclined(client_id=client):
            declined = (*state.declined, client) if event.keeps_place else state.declined
            return replace(state, offers=without(state.offers, client), declined=declined)
        case ClaimsOpened():
            return replace(state, claims_told=True)
    assert_never(event)


def without(people: Mapping[ClientId, T], client: ClientId) -> dict[ClientId, T]:
    """All of them but the client."""
    kept = dict(people)
    kept.pop(client, None)
    return kept
