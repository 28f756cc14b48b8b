"""What a person is to the gym right now, from their own stream."""

from chassis.eventstore.store import EventStore
from contracts.ids import GymId
from contracts.permissions import Role
from services.members.credentials import person_of
from services.members.domain.client import client
from services.members.domain.staff_member import staff_member


async def roles_of(store: EventStore, gym_id: GymId, actor: str) -> tuple[str, ...]:
    """The roles of ``staff:<uuid>`` or ``client:<uuid>``; none for who left or was erased."""
    kind = actor.partition(":")[0]
    if kind == "staff":
        staff, _ = await store.read(gym_id, staff_member, person_of(actor))
        return tuple(staff.roles)
    if kind == "client":
        known, _ = await store.read(gym_id, client, person_of(actor))
        return (Role.MEMBER,) if known.is_served else ()
    return ()
