"""What people are told: a refusal is so, by what was counted."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chassis.decider import Refused
from contracts import booking as ask
from contracts.booking import BookingCode, GrantKind
from contracts.envelope import Command
from contracts.timetable import ChangeSession, TimetableCode
from tests.domain.booking.naive import Naive

INELIGIBLE = {
    BookingCode.OVERLAP, BookingCode.DAILY_LIMIT, BookingCode.NO_ENTITLEMENT, BookingCode.ON_HOLD,
    BookingCode.PAST_DUE, BookingCode.LIMIT_REACHED,
}  # fmt: skip
OfFee = ask.WaiveFee | ask.ContestFee | ask.ResolveContest


def must_be_true(naive: Naive, refusal: Refused, command: Command) -> None:
    """What somebody is told who asks for a client's seat, place in line, check-in or fee."""
    if isinstance(command, OfFee):
        assert _is_so_of_the_fee(naive, refusal.code, command)
    elif hasattr(command, "session_id") and hasattr(command, "client_id"):
        assert _is_so(naive, refusal.code, command)
    if isinstance(command, ChangeSession):
        assert _is_so_of_the_session(naive, refusal.code, command)
    if isinstance(command, ask.ChangeEntitlement):
        assert _is_so_of_the_grant(naive, refusal.code, command)
    if isinstance(command, ask.BookClass):
        if refusal.code in INELIGIBLE and command.grant_id is None:
            assert not naive.eligible(command.client_id, command.session_id)
        if refusal.code == BookingCode.DAILY_LIMIT and refusal.field != "overrides":
            _must_name_the_limit(naive, refusal, command)


def _is_so(naive: Naive, code: str, command: Any) -> bool:
    client, seats, now = command.client_id, naive.sessions[command.session_id], naive.now
    told = {
        BookingCode.SESSION_CANCELLED: seats.called_off,
        BookingCode.SESSION_FINALIZED: seats.over and not seats.called_off,
        BookingCode.BOOKING_BANNED: naive.is_banned(client),
        BookingCode.WAIVER_REQUIRED: seats.waiver_required and client not in naive.signed,
        BookingCode.ALREADY_BOOKED: client in seats.seated,
        BookingCode.ALREADY_WAITLISTED: client in seats.line,
        BookingCode.LATE_CANCELLED: client in seats.late,
        BookingCode.WINDOW_NOT_OPEN: naive.credits.is_early(client, seats, now),
        BookingCode.BOOKING_CLOSED: now >= seats.closes_at,
        BookingCode.SESSION_FULL: seats.free(online=True) <= 0,
        BookingCode.WAITLIST_NOT_NEEDED: seats.free(online=True) > 0,
        BookingCode.WAITLIST_FULL: len(seats.line) >= seats.longest_line,
        BookingCode.NOT_BOOKED: client not in seats.seated,
        BookingCode.NOT_WAITLISTED: client not in seats.line,
        BookingCode.NOT_OFFERED: client not in seats.offered,
        BookingCode.OFFER_EXPIRED: client in seats.offered and now >= seats.offered[client],
        BookingCode.NOT_CANCELLED: client not in seats.late,
        BookingCode.CANCELLATION_CLOSED: now >= seats.cancels_until,
        BookingCode.CHECK_IN_NOT_OPEN: code in seats.shut(now),
        BookingCode.CHECK_IN_CLOSED: code in seats.shut(now),
        BookingCode.SELF_CHECK_IN_OFF: not seats.policy.self_check_in,
        BookingCode.ALREADY_CHECKED_IN: client in seats.here,
        BookingCode.NOT_CHECKED_IN: client not in seats.here,
    }
    if code == BookingCode.SPOT_TAKEN:
        taken = {seats.spot[one] for one in seats.seated}
        return taken >= {command.spot} if command.spot else taken >= {*seats.spots}
    return told.get(BookingCode(code), True)


def _must_name_the_limit(naive: Naive, refusal: Refused, command: ask.BookClass) -> None:
    """The first that is reached, how many it allows, and how many there are."""
    seats = naive.sessions[command.session_id]
    name, booked = next(iter(naive.limits.reached(command.client_id, seats).items()))
    assert refusal.details["booked"] == booked
    assert refusal.details[name] == getattr(seats.policy, name)


def _is_so_of_the_fee(naive: Naive, code: str, command: OfFee) -> bool:
    case = naive.fees.cases.get(command.reservation_id)
    if case is None or case.fee is None:
        return code == BookingCode.FEE_NOT_FOUND
    told = {
        BookingCode.FEE_NOT_PENDING: case.stage != "pending",
        BookingCode.FEE_CLOSED: not case.is_owed,
        BookingCode.CONTEST_CLOSED: naive.now >= case.fee.contestable_until,
        BookingCode.ALREADY_CONTESTED: case.contest != "none",
        BookingCode.NOT_CONTESTED: case.contest != "open",
    }
    return told[BookingCode(code)]


def _is_so_of_the_session(naive: Naive, code: str, command: ChangeSession) -> bool:
    seats, wanted = naive.sessions[command.session_id], command.spots or ()
    taken = {seats.spot[one] for one in seats.seated} - {None}
    told: dict[str, bool] = {
        BookingCode.SESSION_CANCELLED: seats.called_off,
        BookingCode.SESSION_FINALIZED: seats.over and not seats.called_off,
        TimetableCode.SESSION_STARTED: naive.now >= seats.starts_at,
        BookingCode.INVALID_SPOTS: 0 < len(wanted) < seats.capacity,
        TimetableCode.SPOTS_IN_USE: command.spots is not None and not taken <= {*wanted},
    }
    return told[code]


def _is_so_of_the_grant(naive: Naive, code: str, command: ask.ChangeEntitlement) -> bool:
    client, grant, now = command.client_id, command.grant_id, naive.now
    one = naive.credits.grants[client][grant]
    used = one.credits - naive.credits.left(client, grant)
    ends = command.expires_at
    if command.expires_on is not None:
        day_after = command.expires_on + timedelta(days=1)
        ends = datetime.combine(day_after, time.min, tzinfo=ZoneInfo(command.time_zone or ""))
    is_over = one.expires_at is not None and now >= one.expires_at
    told = {
        BookingCode.ENTITLEMENT_ENDED: grant in naive.credits.ended or is_over,
        BookingCode.CREDITS_IN_USE: command.credits is not None and command.credits < used,
        BookingCode.EXPIRES_IN_THE_PAST: ends is not None and ends <= now,
        BookingCode.INVALID_GRANT: (one.kind is GrantKind.UNLIMITED and command.credits is not None)
        or (ends is not None and ends <= one.valid_from),
    }
    return told[BookingCode(code)]
