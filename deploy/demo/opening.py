"""How a demo gym opens: registered, furnished, staffed, with a timetable and rules. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from contracts.access import AddDoor, OpenHours, SetDoorSchedule
from contracts.envelope import Command
from contracts.ids import (
    PLATFORM,
    ClassTypeId,
    DoorId,
    GymId,
    LocationId,
    ProgramId,
    RoomId,
    StaffId,
)
from contracts.members import (
    AddRoom,
    HireStaff,
    OpeningSpan,
    OpenLocation,
    RegisterGym,
    SetOpeningHours,
    SetStaffQualifications,
    Skill,
)
from contracts.permissions import OPERATOR, Role
from contracts.timetable import (
    CreateSchedule,
    DefineClassType,
    DefineProgram,
    Pattern,
    PublishBookingPolicy,
)
from deploy.demo.acts import Act, Wave, Who
from deploy.demo.calendar import DAY, Calendar
from deploy.demo.gyms import PASSWORD, Colleague, DemoGym, Slot

OPERATING = Who(PLATFORM, "system:operator", (OPERATOR,))
LICENCE_LASTS = timedelta(days=400)
WEEK = range(1, 8)


class House:
    """A gym's ids, and its staff as they ask."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.gym: DemoGym = calendar.gym
        self.gym_id = GymId(calendar.id("gym", self.gym.slug))
        self.location_id = LocationId(calendar.id("location", self.gym.location))
        self.door_id = DoorId(calendar.id("door", "Front door"))
        self.lines = f"lines of {self.gym.slug}"
        """About whatever may give seats to people in line: one after the other, so that who gets
        one does not hang on which answer was faster."""

    def staff_id(self, one: Colleague) -> StaffId:
        return StaffId(self.calendar.id("staff", one.email))

    def colleague(self, one: Colleague) -> Who:
        """``one`` asking."""
        return Who(self.gym_id, f"staff:{self.staff_id(one)}", (one.role.value,))

    def any(self, role: Role) -> Who:
        """The first of that role, asking."""
        return self.colleague(self.gym.one(role))

    def coach_of(self, slot: Slot) -> Who:
        """Who gives the class, asking."""
        return self.colleague(self.gym.trainers[slot.coach])

    def class_type_id(self, kind: str) -> ClassTypeId:
        return ClassTypeId(self.calendar.id("class type", kind))


def opening(house: House) -> Iterator[Act]:
    """Everything there is before the first client comes, in order."""
    owner, slug = house.any(Role.OWNER), house.gym.slug
    begins = house.calendar.begins
    yield Act(begins, Wave.GYM, (OPERATING, _registration(house)), (slug,))
    for command in (*_places(house), *_staff(house), *_catalogue(house), *_timetable(house)):
        yield Act(begins, Wave.GYM, (owner, command), (slug,))


def _registration(house: House) -> Command:
    gym, owner = house.gym, house.gym.one(Role.OWNER)
    return RegisterGym(
        gym_id=house.gym_id, slug=gym.slug, name=gym.name, time_zone=gym.zone,
        currency=gym.currency, owner_id=house.staff_id(owner), owner_name=owner.name,
        owner_email=owner.email, owner_password=PASSWORD,
    )  # fmt: skip


def _places(house: House) -> Iterator[Command]:
    gym, where = house.gym, house.location_id
    opens, closes = f"{gym.opens:%H:%M}", f"{gym.closes:%H:%M}"
    yield OpenLocation(location_id=where, name=gym.location, time_zone=gym.zone)
    for room in gym.rooms:
        yield AddRoom(
            location_id=where, room_id=RoomId(house.calendar.id("room", room.name)),
            name=room.name, capacity=room.capacity,
        )  # fmt: skip
    spans = tuple(OpeningSpan(weekday=day, opens=opens, closes=closes) for day in WEEK)
    yield SetOpeningHours(location_id=where, hours=spans)
    yield AddDoor(door_id=house.door_id, location_id=where, name="Front door")
    hours = tuple(OpenHours(weekday=day, opens=opens, closes=closes) for day in WEEK)
    yield SetDoorSchedule(door_id=house.door_id, time_zone=gym.zone, hours=hours)


def _staff(house: House) -> Iterator[Command]:
    gym = house.gym
    for one in gym.staff:
        if one.role is not Role.OWNER:
            yield HireStaff(
                staff_id=house.staff_id(one), name=one.name, email=one.email, roles=(one.role,),
                password=PASSWORD,
            )  # fmt: skip
    for nth, one in enumerate(gym.trainers):
        gives = dict.fromkeys(slot.kind for slot in gym.slots if slot.coach == nth)
        until = house.calendar.begins.date() + LICENCE_LASTS
        skills = [Skill(class_type_id=house.class_type_id(kind)) for kind in gives]
        skills += [Skill(label=label, expires_on=until) for label in one.labels]
        yield SetStaffQualifications(staff_id=house.staff_id(one), qualifications=tuple(skills))


def _catalogue(house: House) -> Iterator[Command]:
    gym, ident = house.gym, house.calendar.id
    yield PublishBookingPolicy(policy=gym.policy, preset=gym.preset)
    for program in dict.fromkeys(kind.program for kind in gym.kinds):
        yield DefineProgram(program_id=ProgramId(ident("program", program)), name=program)
    for kind in gym.kinds:
        yield DefineClassType(
            class_type_id=house.class_type_id(kind.name), name=kind.name, minutes=kind.minutes,
            program_id=ProgramId(ident("program", kind.program)), capacity=kind.capacity,
        )  # fmt: skip


def _timetable(house: House) -> Iterator[Command]:
    gym = house.gym
    first = house.calendar.begins.astimezone(house.calendar.local).date() + DAY
    for slot in gym.slots:
        room = gym.rooms[gym.kind(slot.kind).room]
        yield CreateSchedule(
            schedule_id=house.calendar.schedule_id(slot), location_id=house.location_id,
            time_zone=gym.zone, from_date=first,
            pattern=Pattern(
                class_type_id=house.class_type_id(slot.kind), weekdays=slot.weekdays,
                room_id=RoomId(house.calendar.id("room", room.name)), spots=room.spots,
                instructor_id=house.staff_id(gym.trainers[slot.coach]),
                starts_at=f"{slot.starts_at:%H:%M}",
            ),
        )  # fmt: skip
