"""Members' way in: every command and query it serves."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.eventstore.store import Done
from contracts.envelope import Command
from contracts.members import (
    AddLocationClosure,
    AddNote,
    AddRoom,
    AddTag,
    AssignStaff,
    ChangeClientContact,
    ChangeStaffRoles,
    ClearAlert,
    ClientStanding,
    EraseClient,
    GymReferences,
    HireStaff,
    LinkIdentity,
    OpenLocation,
    PersonKeys,
    PrincipalOf,
    RefreshTokens,
    RegisterClient,
    RegisterGym,
    RemoveLocationClosure,
    RemoveTag,
    SetAlert,
    SetOpeningHours,
    SetStaffQualifications,
    SignIn,
    SignInsStanding,
    SignOut,
)
from contracts.members import (
    SigningKeys as SigningKeysAsked,
)
from services.members import queries
from services.members.commands import clients, gyms, identities, profiles, staff
from services.members.commands.parts import Parts
from services.members.sign_in import SignInDesk
from services.members.signing_keys import SigningKeys

C = TypeVar("C", bound=Command)
Handler = Callable[[Parts, C, Context], Awaitable[Done]]


def attach(desk: Desk, parts: Parts, sign_in_desk: SignInDesk, keys: SigningKeys) -> None:
    """Register everything with the desk."""
    desk.command(RegisterGym, partial(gyms.register_gym, parts))
    desk.command(OpenLocation, partial(gyms.open_location, parts))
    desk.command(AddRoom, partial(gyms.add_room, parts))
    desk.command(HireStaff, partial(staff.hire_staff, parts))
    desk.command(ChangeStaffRoles, partial(staff.change_staff_roles, parts))
    desk.command(RegisterClient, partial(clients.register_client, parts))
    desk.command(ChangeClientContact, partial(clients.change_contact, parts))
    desk.command(EraseClient, partial(clients.erase_client, parts))
    desk.command(SetOpeningHours, partial(gyms.set_opening_hours, parts))
    desk.command(AddLocationClosure, partial(gyms.add_location_closure, parts))
    desk.command(RemoveLocationClosure, partial(gyms.remove_location_closure, parts))
    desk.command(SetStaffQualifications, partial(staff.set_qualifications, parts))
    desk.command(AddTag, partial(profiles.add_tag, parts))
    desk.command(RemoveTag, partial(profiles.remove_tag, parts))
    desk.command(AddNote, partial(profiles.add_note, parts))
    desk.command(SetAlert, partial(profiles.set_alert, parts))
    desk.command(ClearAlert, partial(profiles.clear_alert, parts))
    desk.command(AssignStaff, partial(profiles.assign_staff, parts))
    desk.command(LinkIdentity, partial(identities.link_identity, parts))
    desk.query(PersonKeys, partial(queries.person_keys, parts))
    desk.query(ClientStanding, partial(queries.client_standing, parts))
    desk.query(GymReferences, partial(queries.gym_references, parts))
    desk.query(PrincipalOf, partial(queries.principal_of, parts))
    _attach_sign_in(desk, sign_in_desk, keys)


def _attach_sign_in(desk: Desk, sign_in_desk: SignInDesk, keys: SigningKeys) -> None:
    async def sign_in(command: SignIn, _: Context) -> Done:
        return Done((await sign_in_desk.sign_in(command)).model_dump(mode="json"), None)

    async def refresh(command: RefreshTokens, ctx: Context) -> Done:
        tokens = await sign_in_desk.refresh(command, ctx.command_id)
        return Done(tokens.model_dump(mode="json"), None)

    async def sign_out(command: SignOut, _: Context) -> Done:
        await sign_in_desk.sign_out(command)
        return Done(None, None)

    async def standing(query: SignInsStanding, ctx: Context) -> dict[str, Any]:
        roles = await sign_in_desk.standing(ctx.gym_id, query.sign_ins)
        return {"roles": {str(sign_in): list(held) for sign_in, held in roles.items()}}

    async def signing_keys(_: SigningKeysAsked, __: Context) -> dict[str, Any]:
        return await keys.published()

    desk.command(SignIn, sign_in)
    desk.command(RefreshTokens, refresh)
    desk.command(SignOut, sign_out)
    desk.query(SignInsStanding, standing)
    desk.query(SigningKeysAsked, signing_keys)
