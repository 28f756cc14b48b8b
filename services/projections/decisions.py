"""Decisions about a client, in a session or in none: what an event decided, on which facts.

Facts are plain values under stable names, such as ``free_until`` or ``seats_taken``; instants are
ISO 8601. Nothing about another client is among them, not even who was passed over: members read
their own receipts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts import booking, timetable
from contracts.booking import BanEnd, Cancellation, ReservationSource
from contracts.envelope import Envelope, Event
from contracts.ids import ClientId, SessionId
from contracts.money import Money


class Decision(StrEnum):
    """What was decided."""

    RESERVED = "reserved"
    REINSTATED = "reinstated"
    CANCELLED_EARLY = "cancelled_early"
    CANCELLED_LATE = "cancelled_late"
    SESSION_CANCELLED = "session_cancelled"
    REMOVED = "removed"
    FLAGGED = "flagged"
    COVERED = "covered"
    SPOT_CHANGED = "spot_changed"
    SESSION_MOVED = "session_moved"
    INSTRUCTOR_CHANGED = "instructor_changed"
    INSTRUCTOR_GONE = "instructor_gone"
    RULES_CHANGED = "rules_changed"
    JOINED_WAITLIST = "joined_waitlist"
    LEFT_WAITLIST = "left_waitlist"
    PROMOTED = "promoted"
    PASSED_OVER = "passed_over"
    OFFERED = "offered"
    OFFER_SHORTENED = "offer_shortened"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_EXPIRED = "offer_expired"
    OFFER_DECLINED = "offer_declined"
    CHECKED_IN = "checked_in"
    CHECK_IN_UNDONE = "check_in_undone"
    NO_SHOW = "no_show"
    EXCUSED = "excused"
    ATTENDANCE_CORRECTED = "attendance_corrected"
    VIOLATION_RECORDED = "violation_recorded"
    VIOLATION_CLEARED = "violation_cleared"
    FEE_ASSESSED = "fee_assessed"
    FEE_FORGIVEN = "fee_forgiven"
    FEE_WAIVED = "fee_waived"
    FEE_CONTESTED = "fee_contested"
    CONTEST_RESOLVED = "contest_resolved"
    FEE_DUE = "fee_due"
    FEE_REVERSED = "fee_reversed"
    BAN_IMPOSED = "ban_imposed"
    BAN_LIFTED = "ban_lifted"


CANCELLED = {
    Cancellation.EARLY: Decision.CANCELLED_EARLY,
    Cancellation.LATE: Decision.CANCELLED_LATE,
    Cancellation.SESSION: Decision.SESSION_CANCELLED,
    Cancellation.STAFF: Decision.REMOVED,
}
OF_EVENT: Mapping[type[Event], Decision] = {
    booking.ReservationMade: Decision.RESERVED,
    booking.ReservationReinstated: Decision.REINSTATED,
    booking.ReservationFlagged: Decision.FLAGGED,
    booking.ReservationCovered: Decision.COVERED,
    booking.SpotChanged: Decision.SPOT_CHANGED,
    booking.WaitlistJoined: Decision.JOINED_WAITLIST,
    booking.WaitlistLeft: Decision.LEFT_WAITLIST,
    booking.WaitlistPromoted: Decision.PROMOTED,
    booking.WaitlistPromotionSkipped: Decision.PASSED_OVER,
    booking.SpotOffered: Decision.OFFERED,
    booking.OfferShortened: Decision.OFFER_SHORTENED,
    booking.OfferWithdrawn: Decision.OFFER_WITHDRAWN,
    booking.OfferExpired: Decision.OFFER_EXPIRED,
    booking.OfferDeclined: Decision.OFFER_DECLINED,
    booking.CheckedIn: Decision.CHECKED_IN,
    booking.CheckInUndone: Decision.CHECK_IN_UNDONE,
    booking.MarkedNoShow: Decision.NO_SHOW,
    booking.AttendanceCorrected: Decision.ATTENDANCE_CORRECTED,
    booking.ViolationRecorded: Decision.VIOLATION_RECORDED,
    booking.ViolationCleared: Decision.VIOLATION_CLEARED,
    booking.FeeAssessed: Decision.FEE_ASSESSED,
    booking.FeeForgiven: Decision.FEE_FORGIVEN,
    booking.FeeWaived: Decision.FEE_WAIVED,
    booking.FeeContested: Decision.FEE_CONTESTED,
    booking.FeeContestResolved: Decision.CONTEST_RESOLVED,
    booking.FeeDue: Decision.FEE_DUE,
    booking.FeeReversed: Decision.FEE_REVERSED,
    booking.BookingBanImposed: Decision.BAN_IMPOSED,
    booking.BookingBanLifted: Decision.BAN_LIFTED,
}
OF_EVERYBODY: Mapping[type[Event], Decision] = {
    timetable.SessionRescheduled: Decision.SESSION_MOVED,
    timetable.InstructorSubstituted: Decision.INSTRUCTOR_CHANGED,
    timetable.InstructorUnassigned: Decision.INSTRUCTOR_GONE,
    timetable.SessionChanged: Decision.RULES_CHANGED,
}
"""Changes of a session: each decides about everybody whose time to leave freely they change."""
NO_SESSION = SessionId(UUID(int=0))
"""Of what was decided in no session, such as a ban."""
BY_RULES = {
    Decision.PROMOTED, Decision.OFFERED, Decision.OFFER_SHORTENED, Decision.OFFER_WITHDRAWN,
}  # fmt: skip
"""Set in motion by whoever freed the seat, decided by the rules, unless staff gave a reason."""
JUDGED = {
    Decision.PASSED_OVER, Decision.VIOLATION_RECORDED, Decision.FEE_ASSESSED,
    Decision.FEE_FORGIVEN, Decision.FEE_DUE,
}  # fmt: skip
"""Follows from the rules, whoever cancelled or closed the books; nobody had a choice."""
PARTS = {"evidence", "cause", "remaining"}
"""Fields whose own fields are the facts."""
CHANGE_FACTS = ("starts_at", "previous_starts_at", "free_cancel_until")
"""What everybody is told of a change of the session."""
NO_FACTS = {
    "session_id", "client_id", "reservation_id", "grant_id", "policy_version", "by", "seq",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about one client in one session, or in none."""

    session_id: SessionId
    client_id: ClientId
    decision: Decision
    at: datetime
    """UTC; when it was true."""
    by: str
    """``client``, ``staff`` or ``system``."""
    policy_version: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def all_decided(envelope: Envelope) -> Iterator[Decided]:
    """What the event decided about clients: one, or each it excused or gave another deadline."""
    event: Any = envelope.event
    if isinstance(event, booking.AttendanceFinalized):
        yield from _excused(envelope, event)
        return
    decision = OF_EVERYBODY.get(type(event))
    if decision is None:
        found = decided(envelope)
        yield from () if found is None else (found,)
        return
    names = (name for name in CHANGE_FACTS if getattr(event, name, None))
    shared = {name: getattr(event, name).isoformat() for name in names}
    for one in event.deadlines:
        yield Decided(
            session_id=event.session_id, client_id=one.client_id, decision=decision,
            at=envelope.occurred_at, by=_by(envelope.actor, one, decision),
            policy_version=_policy_version(event),
            facts=shared | {"free_until": one.free_until.isoformat()},
        )  # fmt: skip


def _excused(envelope: Envelope, event: booking.AttendanceFinalized) -> Iterator[Decided]:
    """Closed books decide by themselves about nobody else; who is missing has an event."""
    for client in event.excused_clients:
        yield Decided(
            session_id=event.session_id, client_id=client, decision=Decision.EXCUSED,
            at=envelope.occurred_at, by="system", policy_version=_policy_version(event),
        )  # fmt: skip


def decided(envelope: Envelope) -> Decided | None:
    """What the event decided about a client; ``None`` when it decided nothing of the kind."""
    event: Any = envelope.event
    if isinstance(event, booking.ReservationCancelled):
        decision = CANCELLED[event.kind]
    elif type(event) in OF_EVENT:
        decision = OF_EVENT[type(event)]
    else:
        return None
    return Decided(
        session_id=getattr(event, "session_id", NO_SESSION),
        client_id=event.client_id,
        decision=decision,
        at=envelope.occurred_at,
        by=_by(envelope.actor, event, decision),
        policy_version=_policy_version(event),
        facts=_facts(event),
    )


def _by(actor: str, event: Any, decision: Decision) -> str:
    """Who decided. A client decides about nobody but themselves: for others the rules did.

    So they did about a ban that was counted or fell, whoever added or put right what it rests on.
    """
    kind, _, text = actor.partition(":")
    if (
        decision in JUDGED
        or (decision in BY_RULES and not getattr(event, "reason", ""))
        or (decision is Decision.BAN_IMPOSED and event.cause is not None)
        or (decision is Decision.BAN_LIFTED and event.kind is BanEnd.FELL)
        or getattr(event, "source", None) is ReservationSource.PROMOTED
        or (kind == "client" and text != str(event.client_id))
    ):
        return "system"
    return kind


def _policy_version(event: Any) -> int | None:
    """Of the event, or of what a ban rests on."""
    if isinstance(event, timetable.SessionChanged):
        return event.policy.version
    rests_on = getattr(event, "cause", None)
    told = getattr(event if rests_on is None else rests_on, "policy_version", None)
    return told or None  # 0: it was not told then


def _facts(event: Event) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, value in event:
        if name in PARTS and value is not None:
            facts |= value.model_dump(mode="json", exclude={"policy_version"})
        elif isinstance(value, Money):
            facts |= {"amount_minor": value.minor, "currency": value.currency}
        elif name == "overrides":
            facts |= {name: [str(one) for one in value]} if value else {}
        elif isinstance(value, tuple):
            facts[name] = len(value)  # how many, never who
        elif name not in NO_FACTS and value not in (None, ""):
            facts[name] = value.isoformat() if isinstance(value, datetime) else value
    return facts
