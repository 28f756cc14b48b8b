"""The slot of a session: where it takes place, who gives it, and which series it belongs to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from chassis.decider import replace
from contracts.booking import PolicyOverrides, SessionScheduled
from contracts.ids import ClassTypeId, LocationId, ProgramId, RoomId, ScheduleId, StaffId
from contracts.timetable import (
    InstructorAssigned,
    InstructorSubstituted,
    InstructorUnassigned,
    RoomAssigned,
    SessionChanged,
    SessionPart,
    SessionRescheduled,
)

SlotEvent: TypeAlias = (
    SessionRescheduled | InstructorAssigned | InstructorSubstituted | InstructorUnassigned
    | RoomAssigned
)  # fmt: skip
_PARTS: Mapping[type[SlotEvent], SessionPart] = {
    SessionRescheduled: SessionPart.TIME,
    InstructorAssigned: SessionPart.INSTRUCTOR,
    InstructorSubstituted: SessionPart.INSTRUCTOR,
    InstructorUnassigned: SessionPart.INSTRUCTOR,
    RoomAssigned: SessionPart.ROOM,
}


@dataclass(frozen=True)
class Slot:
    """What a session has apart from the contest for its seats."""

    location_id: LocationId | None = None
    time_zone: str = "UTC"
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    class_type_id: ClassTypeId | None = None
    program_id: ProgramId | None = None
    schedule_id: ScheduleId | None = None
    title: str = ""
    own: tuple[SessionPart, ...] = ()
    """What was said for it alone; changes of the series leave that."""
    overrides: PolicyOverrides = field(default_factory=PolicyOverrides)
    class_type_overrides: PolicyOverrides | None = None
    """What its class type did differently when its rules were made; ``None``: not told then."""

    def after(self, event: SlotEvent) -> "Slot":
        """The slot once this has happened."""
        by_series = not isinstance(event, InstructorUnassigned) and event.by_series
        slot = self if by_series else self.with_own([_PARTS[type(event)]])
        match event:
            case RoomAssigned():
                return replace(slot, room_id=event.room_id)
            case InstructorAssigned():
                return replace(slot, instructor_id=event.instructor_id)
            case InstructorSubstituted():
                return replace(slot, instructor_id=event.substitute)
            case InstructorUnassigned():
                return replace(slot, instructor_id=None)
            case SessionRescheduled():
                return slot
        assert_never(event)

    def edited(self, event: SessionChanged) -> "Slot":
        """The slot of a session that has another name or class type."""
        named = replace(
            self, title=event.title, class_type_id=event.class_type_id,
            program_id=event.program_id, overrides=event.overrides,
            class_type_overrides=event.class_type_overrides,
        )  # fmt: skip
        return named.with_own(event.own)

    def with_own(self, parts: Iterable[SessionPart]) -> "Slot":
        """The same, these parts said for the session alone."""
        return replace(self, own=tuple(sorted({*self.own, *parts})))


def of(event: SessionScheduled) -> Slot:
    """The slot a session is put on the calendar with."""
    return Slot(
        location_id=event.location_id, time_zone=event.time_zone, room_id=event.room_id,
        instructor_id=event.instructor_id, class_type_id=event.class_type_id,
        schedule_id=event.schedule_id, program_id=event.program_id, title=event.title,
        overrides=event.overrides, class_type_overrides=event.class_type_overrides,
    )  # fmt: skip
