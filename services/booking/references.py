"""What a command names must be there: locations, rooms, instructors, the gym's currency.

Booking knows them by what it heard. What it has not heard of, members is asked for, so that a
location is there in the moment it was opened; what members does not know either is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chassis.decider import Refused
from chassis.eventstore.store import Result, Rule, Unit
from contracts.booking import (
    BookingPolicy,
    ChangeEntitlement,
    Coverage,
    GrantCredits,
    PolicyOverrides,
    ScheduleSession,
    SessionPlan,
)
from contracts.envelope import Command
from contracts.ids import LocationId, RoomId, StaffId
from contracts.members import GymReferences, KnownReferences
from contracts.timetable import (
    AddClosure,
    AssignRoom,
    ChangeClassType,
    ChangeScheduleFrom,
    ChangeSession,
    CreateSchedule,
    DefineClassType,
    DraftSession,
    HearGym,
    HearInstructor,
    HearLocation,
    HearRoom,
    ImportTimetable,
    Pattern,
    PublishBookingPolicy,
    PublishDraft,
    RemoveClosure,
    SubstituteInstructor,
    TimetableCode,
)
from services.booking.domain.class_schedule import class_schedule
from services.booking.domain.class_session import class_session
from services.booking.domain.hearsay import gym, instructor, room
from services.booking.domain.rooms import location_calendar
from services.booking.hearings import hear_gym, hear_instructor, hear_location, hear_room

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Named:
    """What a command names."""

    location_id: LocationId | None = None
    room_id: RoomId | None = None
    room_of: LocationId | None = None
    """Where the room must be; ``None``: anywhere in the gym."""
    covered: tuple[LocationId, ...] = ()
    """Locations of a grant's coverage."""
    instructor_id: StaffId | None = None
    fees: tuple[tuple[str, str], ...] = ()
    """Fields and the currencies of their amounts."""


class NotHeard(Exception):
    """Booking has not heard of something a command names; members may know it."""

    def __init__(self, named: Named) -> None:
        super().__init__("not heard of what is named")
        self.named = named


def checked(kind: type[C], rule: Rule[C]) -> Rule[C]:
    """``rule``, of what it names being there. Raises ``NotHeard``, ``Refused(OTHER_CURRENCY)``."""
    names = NAMES.get(kind)
    if names is None:
        return rule

    def of_what_is_there(command: C, unit: Unit) -> Result:
        named = names(command, unit)
        if not _is_heard(named, unit):
            raise NotHeard(named)
        _must_be_its_currency(named, unit.state(gym, unit.ctx.gym_id))
        return rule(command, unit)

    return of_what_is_there


def question(named: Named) -> GymReferences:
    """What members is asked."""
    return GymReferences(
        location_ids=(*_some(named.location_id), *named.covered), room_ids=_some(named.room_id),
        staff_ids=_some(named.instructor_id),
    )  # fmt: skip


def must_be_known(named: Named, known: KnownReferences) -> None:
    """Raise ``Refused`` with a code that says which of them the gym does not have."""
    if named.location_id is not None and named.location_id not in known.locations:
        raise Refused(
            TimetableCode.LOCATION_NOT_FOUND, "There is no such location.", field="location_id"
        )
    if not known.locations.keys() >= set(named.covered):
        raise Refused(
            TimetableCode.LOCATION_NOT_FOUND, "There is no such location.", field="coverage"
        )
    if named.room_id is not None:
        where = known.rooms.get(named.room_id)
        if where is None or named.room_of not in (None, where):
            raise Refused(
                TimetableCode.ROOM_NOT_FOUND, "There is no such room at the location.",
                field="room_id",
            )  # fmt: skip
    if named.instructor_id is not None and named.instructor_id not in known.staff:
        raise Refused(
            TimetableCode.INSTRUCTOR_NOT_FOUND, "Nobody like that works here.",
            field="instructor_id",
        )  # fmt: skip


def hearing(known: KnownReferences, rule: Rule[C]) -> Rule[C]:
    """``rule``, with what members told heard first in the same breath."""

    def in_one(command: C, unit: Unit) -> Result:
        hear_gym(HearGym(gym_id=unit.ctx.gym_id, currency=known.currency), unit)
        for location, time_zone in known.locations.items():
            hear_location(HearLocation(location_id=location, time_zone=time_zone), unit)
        for one, location in known.rooms.items():
            hear_room(HearRoom(room_id=one, location_id=location), unit)
        for staff, version in known.staff.items():
            heard = HearInstructor(staff_id=staff, works=True, version=version)
            hear_instructor(heard, unit)
        return rule(command, unit)

    return in_one


def _is_heard(named: Named, unit: Unit) -> bool:
    location, staff = named.location_id, named.instructor_id
    if location is not None and unit.state(location_calendar, location).time_zone is None:
        return False
    if any(one.time_zone is None for one in unit.states(location_calendar, named.covered)):
        return False
    if named.room_id is not None:
        where = unit.state(room, named.room_id)
        if where is None or named.room_of not in (None, where):
            return False
    if staff is not None and not unit.state(instructor, staff).works:
        return False
    return not named.fees or unit.state(gym, unit.ctx.gym_id) is not None


def _must_be_its_currency(named: Named, currency: str | None) -> None:
    for field, other in named.fees:
        if other != currency:
            raise Refused(
                TimetableCode.OTHER_CURRENCY, "The gym has another currency.", field=field,
                currency=currency,
            )  # fmt: skip


def _of_plan(plan: SessionPlan | None, policy: BookingPolicy | None = None) -> Named:
    if plan is None:
        return Named()
    return Named(
        location_id=plan.location_id, room_id=plan.room_id, room_of=plan.location_id,
        instructor_id=plan.instructor_id, fees=_fees(policy, plan.overrides),
    )  # fmt: skip


def _of_pattern(pattern: Pattern, location_id: LocationId | None, *, is_new: bool) -> Named:
    return Named(
        location_id=location_id if is_new else None, room_id=pattern.room_id, room_of=location_id,
        instructor_id=pattern.instructor_id, fees=_fees(pattern.overrides),
    )  # fmt: skip


def _fees(*rules: BookingPolicy | PolicyOverrides | None) -> tuple[tuple[str, str], ...]:
    return tuple(
        (field, price.currency)
        for one in rules if one is not None
        for field, price in (
            ("late_cancel_fee", one.late_cancel_fee), ("no_show_fee", one.no_show_fee)
        )
        if price is not None
    )  # fmt: skip


def _covered(coverage: Coverage | None) -> Named:
    return Named(covered=coverage.location_ids if coverage else ())


def _some(one: Any) -> tuple[Any, ...]:
    return () if one is None else (one,)


NAMES: Mapping[type[Command], Callable[[Any, Unit], Named]] = {
    ScheduleSession: lambda c, _: _of_plan(c, c.policy),
    DraftSession: lambda c, _: _of_plan(c),
    PublishDraft: lambda c, unit: _of_plan(unit.state(class_session, c.session_id).draft),
    CreateSchedule: lambda c, _: _of_pattern(c.pattern, c.location_id, is_new=True),
    ChangeScheduleFrom: lambda c, unit: _of_pattern(
        c.pattern, unit.state(class_schedule, c.schedule_id).location_id, is_new=False
    ),
    AssignRoom: lambda c, unit: Named(
        room_id=c.room_id, room_of=unit.state(class_session, c.session_id).slot.location_id
    ),
    SubstituteInstructor: lambda c, _: Named(instructor_id=c.instructor_id),
    AddClosure: lambda c, _: Named(location_id=c.location_id),
    RemoveClosure: lambda c, _: Named(location_id=c.location_id),
    ImportTimetable: lambda c, _: Named(
        location_id=c.location_id, room_id=c.room_id, room_of=c.location_id
    ),
    ChangeSession: lambda c, _: Named(fees=_fees(c.overrides)),
    PublishBookingPolicy: lambda c, _: Named(fees=_fees(c.policy)),
    DefineClassType: lambda c, _: Named(fees=_fees(c.overrides)),
    ChangeClassType: lambda c, _: Named(fees=_fees(c.overrides)),
    GrantCredits: lambda c, _: _covered(c.coverage),
    ChangeEntitlement: lambda c, _: _covered(c.coverage),
}
"""What each command names that must be there; the others name nothing of the kind."""
