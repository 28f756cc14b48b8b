"""What a history has come to: words for it, and what histories as a whole must have come to.

A law says nothing of what never happens.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chassis.decider import Refused
from contracts import booking as said
from contracts.envelope import Command, Event
from contracts.ids import SessionId
from contracts.timetable import BookingPolicyPublished, HoldMoved, SessionChanged
from services.booking.doors import LET_IN
from tests.domain.booking.gym_rules import OPTIONS
from tests.domain.booking.naive_fees import Case
from tests.domain.booking.naive_seats import MINUTE, Seats


def of_refusal(command: Command, refusal: Refused) -> str:
    limit = " of a program" if "program_daily_limit" in refusal.details else ""
    return f"{type(command).__name__} refused {refusal.code}{limit}"


def of_events(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        name = type(event).__name__
        yield name
        yield from (f"{name}: {detail}" for detail in _details(event))


def of_seats(
    sessions: Mapping[SessionId, Seats], events: Iterable[Event], now: datetime
) -> Iterator[str]:
    """Seats taken, and people who come in, at odd times."""
    events = list(events)
    kinds = {type(event) for event in events}
    if {said.ReservationReinstated, said.ReservationCovered} <= kinds - {said.CreditHeld} == kinds:
        yield "a flag gone when its seat was taken back"
    yield from _of_changes(sessions, events)
    for event in events:
        if isinstance(event, said.CheckedIn) and is_due(sessions[event.session_id], now):
            yield f"checked in by {event.source} when the books were due"
        if isinstance(event, said.WaitlistJoined):
            free = sessions[event.session_id].free(online=False)
            yield from ["a line beside seats that are not online"] * (free > 0)
        if isinstance(event, said.ReservationMade):
            seats = sessions[event.session_id]
            by_client = event.source is said.ReservationSource.BOOKED
            if by_client and now < seats.opens_at and not event.overrides:
                yield "a seat taken by a head start"
            if now >= seats.starts_at:
                yield "a seat taken after the start"
            if is_due(seats, now):
                yield "a seat taken after the books were due"


def _of_changes(sessions: Mapping[SessionId, Seats], events: Iterable[Event]) -> Iterator[str]:
    """What a session said anew, or a grant, means for people."""
    changed: Event | None = None
    for event in events:
        if isinstance(event, said.EntitlementChanged | SessionChanged):
            changed = event
        elif changed is not None:
            yield f"{type(changed).__name__}, then {_told_why(event)}"
        if isinstance(event, SessionChanged):
            seats = sessions[event.session_id]
            late = seats.starts_at - event.policy.late_cancel_minutes * MINUTE
            longer = [one.free_until for one in event.deadlines]
            yield from ["SessionChanged: more time to leave"] * any(at == late for at in longer)
            yield from ["SessionChanged: what the gym promised"] * any(at > late for at in longer)
            kept = [one.free_until for one in seats.seated.values()]
            yield from ["SessionChanged: strict for others"] * any(at > late for at in kept)


def _told_why(event: Any) -> str:
    """Its name, and the reason of somebody's leave."""
    leaves = isinstance(event, said.ReservationCancelled | said.WaitlistLeft)
    return f"{type(event).__name__} {event.reason}" if leaves else type(event).__name__


def is_due(seats: Seats, now: datetime) -> bool:
    """Whether the clock would have closed the books."""
    return now >= seats.ends_at + seats.policy.attendance_closes_minutes_after * MINUTE


def of_cases(cases: Iterable[Case]) -> Iterator[str]:
    """How fees ended."""
    for case in cases:
        if case.fee is not None:
            yield f"{case.fee.kind} fee {case.stage}"
            yield f"fee {case.stage}, contest {case.contest}"


def _details(event: Any) -> Iterator[str]:
    yield from _of_people(event)
    yield from _of_penalties(event)
    match event:
        case said.SessionScheduled() | BookingPolicyPublished():
            yield from (f"{rule} {getattr(event.policy, rule)}" for rule in OPTIONS)
        case SessionChanged():
            yield from (f"says its {part}" for part in event.own)
        case HoldMoved():
            yield from ["into each other"] * bool(event.overlaps)


def _of_people(event: Any) -> Iterator[str]:
    match event:
        case said.ReservationMade():
            yield from (f"despite {code}" for code in event.overrides)
            yield from ([str(event.source)] + ["overbooked"] * event.overbooked)
            yield from ["on a spot"] * (event.spot is not None)
        case said.CheckedIn():
            yield str(event.source)
            yield from (f"despite {code}" for code in event.overrides)
        case said.ReservationReinstated():
            yield from (f"despite {code}" for code in event.overrides)
        case said.ReservationCancelled():
            yield f"{event.kind} {event.reason}"
        case said.WaitlistPromotionSkipped():
            yield str(event.reason)
        case said.WaitlistJoined():
            yield from ["with notice"] * (event.minimum_notice_minutes > 0)
            yield from (f"despite {code}" for code in event.overrides)


def _of_penalties(event: Any) -> Iterator[str]:
    match event:
        case said.AttendanceCorrected():
            yield f"{event.was} to {event.becomes}"
            yield from ["by a door"] * (event.reason == LET_IN)
        case said.ViolationRecorded():
            yield f"{event.kind} of {event.grant_kind}, {event.forgiven}"
        case said.FeeAssessed():
            yield f"{event.kind} {event.amount.minor}"
            yield from ["again"] * (event.assessment > 1)
            yield from ["not the first"] * (event.evidence.recent_violations > 0)
        case said.FeeReversed():
            yield "was due" if event.was_due else "pending"
        case said.FeeForgiven():
            yield str(event.forgiven)
        case said.BookingBanImposed():
            yield "by the rules" if event.cause else "by staff"
        case said.BookingBanLifted():
            yield str(event.kind)


REFUSED = {
    "BookClass": (
        "SESSION_CANCELLED", "SESSION_FINALIZED", "BOOKING_BANNED", "WAIVER_REQUIRED",
        "ALREADY_BOOKED", "ALREADY_WAITLISTED", "LATE_CANCELLED", "WINDOW_NOT_OPEN",
        "BOOKING_CLOSED", "OVERLAP", "DAILY_LIMIT", "DAILY_LIMIT of a program",
        "NO_ENTITLEMENT", "PAST_DUE", "ON_HOLD", "LIMIT_REACHED", "SESSION_FULL", "SPOT_TAKEN",
        "WAITLIST_FULL",
    ),
    "JoinWaitlist": ("WAITLIST_NOT_NEEDED", "WAITLIST_FULL", "WAIVER_REQUIRED"),
    "CheckIn": (
        "WAIVER_REQUIRED", "CHECK_IN_NOT_OPEN", "CHECK_IN_CLOSED", "SELF_CHECK_IN_OFF",
    ),
    "ChangeSpot": ("SPOT_TAKEN", "SPOT_NOT_FOUND"),
    "ClaimSpot": ("NOT_OFFERED", "BOOKING_CLOSED", "SESSION_FULL", "OFFER_EXPIRED"),
    "PromoteNow": ("SESSION_FULL", "OVERLAP"),
    "CancelReservation": ("CANCELLATION_CLOSED",),
    "UndoCancel": ("SESSION_FULL", "BOOKING_CLOSED"),
    "ChangeSession": (
        "SESSION_CANCELLED", "SESSION_FINALIZED", "SESSION_STARTED", "INVALID_SPOTS",
        "SPOTS_IN_USE",
    ),
    "ChangeEntitlement": (
        "ENTITLEMENT_ENDED", "CREDITS_IN_USE", "EXPIRES_IN_THE_PAST", "INVALID_GRANT",
    ),
    "WaiveFee": ("FEE_NOT_PENDING",),
    "ContestFee": ("FEE_CLOSED", "ALREADY_CONTESTED", "CONTEST_CLOSED"),
    "ResolveContest": ("NOT_CONTESTED",),
}  # fmt: skip
"""Command -> what it is refused with, somewhere."""

HAPPENED = {
    "ReservationMade: on a spot", "SpotChanged",
    "ReservationMade: promoted", "ReservationMade: claimed", "ReservationMade: overbooked",
    *(f"ReservationMade: despite {code}" for code in (
        "WAIVER_REQUIRED", "WINDOW_NOT_OPEN", "BOOKING_CLOSED", "OVERLAP", "DAILY_LIMIT",
        "BOOKING_BANNED", "SESSION_FULL",
    )),
    *(f"WaitlistJoined: despite {code}" for code in ("WAIVER_REQUIRED", "WINDOW_NOT_OPEN")),
    *(f"CheckedIn: despite {code}" for code in (
        "WAIVER_REQUIRED", "CHECK_IN_NOT_OPEN", "CHECK_IN_CLOSED",
    )),
    "ReservationReinstated", "ReservationReinstated: despite LATE_CANCELLED",
    "ReservationCancelled: early swapped", "ReservationCancelled: early entitlement_ended",
    "ReservationCancelled: late ", "ReservationCancelled: staff ill",
    "ReservationFlagged", "ReservationCovered", "HoldMoved: into each other",
    "WaitlistPromotionSkipped: SHORT_NOTICE", "WaitlistPromotionSkipped: OVERLAP",
    "WaitlistPromotionSkipped: NO_ENTITLEMENT", "WaitlistPromotionSkipped: BOOKING_BANNED",
    "WaitlistPromotionSkipped: DAILY_LIMIT", "SpotOffered", "OfferExpired", "OfferDeclined",
    "OfferWithdrawn", "ClaimsOpened", "AttendanceUnrecorded", "SeatsCounted",
    *(f"AttendanceCorrected: {was} to {becomes}"
      for was in said.Attendance for becomes in said.Attendance
      if was is not becomes and becomes is not said.Attendance.LATE_CANCELLED),
    *(f"AttendanceCorrected: {was} to late_cancelled" for was in ("excused", "no_show")),
    *(f"ViolationRecorded: {kind} of {grant}, None"
      for kind in said.Violation for grant in said.GrantKind),
    "ViolationRecorded: late_cancel of pack, refilled",
    "ViolationRecorded: late_cancel of unlimited, refilled",
    *(f"FeeAssessed: {kind} {amount}" for kind in said.Violation for amount in (500, 1200)),
    "FeeAssessed: not the first", "FeeAssessed: again", "FeeForgiven: free_pass",
    "FeeForgiven: refilled", "FeeReversed: was due", "FeeReversed: pending",
    *(f"{kind} fee {end}" for kind in said.Violation
      for end in ("due", "forgiven", "cleared", "waived")),
    *(f"fee {end}, contest resolved" for end in ("due", "waived", "cleared", "reversed")),
    "a line beside seats that are not online",
    *(f"SessionChanged: says its {part}" for part in ("title", "seats", "waiver", "rules")),
    *(f"SessionChanged: {what}" for what in (
        "more time to leave", "what the gym promised", "strict for others",
    )),
    *(f"SessionChanged, then {what}" for what in (
        "SpotChanged", "WaitlistPromoted", "ReservationCancelled swapped",
    )),
    *(f"EntitlementChanged, then {what}" for what in (
        "ReservationFlagged", "ReservationCovered", "ReservationCancelled entitlement_ended",
        "WaitlistLeft entitlement_ended",
    )),
    "a seat taken by a head start", "a seat taken after the start",
    "a seat taken after the books were due",
    "checked in by door when the books were due", "CheckedIn: self",
    "a flag gone when its seat was taken back", "AttendanceCorrected: by a door",
    "BookingBanImposed: by the rules", "BookingBanImposed: by staff",
    *(f"BookingBanLifted: {kind}" for kind in said.BanEnd),
    *(f"SessionScheduled: {rule} {value}" for rule, values in OPTIONS.items() for value in values),
}  # fmt: skip

NEEDED = HAPPENED | {
    f"{command} refused {code}" for command, codes in REFUSED.items() for code in codes
}
