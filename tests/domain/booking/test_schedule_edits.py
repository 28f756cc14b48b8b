"""Edits of a series and of single sessions: what reaches whom, and what stays as it was said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    BookingPolicy,
    CancelReservation,
    ChangeCapacity,
    ChangeEntitlement,
    Coverage,
    PolicyOverrides,
    ScheduleSession,
    SessionCancelled,
)
from contracts.envelope import Event
from contracts.ids import ClassTypeId, ClientId, ProgramId, SessionId
from contracts.timetable import (
    AssignRoom,
    ChangeScheduleFrom,
    ChangeSession,
    DefineClassType,
    DefineProgram,
    HearLocation,
    Kept,
    PublishBookingPolicy,
    RescheduleSession,
    SessionChanged,
    SessionPart,
    SubstituteInstructor,
    TimetableCode,
)
from services.booking.domain.class_session import ClassSession, class_session
from tests.domain.booking.language import ANN, OTHER, SES, given, grant_of, granted, opened
from tests.domain.booking.test_schedules import (
    BLUE,
    KIM,
    LOCATION,
    NOW,
    PROGRAM,
    RED,
    SAM,
    SUNDAYS,
    changing,
    closing,
    creating,
    running,
    session_on,
    weekly,
)
from tests.scenario import Scenario, fact

LENIENT, STRICT = ClassTypeId(UUID(int=63)), ClassTypeId(UUID(int=64))
BIKES = ("A", "B", "C")
YOGA = ProgramId(UUID(int=72))
LATE = datetime(2026, 3, 1, 13, tzinfo=UTC)  # an hour before it
DURING = datetime(2026, 2, 26, 15, tzinfo=UTC)  # booking of the first Sunday is open


def sessions(scenario: Scenario) -> list[ClassSession]:
    return [scenario.gym.state(class_session, session_on(scenario.gym, day)) for day in SUNDAYS]


def customers(*people: ClientId) -> tuple[Event, ...]:
    """Known clients with a pack each, valid in these days."""
    return tuple(e for one in people for e in (opened(one), granted(one, valid_from=NOW)))


def rides(*people: ClientId, **pattern: Any) -> Scenario:
    """A series with bikes whose first session these people are in."""
    usual = {"capacity": 3, "spots": BIKES}
    past = customers(*people)
    scenario = given(past).when(creating(pattern=weekly(**usual | pattern)), NOW)
    first = session_on(scenario.gym, SUNDAYS[0])
    for one in people:
        scenario.when(BookClass(session_id=first, client_id=one), DURING, "staff:x", "front_desk")
        scenario.then_answered(status="reserved")
    return scenario


def first_of(scenario: Scenario) -> SessionId:
    return session_on(scenario.gym, SUNDAYS[0])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"title": "Ride"}, {"slot.title": "Ride"}),
        ({"capacity": 20}, {"capacity": 20}),
        ({"online_capacity": 5}, {"online_capacity": 5}),
        ({"capacity": 3, "spots": BIKES}, {"spots": BIKES, "capacity": 3}),
        ({"waiver_required": True}, {"waiver_required": True}),
        ({"instructor_id": SAM}, {"slot.instructor_id": SAM}),
        ({"room_id": RED}, {"slot.room_id": RED}),
        ({"starts_at": "10:30"}, {"starts_at": datetime(2026, 3, 15, 14, 30, tzinfo=UTC)}),
    ],
)
def test_whatever_the_series_says_reaches_this_and_following(
    said: dict[str, Any], expected: dict[str, Any]
) -> None:
    scenario = running().when(changing(SUNDAYS[2], **said), NOW)
    scenario.then_answered(cancelled=(), kept=())
    before, _, after, _ = sessions(scenario)
    for path, value in expected.items():
        name, _, part = path.partition(".")
        found = [getattr(one, name) for one in (before, after)]
        found = [getattr(one, part) for one in found] if part else found
        assert found[1] == value
        assert found[0] != value


def test_all_of_a_series_is_this_and_following_from_today_on() -> None:
    scenario = running().when(changing(NOW.date(), title="Ride", online_capacity=4), NOW)
    assert {(one.slot.title, one.online_capacity) for one in sessions(scenario)} == {("Ride", 4)}


def test_a_series_said_again_changes_nothing() -> None:
    scenario = rides().when(
        ChangeScheduleFrom(
            schedule_id=creating().schedule_id, from_date=SUNDAYS[0],
            pattern=weekly(capacity=3, spots=BIKES),
        ), NOW,
    )  # fmt: skip
    assert not isinstance(scenario.outcome, Exception)
    assert [type(one).__name__ for one in scenario.outcome] == ["ScheduleChanged"]


def test_another_class_type_brings_its_rules_and_shortens_nobodys_time() -> None:
    def defined(number: ClassTypeId, late: int) -> DefineClassType:
        return DefineClassType(
            class_type_id=number, program_id=PROGRAM, name="X", minutes=60, capacity=9,
            overrides=PolicyOverrides(late_cancel_minutes=late),
        )  # fmt: skip

    scenario = given(customers(ANN)).when(DefineProgram(program_id=PROGRAM, name="P"), NOW)
    scenario.when(defined(LENIENT, 60), NOW).when(defined(STRICT, 600), NOW)
    scenario.when(creating(pattern=weekly(class_type_id=LENIENT)), NOW)
    first = first_of(scenario)
    scenario.when(BookClass(session_id=first, client_id=ANN), DURING)
    scenario.when(changing(SUNDAYS[0], class_type_id=STRICT), DURING)
    session = sessions(scenario)[0]
    assert session.policy.late_cancel_minutes == 600
    assert session.slot.class_type_id == STRICT
    assert session.reserved[ANN].free_until == session.starts_at - timedelta(minutes=60)
    scenario.when(changing(SUNDAYS[0], class_type_id=LENIENT), DURING)
    assert sessions(scenario)[0].policy.late_cancel_minutes == 60


def of_two_programs(*past: Event, **policy: Any) -> Scenario:
    """A series of spin; the gym has yoga, too."""
    scenario = given(past).when(PublishBookingPolicy(policy=BookingPolicy(**policy)), NOW)
    for program, class_type in ((PROGRAM, LENIENT), (YOGA, STRICT)):
        scenario.when(DefineProgram(program_id=program, name="P"), NOW)
        defined = DefineClassType(
            class_type_id=class_type, program_id=program, name="X", minutes=60, capacity=9
        )
        scenario.when(defined, NOW)
    return scenario.when(creating(pattern=weekly(class_type_id=LENIENT)), NOW)


def test_a_flagged_seat_of_a_class_that_becomes_another_is_paid_for_by_what_covers_it() -> None:
    """Ann's membership is for yoga by now, and so is the class she has a seat in."""
    scenario = of_two_programs(opened(ANN), granted(ANN, 0, valid_from=NOW))
    scenario.when(BookClass(session_id=first_of(scenario), client_id=ANN), DURING)
    for_yoga = ChangeEntitlement(
        client_id=ANN, grant_id=grant_of(ANN), coverage=Coverage(program_ids=(YOGA,))
    )
    ride = changing(SUNDAYS[0], title="Ride", class_type_id=LENIENT)
    scenario.when(for_yoga, DURING).when(ride, DURING)
    assert sessions(scenario)[0].reserved[ANN].flag is BookingCode.NO_ENTITLEMENT
    scenario.when(changing(SUNDAYS[0], class_type_id=STRICT), DURING)
    assert sessions(scenario)[0].reserved[ANN].flag is None


@pytest.mark.parametrize("is_late", [False, True])
def test_a_class_that_becomes_another_counts_towards_the_limit_of_what_it_is(
    is_late: bool,
) -> None:
    """One class of a program a day: a seat in spin that becomes yoga leaves room for spin."""
    scenario = of_two_programs(*customers(ANN), program_daily_limit=1)
    first = first_of(scenario)
    scenario.when(BookClass(session_id=first, client_id=ANN), DURING)
    for session, class_type in ((SES, LENIENT), (OTHER, STRICT)):
        starts_at = sessions(scenario)[0].starts_at + timedelta(hours=2 + session.int)
        planned = ScheduleSession(
            session_id=session, title="X", location_id=LOCATION, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1), time_zone="America/New_York", capacity=9,
            class_type_id=class_type,
        )  # fmt: skip
        scenario.when(planned, NOW)
    scenario.when(changing(SUNDAYS[0], class_type_id=STRICT), DURING)
    if is_late:
        scenario.when(CancelReservation(session_id=first, client_id=ANN), LATE)
        scenario.then_answered(status="cancelled_late")
    late = LATE if is_late else DURING
    scenario.when(BookClass(session_id=OTHER, client_id=ANN), late)
    scenario.then_refused(BookingCode.DAILY_LIMIT, program_id=str(YOGA))
    scenario.when(BookClass(session_id=SES, client_id=ANN), late)
    scenario.then_answered(status="reserved")


def test_other_rules_of_a_series_reach_its_sessions_and_shorten_nobodys_time() -> None:
    lenient, strict = (PolicyOverrides(late_cancel_minutes=late) for late in (60, 600))
    scenario = given(customers(ANN)).when(creating(pattern=weekly(overrides=lenient)), NOW)
    assert {one.policy.late_cancel_minutes for one in sessions(scenario)} == {60}
    scenario.when(BookClass(session_id=first_of(scenario), client_id=ANN), DURING)
    scenario.when(changing(SUNDAYS[0], overrides=strict), DURING)
    session = sessions(scenario)[0]
    assert (session.policy.late_cancel_minutes, session.slot.overrides) == (600, strict)
    assert session.reserved[ANN].free_until == session.starts_at - timedelta(minutes=60)
    scenario.when(changing(SUNDAYS[0]), DURING)
    assert {one.policy.late_cancel_minutes for one in sessions(scenario)} == {120}


LATER = PolicyOverrides(late_cancel_minutes=600)


def test_other_rules_of_a_series_take_no_lenient_rules_of_the_gym_from_who_has_a_seat() -> None:
    scenario = given(customers(ANN)).when(creating(), NOW)
    scenario.when(BookClass(session_id=first_of(scenario), client_id=ANN), DURING)
    lenient = BookingPolicy(late_cancel_minutes=30)
    scenario.when(PublishBookingPolicy(policy=lenient), DURING)
    scenario.when(changing(SUNDAYS[0], overrides=LATER), DURING)
    session = sessions(scenario)[0]
    assert session.reserved[ANN].free_until == session.starts_at - timedelta(minutes=30)


def test_other_rules_of_one_session_shorten_nobodys_time_and_can_be_taken_back() -> None:
    scenario = given(customers(ANN)).when(creating(), NOW)
    first = first_of(scenario)
    scenario.when(BookClass(session_id=first, client_id=ANN), DURING)
    own = ChangeSession(session_id=first, overrides=LATER)
    scenario.when(own, DURING).then(fact(SessionChanged, overrides=LATER, own=(SessionPart.RULES,)))
    session, *others = sessions(scenario)
    assert session.policy.late_cancel_minutes == 600
    assert session.reserved[ANN].free_until == session.starts_at - timedelta(minutes=120)
    assert {one.policy.late_cancel_minutes for one in others} == {120}
    scenario.when(own, DURING).then_nothing()
    scenario.when(ChangeSession(session_id=first, overrides=PolicyOverrides()), DURING)
    assert {one.policy.late_cancel_minutes for one in sessions(scenario)} == {120}


@pytest.mark.parametrize(
    ("edit", "part", "expected"),
    [
        (lambda one: AssignRoom(session_id=one, room_id=BLUE), SessionPart.ROOM,
         ("slot.room_id", BLUE)),
        (lambda one: SubstituteInstructor(session_id=one, instructor_id=KIM),
         SessionPart.INSTRUCTOR, ("slot.instructor_id", KIM)),
        (lambda one: ChangeCapacity(session_id=one, capacity=4), SessionPart.SEATS,
         ("capacity", 4)),
        (lambda one: ChangeSession(session_id=one, online_capacity=2), SessionPart.SEATS,
         ("online_capacity", 2)),
        (lambda one: ChangeSession(session_id=one, title="Party"), SessionPart.TITLE,
         ("slot.title", "Party")),
        (lambda one: ChangeSession(session_id=one, waiver_required=True), SessionPart.WAIVER,
         ("waiver_required", True)),
        (lambda one: ChangeSession(session_id=one, overrides=LATER), SessionPart.RULES,
         ("slot.overrides", LATER)),
    ],
)  # fmt: skip
def test_what_was_said_for_one_session_stays_and_the_rest_follows(
    edit: Any, part: SessionPart, expected: tuple[str, Any]
) -> None:
    scenario = running()
    edited = first_of(scenario)
    scenario.when(edit(edited), NOW)
    everything = {
        "title": "Ride", "room_id": RED, "instructor_id": SAM, "capacity": 20,
        "online_capacity": 15, "starts_at": "11:00", "minutes": 30,
        "overrides": PolicyOverrides(late_cancel_minutes=60),
    }  # fmt: skip
    scenario.when(changing(SUNDAYS[0], **everything), NOW)
    scenario.then_answered(kept=(Kept(session_id=edited, parts=(part,)),))
    name, _, of_slot = expected[0].partition(".")
    first, second, *_ = sessions(scenario)
    found = getattr(first, name)
    assert (getattr(found, of_slot) if of_slot else found) == expected[1]
    assert first.starts_at == datetime(2026, 3, 1, 16, tzinfo=UTC)
    followed: dict[SessionPart, Callable[[ClassSession], Any]] = {
        SessionPart.ROOM: lambda one: one.slot.room_id,
        SessionPart.INSTRUCTOR: lambda one: one.slot.instructor_id,
        SessionPart.SEATS: lambda one: (one.capacity, one.online_capacity),
        SessionPart.TITLE: lambda one: one.slot.title,
        SessionPart.WAIVER: lambda one: one.waiver_required,
        SessionPart.RULES: lambda one: one.policy.late_cancel_minutes,
    }
    for other, of in followed.items():
        assert (of(first) == of(second)) == (other is not part)


def test_a_session_moved_by_itself_stays_at_its_time_and_gets_the_rest() -> None:
    scenario = running()
    moved = first_of(scenario)
    at = datetime(2026, 3, 1, 18, tzinfo=UTC)
    own = RescheduleSession(session_id=moved, starts_at=at, ends_at=at + timedelta(hours=1))
    scenario.when(own, NOW).when(changing(SUNDAYS[0], starts_at="10:30", room_id=RED), NOW)
    first = sessions(scenario)[0]
    assert (first.starts_at, first.slot.room_id) == (at, RED)


def test_a_session_seen_to_by_itself_stays_when_the_series_leaves_its_day() -> None:
    scenario = running()
    edited = first_of(scenario)
    scenario.when(SubstituteInstructor(session_id=edited, instructor_id=KIM), NOW)
    scenario.when(changing(SUNDAYS[0], weekdays=(1,)), NOW)
    assert not isinstance(scenario.outcome, Exception)
    off = [one.session_id for one in scenario.outcome if isinstance(one, SessionCancelled)]
    assert off == [session_on(scenario.gym, day) for day in SUNDAYS[1:]]
    scenario.then_answered(kept=(Kept(session_id=edited, parts=(SessionPart.INSTRUCTOR,)),))


def test_a_session_named_as_it_is_stays_the_series_own() -> None:
    scenario = running()
    first = first_of(scenario)
    scenario.when(ChangeSession(session_id=first), NOW).then_nothing()
    scenario.when(ChangeSession(session_id=first, title="Spin"), NOW)
    scenario.then(fact(SessionChanged, title="Spin", own=(SessionPart.TITLE,)))
    scenario.when(ChangeSession(session_id=first, title="Spin"), NOW).then_nothing()


NEW_YORK = HearLocation(location_id=LOCATION, time_zone="America/New_York")


@pytest.mark.parametrize(
    "command",
    [
        creating(time_zone="America/Chicago"),
        closing(SUNDAYS[0], SUNDAYS[0]).model_copy(update={"time_zone": "America/Chicago"}),
        ScheduleSession(
            session_id=SES, title="Spin", location_id=LOCATION, starts_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=1, hours=1), time_zone="America/Chicago", capacity=1,
        ),
    ],
    ids=["series", "closure", "session"],
)  # fmt: skip
def test_what_takes_place_at_a_location_is_in_its_time_zone(command: Any) -> None:
    given().when(NEW_YORK, NOW).when(command, NOW).then_refused(
        TimetableCode.OTHER_TIME_ZONE, field="time_zone", time_zone="America/New_York"
    )
    local = command.model_copy(update={"time_zone": "America/New_York"})
    given().when(NEW_YORK, NOW).when(local, NOW).then_answered()
    given().when(command, NOW).then_answered()  # nothing was heard of the location yet


def test_a_location_stays_in_the_time_zone_it_was_opened_in() -> None:
    moved = NEW_YORK.model_copy(update={"time_zone": "America/Chicago"})
    given().when(NEW_YORK, NOW).when(NEW_YORK, NOW).then_nothing()
    scenario = given().when(NEW_YORK, NOW).when(moved, NOW)
    scenario.then_nothing()
    scenario.when(creating(), NOW).then_answered()
