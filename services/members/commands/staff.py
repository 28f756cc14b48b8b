"""Staff and their roles."""

from typing import Any

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done
from chassis.eventstore.unit import Unit
from contracts.ids import GymId, StaffId
from contracts.members import (
    ChangeStaffRoles,
    HireStaff,
    MembersCode,
    Qualification,
    SetStaffQualifications,
)
from contracts.permissions import Role
from services.members.commands.parts import EMAIL, Parts, acts_as_owner
from services.members.domain import gym as gyms
from services.members.domain import staff_member as rules
from services.members.domain.client import client
from services.members.domain.gym import gym
from services.members.domain.staff_member import staff_member


async def hire_staff(parts: Parts, command: HireStaff, ctx: Context) -> Done:
    """A person works for the gym; with a password they can sign in at once."""
    await _must_be_nobody_else(parts, ctx.gym_id, command.staff_id)
    sealer = await parts.sealer(ctx.gym_id, command.staff_id)
    name, email = sealer.seal("name", command.name), sealer.seal("email", command.email)
    email_index = parts.index.email(ctx.gym_id, command.email)

    def rule(unit: Unit) -> dict[str, Any]:
        staff = unit.state(staff_member, command.staff_id)
        hired = rules.hire(staff, command.staff_id, name, email, command.roles)
        _own(unit, command.staff_id, owns=Role.OWNER in command.roles)
        unit.record(staff_member, command.staff_id, hired)
        unit.claim(EMAIL, email_index)
        return {"staff_id": str(command.staff_id)}

    done = await parts.carry_out(command, ctx, rule)
    if command.password is not None:
        await admit_staff(parts, ctx.gym_id, command.staff_id, command.email, command.password)
    return done


async def change_staff_roles(parts: Parts, command: ChangeStaffRoles, ctx: Context) -> Done:
    """Other roles, in force at the next refresh of a token; none ends every sign-in."""

    def rule(unit: Unit) -> dict[str, Any]:
        changed = rules.change_roles(unit.state(staff_member, command.staff_id), command.roles)
        _own(unit, command.staff_id, owns=Role.OWNER in command.roles)
        unit.record(staff_member, command.staff_id, changed)
        return {"staff_id": str(command.staff_id)}

    done = await parts.carry_out(command, ctx, rule)
    staff, _ = await parts.store.read(ctx.gym_id, staff_member, command.staff_id)
    if not staff.roles:
        actor = f"staff:{command.staff_id}"
        await parts.sign_ins.end_all(ctx.gym_id, actor, ctx.now, "lost_access")
    return done


async def set_qualifications(parts: Parts, command: SetStaffQualifications, ctx: Context) -> Done:
    """What the staff member may teach or do, all of it."""
    known, _ = await parts.store.read(ctx.gym_id, staff_member, command.staff_id)
    rules.must_be_hired(known)
    sealer = await parts.sealer(ctx.gym_id, command.staff_id)
    sealed = [
        Qualification(
            class_type_id=one.class_type_id, label=sealer.seal_if("qualification", one.label),
            expires_on=one.expires_on,
        )
        for one in command.qualifications
    ]  # fmt: skip

    def rule(unit: Unit) -> dict[str, Any]:
        staff = unit.state(staff_member, command.staff_id)
        qualified = rules.set_qualifications(staff, sealed)
        unit.record(staff_member, command.staff_id, qualified)
        return {"staff_id": str(command.staff_id)}

    return await parts.carry_out(command, ctx, rule)


async def admit_staff(
    parts: Parts, gym_id: GymId, staff_id: StaffId, email: str, password: str
) -> None:
    """The staff member can sign in. A repeat leaves the password they have."""
    actor, email_index = f"staff:{staff_id}", parts.index.email(gym_id, email)
    if await parts.credentials.find(gym_id, email_index) is None:
        hashed = await parts.passwords.hash(password)
        await parts.credentials.follow(gym_id, actor, email_index, 1, hashed)


def _own(unit: Unit, staff_id: StaffId, *, owns: bool) -> None:
    gym_id, by_owner = unit.ctx.gym_id, acts_as_owner(unit.ctx)
    state = unit.state(gym, gym_id)
    changed = gyms.change_ownership(state, staff_id, owns=owns, by_owner=by_owner)
    unit.record(gym, gym_id, changed)


async def _must_be_nobody_else(parts: Parts, gym_id: GymId, staff_id: StaffId) -> None:
    """An id names one thing of a gym: a second stream under it could never be written."""
    _, version = await parts.store.read(gym_id, client, staff_id)
    if version or staff_id == gym_id:
        raise Refused(MembersCode.STAFF_ALREADY_HIRED, "This id is taken.", field="staff_id")
