"""What members tells others: keys, who an identity is, whether somebody may be served."""

from base64 import b64encode
from typing import Any

from chassis.context import Context
from chassis.decider import Refused
from contracts.ids import GymId
from contracts.members import (
    ClientStanding,
    GymReferences,
    KnownReferences,
    MembersCode,
    PersonKeys,
    PrincipalOf,
)
from services.members.commands.parts import Parts
from services.members.domain.client import client
from services.members.domain.gym import gym
from services.members.domain.staff_member import staff_member
from services.members.roles import roles_of

KEY_HOLDERS = frozenset({"system:projections"})
NOBODY: dict[str, Any] = {"gym_id": None, "actor": None, "roles": []}


async def person_keys(parts: Parts, query: PersonKeys, ctx: Context) -> dict[str, Any]:
    """Keys by person, null when erased; persons never heard of are left out."""
    if ctx.actor not in KEY_HOLDERS:
        raise Refused(MembersCode.FORBIDDEN, "Keys are for projections only.")
    keys = await parts.vault.keys(ctx.gym_id, query.person_ids)
    return {
        "keys": {
            str(person): None if key is None else b64encode(key).decode()
            for person, key in keys.items()
        }
    }


async def client_standing(parts: Parts, query: ClientStanding, ctx: Context) -> dict[str, Any]:
    """Whether the client is registered and not erased."""
    state, _ = await parts.store.read(ctx.gym_id, client, query.client_id)
    return {"known": state.is_served}


async def gym_references(parts: Parts, query: GymReferences, ctx: Context) -> dict[str, Any]:
    """What the asker's gym has of what is asked for; ids of other gyms are ids of nothing."""
    here, _ = await parts.store.read(ctx.gym_id, gym, ctx.gym_id)
    if here.gym_id is None:
        raise Refused(MembersCode.GYM_NOT_FOUND, "There is no such gym.")
    staff = {}
    for one in query.staff_ids:
        person, version = await parts.store.read(ctx.gym_id, staff_member, one)
        if person.roles:
            staff[one] = version
    known = KnownReferences(
        currency=here.currency, staff=staff,
        locations={i: here.locations[i] for i in query.location_ids if i in here.locations},
        rooms={i: here.rooms[i] for i in query.room_ids if i in here.rooms},
    )  # fmt: skip
    return known.model_dump(mode="json")


async def principal_of(parts: Parts, query: PrincipalOf, _: Context) -> dict[str, Any]:
    """Who the identity is at the gym, with the roles of today."""
    gym_id: GymId | None = await parts.credentials.gym_of(query.gym)
    if gym_id is None:
        return NOBODY
    actor = await parts.identities.actor(gym_id, query.issuer, query.subject)
    roles = await roles_of(parts.store, gym_id, actor) if actor else ()
    if not roles:
        return NOBODY
    return {"gym_id": str(gym_id), "actor": actor, "roles": list(roles)}
