"""A client's profile: tags, notes, alerts, who looks after them."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done
from chassis.eventstore.unit import Unit
from contracts.members import (
    AddNote,
    AddTag,
    AssignStaff,
    ClearAlert,
    MembersCode,
    RemoveTag,
    SetAlert,
)
from services.members.commands.parts import Parts
from services.members.domain import client_profile as rules
from services.members.domain.client import Client, ClientEvent, client, must_be_served
from services.members.domain.staff_member import staff_member
from services.members.vault import Sealer

OfClient = AddTag | RemoveTag | AddNote | SetAlert | ClearAlert | AssignStaff


async def add_tag(parts: Parts, command: AddTag, ctx: Context) -> Done:
    """Tag the client, once however it is spelled."""
    sealer = await _sealer(parts, command, ctx)
    mark, tag = _mark(sealer, command.tag), sealer.seal("tag", command.tag)
    return await _record(parts, command, ctx, lambda state: rules.add_tag(state, mark, tag))


async def remove_tag(parts: Parts, command: RemoveTag, ctx: Context) -> Done:
    """Take a tag off, however it is spelled."""
    mark = _mark(await _sealer(parts, command, ctx), command.tag)
    return await _record(parts, command, ctx, lambda state: rules.remove_tag(state, mark))


async def add_note(parts: Parts, command: AddNote, ctx: Context) -> Done:
    """A note in the name of who asks."""
    note = (await _sealer(parts, command, ctx)).seal("note", command.text)
    return await _record(
        parts, command, ctx, lambda state: rules.add_note(state, command.note_id, note)
    )


async def set_alert(parts: Parts, command: SetAlert, ctx: Context) -> Done:
    """The client's alert of this level."""
    alert = (await _sealer(parts, command, ctx)).seal("alert", command.text)
    return await _record(
        parts, command, ctx, lambda state: rules.set_alert(state, command.level, alert)
    )


async def clear_alert(parts: Parts, command: ClearAlert, ctx: Context) -> Done:
    """No alert of this level any more."""
    return await _record(parts, command, ctx, lambda state: rules.clear_alert(state, command.level))


async def assign_staff(parts: Parts, command: AssignStaff, ctx: Context) -> Done:
    """A staff member who still works here looks after the client."""
    if command.staff_id is not None:
        member, _ = await parts.store.read(ctx.gym_id, staff_member, command.staff_id)
        if not member.roles:
            raise Refused(
                MembersCode.STAFF_NOT_FOUND, "Nobody of that name works here.", field="staff_id"
            )
    return await _record(
        parts, command, ctx, lambda state: rules.assign_staff(state, command.staff_id)
    )


def _mark(sealer: Sealer, tag: str) -> UUID:
    """One mark for all spellings of a tag: letter case and blanks between words do not count."""
    return sealer.mark("tag", " ".join(tag.casefold().split()))


async def _sealer(parts: Parts, command: OfClient, ctx: Context) -> Sealer:
    """The client's key; no key is made for somebody who is nobody."""
    state, _ = await parts.store.read(ctx.gym_id, client, command.client_id)
    must_be_served(state)
    return await parts.sealer(ctx.gym_id, command.client_id)


async def _record(
    parts: Parts,
    command: OfClient,
    ctx: Context,
    decide: Callable[[Client], Sequence[ClientEvent]],
) -> Done:
    def rule(unit: Unit) -> dict[str, Any]:
        decided = decide(unit.state(client, command.client_id))
        unit.record(client, command.client_id, decided)
        return {"client_id": str(command.client_id)}

    return await parts.carry_out(command, ctx, rule)
