"""Receipts as sentences: built from a decision's facts alone, in the location's local time.

Times of the session's own day are told by the clock only, others with their date.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.booking import BanEnd, BookingCode
from contracts.money import written
from services.projections.decisions import Decided, Decision
from services.projections.reasons import (
    FORGIVEN,
    GIVEN_UP,
    LEFT,
    NOT_ELIGIBLE,
    OVERRIDDEN,
    VIOLATIONS,
)

Tell = Callable[[datetime | str | None], str]
Facts = Mapping[str, Any]

OWN_WORDS = {Decision.LEFT_WAITLIST, Decision.PASSED_OVER, Decision.FLAGGED}
"""Decisions whose sentences say the reason themselves."""


def told(decided: Decided, zone: str, starts_at: datetime) -> str:
    """One sentence without a full stop: ``Cancelled 20:14, free until 20:00: late``."""
    day = starts_at.astimezone(ZoneInfo(zone)).date()

    def at(instant: datetime | str | None) -> str:
        if instant is None:
            return "?"
        moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        local = moment.astimezone(ZoneInfo(zone))
        clock = f"{local:%H:%M}"
        return clock if local.date() == day else f"{local.day} {local:%b} {clock}"

    sentence = _SENTENCES[decided.decision](at(decided.at), decided.facts, at)
    reason = decided.facts.get("reason")
    if decided.decision in OWN_WORDS or not reason:
        return sentence
    return f"{sentence} ({GIVEN_UP.get(str(reason), reason)})"


def _reserved(when: str, facts: Facts, at: Tell) -> str:
    source = facts.get("source")
    verb = {
        "staff": "Booked by staff", "promoted": "Got a seat from the waitlist",
        "claimed": "Claimed a free seat", "walk_in": "Walked in",
    }.get(str(source), "Booked")  # fmt: skip
    over = " over capacity" if facts.get("overbooked") else ""
    seat = f"seat {facts.get('seats_taken')} of {facts.get('capacity')}{over}"
    until = at(facts.get("free_until"))
    return f"{verb} {when}, {seat}, free to cancel until {until}{_although(facts)}"


def _done(words: str) -> Callable[[str, Facts, Tell], str]:
    return lambda when, facts, _: f"{words} {when}{_although(facts)}"


def _although(facts: Facts) -> str:
    """The rules that staff set aside."""
    codes = [str(one) for one in facts.get("overrides", ())]
    return f", although {' and '.join(OVERRIDDEN.get(one, one) for one in codes)}" if codes else ""


def _cancelled(outcome: str) -> Callable[[str, Facts, Tell], str]:
    def tell(when: str, facts: Facts, at: Tell) -> str:
        verb = "Taken back by staff" if facts.get("removed") else "Cancelled"
        return f"{verb} {when}, free until {at(facts.get('free_until'))}: {outcome}"

    return tell


def _changed(words: str) -> Callable[[str, Facts, Tell], str]:
    return lambda when, facts, at: f"{words} {when}, free until {at(facts.get('free_until'))}"


def _flagged(when: str, facts: Facts, _: Tell) -> str:
    held = facts.get("reason") == BookingCode.ON_HOLD
    why = "the membership is on hold" if held else "nothing pays for it any more"
    return f"Seat kept {when} though {why}"


def _said(words: str) -> Callable[[str, Facts, Tell], str]:
    return lambda when, _, __: f"{words} {when}"


def _moved(when: str, facts: Facts, _: Tell) -> str:
    came_from = f" from {facts['previous']}" if facts.get("previous") else ""
    return f"Moved {when}{came_from} to {facts.get('spot')}"


def _promoted(when: str, facts: Facts, _: Tell) -> str:
    return f"Promoted from the waitlist {when}{_others(facts)}"


def _offered(when: str, facts: Facts, at: Tell) -> str:
    return f"Offered a seat {when}, held until {at(facts.get('expires_at'))}{_others(facts)}"


def _shortened(when: str, facts: Facts, at: Tell) -> str:
    return f"The class changed {when}, the offered seat is held until {at(facts.get('expires_at'))}"


def _others(facts: Facts) -> str:
    passed = facts.get("passed_over", 0)
    return f", {passed} before them not eligible" if passed else ""


def _passed_over(when: str, facts: Facts, _: Tell) -> str:
    code = str(facts.get("reason", ""))
    known = NOT_ELIGIBLE.get(BookingCode(code)) if code in set(BookingCode) else None
    return f"Passed over {when}: {known or code.lower().replace('_', ' ')}"


def _left(when: str, facts: Facts, _: Tell) -> str:
    return f"{LEFT.get(str(facts.get('reason')), 'Left the waitlist')} {when}"


def _declined(when: str, facts: Facts, _: Tell) -> str:
    place = ", keeping the place in line" if facts.get("keeps_place") else ""
    return f"Declined the seat {when}{place}"


def _corrected(when: str, facts: Facts, _: Tell) -> str:
    was, becomes = (str(facts.get(name)).replace("_", " ") for name in ("was", "becomes"))
    return f"Attendance corrected {when}: {was} became {becomes}"


def _violation(when: str, facts: Facts, at: Tell) -> str:
    what = VIOLATIONS.get(str(facts.get("kind")), "violation")
    forgiven = FORGIVEN.get(str(facts.get("forgiven")))
    verdict = f"forgiven, {forgiven}" if forgiven else "it counts"
    return f"Judged {when} a {what}, free until {at(facts.get('free_until'))}: {verdict}"


def _assessed(when: str, facts: Facts, at: Tell) -> str:
    until = at(facts.get("waivable_until"))
    what = VIOLATIONS.get(str(facts.get("kind")), "fee")
    return f"Fee of {_amount(facts)} for a {what} noted {when}, due {until} unless waived"


def _forgiven(when: str, facts: Facts, _: Tell) -> str:
    return f"Fee forgiven {when}: {FORGIVEN.get(str(facts.get('forgiven')), 'by the rules')}"


def _resolved(when: str, facts: Facts, _: Tell) -> str:
    return f"Looked at {when}: the fee {'stands' if facts.get('fee_stands') else 'is taken back'}"


def _fee_is(what: str) -> Callable[[str, Facts, Tell], str]:
    return lambda when, facts, _: f"Fee of {_amount(facts)} {what} {when}"


def _banned(when: str, facts: Facts, at: Tell) -> str:
    if facts.get("erased"):
        return f"Erased {when}: nobody books for them any more"
    return f"Booking suspended {when}, {_until(facts, at)}"


def _ban_lifted(when: str, facts: Facts, at: Tell) -> str:
    if "because" in facts:
        return f"A ban lifted {when}, another stays {_until(facts, at)}"
    fell = ", too few penalties are left" if facts.get("kind") == BanEnd.FELL else ""
    return f"Booking allowed again {when}{fell}"


def _until(facts: Facts, at: Tell) -> str:
    return f"until {at(facts['until'])}" if facts.get("until") else "until it is lifted"


def _amount(facts: Facts) -> str:
    return written(int(facts.get("amount_minor", 0)), str(facts.get("currency", "")))


_SENTENCES: Mapping[Decision, Callable[[str, Facts, Tell], str]] = {
    Decision.RESERVED: _reserved,
    Decision.REINSTATED: _done("Cancellation undone"),
    Decision.CANCELLED_EARLY: _cancelled("in time"),
    Decision.CANCELLED_LATE: _cancelled("late"),
    Decision.SESSION_CANCELLED: _said("The gym cancelled the class"),
    Decision.REMOVED: _said("Seat taken back by staff"),
    Decision.FLAGGED: _flagged,
    Decision.COVERED: _said("Seat paid for again"),
    Decision.SPOT_CHANGED: _moved,
    Decision.SESSION_MOVED: _changed("The class was moved"),
    Decision.INSTRUCTOR_CHANGED: _changed("The class got another instructor"),
    Decision.INSTRUCTOR_GONE: _changed("The class has no instructor for now"),
    Decision.RULES_CHANGED: _changed("The class changed"),
    Decision.JOINED_WAITLIST: _done("Joined the waitlist"),
    Decision.LEFT_WAITLIST: _left,
    Decision.PROMOTED: _promoted,
    Decision.PASSED_OVER: _passed_over,
    Decision.OFFERED: _offered,
    Decision.OFFER_SHORTENED: _shortened,
    Decision.OFFER_WITHDRAWN: _said("Place kept without the offer as the class changed"),
    Decision.OFFER_EXPIRED: _said("No answer to the offer, last in line since"),
    Decision.OFFER_DECLINED: _declined,
    Decision.CHECKED_IN: _done("Checked in"),
    Decision.CHECK_IN_UNDONE: _said("Check-in undone"),
    Decision.NO_SHOW: _said("Marked as a no-show"),
    Decision.EXCUSED: lambda when, _, __: f"Excused {when}: nobody had said who came",
    Decision.ATTENDANCE_CORRECTED: _corrected,
    Decision.VIOLATION_RECORDED: _violation,
    Decision.VIOLATION_CLEARED: _said("Violation cleared"),
    Decision.FEE_ASSESSED: _assessed,
    Decision.FEE_FORGIVEN: _forgiven,
    Decision.FEE_WAIVED: _said("Fee waived"),
    Decision.FEE_CONTESTED: _said("Fee contested"),
    Decision.CONTEST_RESOLVED: _resolved,
    Decision.FEE_DUE: _fee_is("due"),
    Decision.FEE_REVERSED: _fee_is("reversed"),
    Decision.BAN_IMPOSED: _banned,
    Decision.BAN_LIFTED: _ban_lifted,
}
