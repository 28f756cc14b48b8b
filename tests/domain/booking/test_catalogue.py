"""Programs, class types, and the versions of the gym's booking policy."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.booking import (
    BookingPolicy,
    Cancellation,
    CancelReservation,
    RemoveReservation,
    ReservationCancelled,
    ScheduleSession,
    SessionScheduled,
)
from contracts.envelope import Command
from contracts.ids import ClassTypeId, ProgramId
from contracts.timetable import (
    PRESETS,
    BookingPolicyPublished,
    ChangeClassType,
    ChangeProgram,
    ClassTypeChanged,
    ClassTypeDefined,
    ClassTypeRetired,
    DefineClassType,
    DefineProgram,
    PolicyOverrides,
    Preset,
    ProgramChanged,
    ProgramDefined,
    ProgramRetired,
    PublishBookingPolicy,
    RetireClassType,
    RetireProgram,
    TimetableCode,
)
from tests.domain.booking.language import (
    ANN,
    HALL,
    HOUR,
    NOON,
    SES,
    given,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

PROGRAM, SPIN = ProgramId(UUID(int=61)), ClassTypeId(UUID(int=62))
MONTH_BEFORE = NOON - timedelta(days=30)
DEFINE_PROGRAM = DefineProgram(program_id=PROGRAM, name="Cycling")
DEFINE_SPIN = DefineClassType(
    class_type_id=SPIN, program_id=PROGRAM, name="Spin", minutes=45, capacity=12,
    overrides=PolicyOverrides(late_cancel_minutes=360),
)  # fmt: skip


def done(*commands: Command) -> Scenario:
    scenario = given()
    for command in commands:
        scenario.when(command, MONTH_BEFORE)
        assert not isinstance(scenario.outcome, Refused), scenario.outcome
    return scenario


def put(**other: Any) -> ScheduleSession:
    usual = {
        "session_id": SES, "title": "Spin", "location_id": HALL, "starts_at": NOON,
        "ends_at": NOON + HOUR, "time_zone": "Europe/Berlin", "capacity": 12,
    }  # fmt: skip
    return ScheduleSession.model_validate(usual | other)


def publishing(late: int, days: int | None = None) -> PublishBookingPolicy:
    begins = None if days is None else MONTH_BEFORE + timedelta(days=days)
    return PublishBookingPolicy(
        policy=BookingPolicy(late_cancel_minutes=late), effective_from=begins
    )


def test_a_program_is_defined_changed_and_retired() -> None:
    done(DEFINE_PROGRAM).then(fact(ProgramDefined, program_id=PROGRAM, name="Cycling"))
    change = ChangeProgram(program_id=PROGRAM, name="Ride")
    done(DEFINE_PROGRAM, change).then(fact(ProgramChanged, name="Ride"))
    done(DEFINE_PROGRAM, change, change).then_nothing()
    done(DEFINE_PROGRAM, RetireProgram(program_id=PROGRAM)).then(fact(ProgramRetired))


def test_a_class_type_belongs_to_a_program_that_is_offered() -> None:
    given().when(DEFINE_SPIN, MONTH_BEFORE).then_refused(TimetableCode.PROGRAM_NOT_FOUND)
    retired = done(DEFINE_PROGRAM, RetireProgram(program_id=PROGRAM))
    retired.when(DEFINE_SPIN, MONTH_BEFORE).then_refused(TimetableCode.PROGRAM_RETIRED)
    done(DEFINE_PROGRAM, DEFINE_SPIN).then(fact(ClassTypeDefined, minutes=45, capacity=12))


def test_a_class_type_is_changed_and_retired() -> None:
    change = ChangeClassType(class_type_id=SPIN, name="Spin", minutes=60, capacity=10)
    both = (DEFINE_PROGRAM, DEFINE_SPIN)
    done(*both, change).then(fact(ClassTypeChanged, minutes=60, overrides=PolicyOverrides()))
    done(*both, change, change).then_nothing()
    gone = done(*both, RetireClassType(class_type_id=SPIN))
    gone.then(fact(ClassTypeRetired, class_type_id=SPIN))
    gone.when(put(class_type_id=SPIN), MONTH_BEFORE).then_refused(TimetableCode.CLASS_TYPE_RETIRED)


@pytest.mark.parametrize("command", [DEFINE_PROGRAM, DEFINE_SPIN])
def test_a_name_is_given_once(command: Command) -> None:
    again = done(DEFINE_PROGRAM, DEFINE_SPIN).when(command, MONTH_BEFORE)
    again.then_refused(TimetableCode.ALREADY_DEFINED)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ChangeProgram(program_id=PROGRAM, name="x"), TimetableCode.PROGRAM_NOT_FOUND),
        (RetireProgram(program_id=PROGRAM), TimetableCode.PROGRAM_NOT_FOUND),
        (RetireClassType(class_type_id=SPIN), TimetableCode.CLASS_TYPE_NOT_FOUND),
    ],
)
def test_what_was_never_defined_is_not_found(command: Command, code: str) -> None:
    given().when(command, MONTH_BEFORE).then_refused(code)


def test_a_gym_begins_with_version_one_of_the_preset_functional() -> None:
    scheduled = done(put()).gym.log[0]
    assert isinstance(scheduled, SessionScheduled)
    assert scheduled.policy == PRESETS[Preset.FUNCTIONAL]
    assert scheduled.policy.version == 1


def test_the_preset_boutique_asks_for_twelve_hours() -> None:
    assert PRESETS[Preset.BOUTIQUE].late_cancel_minutes == 12 * 60


def test_a_session_takes_the_version_in_force_when_it_is_scheduled() -> None:
    scenario = done(publishing(300), put())
    assert not isinstance(scenario.outcome, Refused)
    scheduled = scenario.outcome[0]
    assert isinstance(scheduled, SessionScheduled)
    assert (scheduled.policy.version, scheduled.policy.late_cancel_minutes) == (2, 300)


def test_a_version_is_in_force_from_its_own_instant_on() -> None:
    scenario = done(publishing(300, days=2), publishing(400, days=1))
    versions = []
    for day in (0, 1, 2):
        scenario.when(put(session_id=UUID(int=day + 1)), MONTH_BEFORE + timedelta(days=day))
        assert not isinstance(scenario.outcome, Refused)
        assert isinstance(scenario.outcome[0], SessionScheduled)
        versions.append(scenario.outcome[0].policy.version)
    assert versions == [1, 3, 2]


def test_versions_count_up_and_say_what_they_were_made_from() -> None:
    made = PublishBookingPolicy(policy=PRESETS[Preset.BOUTIQUE], preset=Preset.BOUTIQUE)
    done(publishing(300), made).then(
        fact(BookingPolicyPublished, version=3, preset=Preset.BOUTIQUE, effective_from=MONTH_BEFORE)
    )


def test_a_version_does_not_begin_in_the_past() -> None:
    given().when(publishing(300, days=-1), MONTH_BEFORE).then_refused(
        TimetableCode.EFFECTIVE_IN_THE_PAST, field="effective_from"
    )


def test_a_class_type_overrides_what_it_says_and_nothing_else() -> None:
    scenario = done(DEFINE_PROGRAM, DEFINE_SPIN, publishing(300), put(class_type_id=SPIN))
    assert not isinstance(scenario.outcome, Refused)
    scheduled = scenario.outcome[0]
    assert isinstance(scheduled, SessionScheduled)
    wanted = BookingPolicy(version=2, late_cancel_minutes=360)
    assert (scheduled.policy, scheduled.program_id) == (wanted, PROGRAM)


def test_a_policy_said_with_the_session_goes_before_the_gyms() -> None:
    own = BookingPolicy(late_cancel_minutes=5)
    scenario = done(publishing(300), put(policy=own))
    assert not isinstance(scenario.outcome, Refused)
    assert isinstance(scenario.outcome[0], SessionScheduled)
    assert scenario.outcome[0].policy == own


@pytest.mark.parametrize(
    ("minutes", "kind", "version"),
    [(60, Cancellation.EARLY, 2), (600, Cancellation.LATE, 1)],
    ids=["more lenient", "stricter"],
)
def test_a_later_version_helps_who_has_a_seat_but_never_hurts_them(
    minutes: int, kind: Cancellation, version: int
) -> None:
    scenario = given(scheduled(2), with_credits(ANN), reserved(ANN))
    scenario.when(publishing(minutes), MONTH_BEFORE)
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - 1.5 * HOUR)
    assert not isinstance(scenario.outcome, Refused)
    cancelled = scenario.outcome[0]
    assert isinstance(cancelled, ReservationCancelled)
    assert (cancelled.kind, cancelled.policy_version) == (kind, version)


def test_a_sessions_own_rules_are_not_beaten_by_those_the_gym_had_before() -> None:
    """The gym lets people leave until an hour before; this session asks for ten."""
    begin = NOON - timedelta(days=20)
    own = BookingPolicy(late_cancel_minutes=600)
    plan = ScheduleSession(
        session_id=SES, title="Gala", location_id=HALL, starts_at=NOON, ends_at=NOON + HOUR,
        time_zone="UTC", capacity=2, policy=own,
    )  # fmt: skip
    cancel = CancelReservation(session_id=SES, client_id=ANN)
    scenario = given(with_credits(ANN)).when(publishing(60), MONTH_BEFORE).when(plan, begin)
    scenario.gym.happened(*reserved(ANN, free_until=NOON - 10 * HOUR))
    scenario.when(cancel, NOON - 5 * HOUR).then_answered(status="cancelled_late")

    later = given(with_credits(ANN)).when(publishing(60), MONTH_BEFORE).when(plan, begin)
    later.gym.happened(*reserved(ANN, free_until=NOON - 10 * HOUR))
    later.when(publishing(120), begin + HOUR)
    later.when(cancel, NOON - 5 * HOUR).then_answered(status="cancelled_early")


def test_a_stricter_version_leaves_an_early_cancel_early() -> None:
    scenario = given(scheduled(2), with_credits(ANN), reserved(ANN))
    scenario.when(publishing(600), MONTH_BEFORE)
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - 3 * HOUR)
    scenario.then_answered(status="cancelled_early")


def test_staff_takes_a_seat_back_as_freely_as_the_client_could_give_it_up() -> None:
    scenario = given(scheduled(2), with_credits(ANN), reserved(ANN))
    scenario.when(publishing(60), MONTH_BEFORE)
    scenario.when(RemoveReservation(session_id=SES, client_id=ANN), NOON - 1.5 * HOUR)
    scenario.then_answered(status="cancelled_early")
