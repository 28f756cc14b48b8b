"""What people are told: a refusal is so, by what was counted."""

from chassis.decider import Refused
from contracts import booking as ask
from contracts.booking import BookingCode
from contracts.envelope import Command
from tests.domain.booking.naive import Naive

INELIGIBLE = {
    BookingCode.OVERLAP, BookingCode.DAILY_LIMIT, BookingCode.NO_ENTITLEMENT, BookingCode.ON_HOLD,
    BookingCode.PAST_DUE, BookingCode.LIMIT_REACHED,
}  # fmt: skip
OfFee = ask.WaiveFee | ask.ContestFee | ask.ResolveContest


def must_be_true(naive: Naive, refusal: Refused, command: Command) -> None:
    """What a client is told is so."""
    if isinstance(command, ask.BookClass):
        if refusal.code in INELIGIBLE and command.grant_id is None:
            assert not naive.eligible(command.client_id, command.session_id)
        assert _is_so(naive, refusal.code, command)
    elif isinstance(command, OfFee):
        assert _is_so_of_the_fee(naive, refusal.code, command)


def _is_so(naive: Naive, code: str, command: ask.BookClass) -> bool:
    client, seats = command.client_id, naive.sessions[command.session_id]
    spots = [seats.spot[one] for one in seats.seated]
    told = {
        BookingCode.BOOKING_BANNED: naive.is_banned(client),
        BookingCode.WAIVER_REQUIRED: client not in naive.signed,
        BookingCode.ALREADY_BOOKED: client in seats.seated,
        BookingCode.ALREADY_WAITLISTED: client in seats.line,
        BookingCode.LATE_CANCELLED: client in seats.late,
        BookingCode.WINDOW_NOT_OPEN: naive.now < seats.opens_at,
        BookingCode.BOOKING_CLOSED: naive.now >= seats.closes_at,
        BookingCode.SESSION_FULL: seats.free(online=True) <= 0,
        BookingCode.WAITLIST_FULL: len(seats.line) >= seats.longest_line,
        BookingCode.SPOT_TAKEN: command.spot in spots,
        BookingCode.SESSION_CANCELLED: seats.called_off,
        BookingCode.SESSION_FINALIZED: seats.over and not seats.called_off,
    }
    return told.get(BookingCode(code), True)


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
