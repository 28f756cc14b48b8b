"""Doors, their hours, and lockdowns."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.access import (
    AccessCode,
    AccessDenied,
    AccessGranted,
    AddDoor,
    ClosureHeard,
    ClosureRemovalHeard,
    DenialReason,
    DoorAdded,
    DoorScheduleSet,
    EndLockdown,
    HearClosure,
    HearClosureRemoved,
    LocationKnown,
    LockdownEnded,
    LockdownStarted,
    OpenHours,
    SetDoorSchedule,
    StartLockdown,
)
from contracts.envelope import Event
from contracts.ids import ClosureId, LocationId
from services.access.domain.door import Door
from tests.domain.access.language import (
    ANNEX,
    BACK,
    FRONT,
    HALL,
    MINUTE,
    NOON,
    SHOWS_CARD,
    TOM,
    at_door,
    carries_card,
    given,
    member,
    seated,
    works,
)
from tests.scenario import fact

EARLY = OpenHours(weekday=7, opens="01:30", closes="03:30")
BERLIN = Door(HALL, "Europe/Berlin", (EARLY, OpenHours(weekday=1, opens="22:00", closes="24:00")))


def test_a_door_is_added_once() -> None:
    add = AddDoor(door_id=BACK, location_id=HALL, name="Back")
    given().when(add, NOON).then(fact(DoorAdded, name="Back", location_id=HALL)).when(
        add, NOON
    ).then_refused(AccessCode.ALREADY_ADDED)


def test_hours_are_set_and_setting_them_again_changes_nothing() -> None:
    hours = SetDoorSchedule(door_id=FRONT, time_zone="Europe/Berlin", hours=(EARLY,))
    given().when(hours, NOON).then(fact(DoorScheduleSet, hours=(EARLY,))).when(
        hours, NOON
    ).then_nothing()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"door_id": UUID(int=5)}, AccessCode.DOOR_NOT_FOUND),
        ({"time_zone": "Europe/Bielefeld"}, AccessCode.UNKNOWN_TIME_ZONE),
        ({"hours": (OpenHours(weekday=1, opens="9".zfill(2) + ":00", closes="09:00"),)},
         AccessCode.INVALID_HOURS),
        ({"hours": (OpenHours(weekday=1, opens="24:00", closes="24:00"),)},
         AccessCode.INVALID_HOURS),
    ],
)  # fmt: skip
def test_hours_must_make_sense(change: dict[str, object], code: AccessCode) -> None:
    hours = SetDoorSchedule(door_id=FRONT, time_zone="UTC", hours=(EARLY,))
    given().when(hours.model_copy(update=change), NOON).then_refused(code)


def test_hours_are_of_the_clocks_where_the_door_is() -> None:
    here = LocationKnown(location_id=HALL, time_zone="Europe/Berlin")
    elsewhere = SetDoorSchedule(door_id=FRONT, time_zone="America/New_York", hours=(EARLY,))
    given(here).when(elsewhere, NOON).then_refused(
        AccessCode.OTHER_TIME_ZONE, field="time_zone", time_zone="Europe/Berlin"
    )
    local = elsewhere.model_copy(update={"time_zone": "Europe/Berlin"})
    given(here).when(local, NOON).then(fact(DoorScheduleSet, time_zone="Europe/Berlin"))


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        (datetime(2027, 3, 28, 0, 29, tzinfo=UTC), False),  # 01:29, before the clocks go forward
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), True),  # 01:30
        (datetime(2027, 3, 28, 1, 29, tzinfo=UTC), True),  # 03:29: there was no 02:30
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), False),  # 03:30
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), True),  # 02:30 the first time
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), True),  # and the second
        (datetime(2027, 10, 31, 2, 30, tzinfo=UTC), False),  # 03:30
        (datetime(2027, 3, 1, 22, 59, tzinfo=UTC), True),  # Monday 23:59
        (datetime(2027, 3, 1, 23, 0, tzinfo=UTC), False),  # Tuesday 00:00
    ],
)
def test_hours_go_by_the_wall_clock_of_the_location(utc: datetime, is_open: bool) -> None:
    assert BERLIN.is_open(utc) is is_open


def test_a_lockdown_is_started_and_ended_once() -> None:
    start, end = StartLockdown(location_id=HALL, reason="gas"), EndLockdown(location_id=HALL)
    scenario = given().when(start, NOON).then(fact(LockdownStarted, reason="gas"))
    scenario.when(start, NOON).then_refused(AccessCode.IN_LOCKDOWN)
    scenario.when(EndLockdown(), NOON).then_refused(AccessCode.NOT_IN_LOCKDOWN)
    scenario.when(end, NOON).then(fact(LockdownEnded, location_id=HALL))
    scenario.when(end, NOON).then_refused(AccessCode.NOT_IN_LOCKDOWN)


WORKS = HearClosure(
    closure_id=ClosureId(UUID(int=61)), location_id=HALL, time_zone="America/New_York",
    from_date=NOON.date(), until_date=NOON.date(), reason="works",
)  # fmt: skip
SHUT_FROM, SHUT_UNTIL = (datetime(2027, 3, day, 5, tzinfo=UTC) for day in (1, 2))


def closed(where: LocationId = HALL) -> ClosureHeard:
    return ClosureHeard(
        closure_id=WORKS.closure_id, location_id=where, starts_at=SHUT_FROM, ends_at=SHUT_UNTIL,
        reason="works",
    )  # fmt: skip


def test_a_closure_is_whole_local_days_and_heard_once() -> None:
    given().when(WORKS, NOON).then(
        fact(ClosureHeard, starts_at=SHUT_FROM, ends_at=SHUT_UNTIL, reason="works")
    ).when(WORKS, NOON).then_nothing()


@pytest.mark.parametrize("past", [seated(), member()], ids=["a seat", "a membership"])
def test_no_client_enters_a_closed_location_whatever_they_were_granted(
    past: tuple[Event, ...],
) -> None:
    scenario = given(*past, closed()).when(at_door(), NOON)
    scenario.then(fact(AccessDenied, reason=DenialReason.OUTSIDE_HOURS))
    scenario.then_answered(reason=DenialReason.OUTSIDE_HOURS)
    assert (scenario.answer.facts.closed_until, scenario.answer.facts.closed_for) == (
        SHUT_UNTIL, "works",
    )  # fmt: skip


OPEN_AFTER_ALL = HearClosureRemoved(closure_id=WORKS.closure_id, location_id=HALL)


def test_doors_open_again_when_a_closure_is_removed() -> None:
    scenario = given(member(), closed()).when(OPEN_AFTER_ALL, NOON)
    scenario.then(fact(ClosureRemovalHeard, closure_id=WORKS.closure_id))
    scenario.when(OPEN_AFTER_ALL, NOON).then_nothing()
    scenario.when(at_door(), NOON).then(fact(AccessGranted))


def test_a_removal_that_overtakes_its_closure_keeps_it_from_closing() -> None:
    scenario = given(member()).when(OPEN_AFTER_ALL, NOON).then(fact(ClosureRemovalHeard))
    scenario.when(WORKS, NOON).then_nothing()
    scenario.when(at_door(), NOON).then(fact(AccessGranted))


@pytest.mark.parametrize("at", [SHUT_FROM - MINUTE, SHUT_UNTIL])
def test_before_and_after_a_closure_doors_open(at: datetime) -> None:
    given(member(), closed()).when(at_door(), at).then(fact(AccessGranted))


def test_staff_enter_a_closed_location_and_clients_another_one() -> None:
    given(works(), carries_card(None, TOM), closed()).when(
        SHOWS_CARD, NOON, "staff:x", "front_desk"
    ).then(fact(AccessGranted))
    given(member(), closed(ANNEX)).when(at_door(), NOON).then(fact(AccessGranted))
