"""Weekly series and closures in GraphQL."""

from typing import Annotated

import strawberry

from contracts.ids import ClosureId, LocationId, ScheduleId
from contracts.timetable import (
    AddClosure,
    ChangeScheduleFrom,
    CreateSchedule,
    EndSchedule,
    Pattern,
    RemoveClosure,
)
from gateway import ids, policy_overrides
from gateway.calendar import topic
from gateway.codes.timetable import (
    AddClosureErrorCode,
    ChangeScheduleFromErrorCode,
    CreateScheduleErrorCode,
    EndScheduleErrorCode,
    RemoveClosureErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import actor_of, answer, carry_out
from gateway.positions import Position
from gateway.schedule_outcomes import kept, left_out, sessions
from gateway.schedule_types import (
    AddClosureInput,
    AddClosurePayload,
    ChangeScheduleFromInput,
    ChangeScheduleFromPayload,
    ClassSchedule,
    Closure,
    CreateScheduleInput,
    CreateSchedulePayload,
    EndScheduleInput,
    EndSchedulePayload,
    RemoveClosureInput,
    RemoveClosurePayload,
    SchedulePatternInput,
    SchedulesUpdate,
    schedules,
    schedules_at,
)
from gateway.serve.live import live
from services.projections import closures


@strawberry.type
class ScheduleQuery:
    @strawberry.field(description="All weekly series, the ended too, by their first day.")
    async def schedules(
        self,
        info: Info,
        location_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> list[ClassSchedule]:
        info.context.must("read.schedules")
        return await schedules(info, at_least, _location(location_id))

    @strawberry.field(description="When timetables are closed, by the first day.")
    async def closures(
        self,
        info: Info,
        location_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> list[Closure]:
        info.context.must("read.timetable")
        at = _location(location_id)
        _, rows = await info.context.read(
            "timetable", at_least, lambda pool, gym: closures.of_location(pool, gym, at)
        )
        return [
            Closure(
                id=ids.shown("cls", row.closure_id), version=row.version, reason=row.reason,
                location_id=ids.shown("loc", row.location_id), from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in rows
        ]  # fmt: skip


def _topics(info: Info, location_id: strawberry.ID | None) -> list[str]:
    gym_id = info.context.must("read.schedules")
    _location(location_id)
    return [topic(gym_id, "timetable")]


@strawberry.type
class ScheduleSubscription:
    @live(
        topics=_topics,
        scope=lambda info: info.context.gym_id,
        description="The weekly series now, and again after every change of the timetable.",
    )
    async def schedules_changed(
        self,
        info: Info,
        location_id: strawberry.ID | None = None,
        after: Position | None = None,
    ) -> SchedulesUpdate:
        position, found = await schedules_at(info, None, _location(location_id))
        return SchedulesUpdate(position=position, schedules=found)


@strawberry.type
class ScheduleMutation:
    @strawberry.mutation(description="Begin a weekly series, true across changes of clocks.")
    async def create_schedule(
        self, info: Info, input_: Annotated[CreateScheduleInput, strawberry.argument(name="input")]
    ) -> CreateSchedulePayload:
        new = ScheduleId(minted("schedule", input_.idempotency_key, actor_of(info.context)))
        done = await carry_out(
            info.context, input_, CreateScheduleErrorCode,
            lambda: CreateSchedule(
                schedule_id=new, location_id=ids.location(input_.location_id),
                time_zone=input_.time_zone, pattern=_pattern(input_.pattern),
                from_date=input_.from_date, until_date=input_.until_date,
                except_dates=tuple(input_.except_dates),
            ),
        )  # fmt: skip
        return CreateSchedulePayload(
            schedule_id=None if done.errors else ids.shown("sch", new), position=done.position,
            placed_session_ids=sessions(done.result, "placed"), left_out=left_out(done.result),
            user_errors=done.errors,
        )  # fmt: skip

    @strawberry.mutation(
        description="From a day on the series is another; from today on, all of it. What was said "
        "for one session alone stays."
    )
    async def change_schedule_from(
        self,
        info: Info,
        input_: Annotated[ChangeScheduleFromInput, strawberry.argument(name="input")],
    ) -> ChangeScheduleFromPayload:
        done = await carry_out(
            info.context, input_, ChangeScheduleFromErrorCode,
            lambda: ChangeScheduleFrom(
                schedule_id=ids.schedule(input_.schedule_id), from_date=input_.from_date,
                pattern=_pattern(input_.pattern),
            ),
        )  # fmt: skip
        return ChangeScheduleFromPayload(
            schedule_id=None if done.errors else input_.schedule_id, position=done.position,
            placed_session_ids=sessions(done.result, "placed"), left_out=left_out(done.result),
            cancelled_session_ids=sessions(done.result, "cancelled"), kept=kept(done.result),
            user_errors=done.errors,
        )  # fmt: skip

    @strawberry.mutation(description="End a series; what stands on the calendar is called off.")
    async def end_schedule(
        self, info: Info, input_: Annotated[EndScheduleInput, strawberry.argument(name="input")]
    ) -> EndSchedulePayload:
        done = await carry_out(
            info.context, input_, EndScheduleErrorCode,
            lambda: EndSchedule(
                schedule_id=ids.schedule(input_.schedule_id), from_date=input_.from_date,
                reason=input_.reason,
            ),
        )  # fmt: skip
        return EndSchedulePayload(
            schedule_id=None if done.errors else input_.schedule_id, position=done.position,
            cancelled_session_ids=sessions(done.result, "cancelled"), user_errors=done.errors,
        )  # fmt: skip

    @strawberry.mutation(
        description="Close a location's timetable on these days: classes are called off, doors "
        "stay as they are (see addLocationClosure)."
    )
    async def add_closure(
        self, info: Info, input_: Annotated[AddClosureInput, strawberry.argument(name="input")]
    ) -> AddClosurePayload:
        kind, actor = f"timetable closure of {input_.location_id}", actor_of(info.context)
        new = ClosureId(minted(kind, input_.idempotency_key, actor))
        done = await carry_out(
            info.context, input_, AddClosureErrorCode,
            lambda: AddClosure(
                closure_id=new, location_id=ids.location(input_.location_id),
                time_zone=input_.time_zone, from_date=input_.from_date,
                until_date=input_.until_date, reason=input_.reason,
            ),
        )  # fmt: skip
        return AddClosurePayload(
            closure_id=None if done.errors else ids.shown("cls", new), position=done.position,
            cancelled_session_ids=sessions(done.result, "cancelled"), user_errors=done.errors,
        )  # fmt: skip

    @strawberry.mutation(
        description="Open a closed timetable again. What was called off stays so; series place "
        "the dates they come to."
    )
    async def remove_closure(
        self, info: Info, input_: Annotated[RemoveClosureInput, strawberry.argument(name="input")]
    ) -> RemoveClosurePayload:
        return await answer(
            RemoveClosurePayload, RemoveClosureErrorCode, info.context, input_,
            lambda: RemoveClosure(
                closure_id=ids.closure(input_.closure_id),
                location_id=ids.location(input_.location_id),
            ),
            closure_id=input_.closure_id,
        )  # fmt: skip


def _location(text: strawberry.ID | None) -> LocationId | None:
    return ids.location(text) if text else None


def _pattern(asked: SchedulePatternInput) -> Pattern:
    room, instructor, kind = asked.room_id, asked.instructor_id, asked.class_type_id
    return Pattern(
        title=asked.title, class_type_id=ids.class_type(kind) if kind else None,
        room_id=ids.room(room) if room else None,
        instructor_id=ids.staff(instructor, "instructorId") if instructor else None,
        weekdays=tuple(asked.weekdays), every_weeks=asked.every_weeks, starts_at=asked.starts_at,
        minutes=asked.minutes, capacity=asked.capacity, online_capacity=asked.online_capacity,
        spots=tuple(asked.spots), waiver_required=asked.waiver_required,
        overrides=policy_overrides.asked(asked.overrides),
    )  # fmt: skip
