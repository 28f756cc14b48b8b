"""The waitlist: joining and leaving, promotion, offers and claims."""

from pydantic import AwareDatetime, Field

from contracts.booking.codes import BookingCode
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    GrantId,
    SessionId,
)


class JoinWaitlist(Command):
    """Stand in line for a full session."""

    command_type = "booking.join_waitlist"
    session_id: SessionId
    client_id: ClientId
    minimum_notice_minutes: int = Field(default=0, ge=0, le=10_080)
    """Pass me over when the session starts sooner than this."""
    swap: bool = False
    """When promoted into an overlap, give up the other seat if that is still free."""
    reason: str = Field(default="", max_length=200)
    """Why the desk has somebody join before booking opens; not empty when it does."""


class LeaveWaitlist(Command):
    """Step out of the line. Never late, never charged."""

    command_type = "booking.leave_waitlist"
    session_id: SessionId
    client_id: ClientId


class ClaimSpot(Command):
    """Take the seat that was offered, or a free one once seats are there to be claimed."""

    command_type = "booking.claim_spot"
    session_id: SessionId
    client_id: ClientId
    spot: str | None = Field(default=None, max_length=20)


class DeclineOffer(Command):
    """No, thank you."""

    command_type = "booking.decline_offer"
    session_id: SessionId
    client_id: ClientId
    keep_place: bool = False
    """Stay in line, to claim a seat later; no more offers."""


class ExpireOffer(Command):
    """The time to take an offered seat is over."""

    command_type = "booking.expire_offer"
    session_id: SessionId
    client_id: ClientId


class OpenClaims(Command):
    """Free seats are there to be claimed from now on."""

    command_type = "booking.open_claims"
    session_id: SessionId


class PromoteNow(Command):
    """Staff gives a seat to somebody in line, out of turn."""

    command_type = "booking.promote_now"
    session_id: SessionId
    client_id: ClientId
    overbook: bool = False
    reason: str = Field(min_length=1, max_length=200)


class CloseWaitlist(Command):
    """The session starts: the line dissolves."""

    command_type = "booking.close_waitlist"
    session_id: SessionId


class WaitlistJoined(Event):
    """A client stands in line."""

    event_type = "booking.waitlist_joined.v1"
    session_id: SessionId
    client_id: ClientId
    seq: int
    """Grows with every joiner of this session; the line is ordered by it."""
    policy_version: int
    minimum_notice_minutes: int = 0
    swap: bool = False
    reason: str = ""
    """Of staff, for an override."""
    overrides: tuple[BookingCode, ...] = ()
    """Rules that stood in the way of the place and that staff set aside."""
    grant_id: GrantId | None = None
    """What they named to pay with; ``None``: what is missed least."""


class WaitlistLeft(Event):
    """A client is no longer in line."""

    event_type = "booking.waitlist_left.v1"
    session_id: SessionId
    client_id: ClientId
    reason: str
    """``left``, ``claimed``, ``declined``, ``session_started``, ``session_cancelled``,
    ``entitlement_ended`` or ``erased``."""
    policy_version: int = 0
    """0 of those who left before it was told."""


class WaitlistPromoted(Event):
    """The first eligible client in line, no longer in it, got the free seat.

    A ReservationMade follows.
    """

    event_type = "booking.waitlist_promoted.v1"
    session_id: SessionId
    client_id: ClientId
    seq: int
    passed_over: tuple[ClientId, ...] = ()
    """Who stood before them and was not eligible at this moment."""
    policy_version: int
    reason: str = ""
    """Why staff promoted them out of turn; empty when it was their turn."""


class SpotOffered(Event):
    """A free seat is held for the first eligible client in line, for a while."""

    event_type = "booking.spot_offered.v1"
    session_id: SessionId
    client_id: ClientId
    seq: int
    expires_at: AwareDatetime
    passed_over: tuple[ClientId, ...] = ()
    policy_version: int


class OfferShortened(Event):
    """The seat is held for less long: the session moved, or has other rules."""

    event_type = "booking.offer_shortened.v1"
    session_id: SessionId
    client_id: ClientId
    expires_at: AwareDatetime
    policy_version: int


class OfferWithdrawn(Event):
    """The session moved, or has other rules: no seat is held any more, and the place is kept.

    Free seats go to the line by themselves again, or are there to be claimed by now.
    """

    event_type = "booking.offer_withdrawn.v1"
    session_id: SessionId
    client_id: ClientId
    policy_version: int


class OfferExpired(Event):
    """The client did not answer: they stand last in line now, and the seat is free again."""

    event_type = "booking.offer_expired.v1"
    session_id: SessionId
    client_id: ClientId
    seq: int
    """Their new place."""
    policy_version: int


class OfferDeclined(Event):
    """The client does not want the seat. A WaitlistLeft follows unless they keep their place."""

    event_type = "booking.offer_declined.v1"
    session_id: SessionId
    client_id: ClientId
    keeps_place: bool
    policy_version: int


class ClaimsOpened(Event):
    """There is a free seat for whoever claims it first; these people wait for one."""

    event_type = "booking.claims_opened.v1"
    session_id: SessionId
    free_seats: int
    waiting: tuple[ClientId, ...]
    policy_version: int


class WaitlistPromotionSkipped(Event):
    """A client in line was not eligible when a seat came free; they keep their place."""

    event_type = "booking.waitlist_promotion_skipped.v1"
    session_id: SessionId
    client_id: ClientId
    reason: BookingCode
    policy_version: int


class LineJoined(Event):
    """The client's ledger knows of a line they stand in, to be asked when a grant ends."""

    event_type = "booking.line_joined.v1"
    client_id: ClientId
    session_id: SessionId
    starts_at: AwareDatetime
    joined_at: AwareDatetime


class PromotionMissed(Event):
    """The client was passed over for a seat; to be tried again when their ledger allows."""

    event_type = "booking.promotion_missed.v1"
    client_id: ClientId
    session_id: SessionId
    reason: BookingCode
