"""What a reservation does to the client's ledger: credits and time held, released, spent."""

from datetime import date

from pydantic import AwareDatetime

from contracts.booking.penalties import Charge
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    GrantId,
    ProgramId,
    ReservationId,
    SessionId,
)


class CreditCorrected(Event):
    """The books of a session were corrected: a settled reservation costs something else now."""

    event_type = "booking.credit_corrected.v1"
    client_id: ClientId
    grant_id: GrantId
    reservation_id: ReservationId
    was: Charge
    becomes: Charge
    before: int
    """Credits it had cost."""
    after: int
    """Credits it costs."""
    on: date | None = None
    """The session's local date."""
    program_id: ProgramId | None = None


class CreditHeld(Event):
    """A reservation holds a credit, and the client's time."""

    event_type = "booking.credit_held.v1"
    client_id: ClientId
    grant_id: GrantId
    reservation_id: ReservationId
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    credits: int
    """1 of a pack, 0 of other grants."""
    on: date | None = None
    """The session's local date, which limits count by."""
    program_id: ProgramId | None = None
    """The session's, which limits count by."""
    overlaps: tuple[SessionId, ...] = ()
    """Other seats of the client at that time: the gym moved a session, or staff said so."""


class CreditReleased(Event):
    """The held credit, and the time, are the client's again."""

    event_type = "booking.credit_released.v1"
    client_id: ClientId
    grant_id: GrantId
    reservation_id: ReservationId
    credits: int


class TimeReleased(Event):
    """A late cancel: the time is the client's again, the credit stays held."""

    event_type = "booking.time_released.v1"
    client_id: ClientId
    reservation_id: ReservationId


class TimeTaken(Event):
    """A late cancel is undone: the reservation takes the client's time again."""

    event_type = "booking.time_taken.v1"
    client_id: ClientId
    reservation_id: ReservationId


class CreditConsumed(Event):
    """The client attended: the held credit is spent."""

    event_type = "booking.credit_consumed.v1"
    client_id: ClientId
    grant_id: GrantId
    reservation_id: ReservationId
    credits: int


class CreditForfeited(Event):
    """Late cancel or no-show: the held credit is lost."""

    event_type = "booking.credit_forfeited.v1"
    client_id: ClientId
    grant_id: GrantId
    reservation_id: ReservationId
    credits: int
