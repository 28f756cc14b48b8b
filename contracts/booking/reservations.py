"""Reservations: seats taken, given up, taken back, moved."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.booking.codes import BookingCode
from contracts.booking.entitlements import GrantKind
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    GrantId,
    ReservationId,
    SessionId,
)


class ReservationSource(StrEnum):
    """How a reservation came to be."""

    BOOKED = "booked"
    STAFF = "staff"
    PROMOTED = "promoted"
    CLAIMED = "claimed"
    WALK_IN = "walk_in"


class Cancellation(StrEnum):
    """What kind of cancellation it was."""

    EARLY = "early"
    LATE = "late"
    SESSION = "session"
    """The gym cancelled the session."""
    STAFF = "staff"
    """Staff took the seat back; it costs the client nothing."""


class BookClass(Command):
    """Reserve a seat for the client."""

    command_type = "booking.book_class"
    session_id: SessionId
    client_id: ClientId
    or_waitlist: bool = False
    """Join the waitlist in the same breath when the session is full."""
    grant_id: GrantId | None = None
    """The grant to pay with; ``None`` takes the one that is missed least."""
    spot: str | None = Field(default=None, max_length=20)
    """The spot wanted; ``None`` any."""
    overbook: bool = False
    """Staff: take a seat the session does not have."""
    overrides: tuple[BookingCode, ...] = Field(default=(), max_length=20)
    """Staff: the rules set aside for this seat, by the codes they would refuse with."""
    reason: str = Field(default="", max_length=200)
    """Why staff overrides a rule; not empty when it does."""


class CancelReservation(Command):
    """Give up the client's seat; early or late is decided by the policy."""

    command_type = "booking.cancel_reservation"
    session_id: SessionId
    client_id: ClientId


class UndoCancel(Command):
    """A late cancel was a mistake: the seat is the client's again, if it is still free.

    What staff took back only staff gives again.
    """

    command_type = "booking.undo_cancel"
    session_id: SessionId
    client_id: ClientId


class RemoveReservation(Command):
    """Staff takes the client's seat back."""

    command_type = "booking.remove_reservation"
    session_id: SessionId
    client_id: ClientId
    waive: bool = False
    """Whether it costs nothing even now that giving it up is late; asks for a reason."""
    reason: str = Field(default="", max_length=200)


class ChangeSpot(Command):
    """Take another spot, or any."""

    command_type = "booking.change_spot"
    session_id: SessionId
    client_id: ClientId
    spot: str | None = Field(default=None, max_length=20)


class BookingOutcome(BaseModel):
    """Where the client stands after a booking command."""

    model_config = ConfigDict(frozen=True)

    status: str
    """``reserved``, ``waiting``, ``cancelled_early``, ``cancelled_late``, ``left``,
    ``checked_in``, ``offered`` or an attendance."""
    reservation_id: ReservationId | None = None
    waitlist_position: int | None = None
    """From 1; only when waiting."""
    free_until: AwareDatetime | None = None
    """UTC; cancelling at or after it is late."""
    spot: str | None = None


class ReservationMade(Event):
    """A client has a seat. Carries the facts the decision rested on."""

    event_type = "booking.reservation_made.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    source: ReservationSource
    grant_id: GrantId
    grant_kind: GrantKind
    free_until: AwareDatetime
    """UTC; cancelling at or after it is late."""
    policy_version: int
    seats_taken: int
    """Including this one."""
    capacity: int
    online: bool = True
    """Whether it counts towards the online capacity."""
    spot: str | None = None
    overbooked: bool = False
    """Whether staff took a seat the session does not have."""
    reason: str = ""
    """Of staff, for an override."""
    overrides: tuple[BookingCode, ...] = ()
    """Rules that stood in the way and that staff set aside."""


class ReservationCancelled(Event):
    """A client gave up a seat, or lost it because the gym cancelled the session."""

    event_type = "booking.reservation_cancelled.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    kind: Cancellation
    free_until: AwareDatetime
    policy_version: int
    seats_taken: int
    """After it."""
    reason: str = ""
    """Of staff, or why the gym called the session off; ``swapped`` for a seat the waitlist gave
    elsewhere; ``entitlement_on_hold`` or ``entitlement_ended`` if nothing paid for it any more."""
    removed: bool = False
    """Whether staff took the seat back, so that only staff gives it again."""


class ReservationReinstated(Event):
    """A late cancel is undone: the client has the seat again."""

    event_type = "booking.reservation_reinstated.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    free_until: AwareDatetime
    policy_version: int
    seats_taken: int
    capacity: int
    spot: str | None = None
    reason: str = ""
    """Of staff, for an override."""
    overrides: tuple[BookingCode, ...] = ()


class ReservationFlagged(Event):
    """Nothing the client has pays for the seat any more; it stays theirs, for people to see to."""

    event_type = "booking.reservation_flagged.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    reason: BookingCode
    """``ON_HOLD``, or ``NO_ENTITLEMENT`` when what paid for it has ended."""
    policy_version: int


class ReservationCovered(Event):
    """The seat is paid for again, by the grant that paid for it or by another."""

    event_type = "booking.reservation_covered.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    grant_id: GrantId
    grant_kind: GrantKind
    policy_version: int


class SpotChanged(Event):
    """A client sits elsewhere in the same session."""

    event_type = "booking.spot_changed.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    spot: str
    previous: str | None = None
    policy_version: int = 0
    """0 of those that changed before it was told."""
