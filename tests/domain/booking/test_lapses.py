"""A grant is put on hold or ends: what becomes of the seats it paid for, and of places in line."""

from datetime import timedelta

import pytest

from contracts.booking import (
    BookingCode,
    Cancellation,
    CheckIn,
    CheckInUndone,
    CreditHeld,
    CreditReleased,
    CreditsGranted,
    EndEntitlement,
    EntitlementEnded,
    EntitlementResumed,
    EntitlementSuspended,
    GrantCredits,
    GrantKind,
    JoinWaitlist,
    LapsedSeats,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ResumeEntitlement,
    SpotOffered,
    SuspendEntitlement,
    Suspension,
    UndoCheckIn,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Event
from contracts.timetable import RescheduleSession
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAY_BEFORE,
    HOUR,
    MINUTE,
    NOON,
    OFFERS,
    OTHER,
    SES,
    checked_in,
    given,
    grant_of,
    granted,
    late_cancelled,
    reservation_of,
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
ANOTHER = GrantCredits(client_id=ANN, grant_id=grant_of(ANN, 2), credits=5)
BOOKED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(1), with_credits(ANN, BEN, CAT), reserved(ANN),
)  # fmt: skip
CANCELS = (
    scheduled(1, lapsed_seats=LapsedSeats.CANCEL), with_credits(ANN, BEN, CAT), reserved(ANN),
)  # fmt: skip


def flag_of(scenario: Scenario) -> BookingCode | None:
    return scenario.gym.state(class_session, SES).reserved[ANN].flag  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("command", "happens", "reason"),
    [(HOLD, EntitlementSuspended, BookingCode.ON_HOLD),
     (END, EntitlementEnded, BookingCode.NO_ENTITLEMENT)],
    ids=["hold", "end"],
)  # fmt: skip
def test_a_seat_nothing_pays_for_any_more_stays_and_is_flagged(
    command: SuspendEntitlement | EndEntitlement, happens: type[Event], reason: BookingCode
) -> None:
    scenario = given(*BOOKED).when(command, DAY_BEFORE)
    scenario.then(
        fact(happens),
        fact(
            ReservationFlagged, session_id=SES, client_id=ANN, reason=reason, policy_version=1,
            reservation_id=reservation_of(ANN),
        ),
    )  # fmt: skip
    assert flag_of(scenario) is reason
    scenario.when(command, DAY_BEFORE).then_nothing()


@pytest.mark.parametrize(
    ("command", "reason"), [(HOLD, "entitlement_on_hold"), (END, "entitlement_ended")]
)
def test_a_gym_may_have_it_given_up_for_nothing_and_to_the_line(
    command: SuspendEntitlement | EndEntitlement, reason: str
) -> None:
    scenario = given(*CANCELS, waiting(BEN, 1)).when(command, DAY_BEFORE)
    scenario.then(
        fact(type(scenario.outcome[0])),  # type: ignore[index]
        fact(
            ReservationCancelled, client_id=ANN, kind=Cancellation.EARLY, reason=reason,
            seats_taken=0,
        ),
        fact(CreditReleased, client_id=ANN), fact(WaitlistPromoted, client_id=BEN),
        fact(ReservationMade, client_id=BEN), fact(CreditHeld, client_id=BEN),
    )  # fmt: skip


def test_even_late_it_costs_nothing() -> None:
    scenario = given(*CANCELS).when(END, NOON - MINUTE).then(
        fact(EntitlementEnded), fact(ReservationCancelled, kind=Cancellation.EARLY),
        fact(CreditReleased),
    )  # fmt: skip
    assert not scenario.gym.state(client_ledger, ANN).holds


@pytest.mark.parametrize(
    ("past", "at"),
    [(BOOKED, NOON), ((*BOOKED, checked_in(ANN)), NOON - MINUTE),
     ((scheduled(1), with_credits(ANN), late_cancelled(ANN)), NOON - MINUTE)],
    ids=["begun", "here", "given up"],
)  # fmt: skip
def test_only_seats_ahead_lapse(past: tuple[Event, ...], at: object) -> None:
    given(*past).when(END, at).then(fact(EntitlementEnded))  # type: ignore[arg-type]


def test_a_payment_past_due_lapses_nothing() -> None:
    due = SuspendEntitlement(**MINE, because=Suspension.PAST_DUE)
    given(*CANCELS).when(due, DAY_BEFORE).then(fact(EntitlementSuspended))


def test_the_flag_comes_off_when_the_hold_is_over() -> None:
    scenario = given(*BOOKED).when(HOLD, DAY_BEFORE).when(RESUME, DAY_BEFORE + HOUR)
    scenario.then(
        fact(EntitlementResumed),
        fact(ReservationCovered, grant_id=grant_of(ANN), grant_kind=GrantKind.PACK),
    )
    assert flag_of(scenario) is None


def test_a_hold_that_becomes_a_payment_past_due_is_over() -> None:
    due = SuspendEntitlement(**MINE, because=Suspension.PAST_DUE)
    scenario = given(*BOOKED).when(HOLD, DAY_BEFORE).when(due, DAY_BEFORE + HOUR)
    scenario.then(
        fact(EntitlementSuspended), fact(ReservationCovered, grant_id=grant_of(ANN))
    )  # fmt: skip
    assert flag_of(scenario) is None


def test_a_hold_that_becomes_an_end_is_told_anew() -> None:
    given(*BOOKED).when(HOLD, DAY_BEFORE).when(END, DAY_BEFORE).then(
        fact(EntitlementEnded), fact(ReservationFlagged, reason=BookingCode.NO_ENTITLEMENT)
    )


@pytest.mark.parametrize("command", [HOLD, END])
def test_what_else_the_client_has_pays_instead(
    command: SuspendEntitlement | EndEntitlement,
) -> None:
    scenario = given(*BOOKED, granted(ANN, 0, nth=2)).when(command, DAY_BEFORE)
    scenario.then(
        fact(type(scenario.outcome[0])),  # type: ignore[index]
        fact(CreditReleased, grant_id=grant_of(ANN), credits=1),
        fact(
            CreditHeld, grant_id=grant_of(ANN, 2), reservation_id=reservation_of(ANN), credits=0
        ),
        fact(
            ReservationCovered, grant_id=grant_of(ANN, 2), grant_kind=GrantKind.UNLIMITED,
            reservation_id=reservation_of(ANN),
        ),
    )  # fmt: skip
    seat = scenario.gym.state(class_session, SES).reserved[ANN]
    assert (seat.grant_kind, seat.flag) == (GrantKind.UNLIMITED, None)


def test_what_the_client_gets_later_takes_flagged_seats_over() -> None:
    scenario = given(*BOOKED).when(END, DAY_BEFORE).when(ANOTHER, DAY_BEFORE + HOUR)
    scenario.then(
        fact(CreditsGranted), fact(CreditReleased, grant_id=grant_of(ANN)),
        fact(CreditHeld, grant_id=grant_of(ANN, 2), credits=1),
        fact(ReservationCovered, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip
    assert scenario.gym.state(client_ledger, ANN).grants[grant_of(ANN, 2)].available == 4


def test_who_has_nothing_else_leaves_the_line_when_the_grant_ends() -> None:
    join = JoinWaitlist(session_id=SES, client_id=BEN)
    end = EndEntitlement(client_id=BEN, grant_id=grant_of(BEN))
    scenario = given(*BOOKED).when(join, DAY_BEFORE)
    scenario.when(end, DAY_BEFORE).then(
        fact(EntitlementEnded),
        fact(WaitlistLeft, session_id=SES, client_id=BEN, reason="entitlement_ended"),
    )


def test_an_offer_to_them_goes_to_the_next() -> None:
    end = EndEntitlement(client_id=BEN, grant_id=grant_of(BEN))
    roomy = scheduled(1, waitlist_uncapped=True)
    scenario = given(roomy, *BOOKED[1:])
    for client in (BEN, CAT):
        scenario.when(JoinWaitlist(session_id=SES, client_id=client), DAY_BEFORE)
    offer = SpotOffered(
        session_id=SES, client_id=BEN, seq=1, expires_at=OFFERS + 15 * MINUTE, policy_version=1
    )
    given_up = ReservationCancelled(
        session_id=SES, client_id=ANN, kind=Cancellation.EARLY, free_until=NOON, policy_version=1,
        reservation_id=reservation_of(ANN), seats_taken=0,
    )  # fmt: skip
    scenario.gym.happened(given_up, offer)
    scenario.when(end, OFFERS + MINUTE).then(
        fact(EntitlementEnded), fact(WaitlistLeft, client_id=BEN, reason="entitlement_ended"),
        fact(SpotOffered, client_id=CAT),
    )  # fmt: skip
    assert f"expire_offer:{SES}:{BEN}" not in scenario.gym.deadlines


@pytest.mark.parametrize("because", list(Suspension))
def test_who_has_something_else_or_will_have_it_again_keeps_the_place(because: Suspension) -> None:
    join = JoinWaitlist(session_id=SES, client_id=BEN)
    end = EndEntitlement(client_id=BEN, grant_id=grant_of(BEN))
    second = {"client_id": BEN, "grant_id": grant_of(BEN, 2)}
    scenario = given(*BOOKED, granted(BEN, 1, nth=2)).when(join, DAY_BEFORE)
    scenario.when(SuspendEntitlement(**second, because=because), DAY_BEFORE)
    scenario.when(end, DAY_BEFORE).then(fact(EntitlementEnded))
    scenario.when(ResumeEntitlement(**second), DAY_BEFORE)
    again = given(*BOOKED, granted(BEN, 1, nth=2)).when(join, DAY_BEFORE)
    again.when(end, DAY_BEFORE).then(fact(EntitlementEnded))


def test_lines_of_long_ago_are_forgotten() -> None:
    scenario = given(*BOOKED).when(JoinWaitlist(session_id=SES, client_id=BEN), DAY_BEFORE)
    later = NOON + timedelta(days=31)
    full = (scheduled(1, OTHER, later), reserved(ANN, OTHER, starts_at=later))
    for one in full:
        scenario.gym.happened(*(one if isinstance(one, tuple) else (one,)))
    scenario.when(JoinWaitlist(session_id=OTHER, client_id=BEN), later - HOUR)
    assert list(scenario.gym.state(client_ledger, BEN).lines) == [OTHER]


def test_a_line_of_a_class_that_was_put_off_is_not() -> None:
    """Ben joins another meanwhile; when his grant ends he leaves both."""
    scenario = given(*BOOKED).when(JoinWaitlist(session_id=SES, client_id=BEN), DAY_BEFORE)
    later, day = NOON + timedelta(days=45), timedelta(days=1)
    put_off = RescheduleSession(session_id=SES, starts_at=later, ends_at=later + HOUR)
    scenario.when(put_off, DAY_BEFORE)
    scenario.gym.happened(scheduled(1, OTHER, later - day))
    scenario.gym.happened(*reserved(ANN, OTHER, starts_at=later - day))
    scenario.when(JoinWaitlist(session_id=OTHER, client_id=BEN), later - 2 * day)
    end = EndEntitlement(client_id=BEN, grant_id=grant_of(BEN))
    scenario.when(end, later - 2 * day).then(
        fact(EntitlementEnded), fact(WaitlistLeft, session_id=SES, client_id=BEN),
        fact(WaitlistLeft, session_id=OTHER, client_id=BEN),
    )  # fmt: skip


NOT_HERE = UndoCheckIn(session_id=SES, client_id=ANN)


@pytest.mark.parametrize(
    ("command", "reason"), [(HOLD, BookingCode.ON_HOLD), (END, BookingCode.NO_ENTITLEMENT)]
)
def test_a_check_in_that_is_undone_leaves_no_seat_that_nothing_pays_for_unsaid(
    command: SuspendEntitlement | EndEntitlement, reason: BookingCode
) -> None:
    """Who is checked in has come, so that nobody asked what pays."""
    early = NOON - 10 * MINUTE
    for past in BOOKED, CANCELS:  # staff says that it is theirs, whatever the policy says
        scenario = given(*past, checked_in(ANN)).when(command, early)
        assert flag_of(scenario) is None
        scenario.when(NOT_HERE, early).then(
            fact(CheckInUndone), fact(ReservationFlagged, client_id=ANN, reason=reason)
        ).then_answered(status="reserved")


def test_what_else_they_have_pays_for_the_seat_of_an_undone_check_in() -> None:
    early = NOON - 10 * MINUTE
    scenario = given(*BOOKED, granted(ANN, 1, nth=2), checked_in(ANN)).when(END, early)
    scenario.when(NOT_HERE, early).then(
        fact(CheckInUndone), fact(CreditReleased), fact(CreditHeld, grant_id=grant_of(ANN, 2)),
        fact(ReservationCovered, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip


def test_a_flag_whose_hold_ended_during_a_check_in_comes_off_when_that_is_undone() -> None:
    early = NOON - 10 * MINUTE
    scenario = given(*BOOKED).when(HOLD, DAY_BEFORE)
    scenario.when(CheckIn(session_id=SES, client_id=ANN), early).when(RESUME, early)
    scenario.when(NOT_HERE, early).then(
        fact(CheckInUndone), fact(ReservationCovered, grant_id=grant_of(ANN))
    )
    assert flag_of(scenario) is None


def test_once_the_class_has_begun_nobody_asks_what_pays() -> None:
    scenario = given(*BOOKED, checked_in(ANN)).when(END, NOON)
    scenario.when(NOT_HERE, NOON).then(fact(CheckInUndone))
