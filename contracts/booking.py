"""Booking's language: class sessions, reservations, the waitlist and what a client may spend.

Instants are UTC; ``time_zone`` is the location's IANA zone; capacity counts people.
"""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    GrantId,
    LocationId,
    ReservationId,
    RoomId,
    SessionId,
    StaffId,
)


class BookingCode(StrEnum):
    """Why booking refuses. Stable; clients switch on it. The order is that of the checks."""

    FORBIDDEN = "FORBIDDEN"
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    SESSION_CANCELLED = "SESSION_CANCELLED"
    SESSION_FINALIZED = "SESSION_FINALIZED"
    BOOKING_BANNED = "BOOKING_BANNED"
    WAIVER_REQUIRED = "WAIVER_REQUIRED"
    ALREADY_BOOKED = "ALREADY_BOOKED"
    ALREADY_WAITLISTED = "ALREADY_WAITLISTED"
    LATE_CANCELLED = "LATE_CANCELLED"
    WINDOW_NOT_OPEN = "WINDOW_NOT_OPEN"
    BOOKING_CLOSED = "BOOKING_CLOSED"
    OVERLAP = "OVERLAP"
    DAILY_LIMIT = "DAILY_LIMIT"
    NO_ENTITLEMENT = "NO_ENTITLEMENT"
    PAST_DUE = "PAST_DUE"
    ON_HOLD = "ON_HOLD"
    LIMIT_REACHED = "LIMIT_REACHED"
    SESSION_FULL = "SESSION_FULL"
    WAITLIST_HAS_PRIORITY = "WAITLIST_HAS_PRIORITY"
    SPOT_TAKEN = "SPOT_TAKEN"
    WAITLIST_NOT_NEEDED = "WAITLIST_NOT_NEEDED"
    WAITLIST_FULL = "WAITLIST_FULL"
    NOT_BOOKED = "NOT_BOOKED"
    NOT_WAITLISTED = "NOT_WAITLISTED"
    CANCELLATION_CLOSED = "CANCELLATION_CLOSED"
    CHECK_IN_NOT_OPEN = "CHECK_IN_NOT_OPEN"
    CHECK_IN_CLOSED = "CHECK_IN_CLOSED"
    ALREADY_CHECKED_IN = "ALREADY_CHECKED_IN"
    NOT_CHECKED_IN = "NOT_CHECKED_IN"
    ALREADY_SCHEDULED = "ALREADY_SCHEDULED"
    STARTS_IN_THE_PAST = "STARTS_IN_THE_PAST"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    SESSION_NOT_STARTED = "SESSION_NOT_STARTED"
    ALREADY_GRANTED = "ALREADY_GRANTED"
    EXPIRES_IN_THE_PAST = "EXPIRES_IN_THE_PAST"
    INVALID_GRANT = "INVALID_GRANT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class BookingPolicy(BaseModel):
    """The gym's booking rules as numbers, one version of them. Defaults: preset "functional"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = Field(default=1, ge=1)
    opens_days_before: int = Field(default=7, ge=0, le=365)
    """Booking opens this many local days before the session's local date ..."""
    opens_at_local: str = Field(default="12:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """... at this wall-clock time in the location's zone."""
    closes_minutes_before: int = Field(default=0, ge=0, le=10_080)
    late_cancel_minutes: int = Field(default=120, ge=0, le=10_080)
    """A cancellation at or after start minus this is late. Elapsed time, not wall clock."""
    cancel_grace_minutes: int = Field(default=10, ge=0, le=1_440)
    """After a booking or promotion inside the late window the client may still leave free ..."""
    cancel_closes_minutes_after: int = Field(default=10, ge=0, le=1_440)
    """... and nobody cancels later than this after the start."""
    auto_promotion_lead_minutes: int = Field(default=120, ge=0, le=10_080)
    """Automatic promotion stops this long before the late deadline, so that a promoted client
    always has that long to leave free; from then on the first to claim a freed seat has it."""
    waitlist_max: int = Field(default=10, ge=0, le=10_000)
    """Longest waitlist in people; the capacity, when lower, wins unless ``waitlist_uncapped``."""
    waitlist_uncapped: bool = False
    check_in_opens_minutes_before: int = Field(default=30, ge=0, le=1_440)
    attendance_closes_minutes_after: int = Field(default=120, ge=0, le=10_080)
    """Attendance is finalized this long after the end, if anybody recorded it."""


class ReservationSource(StrEnum):
    """How a reservation came to be."""

    BOOKED = "booked"
    STAFF = "staff"
    PROMOTED = "promoted"
    CLAIMED = "claimed"


class Cancellation(StrEnum):
    """What kind of cancellation it was."""

    EARLY = "early"
    LATE = "late"
    SESSION = "session"
    """The gym cancelled the session."""


class GrantKind(StrEnum):
    """What a grant entitles to."""

    PACK = "pack"
    """A number of credits, one a reservation."""
    UNLIMITED = "unlimited"


# Commands ---------------------------------------------------------------------------------------


class ScheduleSession(Command):
    """Put a class session on the calendar."""

    command_type = "booking.schedule_session"
    session_id: SessionId
    title: str = Field(min_length=1, max_length=80)
    location_id: LocationId
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str = Field(max_length=64, description="IANA zone of the location.")
    capacity: int = Field(ge=1, le=500, description="People.")
    policy: BookingPolicy = BookingPolicy()


class ChangeCapacity(Command):
    """Give the session another capacity. Below what is reserved nobody is removed."""

    command_type = "booking.change_capacity"
    session_id: SessionId
    capacity: int = Field(ge=1, le=500)


class CancelSession(Command):
    """The gym calls the session off: every credit goes back, nobody pays a fee."""

    command_type = "booking.cancel_session"
    session_id: SessionId
    reason: str = Field(min_length=1, max_length=200)


class BookClass(Command):
    """Reserve a seat for the client."""

    command_type = "booking.book_class"
    session_id: SessionId
    client_id: ClientId
    or_waitlist: bool = False
    """Join the waitlist in the same breath when the session is full."""


class CancelReservation(Command):
    """Give up the client's seat; early or late is decided by the policy."""

    command_type = "booking.cancel_reservation"
    session_id: SessionId
    client_id: ClientId


class JoinWaitlist(Command):
    """Stand in line for a full session."""

    command_type = "booking.join_waitlist"
    session_id: SessionId
    client_id: ClientId


class LeaveWaitlist(Command):
    """Step out of the line. Never late, never charged."""

    command_type = "booking.leave_waitlist"
    session_id: SessionId
    client_id: ClientId


class CheckIn(Command):
    """The client is here."""

    command_type = "booking.check_in"
    session_id: SessionId
    client_id: ClientId


class UndoCheckIn(Command):
    """The check-in was a mistake."""

    command_type = "booking.undo_check_in"
    session_id: SessionId
    client_id: ClientId


class FinalizeAttendance(Command):
    """Close the books: who was checked in attended, who was not is a no-show."""

    command_type = "booking.finalize_attendance"
    session_id: SessionId


class GrantCredits(Command):
    """Entitle the client to reservations."""

    command_type = "booking.grant_credits"
    client_id: ClientId
    grant_id: GrantId
    kind: GrantKind = GrantKind.PACK
    credits: int = Field(default=0, ge=0, le=10_000, description="Of a pack; 0 if unlimited.")
    valid_from: AwareDatetime | None = None
    """UTC; ``None`` is now. A grant covers sessions that start in [valid_from, expires_at)."""
    expires_at: AwareDatetime | None = None
    """UTC; ``None`` never."""
    reason: str = Field(default="", max_length=200)


class OpenLedger(Command):
    """A client exists: open their ledger."""

    command_type = "booking.open_ledger"
    client_id: ClientId


class CloseWaitlist(Command):
    """The session starts: the line dissolves."""

    command_type = "booking.close_waitlist"
    session_id: SessionId


class CloseAttendance(Command):
    """The time to correct attendance is over: finalize it if anybody recorded it."""

    command_type = "booking.close_attendance"
    session_id: SessionId


# Results ----------------------------------------------------------------------------------------


class BookingOutcome(BaseModel):
    """Where the client stands after a booking command."""

    model_config = ConfigDict(frozen=True)

    status: str
    """``reserved``, ``waiting``, ``cancelled_early``, ``cancelled_late``, ``left``,
    ``checked_in``."""
    reservation_id: ReservationId | None = None
    waitlist_position: int | None = None
    """From 1; only when waiting."""
    free_until: AwareDatetime | None = None
    """UTC; cancelling at or after it is late."""


# Events -----------------------------------------------------------------------------------------


class SessionScheduled(Event):
    """A session stands on the calendar, under this version of the booking policy."""

    event_type = "booking.session_scheduled.v1"
    session_id: SessionId
    title: str
    location_id: LocationId
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str
    capacity: int
    booking_opens_at: AwareDatetime
    booking_closes_at: AwareDatetime
    policy: BookingPolicy


class CapacityChanged(Event):
    """The session has room for more, or fewer, people."""

    event_type = "booking.capacity_changed.v1"
    session_id: SessionId
    capacity: int
    previous: int


class SessionCancelled(Event):
    """The gym called the session off."""

    event_type = "booking.session_cancelled.v1"
    session_id: SessionId
    reason: str


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


class WaitlistJoined(Event):
    """A client stands in line."""

    event_type = "booking.waitlist_joined.v1"
    session_id: SessionId
    client_id: ClientId
    seq: int
    """Grows with every joiner of this session; the line is ordered by it."""
    policy_version: int


class WaitlistLeft(Event):
    """A client is no longer in line."""

    event_type = "booking.waitlist_left.v1"
    session_id: SessionId
    client_id: ClientId
    reason: str
    """``left``, ``claimed``, ``session_started`` or ``session_cancelled``."""


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


class WaitlistPromotionSkipped(Event):
    """A client in line was not eligible when a seat came free; they keep their place."""

    event_type = "booking.waitlist_promotion_skipped.v1"
    session_id: SessionId
    client_id: ClientId
    reason: BookingCode
    policy_version: int


class CheckedIn(Event):
    """The client was there."""

    event_type = "booking.checked_in.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId


class CheckInUndone(Event):
    """The check-in was a mistake."""

    event_type = "booking.check_in_undone.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId


class MarkedNoShow(Event):
    """The client held a seat and did not come."""

    event_type = "booking.marked_no_show.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    policy_version: int


class AttendanceFinalized(Event):
    """The books of the session are closed."""

    event_type = "booking.attendance_finalized.v1"
    session_id: SessionId
    attended: int
    no_shows: int
    late_cancels: int


class LedgerOpened(Event):
    """A client may hold grants."""

    event_type = "booking.ledger_opened.v1"
    client_id: ClientId


class CreditsGranted(Event):
    """A client may reserve sessions that start in [valid_from, expires_at)."""

    event_type = "booking.credits_granted.v1"
    client_id: ClientId
    grant_id: GrantId
    kind: GrantKind
    credits: int
    valid_from: AwareDatetime
    expires_at: AwareDatetime | None
    reason: str


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
    """1 of a pack, 0 of an unlimited grant."""


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


class PromotionMissed(Event):
    """The client was passed over for a seat; to be tried again when their ledger allows."""

    event_type = "booking.promotion_missed.v1"
    client_id: ClientId
    session_id: SessionId
    reason: BookingCode
