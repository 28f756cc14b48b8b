"""Profiles in GraphQL: tags, notes and alerts of a client, and who looks after them."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import NoteId
from contracts.members import (
    AddNote,
    AddTag,
    AlertLevel,
    AssignStaff,
    ClearAlert,
    RemoveTag,
    SetAlert,
)
from gateway import ids
from gateway.clients import Alert, Note
from gateway.codes.profiles import (
    AddNoteErrorCode,
    AddTagErrorCode,
    AssignStaffErrorCode,
    ClearAlertErrorCode,
    RemoveTagErrorCode,
    SetAlertErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer, carry_out
from gateway.positions import Position


@strawberry.input
class AddTagInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    tag: str


@strawberry.input
class RemoveTagInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    tag: str


@strawberry.input
class AddNoteInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    text: str


@strawberry.input(description="Instead of an earlier alert of the level.")
class SetAlertInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    level: AlertLevel
    text: str


@strawberry.input
class ClearAlertInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    level: AlertLevel


@strawberry.input(description="Without a staff member nobody in particular looks after the client.")
class AssignStaffInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    staff_id: strawberry.ID | None = None


@strawberry.type
class AddTagPayload:
    tag: str | None
    position: Position | None
    user_errors: list[UserError[AddTagErrorCode]]


@strawberry.type
class RemoveTagPayload:
    removed_tag: str | None
    position: Position | None
    user_errors: list[UserError[RemoveTagErrorCode]]


@strawberry.type
class AddNotePayload:
    note: Note | None
    position: Position | None
    user_errors: list[UserError[AddNoteErrorCode]]


@strawberry.type
class SetAlertPayload:
    alert: Alert | None
    position: Position | None
    user_errors: list[UserError[SetAlertErrorCode]]


@strawberry.type
class ClearAlertPayload:
    cleared_level: AlertLevel | None
    position: Position | None
    user_errors: list[UserError[ClearAlertErrorCode]]


@strawberry.type
class AssignStaffPayload:
    assigned_staff_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[AssignStaffErrorCode]]


@strawberry.type
class ProfileMutation:
    @strawberry.mutation(description="Tag a client; a tag they have, letter case aside, stays.")
    async def add_tag(
        self, info: Info, input_: Annotated[AddTagInput, strawberry.argument(name="input")]
    ) -> AddTagPayload:
        return await answer(
            AddTagPayload, AddTagErrorCode, info.context, input_,
            lambda: AddTag(client_id=ids.client(input_.client_id), tag=input_.tag),
            tag=input_.tag.strip(),
        )  # fmt: skip

    @strawberry.mutation(description="Take a tag off a client.")
    async def remove_tag(
        self, info: Info, input_: Annotated[RemoveTagInput, strawberry.argument(name="input")]
    ) -> RemoveTagPayload:
        return await answer(
            RemoveTagPayload, RemoveTagErrorCode, info.context, input_,
            lambda: RemoveTag(client_id=ids.client(input_.client_id), tag=input_.tag),
            removed_tag=input_.tag.strip(),
        )  # fmt: skip

    @strawberry.mutation(description="Note something about a client, in the caller's name.")
    async def add_note(
        self, info: Info, input_: Annotated[AddNoteInput, strawberry.argument(name="input")]
    ) -> AddNotePayload:
        actor = actor_of(info.context)
        new = NoteId(minted("note", input_.idempotency_key, actor))
        done = await carry_out(
            info.context, input_, AddNoteErrorCode,
            lambda: AddNote(
                client_id=ids.client(input_.client_id), note_id=new, text=input_.text
            ),
        )  # fmt: skip
        kind, _, author = actor.partition(":")
        note = Note(
            id=ids.shown("note", new), text=input_.text.strip(), noted_at=None,
            author_id=ids.shown("stf", UUID(author)) if kind == "staff" else None,
        )  # fmt: skip
        return AddNotePayload(
            note=None if done.errors else note, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Show this wherever the client is shown.")
    async def set_alert(
        self, info: Info, input_: Annotated[SetAlertInput, strawberry.argument(name="input")]
    ) -> SetAlertPayload:
        alert = Alert(level=input_.level, text=input_.text.strip(), set_at=None)
        return await answer(
            SetAlertPayload, SetAlertErrorCode, info.context, input_,
            lambda: SetAlert(
                client_id=ids.client(input_.client_id), level=input_.level, text=input_.text
            ),
            alert=alert,
        )  # fmt: skip

    @strawberry.mutation(description="A client's alert of a level is no longer true.")
    async def clear_alert(
        self, info: Info, input_: Annotated[ClearAlertInput, strawberry.argument(name="input")]
    ) -> ClearAlertPayload:
        return await answer(
            ClearAlertPayload, ClearAlertErrorCode, info.context, input_,
            lambda: ClearAlert(client_id=ids.client(input_.client_id), level=input_.level),
            cleared_level=input_.level,
        )  # fmt: skip

    @strawberry.mutation(description="A staff member looks after a client.")
    async def assign_staff(
        self, info: Info, input_: Annotated[AssignStaffInput, strawberry.argument(name="input")]
    ) -> AssignStaffPayload:
        return await answer(
            AssignStaffPayload, AssignStaffErrorCode, info.context, input_,
            lambda: AssignStaff(
                client_id=ids.client(input_.client_id),
                staff_id=ids.staff(input_.staff_id) if input_.staff_id else None,
            ),
            assigned_staff_id=input_.staff_id,
        )  # fmt: skip
