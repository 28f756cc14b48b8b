"""A grant is made to end earlier or to cover less: seats ahead and lines that are outside now."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.booking import (
    BookClass,
    BookingCode,
    Cancellation,
    CancelReservation,
    ChangeEntitlement,
    Coverage,
    CreditHeld,
    CreditReleased,
    CreditsGranted,
    EndEntitlement,
    EntitlementChanged,
    EntitlementResumed,
    GrantCredits,
    GrantKind,
    Hours,
    JoinWaitlist,
    LapsedSeats,
    Period,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationReinstated,
    ResumeEntitlement,
    SuspendEntitlement,
    Suspension,
    TimeTaken,
    UndoCancel,
    WaitlistLeft,
)
from contracts.ids import LocationId
from contracts.timetable import RescheduleSession
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    DAY_BEFORE,
    FAR,
    HALL,
    HOUR,
    NOON,
    OTHER,
    SES,
    given,
    grant_of,
    granted,
    late_cancelled,
    opened,
    reservation_of,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

MINE = {"client_id": ANN, "grant_id": grant_of(ANN)}
EARLIER = ChangeEntitlement(**MINE, expires_on=date(2027, 2, 28), time_zone="UTC")
ELSEWHERE = ChangeEntitlement(**MINE, coverage=Coverage(location_ids=(LocationId(UUID(int=98)),)))
NARROWED = pytest.mark.parametrize("command", [EARLIER, ELSEWHERE], ids=["shorter", "narrower"])
EARLY = DAY_BEFORE - timedelta(days=1)  # the last day is still to come
DESK = ("staff:x", "owner")


def free_with(seat: tuple[Any, ...], **rules: Any) -> Scenario:
    """Ann trains as often as she likes, and has this seat for it."""
    made, held, *rest = seat
    made = made.model_copy(update={"grant_kind": GrantKind.UNLIMITED})
    held = held.model_copy(update={"credits": 0})
    return given(
        scheduled(1, **rules), opened(ANN), granted(ANN, 0), (made, held, *rest),
        with_credits(BEN),
    )  # fmt: skip


@NARROWED
def test_a_seat_that_is_outside_now_stays_and_is_flagged(command: ChangeEntitlement) -> None:
    scenario = free_with(reserved(ANN)).when(command, EARLY).then(
        fact(EntitlementChanged),
        fact(
            ReservationFlagged, client_id=ANN, reservation_id=reservation_of(ANN),
            reason=BookingCode.NO_ENTITLEMENT,
        ),
    )  # fmt: skip
    scenario.when(command, EARLY).then_nothing()


@NARROWED
def test_a_gym_may_have_it_given_up_for_nothing(command: ChangeEntitlement) -> None:
    free_with(reserved(ANN), lapsed_seats=LapsedSeats.CANCEL).when(command, EARLY).then(
        fact(EntitlementChanged),
        fact(ReservationCancelled, kind=Cancellation.EARLY, reason="entitlement_ended"),
        fact(CreditReleased),
    )


@NARROWED
def test_what_else_the_client_has_pays_instead(command: ChangeEntitlement) -> None:
    scenario = free_with(reserved(ANN))
    scenario.gym.happened(granted(ANN, 3, nth=2))
    scenario.when(command, EARLY).then(
        fact(EntitlementChanged), fact(CreditReleased, grant_id=grant_of(ANN)),
        fact(CreditHeld, grant_id=grant_of(ANN, 2), credits=1),
        fact(ReservationCovered, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip


def test_a_limited_grant_lapses_like_a_free_one() -> None:
    limited = granted(ANN, 3).model_copy(update={"kind": GrantKind.LIMITED, "period": Period.WEEK})
    made, held = reserved(ANN)
    seat = (made, held.model_copy(update={"credits": 0}))
    given(scheduled(1), opened(ANN), limited, seat).when(EARLIER, EARLY).then(
        fact(EntitlementChanged), fact(ReservationFlagged)
    )


@NARROWED
def test_what_a_pack_holds_stays_held(command: ChangeEntitlement) -> None:
    past = (scheduled(1), with_credits(ANN), reserved(ANN))
    given(*past).when(command, EARLY).then(fact(EntitlementChanged))


@pytest.mark.parametrize(
    "change",
    [
        {"expires_on": date(2027, 3, 1), "time_zone": "UTC"},
        {"coverage": Coverage(location_ids=(HALL,))},
        {"early_hours": 3},
    ],
    ids=["until that day", "that place", "a head start"],
)  # fmt: skip
def test_a_seat_that_is_still_inside_is_left_alone(change: dict[str, object]) -> None:
    changed = ChangeEntitlement.model_validate(MINE | change)
    free_with(reserved(ANN)).when(changed, EARLY).then(fact(EntitlementChanged))


def test_a_line_it_never_let_in_is_left_alone() -> None:
    """Ann waits for a class after its end with a pack, which is spent on another by then."""
    later = NOON + timedelta(days=9)
    scenario = given(
        scheduled(1, OTHER, later), with_credits(BEN), reserved(BEN, OTHER, starts_at=later),
        opened(ANN), granted(ANN, 0, expires_at=NOON + timedelta(days=2)), granted(ANN, 1, nth=2),
        scheduled(1, FAR, later + timedelta(days=1)),
    )  # fmt: skip
    scenario.when(JoinWaitlist(session_id=OTHER, client_id=ANN), later - timedelta(days=6))
    scenario.then_answered(status="waiting")
    book = BookClass(session_id=FAR, client_id=ANN, grant_id=grant_of(ANN, 2))
    scenario.when(book, later - timedelta(days=6)).then_answered(status="reserved")
    ends = ChangeEntitlement(**MINE, expires_on=date(2027, 3, 2), time_zone="UTC")
    scenario.when(ends, NOON).then(fact(EntitlementChanged))
    assert ANN in scenario.gym.state(class_session, OTHER).waiting


@NARROWED
def test_who_has_nothing_else_leaves_the_line(command: ChangeEntitlement) -> None:
    scenario = given(scheduled(1), opened(ANN), granted(ANN, 0), with_credits(BEN), reserved(BEN))
    scenario.when(JoinWaitlist(session_id=SES, client_id=ANN), EARLY)
    scenario.when(command, EARLY).then(
        fact(EntitlementChanged),
        fact(WaitlistLeft, session_id=SES, client_id=ANN, reason="entitlement_ended"),
    )


@NARROWED
def test_a_pack_keeps_its_seats_but_no_place_in_line(command: ChangeEntitlement) -> None:
    """Ann has a seat here, and waits for the next class of that day."""
    scenario = given(
        scheduled(1), with_credits(ANN, BEN), reserved(ANN), scheduled(1, OTHER, NOON + HOUR),
        reserved(BEN, OTHER, starts_at=NOON + HOUR),
    )  # fmt: skip
    scenario.when(JoinWaitlist(session_id=OTHER, client_id=ANN), EARLY)
    scenario.when(command, EARLY).then(
        fact(EntitlementChanged),
        fact(WaitlistLeft, session_id=OTHER, client_id=ANN, reason="entitlement_ended"),
    )


@NARROWED
def test_the_flag_comes_off_when_it_covers_the_seat_again(command: ChangeEntitlement) -> None:
    scenario = free_with(reserved(ANN)).when(command, EARLY)
    wide = ChangeEntitlement(
        **MINE, expires_on=date(2027, 3, 31), time_zone="UTC", coverage=Coverage()
    )
    scenario.when(wide, EARLY).then(
        fact(EntitlementChanged),
        fact(ReservationCovered, grant_id=grant_of(ANN), grant_kind=GrantKind.UNLIMITED),
    )
    assert scenario.gym.state(class_session, SES).reserved[ANN].flag is None


def test_the_flag_comes_off_when_the_session_moves_to_where_it_is_covered() -> None:
    """Mornings only, since yesterday; then the class of noon is held in the morning after all."""
    mornings = Coverage(hours=(Hours(until_time="12:00"),))
    scenario = free_with(reserved(ANN)).when(ChangeEntitlement(**MINE, coverage=mornings), EARLY)
    assert scenario.gym.state(class_session, SES).reserved[ANN].flag is BookingCode.NO_ENTITLEMENT
    morning = RescheduleSession(session_id=SES, starts_at=NOON - 2 * HOUR, ends_at=NOON - HOUR)
    scenario.when(morning, EARLY, *DESK)
    assert not isinstance(scenario.outcome, Refused)
    covered = fact(ReservationCovered, client_id=ANN, grant_id=grant_of(ANN))
    assert [covered.fits(one) for one in scenario.outcome].count(True) == 1
    assert scenario.gym.state(class_session, SES).reserved[ANN].flag is None


def test_what_the_client_gets_later_takes_it_over() -> None:
    scenario = free_with(reserved(ANN)).when(EARLIER, EARLY)
    another = GrantCredits(client_id=ANN, grant_id=grant_of(ANN, 2), credits=5)
    scenario.when(another, EARLY).then(
        fact(CreditsGranted), fact(CreditReleased), fact(CreditHeld, grant_id=grant_of(ANN, 2)),
        fact(ReservationCovered, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip


def test_a_credit_that_comes_back_takes_it_over() -> None:
    """The one credit Ann has paid for her other class, which she gives up."""
    pack = {"client_id": ANN, "grant_id": grant_of(ANN, 2)}
    scenario = free_with(reserved(ANN)).when(GrantCredits(**pack, credits=1), EARLY)
    scenario.gym.happened(scheduled(1, OTHER, NOON + 5 * HOUR))
    scenario.when(BookClass(session_id=OTHER, **pack), EARLY)
    scenario.when(ELSEWHERE, EARLY)
    assert scenario.gym.state(class_session, SES).reserved[ANN].flag is BookingCode.NO_ENTITLEMENT
    scenario.when(CancelReservation(session_id=OTHER, client_id=ANN), EARLY).then(
        fact(ReservationCancelled, session_id=OTHER),
        fact(CreditReleased, grant_id=grant_of(ANN, 2), credits=1),
        fact(CreditReleased, grant_id=grant_of(ANN), credits=0),
        fact(CreditHeld, grant_id=grant_of(ANN, 2), session_id=SES, credits=1),
        fact(ReservationCovered, session_id=SES, grant_id=grant_of(ANN, 2)),
    )  # fmt: skip


@pytest.mark.parametrize("because", list(Suspension))
def test_another_grant_that_pays_again_takes_it_over(because: Suspension) -> None:
    pack = {"client_id": ANN, "grant_id": grant_of(ANN, 2)}
    scenario = free_with(reserved(ANN)).when(GrantCredits(**pack, credits=1), EARLY)
    scenario.when(SuspendEntitlement(**pack, because=because), EARLY).when(ELSEWHERE, EARLY)
    assert scenario.gym.state(class_session, SES).reserved[ANN].flag is BookingCode.NO_ENTITLEMENT
    scenario.when(ResumeEntitlement(**pack), EARLY)
    seat = scenario.gym.state(class_session, SES).reserved[ANN]
    assert (seat.grant_id, seat.flag) == (grant_of(ANN, 2), None)


def test_room_that_what_takes_it_over_leaves_in_a_limit_pays_for_another_seat() -> None:
    """One class a week, booked for noon, so that nothing pays for the later one.

    Then it is for afternoons only: a pack for mornings has noon, and the week has room again.
    """
    limit, noon = {"client_id": ANN, "grant_id": grant_of(ANN, 3)}, Hours(until_time="12:30")
    scenario = given(scheduled(1), scheduled(1, OTHER, NOON + 5 * HOUR), opened(ANN))
    scenario.when(
        GrantCredits(**limit, kind=GrantKind.LIMITED, credits=1, period=Period.WEEK), EARLY
    )
    scenario.when(BookClass(session_id=SES, **limit), EARLY)
    scenario.when(GrantCredits(**MINE, kind=GrantKind.UNLIMITED), EARLY)
    scenario.when(BookClass(session_id=OTHER, **MINE), EARLY).when(EndEntitlement(**MINE), EARLY)
    assert scenario.gym.state(class_session, OTHER).reserved[ANN].flag is not None
    pack = GrantCredits(
        client_id=ANN, grant_id=grant_of(ANN, 2), credits=1, coverage=Coverage(hours=(noon,))
    )
    afternoons = Coverage(hours=(Hours(from_time="12:30"),))
    scenario.when(pack, EARLY).when(ChangeEntitlement(**limit, coverage=afternoons), EARLY)
    paid = {one: scenario.gym.state(class_session, one).reserved[ANN] for one in (SES, OTHER)}
    assert (paid[SES].grant_id, paid[SES].flag) == (grant_of(ANN, 2), None)
    assert (paid[OTHER].grant_id, paid[OTHER].flag) == (grant_of(ANN, 3), None)


@NARROWED
def test_its_flag_never_says_that_a_hold_is_all(command: ChangeEntitlement) -> None:
    """Whichever came first: once the hold is over there is still nothing that pays."""
    hold = SuspendEntitlement(**MINE, because=Suspension.HOLD)
    for first, second in ((command, hold), (hold, command)):
        scenario = free_with(reserved(ANN)).when(first, EARLY).when(second, EARLY)
        seat = scenario.gym.state(class_session, SES).reserved[ANN]
        assert seat.flag is BookingCode.NO_ENTITLEMENT
        scenario.when(ResumeEntitlement(**MINE), EARLY).then(fact(EntitlementResumed))


def test_it_says_so_once_a_grant_on_hold_would_cover_it_again() -> None:
    hold = SuspendEntitlement(**MINE, because=Suspension.HOLD)
    scenario = free_with(reserved(ANN)).when(ELSEWHERE, EARLY).when(hold, EARLY)
    scenario.when(ChangeEntitlement(**MINE, coverage=Coverage()), EARLY).then(
        fact(EntitlementChanged), fact(ReservationFlagged, reason=BookingCode.ON_HOLD)
    )


def test_a_seat_given_up_late_is_not_taken_back_on_it() -> None:
    scenario = free_with(late_cancelled(ANN)).when(EARLIER, EARLY)
    scenario.then(fact(EntitlementChanged))
    undo = UndoCancel(session_id=SES, client_id=ANN)
    scenario.when(undo, DAY_BEFORE, "client:a", "member")
    scenario.then_refused(BookingCode.NO_ENTITLEMENT)
    scenario.when(undo, DAY_BEFORE, *DESK).then(
        fact(ReservationReinstated), fact(TimeTaken),
        fact(ReservationFlagged, reason=BookingCode.NO_ENTITLEMENT),
    )  # fmt: skip
