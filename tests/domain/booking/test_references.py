"""What a command names must be there: locations, rooms, instructors, the gym's currency."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast, get_args
from uuid import UUID

import pytest

from chassis.decider import Aggregate, Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    BookingPolicy,
    ChangeEntitlement,
    Coverage,
    GrantCredits,
    PolicyOverrides,
    ScheduleSession,
)
from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    ClosureId,
    GrantId,
    GymId,
    LocationId,
    ProgramId,
    RoomId,
    ScheduleId,
    StaffId,
)
from contracts.members import KnownReferences
from contracts.money import Price
from contracts.timetable import (
    AddClosure,
    AssignRoom,
    ChangeClassType,
    ChangeScheduleFrom,
    ChangeSession,
    CreateSchedule,
    DefineClassType,
    DraftSession,
    GymHeard,
    HearGym,
    HearInstructor,
    HearRoom,
    ImportTimetable,
    InstructorHeard,
    LocationHeard,
    Pattern,
    PublishBookingPolicy,
    RoomHeard,
    SubstituteInstructor,
)
from services.booking.api import ASKED, RULES
from services.booking.domain.hearsay import gym, instructor, room
from services.booking.references import NAMES, NotHeard, checked, hearing, must_be_known, question
from tests.domain.booking.language import (
    ANN,
    HALL,
    HOUR,
    NOON,
    SES,
    home,
    scheduled,
    with_credits,
)
from tests.scenario import Gym, Scenario, fact

MONTH_BEFORE = NOON - 30 * 24 * HOUR
IRON = GymId(UUID(int=5))
RED, KIM = RoomId(UUID(int=71)), StaffId(UUID(int=72))
ANNEX = LocationId(UUID(int=98))
PLAN: dict[str, Any] = {
    "session_id": SES, "title": "Spin", "location_id": HALL, "starts_at": NOON,
    "ends_at": NOON + HOUR, "time_zone": "UTC", "capacity": 9,
}  # fmt: skip
WEEKLY = Pattern(
    title="Spin", weekdays=(1,), starts_at="12:00", minutes=60, capacity=9, room_id=RED,
    instructor_id=KIM,
)  # fmt: skip
YEN = Price(minor=500, currency="JPY")
HEARD: dict[str, Event] = {
    "location": LocationHeard(location_id=HALL, time_zone="UTC"),
    "room": RoomHeard(room_id=RED, location_id=HALL),
    "coach": InstructorHeard(staff_id=KIM, works=True, version=1),
    "gym": GymHeard(gym_id=IRON, currency="EUR"),
}

Home = tuple[Aggregate[Any, Any], UUID]


def at_home(event: Event) -> Home:
    match event:
        case RoomHeard():
            return room, event.room_id
        case InstructorHeard():
            return instructor, event.staff_id
        case GymHeard():
            return gym, event.gym_id
    return home(event)


def given(*past: Event, known: KnownReferences | None = None) -> Scenario:
    """A gym as its commands come over the bus; ``known``: what members has just told."""
    rules: dict[type[Command], Callable[[Any, Unit], Any]] = {
        kind: checked(kind, rule) for kind, rule in RULES.items()
    }
    if known is not None:
        rules = {kind: hearing(known, rule) for kind, rule in rules.items()}
    here = Gym(rules, at_home, IRON)
    here.happened(*past)
    return Scenario(here)


def all_but(*missing: str) -> list[Event]:
    return [event for name, event in HEARD.items() if name not in missing]


ASKS: dict[str, tuple[Command, tuple[str, ...]]] = {
    "scheduleSession": (
        ScheduleSession(**PLAN, room_id=RED, instructor_id=KIM), ("location", "room", "coach"),
    ),
    "draftSession": (
        DraftSession(**PLAN, room_id=RED, instructor_id=KIM), ("location", "room", "coach"),
    ),
    "createSchedule": (
        CreateSchedule(
            schedule_id=ScheduleId(UUID(int=3)), location_id=HALL, time_zone="UTC",
            pattern=WEEKLY, from_date=NOON.date(),
        ),
        ("location", "room", "coach"),
    ),
    "changeScheduleFrom": (
        ChangeScheduleFrom(
            schedule_id=ScheduleId(UUID(int=3)), from_date=NOON.date(), pattern=WEEKLY
        ),
        ("room", "coach"),
    ),
    "assignRoom": (AssignRoom(session_id=SES, room_id=RED), ("room",)),
    "substituteInstructor": (SubstituteInstructor(session_id=SES, instructor_id=KIM), ("coach",)),
    "addClosure": (
        AddClosure(
            closure_id=ClosureId(UUID(int=4)), location_id=HALL, time_zone="UTC",
            from_date=NOON.date(), until_date=NOON.date(), reason="painting",
        ),
        ("location",),
    ),
    "publishBookingPolicy": (
        PublishBookingPolicy(policy=BookingPolicy(no_show_fee=YEN)), ("gym",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "missing"),
    [(command, one) for command, names in ASKS.values() for one in names],
    ids=[f"{name}, {one}" for name, (_, names) in ASKS.items() for one in names],
)
def test_what_was_not_heard_of_is_asked_for(command: Command, missing: str) -> None:
    with pytest.raises(NotHeard):
        given(*all_but(missing)).gym.do(command, MONTH_BEFORE)


PACK = GrantCredits(
    client_id=ANN, grant_id=GrantId(UUID(int=6)), credits=5,
    coverage=Coverage(location_ids=(HALL, ANNEX)),
)  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [PACK, ChangeEntitlement(client_id=ANN, grant_id=PACK.grant_id, coverage=PACK.coverage)],
    ids=["given", "changed"],
)
def test_every_location_a_grant_covers_must_be_there(command: Command) -> None:
    past = (*HEARD.values(), *with_credits(ANN))
    with pytest.raises(NotHeard) as missing:
        given(*past).gym.do(command, MONTH_BEFORE)
    assert question(missing.value.named).location_ids == (HALL, ANNEX)
    with pytest.raises(Refused) as refused:
        must_be_known(missing.value.named, KnownReferences(currency="EUR", locations={HALL: "UTC"}))
    assert (refused.value.code, refused.value.field) == ("LOCATION_NOT_FOUND", "coverage")


def test_a_grant_answers_when_it_begins_and_ends() -> None:
    known = KnownReferences(currency="EUR", locations={HALL: "UTC", ANNEX: "UTC"})
    last_day = {"expires_on": NOON.date(), "time_zone": "America/New_York"}
    scenario = given(*with_credits(ANN), known=known)
    scenario.when(PACK.model_copy(update=last_day), MONTH_BEFORE).then_answered(
        valid_from=MONTH_BEFORE, expires_at=datetime(2027, 3, 2, 5, tzinfo=UTC)
    )


def test_what_was_heard_of_is_there() -> None:
    scenario = given(*HEARD.values())
    for name in ("draftSession", "scheduleSession", "addClosure"):
        command, _ = ASKS[name]
        outcome = scenario.when(command, MONTH_BEFORE).outcome
        assert not isinstance(outcome, Refused), name
        assert outcome, name


def test_a_room_of_another_location_and_somebody_who_left_are_not_there() -> None:
    elsewhere = RoomHeard(room_id=RED, location_id=ANNEX)
    left = InstructorHeard(staff_id=KIM, works=False, version=2)
    for past in ([*all_but("room"), elsewhere], [*HEARD.values(), left]):
        with pytest.raises(NotHeard):
            given(*past).gym.do(ASKS["scheduleSession"][0], MONTH_BEFORE)


@pytest.mark.parametrize(
    ("command", "told", "code", "field"),
    [
        ("scheduleSession", {}, "LOCATION_NOT_FOUND", "location_id"),
        ("addClosure", {}, "LOCATION_NOT_FOUND", "location_id"),
        ("scheduleSession", {"locations": {HALL: "UTC"}}, "ROOM_NOT_FOUND", "room_id"),
        (
            "scheduleSession", {"locations": {HALL: "UTC"}, "rooms": {RED: ANNEX}},
            "ROOM_NOT_FOUND", "room_id",
        ),
        ("assignRoom", {}, "ROOM_NOT_FOUND", "room_id"),
        (
            "scheduleSession", {"locations": {HALL: "UTC"}, "rooms": {RED: HALL}},
            "INSTRUCTOR_NOT_FOUND", "instructor_id",
        ),
        ("substituteInstructor", {}, "INSTRUCTOR_NOT_FOUND", "instructor_id"),
    ],
)  # fmt: skip
def test_what_members_does_not_know_either_is_refused_by_name(
    command: str, told: dict[str, Any], code: str, field: str
) -> None:
    past = [scheduled()] if command in ("assignRoom", "substituteInstructor") else []
    with pytest.raises(NotHeard) as missing:
        given(*past).gym.do(ASKS[command][0], MONTH_BEFORE)
    with pytest.raises(Refused) as refused:
        must_be_known(missing.value.named, KnownReferences(currency="EUR", **told))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_what_members_told_is_kept_and_not_asked_for_again() -> None:
    command = ASKS["draftSession"][0]
    known = KnownReferences(
        currency="EUR", locations={HALL: "UTC"}, rooms={RED: HALL}, staff={KIM: 1}
    )
    told = given(known=known).when(command, MONTH_BEFORE).outcome
    assert not isinstance(told, Refused)
    heard = [event for event in told if type(event).__name__.endswith("Heard")]
    assert {type(one) for one in heard} == {type(one) for one in HEARD.values()}
    given(*heard).when(command, MONTH_BEFORE).then(fact(type(told[-1]), room_id=RED))


def test_members_is_asked_for_just_what_is_named() -> None:
    with pytest.raises(NotHeard) as missing:
        given().gym.do(ASKS["scheduleSession"][0], MONTH_BEFORE)
    asked = question(missing.value.named)
    assert (asked.location_ids, asked.room_ids, asked.staff_ids) == ((HALL,), (RED,), (KIM,))


@pytest.mark.parametrize("field", ["no_show_fee", "late_cancel_fee"])
def test_a_fee_in_another_currency_than_the_gyms_is_refused(field: str) -> None:
    euros = Price(minor=500, currency="EUR")
    for currency, price in (("EUR", YEN), ("JPY", euros)):
        policy = BookingPolicy(**cast(Any, {field: price}))
        here = given(GymHeard(gym_id=IRON, currency=currency))
        here.when(PublishBookingPolicy(policy=policy), NOON).then_refused(
            "OTHER_CURRENCY", field=field, currency=currency
        )
        of_one = ScheduleSession(**PLAN, policy=policy)
        heard = (HEARD["location"], GymHeard(gym_id=IRON, currency=currency))
        given(*heard).when(of_one, MONTH_BEFORE).then_refused("OTHER_CURRENCY", field=field)


IN_YEN = PolicyOverrides(no_show_fee=YEN)
SPIN, RIDES = ClassTypeId(UUID(int=8)), ProgramId(UUID(int=9))
KIND: dict[str, Any] = {"class_type_id": SPIN, "name": "Spin", "capacity": 9, "overrides": IN_YEN}


@pytest.mark.parametrize(
    "command",
    [
        DefineClassType(program_id=RIDES, **KIND), ChangeClassType(**KIND),
        ScheduleSession(**PLAN, overrides=IN_YEN), DraftSession(**PLAN, overrides=IN_YEN),
        CreateSchedule(
            schedule_id=ScheduleId(UUID(int=3)), location_id=HALL, time_zone="UTC",
            pattern=WEEKLY.model_copy(update={"overrides": IN_YEN}), from_date=NOON.date(),
        ),
        ChangeSession(session_id=PLAN["session_id"], overrides=IN_YEN),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_so_is_one_that_something_of_the_timetable_asks(command: Command) -> None:
    given(*HEARD.values()).when(command, MONTH_BEFORE).then_refused(
        "OTHER_CURRENCY", field="no_show_fee", currency="EUR"
    )


def test_a_policy_without_fees_asks_for_no_currency() -> None:
    told = given().when(PublishBookingPolicy(policy=BookingPolicy()), NOON).outcome
    assert not isinstance(told, Refused)
    assert len(told) == 1


def test_the_newest_word_of_somebody_counts_and_the_first_of_a_gym() -> None:
    works = HearInstructor(staff_id=KIM, works=True, version=2)
    left = works.model_copy(update={"works": False, "version": 3})
    scenario = given().when(left, NOON).then(fact(InstructorHeard, works=False))
    scenario.when(works, NOON).then_nothing()
    for command in (
        HearGym(gym_id=IRON, currency="EUR"), HearRoom(room_id=RED, location_id=HALL),
    ):  # fmt: skip
        scenario.when(command, NOON)
        scenario.when(command, NOON).then_nothing()


def test_every_command_that_names_something_of_members_is_checked() -> None:
    named = {"location_id", "room_id", "instructor_id", "pattern", "policy", "coverage"}
    over_the_bus: list[type[Command]] = [*ASKED, ImportTimetable]
    asked = [
        kind
        for kind in over_the_bus
        if named & kind.model_fields.keys()
        or any(
            PolicyOverrides in (field.annotation, *get_args(field.annotation))
            for field in kind.model_fields.values()
        )
    ]
    assert asked
    assert set(asked) <= NAMES.keys()
