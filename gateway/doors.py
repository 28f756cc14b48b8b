"""Doors in GraphQL: where they are, when they open for clients, and lockdowns."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts import access
from contracts.access import AddDoor, EndLockdown, SetDoorSchedule, StartLockdown
from contracts.ids import DoorId, LocationId
from gateway import ids
from gateway.calendar import topic
from gateway.codes.access import (
    AddDoorErrorCode,
    EndLockdownErrorCode,
    SetDoorScheduleErrorCode,
    StartLockdownErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.positions import Position
from gateway.serve.live import live
from services.projections import doors


@strawberry.type(description="A span of a week by the wall clock: [opens, closes).")
class DoorHours:
    weekday: int = strawberry.field(description="ISO: Monday is 1.")
    opens: str
    closes: str = strawberry.field(description="24:00 is the end of the day.")


@strawberry.type(description="A door we decide on.")
class Door:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    location_id: strawberry.ID
    name: str
    time_zone: str
    hours: list[DoorHours] = strawberry.field(description="When clients may enter; none: always.")
    lockdown: str | None = strawberry.field(description="Why it opens for nobody just now.")


@strawberry.input
class AddDoorInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    name: str


@strawberry.input
class DoorHoursInput:
    weekday: int
    opens: str
    closes: str


def open_hours(asked: DoorHoursInput) -> access.OpenHours:
    """The span in access's words. Raises ``ValidationError`` for a time that is none."""
    return access.OpenHours(weekday=asked.weekday, opens=asked.opens, closes=asked.closes)


def shown_hours(told: access.OpenHours) -> DoorHours:
    """The span in the schema's words."""
    return DoorHours(weekday=told.weekday, opens=told.opens, closes=told.closes)


@strawberry.input(description="Without hours the door opens for clients at all hours.")
class SetDoorScheduleInput:
    idempotency_key: UUID
    door_id: strawberry.ID
    time_zone: str
    hours: list[DoorHoursInput] = strawberry.field(default_factory=list)


@strawberry.input(description="Without a location: the whole gym.")
class StartLockdownInput:
    idempotency_key: UUID
    location_id: strawberry.ID | None = None
    reason: str


@strawberry.input(description="Without a location: the whole gym's.")
class EndLockdownInput:
    idempotency_key: UUID
    location_id: strawberry.ID | None = None


@strawberry.type
class AddDoorPayload:
    door: Door | None
    position: Position | None
    user_errors: list[UserError[AddDoorErrorCode]]


@strawberry.type
class SetDoorSchedulePayload:
    door_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[SetDoorScheduleErrorCode]]


@strawberry.type
class StartLockdownPayload:
    reason: str | None
    position: Position | None
    user_errors: list[UserError[StartLockdownErrorCode]]


@strawberry.type
class EndLockdownPayload:
    position: Position | None
    user_errors: list[UserError[EndLockdownErrorCode]]


@strawberry.type
class DoorsQuery:
    @strawberry.field(description="The gym's doors by name.")
    async def doors(self, info: Info, at_least: Position | None = None) -> list[Door]:
        info.context.must("read.doors")
        _, rows = await info.context.read("doors", at_least, doors.of_gym)
        return [_shown(row) for row in rows]


@strawberry.type(description="The gym's doors as they are at a position.")
class DoorsUpdate:
    position: Position
    doors: list[Door] = strawberry.field(description="By name.")


@strawberry.type
class DoorsSubscription:
    @live(
        topics=lambda info: [topic(info.context.must("read.doors"), "doors")],
        scope=lambda info: (info.context.must("read.doors"), "doors"),
        description="The gym's doors now, and again after every change, lockdowns too.",
    )
    async def doors_changed(self, info: Info, after: Position | None = None) -> DoorsUpdate:
        info.context.must("read.doors")
        position, rows = await info.context.read("doors", None, doors.of_gym)
        return DoorsUpdate(position=position, doors=[_shown(row) for row in rows])


@strawberry.type
class DoorsMutation:
    @strawberry.mutation(description="Decide on a door of a location from now on.")
    async def add_door(
        self, info: Info, input_: Annotated[AddDoorInput, strawberry.argument(name="input")]
    ) -> AddDoorPayload:
        new = DoorId(minted("door", input_.idempotency_key, actor_of(info.context)))
        added = Door(
            id=ids.shown("door", new), version=None, location_id=input_.location_id,
            name=input_.name, time_zone="UTC", hours=[], lockdown=None,
        )  # fmt: skip
        return await answer(
            AddDoorPayload, AddDoorErrorCode, info.context, input_,
            lambda: AddDoor(
                door_id=new, location_id=ids.location(input_.location_id), name=input_.name
            ),
            door=added,
        )  # fmt: skip

    @strawberry.mutation(description="Say when a door opens for clients.")
    async def set_door_schedule(
        self, info: Info, input_: Annotated[SetDoorScheduleInput, strawberry.argument(name="input")]
    ) -> SetDoorSchedulePayload:
        return await answer(
            SetDoorSchedulePayload, SetDoorScheduleErrorCode, info.context, input_,
            lambda: SetDoorSchedule(
                door_id=ids.door(input_.door_id), time_zone=input_.time_zone,
                hours=tuple(open_hours(one) for one in input_.hours),
            ),
            door_id=input_.door_id,
        )  # fmt: skip

    @strawberry.mutation(description="From now on no door opens for anybody.")
    async def start_lockdown(
        self, info: Info, input_: Annotated[StartLockdownInput, strawberry.argument(name="input")]
    ) -> StartLockdownPayload:
        return await answer(
            StartLockdownPayload, StartLockdownErrorCode, info.context, input_,
            lambda: StartLockdown(location_id=_place(input_.location_id), reason=input_.reason),
            reason=input_.reason,
        )  # fmt: skip

    @strawberry.mutation(description="Doors open again for whoever may enter.")
    async def end_lockdown(
        self, info: Info, input_: Annotated[EndLockdownInput, strawberry.argument(name="input")]
    ) -> EndLockdownPayload:
        return await answer(
            EndLockdownPayload, EndLockdownErrorCode, info.context, input_,
            lambda: EndLockdown(location_id=_place(input_.location_id)),
        )  # fmt: skip


def _place(location_id: strawberry.ID | None) -> LocationId | None:
    return ids.location(location_id) if location_id else None


def _shown(row: doors.Door) -> Door:
    return Door(
        id=ids.shown("door", row.door_id),
        version=row.version,
        location_id=ids.shown("loc", row.location_id),
        name=row.name,
        time_zone=row.time_zone,
        hours=[shown_hours(one) for one in row.hours],
        lockdown=row.lockdown,
    )
