"""Gyms and their places."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done
from chassis.eventstore.unit import Unit
from contracts.ids import PLATFORM
from contracts.members import (
    AddLocationClosure,
    AddRoom,
    MembersCode,
    OpenLocation,
    RegisterGym,
    RemoveLocationClosure,
    SetOpeningHours,
)
from contracts.permissions import Role
from services.members.commands.parts import EMAIL, SLUG, Parts
from services.members.commands.staff import admit_staff
from services.members.domain import gym as rules
from services.members.domain import opening_hours
from services.members.domain import staff_member as staff_rules
from services.members.domain.gym import gym
from services.members.domain.staff_member import staff_member


async def register_gym(parts: Parts, command: RegisterGym, ctx: Context) -> Done:
    """A gym with its first owner, who can sign in. Asked for by the platform, not by a gym."""
    rules.must_know_zone(command.time_zone)
    await _take_slug(parts, command, ctx)
    sealer = await parts.sealer(command.gym_id, command.owner_id)
    name, email = sealer.seal("name", command.owner_name), sealer.seal("email", command.owner_email)
    email_index = parts.index.email(command.gym_id, command.owner_email)

    def rule(unit: Unit) -> dict[str, Any]:
        unit.record(gym, command.gym_id, rules.register(unit.state(gym, command.gym_id), command))
        owner = unit.state(staff_member, command.owner_id)
        hired = staff_rules.hire(owner, command.owner_id, name, email, (Role.OWNER,))
        unit.record(staff_member, command.owner_id, hired)
        unit.claim(EMAIL, email_index)
        return {"gym_id": str(command.gym_id), "owner_id": str(command.owner_id)}

    done = await parts.carry_out(command, replace(ctx, gym_id=command.gym_id), rule)
    await parts.credentials.put_gym(command.gym_id, command.slug)
    await admit_staff(
        parts, command.gym_id, command.owner_id, command.owner_email, command.owner_password
    )
    return done


async def open_location(parts: Parts, command: OpenLocation, ctx: Context) -> Done:
    """Another place of the gym."""

    def rule(unit: Unit) -> dict[str, Any]:
        opened = rules.open_location(unit.state(gym, ctx.gym_id), command)
        unit.record(gym, ctx.gym_id, opened)
        return {"location_id": str(command.location_id)}

    return await parts.carry_out(command, ctx, rule)


async def add_room(parts: Parts, command: AddRoom, ctx: Context) -> Done:
    """Another room of a location."""

    def rule(unit: Unit) -> dict[str, Any]:
        unit.record(gym, ctx.gym_id, rules.add_room(unit.state(gym, ctx.gym_id), command))
        return {"room_id": str(command.room_id)}

    return await parts.carry_out(command, ctx, rule)


async def set_opening_hours(parts: Parts, command: SetOpeningHours, ctx: Context) -> Done:
    """When the location is open, every week."""

    def rule(unit: Unit) -> dict[str, Any]:
        hours = opening_hours.set_hours(unit.state(gym, ctx.gym_id), command)
        unit.record(gym, ctx.gym_id, hours)
        return {"location_id": str(command.location_id)}

    return await parts.carry_out(command, ctx, rule)


async def add_location_closure(parts: Parts, command: AddLocationClosure, ctx: Context) -> Done:
    """Days on which the location is closed."""

    def rule(unit: Unit) -> dict[str, Any]:
        closed = opening_hours.add_closure(unit.state(gym, ctx.gym_id), command)
        unit.record(gym, ctx.gym_id, closed)
        return {"closure_id": str(command.closure_id)}

    return await parts.carry_out(command, ctx, rule)


async def remove_location_closure(
    parts: Parts, command: RemoveLocationClosure, ctx: Context
) -> Done:
    """Days on which the location is open after all."""

    def rule(unit: Unit) -> dict[str, Any]:
        opened = opening_hours.remove_closure(unit.state(gym, ctx.gym_id), command)
        unit.record(gym, ctx.gym_id, opened)
        return {"closure_id": str(command.closure_id)}

    return await parts.carry_out(command, ctx, rule)


async def _take_slug(parts: Parts, command: RegisterGym, ctx: Context) -> None:
    """Claim the slug for this gym among all gyms; taking it again for the same gym is nothing.

    A unit of its own, since claims are per gym and this one is the platform's. Its command id is
    made from gym and slug: whichever command comes back after a crash finds the slug its own.
    """
    registered, _ = await parts.store.read(command.gym_id, gym, command.gym_id)
    if registered.gym_id is not None and registered.slug != command.slug:
        raise Refused(MembersCode.GYM_ALREADY_REGISTERED, "This gym is already registered.")
    taking = replace(
        ctx,
        gym_id=PLATFORM,
        actor="system:members",
        command_id=uuid5(NAMESPACE_OID, f"{command.gym_id}/{command.slug}"),
    )

    def rule(unit: Unit) -> dict[str, Any]:
        unit.claim(SLUG, parts.index.slug(command.slug))
        return {"gym_id": str(command.gym_id)}

    await parts.execute(taking, rule, b"")
