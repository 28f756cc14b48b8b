"""What pays for a seat: head starts, daily limits, limited grants, pauses, ends (B5, B8, B9)."""

from datetime import date, datetime, timedelta

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    ChangeEntitlement,
    CreditHeld,
    CreditReleased,
    CreditsExpired,
    CreditsGranted,
    EndEntitlement,
    EntitlementChanged,
    EntitlementEnded,
    EntitlementResumed,
    EntitlementSuspended,
    ExpireCredits,
    GrantCredits,
    GrantKind,
    JoinWaitlist,
    Period,
    ReservationCancelled,
    ReservationFlagged,
    ReservationMade,
    ResumeEntitlement,
    SuspendEntitlement,
    Suspension,
    WaitlistPromoted,
)
from contracts.envelope import Command
from contracts.ids import SessionId
from tests.domain.booking.language import (
    ANN,
    BEN,
    DAY_BEFORE,
    FAR,
    HOUR,
    NOON,
    OTHER,
    SES,
    given,
    grant_of,
    granted,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import Scenario, fact

BOOK = BookClass(session_id=SES, client_id=ANN)
MEMBER = ("client:ann", "member")
DAY = timedelta(days=1)
WEEK_BEFORE = NOON - 7 * DAY
PACK = {"client_id": ANN, "grant_id": grant_of(ANN)}


def weekly(times: int, period: Period = Period.WEEK, nth: int = 1) -> CreditsGranted:
    return CreditsGranted(
        client_id=ANN, grant_id=grant_of(ANN, nth), kind=GrantKind.LIMITED, credits=times,
        period=period, valid_from=NOON - 30 * DAY, expires_at=None, reason="",
    )  # fmt: skip


def booked(scenario: Scenario, session: SessionId, starts_at: datetime) -> Scenario:
    scenario.gym.happened(scheduled(9, session, starts_at))
    book = BookClass(session_id=session, client_id=ANN, reason="asked at the desk")
    return scenario.when(book, DAY_BEFORE, "staff:x", "owner")


# B5 ---------------------------------------------------------------------------------------------


def test_a_grant_with_a_head_start_books_earlier_and_pays() -> None:
    early = granted(ANN, 5, nth=2).model_copy(update={"early_hours": 24})
    past = (scheduled(), opened(ANN), granted(ANN, 0), early)
    opens_at = (WEEK_BEFORE - DAY).isoformat()
    given(*past).when(BOOK, WEEK_BEFORE - DAY - HOUR, *MEMBER).then_refused(
        BookingCode.WINDOW_NOT_OPEN, opens_at=opens_at
    )
    given(*past).when(BOOK, WEEK_BEFORE - DAY, *MEMBER).then(
        fact(ReservationMade, grant_id=grant_of(ANN, 2)), fact(CreditHeld)
    )
    given(*past).when(BOOK, WEEK_BEFORE, *MEMBER).then(
        fact(ReservationMade, grant_id=grant_of(ANN, 1)), fact(CreditHeld)
    )


def test_a_chosen_grant_without_a_head_start_waits_for_the_window() -> None:
    early = granted(ANN, 5, nth=2).model_copy(update={"early_hours": 24})
    chosen = BOOK.model_copy(update={"grant_id": grant_of(ANN, 1)})
    given(scheduled(), opened(ANN), granted(ANN, 0), early).when(
        chosen, WEEK_BEFORE - HOUR, *MEMBER
    ).then_refused(BookingCode.WINDOW_NOT_OPEN, opens_at=WEEK_BEFORE.isoformat())


def test_whoever_queues_early_has_a_head_start_that_pays() -> None:
    early = granted(ANN, 1, nth=2).model_copy(update={"early_hours": 24})
    past = (scheduled(), opened(ANN), granted(ANN), early, with_credits(BEN), reserved(BEN))
    join, at = JoinWaitlist(session_id=SES, client_id=ANN), WEEK_BEFORE - HOUR
    given(*past).when(join, at, *MEMBER).then_answered(status="waiting")


@pytest.mark.parametrize("command", [BOOK, JoinWaitlist(session_id=SES, client_id=ANN)])
@pytest.mark.parametrize("pays", ["suspended", "exhausted"])
def test_what_does_not_pay_gives_no_head_start(command: Command, pays: str) -> None:
    early = granted(ANN, 1, nth=2).model_copy(update={"early_hours": 48})
    past = (scheduled(), opened(ANN), granted(ANN, 0), early, with_credits(BEN), reserved(BEN))
    scenario = given(*past)
    if pays == "suspended":
        hold = SuspendEntitlement(
            client_id=ANN, grant_id=grant_of(ANN, 2), because=Suspension.HOLD
        )  # fmt: skip
        scenario.when(hold, WEEK_BEFORE - 20 * DAY)
    else:
        spent = BookClass(session_id=OTHER, client_id=ANN, grant_id=grant_of(ANN, 2))
        scenario.gym.happened(scheduled(1, OTHER, WEEK_BEFORE + 2 * DAY))
        scenario.when(spent, WEEK_BEFORE - DAY, *MEMBER).then_answered(status="reserved")
    for at in (WEEK_BEFORE - 3 * DAY, WEEK_BEFORE - HOUR):
        scenario.when(command, at, *MEMBER).then_refused(
            BookingCode.WINDOW_NOT_OPEN, opens_at=WEEK_BEFORE.isoformat()
        )


# B8 ---------------------------------------------------------------------------------------------


def test_a_daily_limit_counts_what_was_not_given_back_in_time() -> None:
    start = NOON + 5 * HOUR
    past = (scheduled(2, daily_limit=1), scheduled(5, OTHER, start), with_credits(ANN))
    book_other = BookClass(session_id=OTHER, client_id=ANN)
    given(*past).when(book_other, DAY_BEFORE).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.DAILY_LIMIT, on="2027-03-01", daily_limit=1, booked=1
    )
    cancel = CancelReservation(session_id=OTHER, client_id=ANN)
    early = given(*past).when(book_other, DAY_BEFORE).when(cancel, DAY_BEFORE)
    early.when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_a_daily_limit_follows_the_local_date_of_the_session() -> None:
    """23:30 and 00:30 in Auckland are one UTC day and two local ones."""
    late = datetime.fromisoformat("2027-03-01T23:30:00+13:00")
    there = {"time_zone": "Pacific/Auckland"}
    first = scheduled(5, OTHER, late).model_copy(update=there)
    second = scheduled(5, FAR, late + HOUR, daily_limit=1).model_copy(update=there)
    scenario = given(first, second, with_credits(ANN))
    scenario.when(BookClass(session_id=OTHER, client_id=ANN), late - DAY).then(
        fact(ReservationMade), fact(CreditHeld, on=date(2027, 3, 1))
    )
    scenario.when(BookClass(session_id=FAR, client_id=ANN), late - DAY).then(
        fact(ReservationMade), fact(CreditHeld, on=date(2027, 3, 2))
    )


# B9 ---------------------------------------------------------------------------------------------


def test_a_limited_grant_pays_so_often_a_calendar_week() -> None:
    """NOON is a Monday; the Sunday before is another week."""
    scenario = given(scheduled(), opened(ANN), weekly(1))
    booked(scenario, OTHER, NOON - 20 * HOUR).then_answered(status="reserved")
    scenario.when(BOOK, DAY_BEFORE).then(
        fact(ReservationMade, grant_kind=GrantKind.LIMITED), fact(CreditHeld, credits=0)
    )
    booked(scenario, FAR, NOON + 6 * DAY).then_refused(
        BookingCode.LIMIT_REACHED, period="week", limit=1, used=1, on="2027-03-07"
    )


def test_a_limited_grant_may_count_calendar_months() -> None:
    scenario = given(scheduled(), opened(ANN), weekly(1, Period.MONTH))
    booked(scenario, OTHER, NOON - 20 * HOUR).then_answered(status="reserved")  # 28 February
    scenario.when(BOOK, DAY_BEFORE).then_answered(status="reserved")
    booked(scenario, FAR, NOON + 30 * DAY).then_refused(BookingCode.LIMIT_REACHED, on="2027-03-31")


def test_a_late_cancel_counts_towards_the_limit_and_an_early_one_does_not() -> None:
    cancel = CancelReservation(session_id=SES, client_id=ANN)
    start = NOON + 2 * DAY
    for at, outcome in ((DAY_BEFORE, None), (NOON - HOUR, BookingCode.LIMIT_REACHED)):
        scenario = given(scheduled(), scheduled(5, OTHER, start), opened(ANN), weekly(1))
        scenario.when(BOOK, DAY_BEFORE).when(cancel, at)
        scenario.when(BookClass(session_id=OTHER, client_id=ANN), at)
        if outcome is None:
            scenario.then_answered(status="reserved")
        else:
            scenario.then_refused(outcome)


def test_unlimited_pays_before_limited_and_limited_before_a_pack() -> None:
    grants = [granted(ANN, 5, nth=1), weekly(3, nth=2), granted(ANN, 0, nth=3)]
    for chosen in (3, 2, 1):
        given(scheduled(), opened(ANN), *grants).when(BOOK, DAY_BEFORE).then(
            fact(ReservationMade, grant_id=grant_of(ANN, chosen)), fact(CreditHeld)
        )
        grants = [one for one in grants if one.grant_id != grant_of(ANN, chosen)]


def test_the_grant_the_client_names_wins() -> None:
    chosen = BOOK.model_copy(update={"grant_id": grant_of(ANN, 2)})
    past = (scheduled(), opened(ANN), granted(ANN, 0, nth=1), granted(ANN, 5, nth=2))
    given(*past).when(chosen, DAY_BEFORE).then(
        fact(ReservationMade, grant_id=grant_of(ANN, 2)), fact(CreditHeld, credits=1)
    )
    other = BOOK.model_copy(update={"grant_id": grant_of(ANN, 9)})
    given(*past).when(other, DAY_BEFORE).then_refused(BookingCode.NO_ENTITLEMENT, field="grant_id")


@pytest.mark.parametrize(
    ("because", "code"),
    [(Suspension.HOLD, BookingCode.ON_HOLD), (Suspension.PAST_DUE, BookingCode.PAST_DUE)],
)
def test_a_suspended_grant_pays_for_nothing_new_until_it_is_resumed(
    because: Suspension, code: BookingCode
) -> None:
    suspend = SuspendEntitlement(**PACK, because=because)
    scenario = given(scheduled(), with_credits(ANN)).when(suspend, DAY_BEFORE)
    scenario.then(fact(EntitlementSuspended, because=because))
    scenario.when(suspend, DAY_BEFORE).then_nothing()
    scenario.when(BOOK, DAY_BEFORE).then_refused(code)
    resume = ResumeEntitlement(**PACK)
    scenario.when(resume, DAY_BEFORE).then(fact(EntitlementResumed))
    scenario.when(resume, DAY_BEFORE).then_nothing()
    scenario.when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_who_was_passed_over_while_suspended_is_asked_again() -> None:
    suspended = EntitlementSuspended(**PACK, because=Suspension.PAST_DUE, reason="")
    past = (scheduled(1), with_credits(ANN, BEN), reserved(BEN), waiting(ANN, 1), suspended)
    scenario = given(*past).when(CancelReservation(session_id=SES, client_id=BEN), DAY_BEFORE)
    scenario.when(ResumeEntitlement(**PACK), DAY_BEFORE).then(
        fact(EntitlementResumed), fact(WaitlistPromoted), fact(ReservationMade), fact(CreditHeld)
    )


def test_another_grant_pays_while_one_is_on_hold() -> None:
    hold = EntitlementSuspended(**PACK, because=Suspension.HOLD, reason="")
    given(scheduled(), with_credits(ANN), granted(ANN, 5, nth=2), hold).when(BOOK, DAY_BEFORE).then(
        fact(ReservationMade, grant_id=grant_of(ANN, 2)), fact(CreditHeld)
    )


def test_an_ended_grant_keeps_what_it_holds_and_pays_no_more() -> None:
    end = EndEntitlement(**PACK)
    scenario = given(scheduled(), scheduled(5, FAR, NOON + DAY), with_credits(ANN), reserved(ANN))
    scenario.when(end, DAY_BEFORE).then(fact(EntitlementEnded), fact(ReservationFlagged))
    scenario.when(end, DAY_BEFORE).then_nothing()
    scenario.when(BookClass(session_id=FAR, client_id=ANN), DAY_BEFORE).then_refused(
        BookingCode.NO_ENTITLEMENT, covering=0
    )
    for more in (ResumeEntitlement(**PACK), SuspendEntitlement(**PACK, because=Suspension.HOLD)):
        scenario.when(more, DAY_BEFORE).then_refused(BookingCode.ENTITLEMENT_ENDED)


def test_a_grant_nobody_gave_cannot_be_changed() -> None:
    for command in (EndEntitlement(**PACK), ChangeEntitlement(**PACK, credits=3)):
        given(opened(ANN)).when(command, NOON).then_refused(BookingCode.GRANT_NOT_FOUND)


def test_a_grant_may_get_more_credits_a_later_end_or_a_head_start() -> None:
    past = (scheduled(), with_credits(ANN, credits=2), reserved(ANN))
    later = NOON + 30 * DAY
    more = ChangeEntitlement(**PACK, credits=5, expires_at=later, early_hours=2, reason="gift")
    scenario = (
        given(*past)
        .when(more, DAY_BEFORE)
        .then(fact(EntitlementChanged, credits=5, expires_at=later, early_hours=2, reason="gift"))
    )
    assert [at for at, _ in scenario.gym.deadlines.values()] == [later]
    scenario.when(more, DAY_BEFORE).then_nothing()
    given(*past, late_cancelled(ANN, OTHER)).when(
        ChangeEntitlement(**PACK, credits=1), DAY_BEFORE
    ).then_refused(BookingCode.CREDITS_IN_USE, used=2)
    given(*past).when(ChangeEntitlement(**PACK, expires_at=DAY_BEFORE), DAY_BEFORE).then_refused(
        BookingCode.EXPIRES_IN_THE_PAST
    )
    given(opened(ANN), granted(ANN, 0)).when(
        ChangeEntitlement(**PACK, credits=1), DAY_BEFORE
    ).then_refused(BookingCode.INVALID_GRANT)


# expiry -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_day", "zone", "ends"),
    [
        ("2027-03-27", "Europe/Berlin", "2027-03-27T23:00:00Z"),
        ("2027-03-28", "Europe/Berlin", "2027-03-28T22:00:00Z"),
        ("2027-11-07", "America/New_York", "2027-11-08T05:00:00Z"),
    ],
    ids=["winter", "the day the clocks go forward", "the day they go back"],
)
def test_a_grant_ends_with_its_last_local_day(last_day: str, zone: str, ends: str) -> None:
    grant = GrantCredits(**PACK, credits=1, expires_on=date.fromisoformat(last_day), time_zone=zone)
    scenario = given(opened(ANN)).when(grant, DAY_BEFORE)
    scenario.then(fact(CreditsGranted, expires_at=datetime.fromisoformat(ends)))
    assert list(scenario.gym.deadlines.values()) == [
        (datetime.fromisoformat(ends), ExpireCredits(**PACK))
    ]


def test_a_last_day_is_that_of_a_time_zone() -> None:
    last = {"expires_on": date(2027, 3, 28)}
    for command in (GrantCredits(**PACK, credits=1, **last), ChangeEntitlement(**PACK, **last)):
        past = (opened(ANN), granted(ANN)) if isinstance(command, ChangeEntitlement) else ()
        given(opened(ANN), *past).when(command, DAY_BEFORE).then_refused(
            BookingCode.INVALID_GRANT, field="time_zone"
        )


def test_a_grant_may_get_another_last_day() -> None:
    last = ChangeEntitlement(**PACK, expires_on=date(2027, 3, 28), time_zone="Europe/Berlin")
    ends = datetime.fromisoformat("2027-03-28T22:00:00Z")
    scenario = given(opened(ANN), granted(ANN)).when(last, DAY_BEFORE)
    scenario.then(fact(EntitlementChanged, expires_at=ends, expires_on=date(2027, 3, 28)))
    assert list(scenario.gym.deadlines.values()) == [(ends, ExpireCredits(**PACK))]
    scenario.when(last, DAY_BEFORE).then_nothing()
    # More credits leave the day; an instant takes its place.
    more = ChangeEntitlement(**PACK, credits=20)
    scenario.when(more, DAY_BEFORE).then(fact(EntitlementChanged, expires_on=date(2027, 3, 28)))
    instant = ChangeEntitlement(**PACK, expires_at=ends)
    scenario.when(instant, DAY_BEFORE).then(
        fact(EntitlementChanged, expires_at=ends, expires_on=None)
    )


def test_what_is_left_expires_and_what_is_held_stays_held() -> None:
    expires_at = NOON + HOUR
    past = (
        scheduled(), opened(ANN), granted(ANN, 3, expires_at=expires_at), reserved(ANN),
    )  # fmt: skip
    scenario = given(*past).when(ExpireCredits(**PACK), expires_at - HOUR).then_nothing()
    scenario.when(ExpireCredits(**PACK), expires_at).then(fact(CreditsExpired, credits=2))
    scenario.when(ExpireCredits(**PACK), expires_at).then_nothing()


def test_a_credit_that_comes_back_to_an_expired_pack_expires_there() -> None:
    past = (
        scheduled(1, starts_at=NOON + DAY), opened(ANN), granted(ANN, 1, expires_at=NOON),
        reserved(ANN, starts_at=NOON + DAY, free_until=NOON + DAY),
    )  # fmt: skip
    scenario = given(*past).when(ExpireCredits(**PACK), NOON)
    scenario.then(fact(CreditsExpired, credits=0))
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON).then(
        fact(ReservationCancelled), fact(CreditReleased), fact(CreditsExpired, credits=1)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"kind": GrantKind.LIMITED, "credits": 3},
        {"kind": GrantKind.LIMITED, "credits": 0, "period": Period.WEEK},
        {"credits": 3, "period": Period.WEEK},
        {"credits": 3, "expires_on": date(2028, 1, 1), "expires_at": NOON + DAY},
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    grant = GrantCredits.model_validate(PACK | change)
    given(opened(ANN)).when(grant, NOON).then_refused(BookingCode.INVALID_GRANT)
