"""Scheduling in GraphQL: sessions put on the calendar, changed, called off, closed."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.booking import CancelSession, ChangeCapacity, FinalizeAttendance, ScheduleSession
from contracts.ids import SessionId
from gateway import ids
from gateway.codes.booking import (
    CancelSessionErrorCode,
    ChangeCapacityErrorCode,
    FinalizeAttendanceErrorCode,
    ScheduleSessionErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.positions import Position
from gateway.serve.faults import ConsistencyTimeout
from gateway.session_plans import SessionPlanInput, planned
from gateway.sessions import ClassSession, shown
from services.projections import calendar


@strawberry.input
class ScheduleSessionInput(SessionPlanInput):
    """Nothing more than the plan."""


@strawberry.input
class ChangeCapacityInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    capacity: int = strawberry.field(description="Below what is reserved nobody is removed.")


@strawberry.input
class CancelSessionInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    reason: str


@strawberry.input
class FinalizeAttendanceInput:
    idempotency_key: UUID
    session_id: strawberry.ID


@strawberry.interface(description="A session was changed.")
class SessionPayload:
    session_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(
        description="The session with the change; null when the calendar takes over half a second."
    )
    async def session(self, info: Info) -> ClassSession | None:
        if self.session_id is None:
            return None
        session_id = ids.session(self.session_id)
        try:
            _, row = await info.context.read(
                "calendar", self.position, lambda pool, gym: calendar.session(pool, gym, session_id)
            )
        except ConsistencyTimeout:
            return None
        return shown(row, info.context.services.clock.now()) if row else None


@strawberry.type
class ScheduleSessionPayload(SessionPayload):
    user_errors: list[UserError[ScheduleSessionErrorCode]]


@strawberry.type
class ChangeCapacityPayload(SessionPayload):
    user_errors: list[UserError[ChangeCapacityErrorCode]]


@strawberry.type
class CancelSessionPayload(SessionPayload):
    user_errors: list[UserError[CancelSessionErrorCode]]


@strawberry.type
class FinalizeAttendancePayload(SessionPayload):
    user_errors: list[UserError[FinalizeAttendanceErrorCode]]


@strawberry.type
class SchedulingMutation:
    @strawberry.mutation(description="Put a session on the calendar.")
    async def schedule_session(
        self, info: Info, input_: Annotated[ScheduleSessionInput, strawberry.argument(name="input")]
    ) -> ScheduleSessionPayload:
        actor = actor_of(info.context)
        new = SessionId(minted("session", input_.idempotency_key, actor))
        return await answer(
            ScheduleSessionPayload, ScheduleSessionErrorCode, info.context, input_,
            lambda: ScheduleSession(**planned(new, input_)),
            session_id=ids.shown("ses", new),
        )  # fmt: skip

    @strawberry.mutation(description="Give a session room for more, or fewer, people.")
    async def change_capacity(
        self, info: Info, input_: Annotated[ChangeCapacityInput, strawberry.argument(name="input")]
    ) -> ChangeCapacityPayload:
        return await answer(
            ChangeCapacityPayload, ChangeCapacityErrorCode, info.context, input_,
            lambda: ChangeCapacity(
                session_id=ids.session(input_.session_id), capacity=input_.capacity
            ),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Call a session off: credits go back, nobody pays a fee.")
    async def cancel_session(
        self, info: Info, input_: Annotated[CancelSessionInput, strawberry.argument(name="input")]
    ) -> CancelSessionPayload:
        return await answer(
            CancelSessionPayload, CancelSessionErrorCode, info.context, input_,
            lambda: CancelSession(session_id=ids.session(input_.session_id), reason=input_.reason),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Close the books: who was not checked in is a no-show.")
    async def finalize_attendance(
        self,
        info: Info,
        input_: Annotated[FinalizeAttendanceInput, strawberry.argument(name="input")],
    ) -> FinalizeAttendancePayload:
        return await answer(
            FinalizeAttendancePayload, FinalizeAttendanceErrorCode, info.context, input_,
            lambda: FinalizeAttendance(session_id=ids.session(input_.session_id)),
            session_id=input_.session_id,
        )  # fmt: skip
