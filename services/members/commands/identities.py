"""External identities: a token of another issuer lets this person in."""

from typing import Any
from uuid import UUID

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done
from chassis.eventstore.unit import Unit
from contracts.members import LinkIdentity, MembersCode, Sealed
from services.members.commands.parts import IDENTITY, Parts, acts_as_owner
from services.members.domain import client as clients
from services.members.domain import staff_member as staff
from services.members.domain.client import client
from services.members.domain.gym import gym
from services.members.domain.staff_member import staff_member
from services.members.roles import roles_of


async def link_identity(parts: Parts, command: LinkIdentity, ctx: Context) -> Done:
    """The subject of the issuer is this person of the gym, and nobody else here."""
    person_id = command.staff_id or command.client_id
    if person_id is None:
        raise ValueError("a validated command names a person")
    actor = f"{'staff' if command.staff_id else 'client'}:{person_id}"
    await _must_exist(parts, ctx, actor)
    sealer = await parts.sealer(ctx.gym_id, person_id)
    subject = sealer.seal("subject", command.subject)
    index = parts.index.identity(ctx.gym_id, command.issuer, command.subject)

    def rule(unit: Unit) -> dict[str, Any]:
        _record(unit, command, subject)
        unit.claim(IDENTITY, index)
        return {"actor": actor}

    done = await parts.carry_out(command, ctx, rule)
    if await roles_of(parts.store, ctx.gym_id, actor):
        await parts.identities.link(ctx.gym_id, command.issuer, command.subject, actor)
    return done


def _record(unit: Unit, command: LinkIdentity, subject: Sealed) -> None:
    if command.staff_id is not None:
        owners = unit.state(gym, unit.ctx.gym_id).owners
        if command.staff_id in owners and not acts_as_owner(unit.ctx):
            raise Refused(MembersCode.FORBIDDEN, "Only an owner lets others in as an owner.")
        member = unit.state(staff_member, command.staff_id)
        linked = staff.link_identity(member, command.issuer, subject)
        unit.record(staff_member, command.staff_id, linked)
    elif command.client_id is not None:
        known = unit.state(client, command.client_id)
        now_linked = clients.link_identity(known, command.issuer, subject)
        unit.record(client, command.client_id, now_linked)


async def _must_exist(parts: Parts, ctx: Context, actor: str) -> None:
    """Before a key is made for somebody who is nobody."""
    kind, _, text = actor.partition(":")
    if kind == "staff":
        member, _ = await parts.store.read(ctx.gym_id, staff_member, UUID(text))
        staff.must_be_hired(member)
    else:
        known, _ = await parts.store.read(ctx.gym_id, client, UUID(text))
        clients.must_be_served(known)
