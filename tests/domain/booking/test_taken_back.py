"""A seat given up late is taken back when what paid for it has ended, is on hold, or pays again."""

import pytest

from contracts.booking import (
    AddWalkIn,
    BookingCode,
    CancelReservation,
    CheckedIn,
    CreditHeld,
    CreditReleased,
    EndEntitlement,
    EntitlementResumed,
    LapsedSeats,
    PromotionMissed,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ReservationReinstated,
    ResumeEntitlement,
    SuspendEntitlement,
    Suspension,
    TimeTaken,
    UndoCancel,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    DAY_BEFORE,
    FAR,
    HOUR,
    MINUTE,
    NOON,
    SES,
    given,
    grant_of,
    granted,
    late_cancelled,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import Scenario, fact

MINE = {"client_id": ANN, "grant_id": grant_of(ANN)}
HOLD = SuspendEntitlement(**MINE, because=Suspension.HOLD)
RESUME = ResumeEntitlement(**MINE)
END = EndEntitlement(**MINE)
LATE_CANCELLED = (scheduled(2), with_credits(ANN), late_cancelled(ANN))
UNDO = UndoCancel(session_id=SES, client_id=ANN)
WALKS_IN = AddWalkIn(
    session_id=SES, client_id=ANN, overrides=(BookingCode.LATE_CANCELLED,), reason="here"
)
BACK = NOON - 40 * MINUTE
MEMBER = ("client:ann", "member")
DESK = ("staff:x", "owner")
WHYS = pytest.mark.parametrize(
    ("command", "reason"), [(HOLD, BookingCode.ON_HOLD), (END, BookingCode.NO_ENTITLEMENT)]
)


def flag_of(scenario: Scenario) -> BookingCode | None:
    return scenario.gym.state(class_session, SES).reserved[ANN].flag  # type: ignore[no-any-return]


@WHYS
def test_a_client_takes_no_seat_back_that_nothing_pays_for_any_more(
    command: SuspendEntitlement | EndEntitlement, reason: BookingCode
) -> None:
    """Given up late, the membership ends ten minutes later, and it is wanted back."""
    scenario = given(*LATE_CANCELLED).when(command, NOON - 50 * MINUTE)
    scenario.when(UNDO, BACK, *MEMBER).then_refused(reason)
    assert ANN in scenario.gym.state(class_session, SES).late_cancelled


@WHYS
@pytest.mark.parametrize("lapsed", list(LapsedSeats))
def test_staff_gives_it_back_flagged(
    command: SuspendEntitlement | EndEntitlement, reason: BookingCode, lapsed: LapsedSeats
) -> None:
    past = (scheduled(2, lapsed_seats=lapsed), *LATE_CANCELLED[1:])
    scenario = given(*past).when(command, NOON - 50 * MINUTE)
    scenario.when(UNDO, BACK, *DESK).then(
        fact(ReservationReinstated), fact(TimeTaken),
        fact(ReservationFlagged, client_id=ANN, reason=reason, policy_version=1),
    )  # fmt: skip
    assert flag_of(scenario) is reason


@pytest.mark.parametrize("asker", [MEMBER, DESK])
@pytest.mark.parametrize("command", [HOLD, END])
def test_what_else_they_have_pays_for_the_seat_taken_back(
    command: SuspendEntitlement | EndEntitlement, asker: tuple[str, str]
) -> None:
    scenario = given(*LATE_CANCELLED, granted(ANN, 3, nth=2)).when(command, NOON - 50 * MINUTE)
    scenario.when(UNDO, BACK, *asker).then(
        fact(ReservationReinstated), fact(TimeTaken),
        fact(CreditReleased, grant_id=grant_of(ANN)),
        fact(CreditHeld, grant_id=grant_of(ANN, 2), credits=1),
        fact(ReservationCovered, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip
    assert flag_of(scenario) is None


def test_a_line_elsewhere_forgets_nobody_whose_seat_is_paid_by_something_else_now() -> None:
    """Passed over while the one pack is on hold; the other, which is for today, pays for a seat."""
    later = NOON + 48 * HOUR
    today = granted(ANN, 3, nth=2, expires_at=NOON + 12 * HOUR)
    scenario = given(
        *LATE_CANCELLED, today, scheduled(1, FAR, later), with_credits(BEN),
        reserved(BEN, FAR, starts_at=later, free_until=later - 2 * HOUR), waiting(ANN, 1, FAR),
    ).when(HOLD, NOON - 50 * MINUTE)  # fmt: skip
    scenario.when(CancelReservation(session_id=FAR, client_id=BEN), NOON - 45 * MINUTE).then(
        fact(ReservationCancelled), fact(CreditReleased),
        fact(WaitlistPromotionSkipped, client_id=ANN, reason=BookingCode.ON_HOLD),
        fact(PromotionMissed, client_id=ANN),
    )  # fmt: skip
    scenario.when(UNDO, BACK, *MEMBER).then_answered(status="reserved")
    scenario.when(RESUME, BACK + MINUTE).then(
        fact(EntitlementResumed), fact(WaitlistPromoted, session_id=FAR, client_id=ANN),
        fact(ReservationMade), fact(CreditHeld, grant_id=grant_of(ANN)),
    )  # fmt: skip


def test_a_late_cancel_walked_in_on_a_grant_that_ended_is_flagged_too() -> None:
    scenario = given(*LATE_CANCELLED).when(END, NOON - 50 * MINUTE)
    scenario.when(WALKS_IN, NOON - 10 * MINUTE, *DESK).then(
        fact(ReservationReinstated), fact(TimeTaken),
        fact(ReservationFlagged, reason=BookingCode.NO_ENTITLEMENT), fact(CheckedIn),
    )  # fmt: skip


def test_a_payment_past_due_keeps_nobody_from_taking_a_seat_back() -> None:
    due = SuspendEntitlement(**MINE, because=Suspension.PAST_DUE)
    scenario = given(*LATE_CANCELLED).when(due, NOON - 50 * MINUTE)
    scenario.when(UNDO, BACK, *MEMBER).then(fact(ReservationReinstated), fact(TimeTaken))


@pytest.mark.parametrize("asker", [MEMBER, DESK])
def test_a_seat_taken_back_when_the_hold_is_over_is_flagged_no_more(asker: tuple[str, str]) -> None:
    """Flagged by the hold, given up late, and the membership goes on before it is wanted back."""
    past = (scheduled(2), with_credits(ANN), reserved(ANN))
    scenario = given(*past).when(HOLD, DAY_BEFORE)
    assert flag_of(scenario) is BookingCode.ON_HOLD
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - HOUR, *MEMBER)
    scenario.when(RESUME, NOON - 50 * MINUTE).then(fact(EntitlementResumed))
    scenario.when(UNDO, BACK, *asker).then(
        fact(ReservationReinstated), fact(TimeTaken),
        fact(ReservationCovered, client_id=ANN, grant_id=grant_of(ANN)),
    )  # fmt: skip
    assert flag_of(scenario) is None
