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
    WaitlistPromoted,
)
from contracts.envelope import Command, Event
from contracts.ids import ClassTypeId, ProgramId
from contracts.money import Price
from contracts.timetable import (
    ChangeSession,
    ClassTypeDefined,
    PublishBookingPolicy,
)
from services.booking.domain.catalogue import class_type
from tests.domain.booking.language import (
    ANN,
    BEN,
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


def test_a_class_that_says_otherwise_keeps_saying_so() -> None:
    """The gym becomes lenient, the class type still asks for four hours."""
    spin = ClassTypeId(UUID(int=62))
    defined = ClassTypeDefined(
        class_type_id=spin, program_id=ProgramId(UUID(int=61)), name="Spin", description="",
        minutes=60, capacity=9, overrides=PolicyOverrides(late_cancel_minutes=240),
    )  # fmt: skip
    of_spin = scheduled(5, late_cancel_minutes=240).model_copy(update={"class_type_id": spin})
    scenario = given(of_spin, with_credits(ANN), reserved(ANN, free_until=NOON - 4 * HOUR))
    gym = scenario.gym
    gym.home = lambda event, home=gym.home: (  # type: ignore[misc]
        (class_type, spin) if isinstance(event, ClassTypeDefined) else home(event)
    )
    gym.happened(defined)
    publish(scenario, 0, NOON - 3 * DAY)
    scenario.when(CANCEL, NOON - 3 * HOUR, *MEMBER).then_answered(status="cancelled_late")


STRICT = PolicyOverrides(late_cancel_minutes=720)


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
        scenario.when(command, NOON - 6 * DAY, "staff:x", "owner")
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
    scenario.when(anew, NOON - 3 * DAY, "staff:x", "owner")
    scenario.when(CANCEL, NOON - 31 * MINUTE, *MEMBER).then(
        fact(
            ReservationCancelled, kind=Cancellation.EARLY, free_until=NOON - 30 * MINUTE
        ),
        fact(CreditReleased),
    )  # fmt: skip


def test_who_books_after_a_session_was_said_anew_has_what_it_says_then() -> None:
    scenario = publish(given(scheduled(5), with_credits(ANN)), 30, NOON - 6 * DAY)
    anew = ChangeSession(session_id=SES, overrides=STRICT)
    scenario.when(anew, NOON - 5 * DAY, "staff:x", "owner")
    scenario.when(BOOK, NOON - 4 * DAY, *MEMBER).then_answered(free_until=NOON - 12 * HOUR)
    scenario.when(CANCEL, NOON - 11 * HOUR, *MEMBER).then_answered(status="cancelled_late")
