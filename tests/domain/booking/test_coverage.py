"""Which sessions a grant pays for besides its dates, and limits by program (B8, B9)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    ChangeEntitlement,
    Coverage,
    CreditHeld,
    CreditsGranted,
    EntitlementChanged,
    GrantCredits,
    Hours,
    JoinWaitlist,
    ReservationMade,
    SessionScheduled,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import LocationId, ProgramId, SessionId
from contracts.timetable import DefineProgram, RetireProgram
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
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

YOGA, SPIN = (ProgramId(UUID(int=n)) for n in (71, 72))
BARN = LocationId(UUID(int=98))
DAY = timedelta(days=1)
BOOK = BookClass(session_id=SES, client_id=ANN)
OFF_PEAK = Hours(weekdays=(1, 2, 3, 4, 5), from_time="09:00", until_time="16:00")


def covering(nth: int = 1, credits: int = 5, **coverage: Any) -> CreditsGranted:  # noqa: A002
    grant = granted(ANN, credits, nth=nth)
    return grant.model_copy(update={"coverage": Coverage(**coverage)})


def session(
    at: datetime = NOON,
    one: SessionId = SES,
    *,
    program: ProgramId | None = None,
    zone: str = "UTC",
    **policy: Any,
) -> SessionScheduled:
    """In the hall."""
    there = {"program_id": program, "time_zone": zone}
    return scheduled(5, one, at, **policy).model_copy(update=there)


@pytest.mark.parametrize(
    ("coverage", "is_covered"),
    [
        ({}, True),
        ({"program_ids": (YOGA,)}, True),
        ({"program_ids": (SPIN,)}, False),
        ({"program_ids": (SPIN, YOGA)}, True),
        ({"location_ids": (HALL,)}, True),
        ({"location_ids": (BARN,)}, False),
        ({"program_ids": (YOGA,), "location_ids": (BARN,)}, False),
        ({"hours": (OFF_PEAK,)}, True),
        ({"hours": (Hours(from_time="12:00", until_time="12:01"),)}, True),
        ({"hours": (Hours(until_time="12:00"),)}, False),
        ({"hours": (Hours(weekdays=(2,)),)}, False),
        ({"hours": (Hours(weekdays=(2,)), Hours(from_time="11:30"))}, True),
    ],
)
def test_a_grant_pays_for_what_it_covers(coverage: dict[str, Any], is_covered: bool) -> None:
    """Yoga in the hall, on a Monday at noon."""
    scenario = given(session(program=YOGA), opened(ANN), covering(**coverage))
    scenario.when(BOOK, DAY_BEFORE)
    if is_covered:
        scenario.then(fact(ReservationMade), fact(CreditHeld, program_id=YOGA))
    else:
        scenario.then_refused(BookingCode.NO_ENTITLEMENT, field="client_id", grants=1, covering=0)


def test_a_session_of_no_program_is_in_none() -> None:
    scenario = given(session(), opened(ANN), covering(program_ids=(YOGA,)))
    scenario.when(BOOK, DAY_BEFORE).then_refused(BookingCode.NO_ENTITLEMENT)


@pytest.mark.parametrize("day", ["2027-03-13", "2027-03-14", "2027-03-15"])
def test_hours_are_those_on_the_wall_through_a_change_of_clocks(day: str) -> None:
    """New York springs forward on the 14th: 09:00 is 14:00 UTC before and 13:00 after."""
    local = "America/New_York"
    utc = datetime.fromisoformat(f"{day}T09:00:00{'-05:00' if day == '2027-03-13' else '-04:00'}")
    morning = covering(hours=(Hours(from_time="09:00", until_time="09:01"),))
    given(session(utc, zone=local), opened(ANN), morning).when(BOOK, utc - HOUR).then_answered(
        status="reserved"
    )


def test_the_weekday_is_the_local_one() -> None:
    """Noon in London on Monday is already Tuesday in Auckland."""
    tuesdays = covering(hours=(Hours(weekdays=(2,), until_time="02:00"),))
    there = session(NOON, zone="Pacific/Auckland")
    given(there, opened(ANN), tuesdays).when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_what_covers_is_chosen_as_ever_and_what_does_not_is_passed_by() -> None:
    """An unlimited grant is missed least, if it pays at all."""
    elsewhere = covering(nth=1, credits=0, location_ids=(BARN,))
    here = covering(nth=2, location_ids=(HALL,))
    scenario = given(session(), opened(ANN), elsewhere, here)
    scenario.when(BOOK, DAY_BEFORE).then(
        fact(ReservationMade, grant_id=grant_of(ANN, 2)), fact(CreditHeld)
    )
    chosen = BOOK.model_copy(update={"grant_id": grant_of(ANN, 1)})
    given(session(), opened(ANN), elsewhere, here).when(chosen, DAY_BEFORE).then_refused(
        BookingCode.NO_ENTITLEMENT, field="grant_id"
    )


def test_a_head_start_counts_for_what_the_grant_covers() -> None:
    early = covering(program_ids=(SPIN,)).model_copy(update={"early_hours": 24})
    given(session(program=YOGA), opened(ANN), granted(ANN, nth=2), early).when(
        BOOK, NOON - 7 * DAY - HOUR, "client:ann", "member"
    ).then_refused(BookingCode.WINDOW_NOT_OPEN, opens_at=(NOON - 7 * DAY).isoformat())


def test_the_line_is_asked_again_whether_a_grant_covers_it() -> None:
    """Whoever is passed over has the seat once their grant covers the session."""
    off = covering(location_ids=(BARN,))
    past = (scheduled(1), with_credits(BEN), reserved(BEN), opened(ANN), off, waiting(ANN, 1))
    scenario = given(*past)
    scenario.when(CancelReservation(session_id=SES, client_id=BEN), DAY_BEFORE)
    assert fact(WaitlistPromotionSkipped, reason=BookingCode.NO_ENTITLEMENT).fits(
        scenario.outcome[-2]  # type: ignore[index]
    )
    widened = ChangeEntitlement(client_id=ANN, grant_id=grant_of(ANN), coverage=Coverage())
    scenario.when(widened, DAY_BEFORE).then(
        fact(EntitlementChanged, coverage=None, credits=5), fact(WaitlistPromoted),
        fact(ReservationMade), fact(CreditHeld),
    )  # fmt: skip


def test_joining_a_line_needs_a_grant_that_covers_it() -> None:
    past = (scheduled(1), with_credits(BEN), reserved(BEN), opened(ANN))
    join = JoinWaitlist(session_id=SES, client_id=ANN)
    given(*past, covering(location_ids=(BARN,))).when(join, DAY_BEFORE).then_refused(
        BookingCode.NO_ENTITLEMENT
    )


def test_a_grant_is_given_and_changed_with_its_coverage() -> None:
    mornings = Coverage(hours=(OFF_PEAK,))
    give = GrantCredits(client_id=ANN, grant_id=grant_of(ANN), credits=2, coverage=mornings)
    scenario = given(opened(ANN)).when(give, DAY_BEFORE)
    scenario.then(fact(CreditsGranted, coverage=mornings))
    there = Coverage(location_ids=(BARN,))
    change = ChangeEntitlement(client_id=ANN, grant_id=grant_of(ANN), coverage=there)
    scenario.when(change, DAY_BEFORE).then(fact(EntitlementChanged, coverage=there, credits=2))
    scenario.when(change, DAY_BEFORE).then_nothing()
    more = ChangeEntitlement(client_id=ANN, grant_id=grant_of(ANN), credits=3)
    scenario.when(more, DAY_BEFORE).then(fact(EntitlementChanged, coverage=there, credits=3))


def test_hours_that_nothing_starts_in_are_no_coverage() -> None:
    night = Coverage(hours=(Hours(from_time="22:00", until_time="06:00"),))
    give = GrantCredits(client_id=ANN, grant_id=grant_of(ANN), credits=2, coverage=night)
    given(opened(ANN)).when(give, DAY_BEFORE).then_refused(
        BookingCode.INVALID_GRANT, field="coverage", from_time="22:00", until_time="06:00"
    )


# B8 by program ----------------------------------------------------------------------------------


def test_a_limit_by_program_counts_that_program_alone() -> None:
    book = {one: BookClass(session_id=one, client_id=ANN) for one in (OTHER, FAR)}
    evening = session(NOON + 5 * HOUR, FAR, program=YOGA, program_daily_limit=1)
    past = (opened(ANN), granted(ANN), evening)
    spin = session(NOON + 3 * HOUR, OTHER, program=SPIN)
    yoga = session(NOON + 3 * HOUR, OTHER, program=YOGA)
    given(*past, spin).when(book[OTHER], DAY_BEFORE).when(book[FAR], DAY_BEFORE).then_answered(
        status="reserved"
    )
    scenario = given(*past, yoga).when(book[OTHER], DAY_BEFORE).when(book[FAR], DAY_BEFORE)
    scenario.then_refused(
        BookingCode.DAILY_LIMIT, on="2027-03-01", program_daily_limit=1, booked=1,
        program_id=str(YOGA),
    )  # fmt: skip
    scenario.when(CancelReservation(session_id=OTHER, client_id=ANN), DAY_BEFORE)
    scenario.when(book[FAR], DAY_BEFORE).then_answered(status="reserved")


def test_a_grant_covers_programs_the_gym_gives_or_gave() -> None:
    asked = GrantCredits(
        client_id=ANN, grant_id=grant_of(ANN, 7), credits=5,
        coverage=Coverage(program_ids=(YOGA, SPIN)),
    )  # fmt: skip
    scenario = given(opened(ANN), granted(ANN))
    for program_id in (YOGA, SPIN):
        scenario.when(asked, DAY_BEFORE).then_refused("PROGRAM_NOT_FOUND", field="coverage")
        changed = ChangeEntitlement(client_id=ANN, grant_id=grant_of(ANN), coverage=asked.coverage)
        scenario.when(changed, DAY_BEFORE).then_refused("PROGRAM_NOT_FOUND", field="coverage")
        scenario.gym.do(DefineProgram(program_id=program_id, name="Ride"), DAY_BEFORE)
    scenario.gym.do(RetireProgram(program_id=YOGA), DAY_BEFORE)
    scenario.when(asked, DAY_BEFORE).then(fact(CreditsGranted, coverage=asked.coverage))
