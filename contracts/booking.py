"""Booking's language: class sessions, reservations, the waitlist and what a client may spend.

Instants are UTC; ``time_zone`` is the location's IANA zone; capacity counts people.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    ClientId,
    GrantId,
    LocationId,
    ProgramId,
    ReservationId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from contracts.money import Money, Price


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
    FEE_NOT_FOUND = "FEE_NOT_FOUND"
    FEE_NOT_PENDING = "FEE_NOT_PENDING"
    FEE_CLOSED = "FEE_CLOSED"
    CONTEST_CLOSED = "CONTEST_CLOSED"
    ALREADY_CONTESTED = "ALREADY_CONTESTED"
    NOT_CONTESTED = "NOT_CONTESTED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    SPOT_NOT_FOUND = "SPOT_NOT_FOUND"
    INVALID_SPOTS = "INVALID_SPOTS"
    SHORT_NOTICE = "SHORT_NOTICE"
    NOT_OFFERED = "NOT_OFFERED"
    OFFER_EXPIRED = "OFFER_EXPIRED"
    NOT_CANCELLED = "NOT_CANCELLED"
    NOT_FINALIZED = "NOT_FINALIZED"
    SELF_CHECK_IN_OFF = "SELF_CHECK_IN_OFF"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ENTITLEMENT_ENDED = "ENTITLEMENT_ENDED"
    CREDITS_IN_USE = "CREDITS_IN_USE"


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
    offer_minutes: int = Field(default=15, ge=0, le=1_440)
    """After automatic promotion a free seat is held for one person in line at a time, this long
    each; 0: no offers, free seats are there to be claimed at once."""
    claim_opens_minutes_before: int = Field(default=60, ge=0, le=10_080)
    """Offers end this long before the start; from then on the first to claim a seat has it."""
    auto_promotion_ends_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    """Automatic promotion ends this long before the start whatever the late deadline is: a gym
    that only ever promotes says 0. ``None``: lead and late deadline decide."""
    daily_limit: int = Field(default=0, ge=0, le=50)
    """Most sessions of one local day a client may book; 0 is off."""
    self_check_in: bool = False
    """Whether members check themselves in; kiosks, scanners and staff always may."""
    check_in_opens_minutes_before: int = Field(default=30, ge=0, le=1_440)
    attendance_closes_minutes_after: int = Field(default=120, ge=0, le=10_080)
    """Attendance is finalized this long after the end, if anybody recorded it."""
    late_cancel_fee: Price | None = None
    """Of clients with an unlimited grant, who have no credit to lose; ``None`` is no fee."""
    no_show_fee: Price | None = None
    free_passes: int = Field(default=1, ge=0, le=100)
    """So many fees are forgiven by themselves: those of the first violations ..."""
    free_pass_days: int = Field(default=30, ge=1, le=3_650)
    """... in this many rolling days."""
    fee_waive_hours: int = Field(default=24, ge=0, le=8_760)
    """Staff may waive a fee this long; then it is due."""
    fee_contest_days: int = Field(default=7, ge=0, le=365)
    """The client may contest a fee this long."""


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


class GrantKind(StrEnum):
    """What a grant entitles to."""

    PACK = "pack"
    """A number of credits, one a reservation."""
    UNLIMITED = "unlimited"
    LIMITED = "limited"
    """So many reservations a calendar week or month, late cancels included."""


class Period(StrEnum):
    """What a limited grant counts in, by the session's local date."""

    WEEK = "week"
    """Monday to Sunday."""
    MONTH = "month"


class Suspension(StrEnum):
    """Why a grant pays for nothing for the time being."""

    HOLD = "hold"
    PAST_DUE = "past_due"


class CheckInSource(StrEnum):
    """Where a check-in came from."""

    STAFF = "staff"
    KIOSK = "kiosk"
    QR = "qr"
    DOOR = "door"
    SELF = "self"


class Attendance(StrEnum):
    """What the books say of a reservation once they are closed."""

    ATTENDED = "attended"
    NO_SHOW = "no_show"
    LATE_CANCELLED = "late_cancelled"
    EXCUSED = "excused"
    """Neither there nor missed: the credit goes back, no fee is due."""


class Charge(StrEnum):
    """What became of what a reservation held."""

    RELEASED = "released"
    CONSUMED = "consumed"
    FORFEITED = "forfeited"


class Violation(StrEnum):
    """What a client did with a seat somebody else could have had."""

    LATE_CANCEL = "late_cancel"
    NO_SHOW = "no_show"


class Forgiveness(StrEnum):
    """Why a violation has no consequence, without anybody deciding so."""

    REFILLED = "refilled"
    """A late cancel whose seat somebody else took: nothing is lost, not even a credit."""
    FREE_PASS = "free_pass"  # noqa: S105 - no secret
    """The client's first in a while: the fee is not asked for."""


class Evidence(BaseModel):
    """The facts a violation was judged on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    starts_at: AwareDatetime
    free_until: AwareDatetime
    """Giving the seat up from then on was late."""
    empty_seats: int
    """When the books were closed."""
    later_late_cancels: int
    """Late cancels of the session after this one; as many as empty seats make it count."""
    recent_violations: int
    """The client's earlier ones within the policy's ``free_pass_days``."""


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
    online_capacity: int | None = Field(default=None, ge=0, le=500)
    """Most seats clients may take themselves; ``None`` all of them."""
    spots: tuple[str, ...] = Field(default=(), max_length=500)
    """Labels of the spots to choose from, such as bikes; empty without a spot map."""
    waiver_required: bool = False
    class_type_id: ClassTypeId | None = None
    policy: BookingPolicy | None = None
    """``None``: the gym's policy in force, as the class type overrides it."""


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
    grant_id: GrantId | None = None
    """The grant to pay with; ``None`` takes the one that is missed least."""
    spot: str | None = Field(default=None, max_length=20)
    """The spot wanted; ``None`` any."""
    overbook: bool = False
    """Staff: take a seat the session does not have."""
    reason: str = Field(default="", max_length=200)
    """Why staff overrides a rule."""


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
    minimum_notice_minutes: int = Field(default=0, ge=0, le=10_080)
    """Pass me over when the session starts sooner than this."""
    swap: bool = False
    """When promoted into an overlap, give up the other seat if that is still free."""


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
    source: CheckInSource | None = None
    """``None``: staff, or the client themselves, by who asks."""


class CheckInAtDoor(Command):
    """A door opened for the client; if they have a seat about now, they are here."""

    command_type = "booking.check_in_at_door"
    client_id: ClientId
    location_id: LocationId
    """Of the door."""


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
    """Of a limited grant: reservations a period."""
    period: Period | None = None
    """Of a limited grant."""
    early_hours: int = Field(default=0, ge=0, le=8_760)
    """How much earlier than for others booking opens for whoever pays with it."""
    valid_from: AwareDatetime | None = None
    """UTC; ``None`` is now. A grant covers sessions that start in [valid_from, expires_at)."""
    expires_at: AwareDatetime | None = None
    """UTC; ``None`` never."""
    expires_on: date | None = None
    """Instead of ``expires_at``: the last local day it covers, in ``time_zone``."""
    time_zone: str = Field(default="UTC", max_length=64)
    """IANA zone of the gym, for ``expires_on``."""
    reason: str = Field(default="", max_length=200)


class ChangeEntitlement(Command):
    """Give a grant other credits, another end or another head start. ``None`` leaves as it is."""

    command_type = "booking.change_entitlement"
    client_id: ClientId
    grant_id: GrantId
    credits: int | None = Field(default=None, ge=1, le=10_000)
    expires_at: AwareDatetime | None = None
    early_hours: int | None = Field(default=None, ge=0, le=8_760)
    reason: str = Field(default="", max_length=200)


class SuspendEntitlement(Command):
    """A grant pays for nothing new until it is resumed; what it holds stays held."""

    command_type = "booking.suspend_entitlement"
    client_id: ClientId
    grant_id: GrantId
    because: Suspension
    reason: str = Field(default="", max_length=200)


class ResumeEntitlement(Command):
    """A suspended grant pays again."""

    command_type = "booking.resume_entitlement"
    client_id: ClientId
    grant_id: GrantId


class EndEntitlement(Command):
    """A grant pays for nothing new any more; what it holds stays held."""

    command_type = "booking.end_entitlement"
    client_id: ClientId
    grant_id: GrantId
    reason: str = Field(default="", max_length=200)


class ExpireCredits(Command):
    """The last day of a pack is over."""

    command_type = "booking.expire_credits"
    client_id: ClientId
    grant_id: GrantId


class SignWaiver(Command):
    """The client accepts the gym's waiver."""

    command_type = "booking.sign_waiver"
    client_id: ClientId
    document: str = Field(default="liability", min_length=1, max_length=80)
    """Which text, with its version."""


class ImposeBookingBan(Command):
    """The client may not book for a while, or until it is lifted."""

    command_type = "booking.impose_booking_ban"
    client_id: ClientId
    until: AwareDatetime | None = None
    reason: str = Field(min_length=1, max_length=200)


class LiftBookingBan(Command):
    """The client may book again."""

    command_type = "booking.lift_booking_ban"
    client_id: ClientId
    reason: str = Field(default="", max_length=200)


class EndBookingBan(Command):
    """The time of a ban is over."""

    command_type = "booking.end_booking_ban"
    client_id: ClientId


class UndoCancel(Command):
    """A late cancel was a mistake: the seat is the client's again, if it is still free."""

    command_type = "booking.undo_cancel"
    session_id: SessionId
    client_id: ClientId


class RemoveReservation(Command):
    """Staff takes the client's seat back."""

    command_type = "booking.remove_reservation"
    session_id: SessionId
    client_id: ClientId
    waive: bool = False
    """Whether it costs nothing even now that giving it up is late."""
    reason: str = Field(default="", max_length=200)


class AddWalkIn(Command):
    """A client without a seat is here: reserve one and check them in."""

    command_type = "booking.add_walk_in"
    session_id: SessionId
    client_id: ClientId
    grant_id: GrantId | None = None
    spot: str | None = Field(default=None, max_length=20)
    overbook: bool = False
    reason: str = Field(default="", max_length=200)


class CorrectAttendance(Command):
    """The closed books were wrong about a client."""

    command_type = "booking.correct_attendance"
    session_id: SessionId
    client_id: ClientId
    becomes: Attendance
    """Attended, no-show or excused."""
    reason: str = Field(min_length=1, max_length=200)


class ChangeSpot(Command):
    """Take another spot, or any."""

    command_type = "booking.change_spot"
    session_id: SessionId
    client_id: ClientId
    spot: str | None = Field(default=None, max_length=20)


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


class WaiveFee(Command):
    """Let the client off a fee while it is pending."""

    command_type = "booking.waive_fee"
    client_id: ClientId
    reservation_id: ReservationId
    reason: str = Field(min_length=1, max_length=200)


class ContestFee(Command):
    """The client says the fee is wrong; it is not collected until somebody has looked."""

    command_type = "booking.contest_fee"
    client_id: ClientId
    reservation_id: ReservationId
    reason: str = Field(min_length=1, max_length=500)


class ResolveContest(Command):
    """Somebody has looked: the fee stands, or it is taken back."""

    command_type = "booking.resolve_contest"
    client_id: ClientId
    reservation_id: ReservationId
    fee_stands: bool
    reason: str = Field(min_length=1, max_length=200)


class CollectFee(Command):
    """The time to waive a fee is over: it is due."""

    command_type = "booking.collect_fee"
    client_id: ClientId
    reservation_id: ReservationId


# Results ----------------------------------------------------------------------------------------


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
    online_capacity: int | None = None
    spots: tuple[str, ...] = ()
    waiver_required: bool = False
    program_id: ProgramId | None = None
    class_type_id: ClassTypeId | None = None
    schedule_id: ScheduleId | None = None
    """The series it is an occurrence of."""


class CapacityChanged(Event):
    """The session has room for more, or fewer, people."""

    event_type = "booking.capacity_changed.v1"
    session_id: SessionId
    capacity: int
    previous: int
    by_series: bool = False
    """True when the whole series changed."""


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
    online: bool = True
    """Whether it counts towards the online capacity."""
    spot: str | None = None
    overbooked: bool = False
    """Whether staff took a seat the session does not have."""
    reason: str = ""
    """Of staff, for an override."""


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
    """Of staff; or ``swapped`` for a seat the waitlist gave elsewhere."""


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


class SpotChanged(Event):
    """A client sits elsewhere in the same session."""

    event_type = "booking.spot_changed.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    spot: str
    previous: str | None = None


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


class WaitlistLeft(Event):
    """A client is no longer in line."""

    event_type = "booking.waitlist_left.v1"
    session_id: SessionId
    client_id: ClientId
    reason: str
    """``left``, ``claimed``, ``declined``, ``session_started`` or ``session_cancelled``."""


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


class CheckedIn(Event):
    """The client was there."""

    event_type = "booking.checked_in.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    source: CheckInSource = CheckInSource.STAFF


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


class AttendanceCorrected(Event):
    """The closed books were wrong about a client, and are right now."""

    event_type = "booking.attendance_corrected.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    was: Attendance
    becomes: Attendance
    credits: int
    """Credits the reservation costs from now on."""
    reason: str
    policy_version: int


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
    period: Period | None = None
    early_hours: int = 0


class EntitlementChanged(Event):
    """A grant has other credits, another end or another head start."""

    event_type = "booking.entitlement_changed.v1"
    client_id: ClientId
    grant_id: GrantId
    credits: int
    expires_at: AwareDatetime | None
    early_hours: int
    reason: str


class EntitlementSuspended(Event):
    """A grant pays for nothing new for the time being."""

    event_type = "booking.entitlement_suspended.v1"
    client_id: ClientId
    grant_id: GrantId
    because: Suspension
    reason: str


class EntitlementResumed(Event):
    """A suspended grant pays again."""

    event_type = "booking.entitlement_resumed.v1"
    client_id: ClientId
    grant_id: GrantId


class EntitlementEnded(Event):
    """A grant pays for nothing new any more."""

    event_type = "booking.entitlement_ended.v1"
    client_id: ClientId
    grant_id: GrantId
    reason: str


class CreditsExpired(Event):
    """The last day of a pack is over: what was left of it is gone, what is held stays held."""

    event_type = "booking.credits_expired.v1"
    client_id: ClientId
    grant_id: GrantId
    credits: int


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


class WaiverRecorded(Event):
    """The client accepted the gym's waiver."""

    event_type = "booking.waiver_recorded.v1"
    client_id: ClientId
    document: str


class BookingBanImposed(Event):
    """The client may not book until then."""

    event_type = "booking.booking_ban_imposed.v1"
    client_id: ClientId
    until: AwareDatetime | None
    """UTC; ``None`` until it is lifted."""
    reason: str


class BookingBanLifted(Event):
    """The client may book again."""

    event_type = "booking.booking_ban_lifted.v1"
    client_id: ClientId
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
    """1 of a pack, 0 of other grants."""
    on: date | None = None
    """The session's local date, which limits count by."""


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


class PromotionMissed(Event):
    """The client was passed over for a seat; to be tried again when their ledger allows."""

    event_type = "booking.promotion_missed.v1"
    client_id: ClientId
    session_id: SessionId
    reason: BookingCode


class ViolationRecorded(Event):
    """A late cancel or a no-show was judged when the books were closed."""

    event_type = "booking.violation_recorded.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    grant_kind: GrantKind
    """What the seat was paid with: a credit is lost, or there may be a fee."""
    forgiven: Forgiveness | None = None
    policy_version: int
    judged_at: AwareDatetime
    evidence: Evidence


class ViolationCleared(Event):
    """There was no violation after all; it counts no more."""

    event_type = "booking.violation_cleared.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    reason: str


class FeeAssessed(Event):
    """A violation costs this much, unless it is forgiven or waived before it is due."""

    event_type = "booking.fee_assessed.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    policy_version: int
    evidence: Evidence
    waivable_until: AwareDatetime
    """When it is due."""
    contestable_until: AwareDatetime


class FeeForgiven(Event):
    """The rules themselves let the client off the fee."""

    event_type = "booking.fee_forgiven.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    forgiven: Forgiveness


class FeeWaived(Event):
    """Somebody let the client off the fee."""

    event_type = "booking.fee_waived.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    by: str
    """The actor, such as ``staff:<uuid>``."""
    reason: str


class FeeContested(Event):
    """The client says the fee is wrong."""

    event_type = "booking.fee_contested.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    by: str
    reason: str


class FeeContestResolved(Event):
    """Somebody has looked. If the fee does not stand it is waived or reversed next."""

    event_type = "booking.fee_contest_resolved.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    fee_stands: bool
    by: str
    reason: str


class FeeDue(Event):
    """Nobody let the client off: the fee belongs on an invoice."""

    event_type = "booking.fee_due.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    policy_version: int


class FeeReversed(Event):
    """A fee is not owed after all."""

    event_type = "booking.fee_reversed.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    was_due: bool
    """Whether it had been due, so that an invoice may carry it."""
    reason: str
