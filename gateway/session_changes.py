"""Changes of one session in GraphQL: another time, instructor or room, and back on the calendar."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.timetable import (
    AssignRoom,
    ChangeSession,
    ReinstateSession,
    RescheduleSession,
    SubstituteInstructor,
    UnassignInstructor,
)
from gateway import ids, policy_overrides
from gateway.codes.sessions import (
    AssignRoomErrorCode,
    ChangeSessionErrorCode,
    ReinstateSessionErrorCode,
    RescheduleSessionErrorCode,
    SubstituteInstructorErrorCode,
    UnassignInstructorErrorCode,
)
from gateway.context import Info
from gateway.mutations import UserError, answer, carry_out
from gateway.policy_overrides import PolicyOverridesInput
from gateway.scheduling import SessionPayload


@strawberry.input
class RescheduleSessionInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    starts_at: datetime
    ends_at: datetime


@strawberry.input
class SubstituteInstructorInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    instructor_id: strawberry.ID


@strawberry.input
class UnassignInstructorInput:
    idempotency_key: UUID
    session_id: strawberry.ID


@strawberry.input
class AssignRoomInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    room_id: strawberry.ID | None = strawberry.field(default=None, description="Null is none.")


@strawberry.input(description="Null leaves as it is. What is said stays when the series changes.")
class ChangeSessionInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    title: str | None = None
    online_capacity: int | None = strawberry.field(
        default=None, description="Seats members may take themselves; the capacity is all of them."
    )
    spots: list[str] | None = strawberry.field(
        default=None, description="The whole map; empty takes it away. Spots in use must stay."
    )
    waiver_required: bool | None = None
    overrides: PolicyOverridesInput | None = strawberry.field(
        default=None,
        description="All rules it has of its own; an empty object is as the class type does.",
    )


@strawberry.input
class ReinstateSessionInput:
    idempotency_key: UUID
    session_id: strawberry.ID


@strawberry.type
class RescheduleSessionPayload(SessionPayload):
    overlapping_client_ids: list[strawberry.ID] = strawberry.field(
        description="Who now has a seat elsewhere at that time; nobody lost one."
    )
    user_errors: list[UserError[RescheduleSessionErrorCode]]


@strawberry.type
class SubstituteInstructorPayload(SessionPayload):
    user_errors: list[UserError[SubstituteInstructorErrorCode]]


@strawberry.type
class UnassignInstructorPayload(SessionPayload):
    user_errors: list[UserError[UnassignInstructorErrorCode]]


@strawberry.type
class AssignRoomPayload(SessionPayload):
    user_errors: list[UserError[AssignRoomErrorCode]]


@strawberry.type
class ChangeSessionPayload(SessionPayload):
    user_errors: list[UserError[ChangeSessionErrorCode]]


@strawberry.type
class ReinstateSessionPayload(SessionPayload):
    user_errors: list[UserError[ReinstateSessionErrorCode]]


@strawberry.type
class SessionChangeMutation:
    @strawberry.mutation(
        description="Move a session. By more than 15 minutes everybody may leave freely a while."
    )
    async def reschedule_session(
        self,
        info: Info,
        input_: Annotated[RescheduleSessionInput, strawberry.argument(name="input")],
    ) -> RescheduleSessionPayload:
        done = await carry_out(
            info.context, input_, RescheduleSessionErrorCode,
            lambda: RescheduleSession(
                session_id=ids.session(input_.session_id), starts_at=input_.starts_at,
                ends_at=input_.ends_at,
            ),
        )  # fmt: skip
        return RescheduleSessionPayload(
            session_id=None if done.errors else input_.session_id,
            position=done.position,
            overlapping_client_ids=[
                ids.shown("cli", UUID(one)) for one in done.result.get("overlapping", ())
            ],
            user_errors=done.errors,
        )

    @strawberry.mutation(description="Have somebody else give the class; leaving is free a while.")
    async def substitute_instructor(
        self,
        info: Info,
        input_: Annotated[SubstituteInstructorInput, strawberry.argument(name="input")],
    ) -> SubstituteInstructorPayload:
        return await answer(
            SubstituteInstructorPayload, SubstituteInstructorErrorCode, info.context, input_,
            lambda: SubstituteInstructor(
                session_id=ids.session(input_.session_id),
                instructor_id=ids.staff(input_.instructor_id, "instructorId"),
            ),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Have nobody give the class for now; leaving is free a while.")
    async def unassign_instructor(
        self,
        info: Info,
        input_: Annotated[UnassignInstructorInput, strawberry.argument(name="input")],
    ) -> UnassignInstructorPayload:
        return await answer(
            UnassignInstructorPayload, UnassignInstructorErrorCode, info.context, input_,
            lambda: UnassignInstructor(session_id=ids.session(input_.session_id)),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Give the class a room that is free then, or none.")
    async def assign_room(
        self, info: Info, input_: Annotated[AssignRoomInput, strawberry.argument(name="input")]
    ) -> AssignRoomPayload:
        return await answer(
            AssignRoomPayload, AssignRoomErrorCode, info.context, input_,
            lambda: AssignRoom(
                session_id=ids.session(input_.session_id),
                room_id=ids.room(input_.room_id) if input_.room_id else None,
            ),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(
        description="Give one session another title, spot map, online capacity, waiver or rules."
    )
    async def change_session(
        self, info: Info, input_: Annotated[ChangeSessionInput, strawberry.argument(name="input")]
    ) -> ChangeSessionPayload:
        return await answer(
            ChangeSessionPayload, ChangeSessionErrorCode, info.context, input_,
            lambda: ChangeSession(
                session_id=ids.session(input_.session_id), title=input_.title,
                online_capacity=input_.online_capacity,
                spots=None if input_.spots is None else tuple(input_.spots),
                waiver_required=input_.waiver_required,
                overrides=input_.overrides and policy_overrides.asked(input_.overrides),
            ),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Put a session back that was called off; no seat comes back.")
    async def reinstate_session(
        self,
        info: Info,
        input_: Annotated[ReinstateSessionInput, strawberry.argument(name="input")],
    ) -> ReinstateSessionPayload:
        return await answer(
            ReinstateSessionPayload, ReinstateSessionErrorCode, info.context, input_,
            lambda: ReinstateSession(session_id=ids.session(input_.session_id)),
            session_id=input_.session_id,
        )  # fmt: skip
