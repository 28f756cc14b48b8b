"""ClassSession: one class on the calendar and the contest for its seats.

Keeps      reserved <= capacity, unless the desk overbooked or it was lowered below; nobody is
           reserved and waiting; while promotion is automatic nobody eligible waits beside a free
           seat; the line is in order
Stream     ``session-{session_id}``
Rules      as it lives: ``drafts``, ``timetable``, ``session_edits``, ``session_changes``;
           ``reservations``, ``overrides``, ``spots``, ``cancelling``, ``lapses``, ``waitlist``,
           ``offers``; ``attendance``, ``offences``, ``corrections``
Read       in this order: ``session_state`` (what is remembered) with its ``session_slot``,
           ``session_people`` and ``session_waitlist``; here, how events make it; then the rules
Source     docs/rules.md, Sessions
"""

from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, replace
from contracts.booking import (
    AttendanceCorrected,
    AttendanceFinalized,
    AttendanceUnrecorded,
    Cancellation,
    CapacityChanged,
    CheckedIn,
    CheckInUndone,
    ClaimsOpened,
    MarkedNoShow,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ReservationReinstated,
    SeatsCounted,
    SessionCancelled,
    SessionScheduled,
    SpotChanged,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.timetable import (
    InstructorAssigned,
    InstructorSubstituted,
    InstructorUnassigned,
    RoomAssigned,
    SessionChanged,
    SessionDraftDiscarded,
    SessionDrafted,
    SessionReinstated,
    SessionRescheduled,
)
from services.booking.domain import session_slot
from services.booking.domain.session_people import Correction, Place, Reservation, given_longer
from services.booking.domain.session_slot import SlotEvent
from services.booking.domain.session_state import ClassSession, Stage, must_be_on
from services.booking.domain.session_waitlist import (
    LineEvent,
    OfferEvent,
    line_evolved,
    offers_evolved,
    without,
)

__all__ = [
    "ClassSession",
    "Place",
    "Reservation",
    "SessionEvent",
    "Stage",
    "class_session",
    "must_be_on",
]

BooksEvent: TypeAlias = SeatsCounted | AttendanceUnrecorded | AttendanceFinalized
DraftEvent: TypeAlias = SessionDrafted | SessionDraftDiscarded
TurnEvent: TypeAlias = SessionCancelled | SessionReinstated | BooksEvent
CalendarEvent: TypeAlias = SessionScheduled | CapacityChanged | SessionChanged | TurnEvent
PaidEvent: TypeAlias = ReservationFlagged | ReservationCovered
MarkEvent: TypeAlias = (
    SpotChanged | CheckedIn | CheckInUndone | MarkedNoShow | AttendanceCorrected | PaidEvent
)
SeatEvent: TypeAlias = ReservationMade | ReservationCancelled | ReservationReinstated | MarkEvent
SessionEvent: TypeAlias = (
    DraftEvent | CalendarEvent | SlotEvent | SeatEvent | LineEvent | OfferEvent
)


def evolve(state: ClassSession, event: SessionEvent) -> ClassSession:
    match event:
        case WaitlistJoined() | WaitlistLeft() | WaitlistPromoted() | WaitlistPromotionSkipped():
            return line_evolved(state, event)
        case (
            SpotOffered() | OfferShortened() | OfferWithdrawn() | OfferExpired() | OfferDeclined()
            | ClaimsOpened()
        ):  # fmt: skip
            return offers_evolved(state, event)
        case (
            SessionScheduled() | CapacityChanged() | SessionCancelled() | SessionReinstated()
            | SeatsCounted() | AttendanceUnrecorded() | AttendanceFinalized() | SessionChanged()
        ):  # fmt: skip
            return _calendar_evolved(state, event)
        case (
            SessionRescheduled() | InstructorAssigned() | InstructorSubstituted()
            | InstructorUnassigned() | RoomAssigned()
        ):  # fmt: skip
            return _slot_evolved(state, event)
        case SessionDrafted() | SessionDraftDiscarded():
            return state.drafted(event)
        case _:
            return _seat_evolved(state, event)


def _calendar_evolved(state: ClassSession, event: CalendarEvent) -> ClassSession:
    match event:
        case SessionScheduled():
            return replace(
                state, stage=Stage.SCHEDULED, starts_at=event.starts_at, ends_at=event.ends_at,
                known_starts=(event.starts_at, event.starts_at), draft=None,
                opens_at=event.booking_opens_at, closes_at=event.booking_closes_at,
                policy=event.policy, capacity=event.capacity, slot=session_slot.of(event),
                online_capacity=event.online_capacity, spots=event.spots,
                waiver_required=event.waiver_required,
                gym_policy_version=event.gym_policy_version or event.policy.version,
            )  # fmt: skip
        case CapacityChanged() | SessionChanged():
            return state.said_anew(event)
        case SessionCancelled():
            return replace(state, stage=Stage.CANCELLED)
        case SessionReinstated():  # empty: nobody knows another start
            known = (state.starts_at, state.starts_at)
            return replace(state, stage=Stage.SCHEDULED, known_starts=known)
        case SeatsCounted():
            return replace(state, empty_at_start=event.empty_seats)
        case AttendanceFinalized() | AttendanceUnrecorded():
            return state.closed(event)
    assert_never(event)


def _slot_evolved(state: ClassSession, event: SlotEvent) -> ClassSession:
    state = replace(state, slot=state.slot.after(event))
    match event:
        case SessionRescheduled():
            known = () if event.free_cancel_until else state.known_starts
            starts = (*known, event.starts_at)
            return replace(
                state, starts_at=event.starts_at, ends_at=event.ends_at,
                opens_at=event.booking_opens_at, closes_at=event.booking_closes_at,
                reserved=given_longer(state.reserved, event.deadlines), claims_told=False,
                known_starts=(min(starts), max(starts)),
                # A no was said of another time, and is none to this one.
                declined=() if event.free_cancel_until else state.declined,
            )  # fmt: skip
        case InstructorSubstituted() | InstructorUnassigned():
            return replace(state, reserved=given_longer(state.reserved, event.deadlines))
        case InstructorAssigned() | RoomAssigned():
            return state
    assert_never(event)


def _seat_evolved(state: ClassSession, event: SeatEvent) -> ClassSession:
    client = event.client_id
    match event:
        case ReservationMade():
            made = Reservation.of(event)
            return _seated(replace(state, reserved={**state.reserved, client: made}))
        case ReservationReinstated():
            again = replace(
                state.late_cancelled[client], spot=event.spot, free_until=event.free_until,
                after_start=False, removed=False,
            )  # fmt: skip
            late = without(state.late_cancelled, client)
            return _seated(
                replace(state, reserved={**state.reserved, client: again}, late_cancelled=late)
            )
        case ReservationCancelled(kind=Cancellation.LATE):
            late_on = state.empty_at_start is not None
            left = replace(state.reserved[client], after_start=late_on, removed=event.removed)
            late = {**state.late_cancelled, client: left}
            return replace(state, reserved=without(state.reserved, client), late_cancelled=late)
        case ReservationCancelled():
            return replace(
                state,
                reserved=without(state.reserved, client),
                late_cancelled=without(state.late_cancelled, client),
            )
        case _:
            return _seat_marked(state, event)


def _seat_marked(state: ClassSession, event: MarkEvent) -> ClassSession:
    client = event.client_id
    match event:
        case CheckedIn() | CheckInUndone():
            seen = replace(state.reserved[client], checked_in=isinstance(event, CheckedIn))
            let_in = event.let_in_at if isinstance(event, CheckedIn) else None
            told = {**state.let_in, client: let_in} if let_in else state.let_in
            return replace(state, reserved={**state.reserved, client: seen}, let_in=told)
        case SpotChanged():
            moved = replace(state.reserved[client], spot=event.spot)
            return replace(state, reserved={**state.reserved, client: moved})
        case ReservationFlagged():
            flagged = replace(state.reserved[client], flag=event.reason)
            return replace(state, reserved={**state.reserved, client: flagged})
        case ReservationCovered(grant_id=grant_id, grant_kind=kind):
            seat = replace(state.reserved[client], grant_id=grant_id, grant_kind=kind, flag=None)
            return replace(state, reserved={**state.reserved, client: seat})
        case AttendanceCorrected():
            return replace(state, corrected={**state.corrected, client: Correction.of(event)})
        case MarkedNoShow():
            return state  # told by who is reserved and was not checked in
    assert_never(event)


def _seated(state: ClassSession) -> ClassSession:
    """Once the last free seat is taken, the next one to come free is news."""
    told = state.claims_told and state.free_online > 0
    return state if told == state.claims_told else replace(state, claims_told=told)


class_session: Aggregate[ClassSession, SessionEvent] = Aggregate(
    "session", ClassSession(), evolve, snapshot_every=500, shape=4
)
