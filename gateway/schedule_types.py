"""What the queries and mutations on series and closures take and answer."""

from datetime import date
from uuid import UUID

import strawberry

from contracts.ids import LocationId
from contracts.timetable import Pattern
from gateway import ids, policy_overrides
from gateway.codes.timetable import (
    AddClosureErrorCode,
    ChangeScheduleFromErrorCode,
    CreateScheduleErrorCode,
    EndScheduleErrorCode,
    RemoveClosureErrorCode,
)
from gateway.context import Info
from gateway.mutations import UserError
from gateway.policy_overrides import PolicyOverrides, PolicyOverridesInput
from gateway.positions import Position
from gateway.schedule_outcomes import KeptSession, LeftOutDate
from gateway.serve.faults import ConsistencyTimeout
from services.projections import timetable

WEEKDAYS = "ISO 8601: 1 is Monday, 7 Sunday."
WALL_CLOCK = "Wall clock of the location, such as 09:00."


@strawberry.type(description="What a series repeats.")
class SchedulePattern:
    title: str | None
    class_type_id: strawberry.ID | None
    room_id: strawberry.ID | None
    instructor_id: strawberry.ID | None
    weekdays: list[int] = strawberry.field(description=WEEKDAYS)
    every_weeks: int
    starts_at: str = strawberry.field(description=WALL_CLOCK)
    minutes: int | None
    capacity: int | None = strawberry.field(description="People.")
    online_capacity: int | None = strawberry.field(description="Seats members take themselves.")
    spots: list[str]
    waiver_required: bool
    overrides: PolicyOverrides


@strawberry.type(description="A weekly series. Dates are local to its time zone.")
class ClassSchedule:
    id: strawberry.ID
    version: int
    location_id: strawberry.ID
    time_zone: str = strawberry.field(description="IANA zone.")
    pattern: SchedulePattern = strawberry.field(description="As it was said last.")
    pattern_from: date = strawberry.field(description="From when on the pattern counts.")
    from_date: date
    until_date: date | None = strawberry.field(description="The last day; null is no end.")
    except_dates: list[date]
    placed_until: date | None = strawberry.field(
        description="So far sessions stand on the calendar."
    )


@strawberry.type(description="The series as they are at a position.")
class SchedulesUpdate:
    position: Position
    schedules: list[ClassSchedule] = strawberry.field(description="By their first day.")


@strawberry.type(description="A location's timetable is closed, the last day included.")
class Closure:
    id: strawberry.ID
    version: int
    location_id: strawberry.ID
    from_date: date
    until_date: date
    reason: str


@strawberry.input(description="With a class type, title, minutes and capacity may be left to it.")
class SchedulePatternInput:
    title: str | None = None
    class_type_id: strawberry.ID | None = None
    room_id: strawberry.ID | None = None
    instructor_id: strawberry.ID | None = None
    weekdays: list[int] = strawberry.field(description=WEEKDAYS)
    every_weeks: int = strawberry.field(
        default=1,
        description="Counted from the week the series begins in; where a change says others, from "
        "that of its first day.",
    )
    starts_at: str = strawberry.field(description=WALL_CLOCK)
    minutes: int | None = None
    capacity: int | None = None
    online_capacity: int | None = strawberry.field(
        default=None, description="Seats members may take themselves; null is all."
    )
    spots: list[str] = strawberry.field(default_factory=list)
    waiver_required: bool = False
    overrides: PolicyOverridesInput | None = None


@strawberry.input
class CreateScheduleInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    time_zone: str = strawberry.field(description="IANA zone of the location.")
    pattern: SchedulePatternInput
    from_date: date
    until_date: date | None = None
    except_dates: list[date] = strawberry.field(default_factory=list)


@strawberry.input
class ChangeScheduleFromInput:
    idempotency_key: UUID
    schedule_id: strawberry.ID
    from_date: date
    pattern: SchedulePatternInput = strawberry.field(description="The whole of the new pattern.")


@strawberry.input
class EndScheduleInput:
    idempotency_key: UUID
    schedule_id: strawberry.ID
    from_date: date
    reason: str = "The series ends."


@strawberry.input
class AddClosureInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    time_zone: str = strawberry.field(description="IANA zone of the location.")
    from_date: date
    until_date: date = strawberry.field(description="The last day.")
    reason: str


@strawberry.input
class RemoveClosureInput:
    idempotency_key: UUID
    closure_id: strawberry.ID
    location_id: strawberry.ID = strawberry.field(description="Of the closure.")


@strawberry.interface(description="A series was changed.")
class SchedulePayload:
    schedule_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(description="Null when the timetable takes over half a second.")
    async def schedule(self, info: Info) -> ClassSchedule | None:
        if self.schedule_id is None:
            return None
        try:
            found = await schedules(info, self.position, None)
        except ConsistencyTimeout:
            return None
        return next((one for one in found if one.id == self.schedule_id), None)


@strawberry.type
class CreateSchedulePayload(SchedulePayload):
    placed_session_ids: list[strawberry.ID]
    left_out: list[LeftOutDate]
    user_errors: list[UserError[CreateScheduleErrorCode]]


@strawberry.type
class ChangeScheduleFromPayload(SchedulePayload):
    placed_session_ids: list[strawberry.ID]
    left_out: list[LeftOutDate]
    cancelled_session_ids: list[strawberry.ID]
    kept: list[KeptSession] = strawberry.field(
        description="Sessions that keep something of their own; the rest of them follows."
    )
    user_errors: list[UserError[ChangeScheduleFromErrorCode]]


@strawberry.type
class EndSchedulePayload(SchedulePayload):
    cancelled_session_ids: list[strawberry.ID]
    user_errors: list[UserError[EndScheduleErrorCode]]


@strawberry.type(description="The sessions are called off one after the other, within moments.")
class AddClosurePayload:
    closure_id: strawberry.ID | None
    cancelled_session_ids: list[strawberry.ID]
    position: Position | None
    user_errors: list[UserError[AddClosureErrorCode]]


@strawberry.type
class RemoveClosurePayload:
    closure_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[RemoveClosureErrorCode]]


async def schedules(
    info: Info, at_least: Position | None, at: LocationId | None
) -> list[ClassSchedule]:
    """All series, or a location's, by their first day."""
    return (await schedules_at(info, at_least, at))[1]


async def schedules_at(
    info: Info, at_least: Position | None, at: LocationId | None
) -> tuple[Position, list[ClassSchedule]]:
    """The same, with the position they reflect."""
    position, rows = await info.context.read(
        "timetable", at_least, lambda pool, gym: timetable.schedules(pool, gym, at)
    )
    return position, [
        ClassSchedule(
            id=ids.shown("sch", row.schedule_id), version=row.version,
            location_id=ids.shown("loc", row.location_id), time_zone=row.time_zone,
            pattern=_shown(row.pattern), pattern_from=row.pattern_from, from_date=row.from_date,
            until_date=row.until_date, except_dates=row.except_dates,
            placed_until=row.placed_until,
        )
        for row in rows
    ]  # fmt: skip


def _shown(pattern: Pattern) -> SchedulePattern:
    return SchedulePattern(
        title=pattern.title, class_type_id=ids.shown_or_null("cty", pattern.class_type_id),
        room_id=ids.shown_or_null("room", pattern.room_id),
        instructor_id=ids.shown_or_null("stf", pattern.instructor_id),
        weekdays=list(pattern.weekdays), every_weeks=pattern.every_weeks,
        starts_at=pattern.starts_at, minutes=pattern.minutes, capacity=pattern.capacity,
        online_capacity=pattern.online_capacity, spots=list(pattern.spots),
        waiver_required=pattern.waiver_required,
        overrides=policy_overrides.shown(pattern.overrides),
    )  # fmt: skip
