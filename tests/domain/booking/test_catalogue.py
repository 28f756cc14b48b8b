"""Programs, class types, and the versions of the gym's booking policy."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    BookingPolicy,
    Cancellation,
    CancelReservation,
    CheckedIn,
    CheckIn,
    PolicyOverrides,
    RemoveReservation,
    ReservationCancelled,
    ScheduleSession,
    SessionScheduled,
)
from contracts.envelope import Command
from contracts.ids import ClassTypeId, ProgramId
from contracts.money import Price
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
    DraftSession,
    Preset,
    ProgramChanged,
    ProgramDefined,
    ProgramRetired,
    PublishBookingPolicy,
    PublishDraft,
    RetireClassType,
    RetireProgram,
    TimetableCode,
)
from services.booking.domain.booking_policy import Phase
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    HALL,
    HOUR,
    MINUTE,
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


OF_THE_GYM_ALONE = {
    "version", "daily_limit", "program_daily_limit", "free_passes", "free_pass_days",
    "ban_after_penalties", "ban_window_days", "ban_days", "lapsed_seats",
}  # fmt: skip
"""Counted over all of a client's classes, whatever each of them does differently."""


def test_whatever_is_not_counted_over_all_classes_may_be_done_differently() -> None:
    policy, overrides = (
        {name: told.get("anyOf", [told])[0] for name, told in kind.model_json_schema()[
            "properties"
        ].items()}
        for kind in (BookingPolicy, PolicyOverrides)
    )  # fmt: skip
    assert overrides.keys() == policy.keys() - OF_THE_GYM_ALONE
    plain = {"default", "description", "title"}
    for name, told in overrides.items():
        limits = {key: value for key, value in policy[name].items() if key not in plain}
        assert {key: value for key, value in told.items() if key not in plain} == limits, name


FREE = Price(minor=0, currency="EUR")
OWN = PolicyOverrides(
    no_show_fee=Price(minor=2000, currency="EUR"), late_cancel_fee=FREE, offer_minutes=0,
    check_in_opens_minutes_before=5, self_check_in=True,
)  # fmt: skip


@pytest.mark.parametrize("by", ["class type", "session", "draft"])
def test_fees_phases_and_check_in_may_be_a_class_types_or_a_sessions_own(by: str) -> None:
    kind, plan = DEFINE_SPIN, put(class_type_id=SPIN, overrides=OWN)
    if by == "class type":
        kind, plan = kind.model_copy(update={"overrides": OWN}), put(class_type_id=SPIN)
    commands: list[Command] = [plan]
    if by == "draft":
        said = plan.model_dump(exclude={"policy"})
        commands = [DraftSession.model_validate(said), PublishDraft(session_id=SES)]
    scenario = done(DEFINE_PROGRAM, kind, publishing(300), *commands)
    policy = scenario.gym.state(class_session, SES).policy
    late = 300 if by == "class type" else 360
    assert policy == BookingPolicy(
        version=2, late_cancel_minutes=late, no_show_fee=OWN.no_show_fee, late_cancel_fee=FREE,
        offer_minutes=0, check_in_opens_minutes_before=5, self_check_in=True,
    )  # fmt: skip


def test_what_a_session_does_differently_is_obeyed() -> None:
    own = PolicyOverrides(check_in_opens_minutes_before=5, claim_opens_minutes_before=240)
    scenario = done(put(overrides=own))
    scenario.gym.happened(*with_credits(ANN), *reserved(ANN))
    arrive = CheckIn(session_id=SES, client_id=ANN)
    scenario.when(arrive, NOON - 6 * MINUTE).then_refused(BookingCode.CHECK_IN_NOT_OPEN)
    scenario.when(arrive, NOON - 5 * MINUTE).then(fact(CheckedIn))
    assert scenario.gym.state(class_session, SES).phase(NOON - 3 * HOUR) is Phase.CLAIMS


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
