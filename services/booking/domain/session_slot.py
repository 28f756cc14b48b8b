"""The slot of a session: where it takes place, who gives it, and which series it belongs to."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from chassis.decider import replace
from contracts.booking import SessionScheduled
from contracts.ids import ClassTypeId, LocationId, ProgramId, RoomId, ScheduleId, StaffId
from contracts.timetable import (
    InstructorAssigned,
    InstructorSubstituted,
    RoomAssigned,
    SessionRescheduled,
)

SlotEvent: TypeAlias = (
    SessionRescheduled | InstructorAssigned | InstructorSubstituted | RoomAssigned
)


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
    detached: bool = False
    """Changed by itself; changes of the series pass it by."""

    def after(self, event: SlotEvent) -> "Slot":
        """The slot once this has happened."""
        slot = self if event.by_series else replace(self, detached=True)
        match event:
            case RoomAssigned():
                return replace(slot, room_id=event.room_id)
            case InstructorAssigned():
                return replace(slot, instructor_id=event.instructor_id)
            case InstructorSubstituted():
                return replace(slot, instructor_id=event.substitute)
            case SessionRescheduled():
                return slot
        assert_never(event)


def of(event: SessionScheduled) -> Slot:
    """The slot a session is put on the calendar with."""
    return Slot(
        location_id=event.location_id, time_zone=event.time_zone, room_id=event.room_id,
        instructor_id=event.instructor_id, class_type_id=event.class_type_id,
        schedule_id=event.schedule_id, program_id=event.program_id,
    )  # fmt: skip
