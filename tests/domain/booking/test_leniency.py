"""Whichever of the gym's rules let people leave freely for longest, once promised, counts."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    BookingPolicy,
    Cancellation,
    CancelReservation,
    CreditHeld,
    CreditReleased,
    PolicyOverrides,
    RemoveReservation,
    ReservationCancelled,
    ReservationMade,
    ScheduleSession,
    WaitlistPromoted,
)
from contracts.envelope import Command, Event
from contracts.ids import ClassTypeId, ProgramId
from contracts.money import Price
from contracts.timetable import (
    ChangeClassType,
    ChangeSession,
    ClassTypeChanged,
    DefineClassType,
    DefineProgram,
    ProgramDefined,
    PublishBookingPolicy,
    SessionChanged,
)
from tests.domain.booking.language import (
    ANN,
    BEN,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    given,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import Scenario, fact

DAY = timedelta(days=1)
BOOK = BookClass(session_id=SES, client_id=ANN)
CANCEL = CancelReservation(session_id=SES, client_id=ANN)
MEMBER = (f"client:{ANN}", "member")
DESK = ("staff:x", "owner")


def publish(
    scenario: Scenario, minutes: int, at: datetime, begins: datetime | None = None
) -> Scenario:
    """The gym's next version: giving a seat up is late so many minutes before the start."""
    policy = BookingPolicy(late_cancel_minutes=minutes)
    return scenario.when(PublishBookingPolicy(policy=policy, effective_from=begins), at)


def test_a_lenient_version_that_was_in_force_for_a_while_still_counts() -> None:
    """Planned under two hours, booked under half an hour, given up under twelve."""
    scenario = publish(given(scheduled(5), with_credits(ANN)), 30, NOON - 6 * DAY)
    scenario.when(BOOK, NOON - 5 * DAY, *MEMBER).then_answered(status="reserved")
    publish(scenario, 720, NOON - 4 * DAY)
    scenario.when(CANCEL, NOON - HOUR, *MEMBER).then(
        fact(ReservationCancelled, kind=Cancellation.EARLY, policy_version=2), fact(CreditReleased)
    )


@pytest.mark.parametrize(
    "command", [CANCEL, RemoveReservation(session_id=SES, client_id=ANN, reason="ill")]
)
def test_a_session_nobody_planned_is_not_found_whatever_rules_there_are(command: Command) -> None:
    publish(given(), 30, NOON - DAY).when(command, NOON).then_refused(BookingCode.SESSION_NOT_FOUND)


def test_the_most_lenient_of_several_counts_and_only_as_far_as_it_goes() -> None:
    scenario = given(scheduled(5), with_credits(ANN), reserved(ANN))
    for day, minutes in ((6, 60), (5, 30), (4, 90)):
        publish(scenario, minutes, NOON - day * DAY)
    scenario.when(CANCEL, NOON - 30 * MINUTE, *MEMBER).then_answered(status="cancelled_late")


@pytest.mark.parametrize(
    "begins",
    [pytest.param(NOON - 3 * DAY, id="replaced before it began"),
     pytest.param(NOON, id="not begun yet")],
)  # fmt: skip
def test_a_version_that_was_never_in_force_promised_nothing(begins: datetime) -> None:
    scenario = given(scheduled(5), with_credits(ANN), reserved(ANN))
    publish(scenario, 0, NOON - 4 * DAY, begins)
    if begins < NOON:
        publish(scenario, 240, NOON - 4 * DAY, begins)
    scenario.when(CANCEL, NOON - HOUR, *MEMBER).then(
        fact(ReservationCancelled, kind=Cancellation.LATE, policy_version=1),
        *[fact(type(one)) for one in list(scenario.outcome)[1:]],  # type: ignore[arg-type]
    )


def test_rules_older_than_the_plan_are_not_looked_at() -> None:
    planned = scheduled(5).model_copy(update={"gym_policy_version": 3})
    scenario = given(planned, with_credits(ANN), reserved(ANN))
    for day in (9, 8):
        publish(scenario, 0, NOON - day * DAY)
    scenario.when(CANCEL, NOON - HOUR, *MEMBER).then_answered(status="cancelled_late")


PROGRAM, SPIN = ProgramId(UUID(int=61)), ClassTypeId(UUID(int=62))
SAYS_NOTHING = PolicyOverrides()
FOUR_HOURS = PolicyOverrides(late_cancel_minutes=240)
STRICT = PolicyOverrides(late_cancel_minutes=720)


def spin(says: PolicyOverrides) -> Scenario:
    """The gym gives a class called so, which says so, and Ann has credits."""
    scenario = given(with_credits(ANN))
    program = DefineProgram(program_id=PROGRAM, name="Bikes")
    scenario.when(program, NOON - 8 * DAY, *DESK).then(fact(ProgramDefined))
    defined = DefineClassType(
        class_type_id=SPIN, program_id=PROGRAM, name="Spin", capacity=9, overrides=says
    )
    return scenario.when(defined, NOON - 8 * DAY, *DESK)


def says_now(scenario: Scenario, says: PolicyOverrides, at: datetime) -> Scenario:
    anew = ChangeClassType(class_type_id=SPIN, name="Spin", capacity=9, overrides=says)
    return scenario.when(anew, at, *DESK).then(fact(ClassTypeChanged, overrides=says))


def booked(scenario: Scenario, free_until: datetime) -> Scenario:
    """A class of that type is planned, and Ann has a seat in it."""
    plan = ScheduleSession(
        session_id=SES, title="Spin", location_id=HALL, starts_at=NOON, ends_at=NOON + HOUR,
        time_zone="UTC", capacity=5, class_type_id=SPIN,
    )  # fmt: skip
    scenario.when(plan, NOON - 7 * DAY, *DESK)
    scenario.when(BOOK, NOON - 6 * DAY, *MEMBER).then_answered(free_until=free_until)
    return scenario


@pytest.mark.parametrize(
    ("says", "later", "was", "free_until"),
    [
        (SAYS_NOTHING, STRICT, NOON - 2 * HOUR, NOON - 30 * MINUTE),
        (FOUR_HOURS, SAYS_NOTHING, NOON - 4 * HOUR, NOON - 4 * HOUR),
    ],
    ids=["becomes strict", "becomes lenient"],
)
@pytest.mark.parametrize("gym_first", [True, False], ids=["gym first", "class type first"])
def test_a_session_keeps_what_its_class_type_said_when_it_was_planned(
    *, says: PolicyOverrides, later: PolicyOverrides, was: datetime, free_until: datetime,
    gym_first: bool,
) -> None:  # fmt: skip
    """The gym goes from two hours to half an hour; the class type takes nothing of it, or adds."""
    scenario = booked(spin(says), was)
    if gym_first:
        says_now(publish(scenario, 30, NOON - 5 * DAY), later, NOON - 4 * DAY)
    else:
        publish(says_now(scenario, later, NOON - 5 * DAY), 30, NOON - 4 * DAY)
    scenario.when(CANCEL, free_until - MINUTE, *MEMBER).then(
        fact(ReservationCancelled, kind=Cancellation.EARLY), fact(CreditReleased)
    )
    scenario.when(BOOK, free_until - MINUTE, *MEMBER)
    scenario.when(CANCEL, free_until + 10 * MINUTE, *MEMBER).then_answered(status="cancelled_late")


def test_so_does_one_that_was_said_anew_meanwhile() -> None:
    """Its rules are of then, whatever the class type said before that, or says after it."""
    scenario = booked(spin(STRICT), NOON - 12 * HOUR)
    says_now(scenario, SAYS_NOTHING, NOON - 5 * DAY)
    fee = PolicyOverrides(no_show_fee=Price(minor=500, currency="EUR"))
    anew = ChangeSession(session_id=SES, overrides=fee)
    scenario.when(anew, NOON - 4 * DAY, *DESK).then(
        fact(SessionChanged, class_type_overrides=SAYS_NOTHING)
    )
    says_now(scenario, STRICT, NOON - 3 * DAY)
    publish(scenario, 30, NOON - 2 * DAY)
    scenario.when(CANCEL, NOON - 31 * MINUTE, *MEMBER).then_answered(
        status="cancelled_early", free_until=NOON - 30 * MINUTE
    )


def test_of_one_planned_before_that_was_told_what_the_class_type_says_now_counts() -> None:
    """The gym becomes lenient, the class type still asks for four hours."""
    untold = scheduled(5, late_cancel_minutes=240).model_copy(update={"class_type_id": SPIN})
    assert untold.class_type_overrides is None
    scenario = spin(FOUR_HOURS)
    scenario.gym.happened(untold, *reserved(ANN, free_until=NOON - 4 * HOUR))
    publish(scenario, 0, NOON - 3 * DAY)
    scenario.when(CANCEL, NOON - 3 * HOUR, *MEMBER).then_answered(status="cancelled_late")


@pytest.mark.parametrize(
    "said_by",
    [
        scheduled(5, late_cancel_minutes=720).model_copy(update={"overrides": STRICT}),
        (scheduled(5), ChangeSession(session_id=SES, overrides=STRICT)),
    ],
    ids=["series", "the session itself"],
)
def test_a_series_or_session_that_says_otherwise_keeps_saying_so(
    said_by: Event | tuple[Event, Command],
) -> None:
    """The gym's next version is about something else, and brings back no two hours."""
    event, command = said_by if isinstance(said_by, tuple) else (said_by, None)
    scenario = given(event, with_credits(ANN))
    if command is not None:
        scenario.when(command, NOON - 6 * DAY, *DESK)
    scenario.when(BOOK, NOON - 5 * DAY, *MEMBER).then_answered(free_until=NOON - 12 * HOUR)
    rules = BookingPolicy(waitlist_max=3)
    scenario.when(PublishBookingPolicy(policy=rules), NOON - 4 * DAY)
    scenario.when(CANCEL, NOON - 3 * HOUR, *MEMBER).then_answered(
        status="cancelled_late", free_until=NOON - 12 * HOUR
    )


def test_a_series_more_lenient_than_the_gym_stays_so_and_no_more() -> None:
    own = PolicyOverrides(late_cancel_minutes=30)
    planned = scheduled(5, late_cancel_minutes=30).model_copy(update={"overrides": own})
    past = (planned, with_credits(ANN), reserved(ANN, free_until=NOON - 30 * MINUTE))
    scenario = publish(given(*past), 0, NOON - 4 * DAY)
    scenario.when(CANCEL, NOON - 30 * MINUTE, *MEMBER).then_answered(status="cancelled_late")


def test_a_seat_is_swapped_as_freely_as_it_could_be_given_up() -> None:
    """Ben's other seat is late to give up under two hours, and free under half an hour."""
    swaps = waiting(BEN, 1).model_copy(update={"swap": True})
    past = (
        scheduled(1, auto_promotion_ends_minutes_before=0), with_credits(ANN, BEN), reserved(ANN),
        swaps, scheduled(1, OTHER), reserved(BEN, OTHER),
    )  # fmt: skip
    scenario = publish(given(*past), 30, NOON - 3 * DAY)
    publish(scenario, 720, NOON - 2 * DAY)
    scenario.when(CANCEL, NOON - HOUR, *MEMBER).then(
        fact(ReservationCancelled, session_id=SES, client_id=ANN), fact(CreditReleased),
        fact(
            ReservationCancelled, session_id=OTHER, client_id=BEN, kind=Cancellation.EARLY,
            policy_version=2, reason="swapped",
        ),
        fact(CreditReleased, client_id=BEN), fact(WaitlistPromoted, client_id=BEN),
        fact(ReservationMade, session_id=SES), fact(CreditHeld),
    )  # fmt: skip


CHANGES = {
    "two hours, as before": PolicyOverrides(late_cancel_minutes=120),
    "twelve hours": STRICT,
    "something else": PolicyOverrides(no_show_fee=Price(minor=500, currency="EUR")),
}


@pytest.mark.parametrize("said", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("replaced", [False, True], ids=["in force", "replaced by a stricter one"])
def test_what_is_said_of_the_session_takes_no_lenient_rules_from_who_has_a_seat(
    said: PolicyOverrides, replaced: bool
) -> None:
    """Booked under two hours, promised half an hour since; then the session is said anew."""
    scenario = given(scheduled(5), with_credits(ANN)).when(BOOK, NOON - 6 * DAY, *MEMBER)
    publish(scenario, 30, NOON - 5 * DAY)
    if replaced:
        publish(scenario, 720, NOON - 4 * DAY)
    anew = ChangeSession(session_id=SES, overrides=said)
    scenario.when(anew, NOON - 3 * DAY, *DESK)
    scenario.when(CANCEL, NOON - 31 * MINUTE, *MEMBER).then(
        fact(
            ReservationCancelled, kind=Cancellation.EARLY, free_until=NOON - 30 * MINUTE
        ),
        fact(CreditReleased),
    )  # fmt: skip


def test_who_books_after_a_session_was_said_anew_has_what_it_says_then() -> None:
    scenario = publish(given(scheduled(5), with_credits(ANN)), 30, NOON - 6 * DAY)
    anew = ChangeSession(session_id=SES, overrides=STRICT)
    scenario.when(anew, NOON - 5 * DAY, *DESK)
    scenario.when(BOOK, NOON - 4 * DAY, *MEMBER).then_answered(free_until=NOON - 12 * HOUR)
    scenario.when(CANCEL, NOON - 11 * HOUR, *MEMBER).then_answered(status="cancelled_late")
