"""Drafts in GraphQL: sessions planned out of the members' sight, then published or discarded."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import SessionId
from contracts.timetable import DiscardDraft, DraftSession, PublishDraft
from gateway import ids, policy_overrides
from gateway.calendar import topic
from gateway.codes.timetable import (
    DiscardDraftErrorCode,
    DraftSessionErrorCode,
    PublishDraftErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.policy_overrides import PolicyOverrides
from gateway.positions import Position
from gateway.scheduling import SessionPayload
from gateway.serve.live import live
from gateway.session_plans import SessionPlanInput, planned
from services.projections import drafts


@strawberry.type(description="A session that is only planned; its id stays when it is published.")
class SessionDraft:
    id: strawberry.ID
    version: int
    title: str
    location_id: strawberry.ID
    room_id: strawberry.ID | None
    instructor_id: strawberry.ID | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    capacity: int = strawberry.field(description="People.")
    online_capacity: int | None
    spots: list[str]
    waiver_required: bool
    class_type_id: strawberry.ID | None
    overrides: PolicyOverrides


@strawberry.type(description="The drafts as they are at a position.")
class SessionDraftsUpdate:
    position: Position
    drafts: list[SessionDraft] = strawberry.field(description="By their start.")


@strawberry.input
class DraftSessionInput(SessionPlanInput):
    session_id: strawberry.ID | None = strawberry.field(
        default=None, description="A draft to plan anew, the whole of it; null plans another."
    )


@strawberry.input
class PublishDraftInput:
    idempotency_key: UUID
    session_id: strawberry.ID


@strawberry.input
class DiscardDraftInput:
    idempotency_key: UUID
    session_id: strawberry.ID


@strawberry.type
class DraftSessionPayload:
    session_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[DraftSessionErrorCode]]


@strawberry.type
class PublishDraftPayload(SessionPayload):
    user_errors: list[UserError[PublishDraftErrorCode]]


@strawberry.type
class DiscardDraftPayload:
    session_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[DiscardDraftErrorCode]]


@strawberry.type
class DraftQuery:
    @strawberry.field(description="All sessions that are only planned, by their start.")
    async def session_drafts(
        self, info: Info, at_least: Position | None = None
    ) -> list[SessionDraft]:
        info.context.must("read.session_drafts")
        return (await _drafts(info, at_least)).drafts


def _topics(info: Info) -> list[str]:
    return [topic(info.context.must("read.session_drafts"), "timetable")]


@strawberry.type
class DraftSubscription:
    @live(
        topics=_topics,
        scope=lambda info: info.context.gym_id,
        description="The drafts now, and again after every change of the timetable.",
    )
    async def session_drafts_changed(
        self, info: Info, after: Position | None = None
    ) -> SessionDraftsUpdate:
        return await _drafts(info, None)


@strawberry.type
class DraftMutation:
    @strawberry.mutation(description="Plan a session members do not see yet, or plan it anew.")
    async def draft_session(
        self, info: Info, input_: Annotated[DraftSessionInput, strawberry.argument(name="input")]
    ) -> DraftSessionPayload:
        new = SessionId(minted("session", input_.idempotency_key, actor_of(info.context)))
        shown = input_.session_id or ids.shown("ses", new)
        return await answer(
            DraftSessionPayload, DraftSessionErrorCode, info.context, input_,
            lambda: DraftSession(**planned(ids.session(shown), input_)),
            session_id=shown,
        )  # fmt: skip

    @strawberry.mutation(description="Put a draft on the calendar, under the rules of now.")
    async def publish_draft(
        self, info: Info, input_: Annotated[PublishDraftInput, strawberry.argument(name="input")]
    ) -> PublishDraftPayload:
        return await answer(
            PublishDraftPayload, PublishDraftErrorCode, info.context, input_,
            lambda: PublishDraft(session_id=ids.session(input_.session_id)),
            session_id=input_.session_id,
        )  # fmt: skip

    @strawberry.mutation(description="Plan a session no longer.")
    async def discard_draft(
        self, info: Info, input_: Annotated[DiscardDraftInput, strawberry.argument(name="input")]
    ) -> DiscardDraftPayload:
        return await answer(
            DiscardDraftPayload, DiscardDraftErrorCode, info.context, input_,
            lambda: DiscardDraft(session_id=ids.session(input_.session_id)),
            session_id=input_.session_id,
        )  # fmt: skip


async def _drafts(info: Info, at_least: Position | None) -> SessionDraftsUpdate:
    position, rows = await info.context.read("timetable", at_least, drafts.drafts)
    return SessionDraftsUpdate(
        position=position,
        drafts=[
            SessionDraft(
                id=ids.shown("ses", row.session_id), version=row.version, title=plan.title,
                location_id=ids.shown("loc", plan.location_id),
                room_id=ids.shown_or_null("room", plan.room_id),
                instructor_id=ids.shown_or_null("stf", plan.instructor_id),
                starts_at=plan.starts_at, ends_at=plan.ends_at, time_zone=plan.time_zone,
                capacity=plan.capacity, online_capacity=plan.online_capacity,
                spots=list(plan.spots), waiver_required=plan.waiver_required,
                class_type_id=ids.shown_or_null("cty", plan.class_type_id),
                overrides=policy_overrides.shown(plan.overrides),
            )
            for row in rows
            for plan in [row.plan]
        ],
    )  # fmt: skip
