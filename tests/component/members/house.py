"""Members without the bus: its rooms on real databases, and people to fill them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import EventStore
from chassis.tenancy import Pool
from contracts.ids import PLATFORM, ClientId, GymId, StaffId, new_id
from contracts.members import HireStaff, RegisterClient, RegisterGym, SignIn, Tokens
from contracts.permissions import OPERATOR, Role
from services.members.attempts import Attempts
from services.members.commands import clients, gyms, staff
from services.members.commands.parts import Parts
from services.members.housekeeping import Housekeeping
from services.members.master_keys import MasterKeys
from services.members.sign_in import SignInDesk
from services.members.signing_keys import SigningKeys

PASSWORD = "correct horse battery"
ISSUER, AUDIENCE = "back2back", "back2back"


@dataclass
class House:
    """One process of members, wired by hand."""

    parts: Parts
    sign_in_desk: SignInDesk
    keys: SigningKeys
    attempts: Attempts
    housekeeping: Housekeeping
    clock: FixedClock
    pool: Pool
    vault_pool: Pool
    master: MasterKeys
    admin_dsn: str
    """Of the members database, as superuser: to break things."""

    @property
    def store(self) -> EventStore:
        return self.parts.store

    def asks(self, gym_id: GymId, *roles: str, actor: str = "staff:tests") -> Context:
        """A fresh command of somebody in these roles."""
        command_id = new_id()
        return Context(
            gym_id, actor, frozenset(roles), self.clock.now(), command_id, command_id, command_id
        )

    async def gym(self, **changed: Any) -> RegisterGym:
        """A registered gym with an owner who has ``PASSWORD``."""
        command = gym_of(**changed)
        await gyms.register_gym(self.parts, command, self.asks(PLATFORM, OPERATOR))
        return command

    async def client(self, gym_id: GymId, **changed: Any) -> RegisterClient:
        """A client with an e-mail and ``PASSWORD``."""
        told = {"name": "Ann Lee", "email": "ann@example.com", "password": PASSWORD} | changed
        command = RegisterClient(client_id=ClientId(new_id()), **told)
        await clients.register_client(self.parts, command, self.asks(gym_id, Role.OWNER))
        return command

    async def staff(self, gym_id: GymId, *roles: Role, **changed: Any) -> HireStaff:
        """A staff member with ``PASSWORD``."""
        told = {"name": "Tom", "email": "tom@example.com", "password": PASSWORD} | changed
        command = HireStaff(staff_id=StaffId(new_id()), roles=roles, **told)
        await staff.hire_staff(self.parts, command, self.asks(gym_id, Role.OWNER))
        return command

    async def sign_in(
        self, slug: str, email: str, password: str = PASSWORD, address: str = "192.0.2.1"
    ) -> Tokens:
        """As a person does."""
        asked = SignIn(gym=slug, email=email, password=password, address=address)
        return await self.sign_in_desk.sign_in(asked)

    async def refused(self, slug: str, email: str, password: str, address: str = "") -> Refused:
        """The refusal of a sign-in that must not succeed."""
        try:
            await self.sign_in(slug, email, password, address or f"test {new_id()}")
        except Refused as refusal:
            return refusal
        raise AssertionError("signed in")


def gym_of(**changed: Any) -> RegisterGym:
    """A command that registers a gym of its own."""
    gym_id = GymId(new_id())
    told: dict[str, Any] = {
        "gym_id": gym_id,
        "slug": f"gym-{gym_id.hex[-20:]}",
        "name": "Back2Back Lisbon",
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "owner_id": StaffId(new_id()),
        "owner_name": "Olga Owner",
        "owner_email": "olga@example.com",
        "owner_password": PASSWORD,
    }
    return RegisterGym(**(told | changed))


async def recorded(house: House, gym_id: GymId) -> list[tuple[str, dict[str, Any]]]:
    """Every event of the gym as it is stored."""
    async with house.pool.acquire() as db, db.transaction():
        await db.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{gym_id}}}")
        rows = await db.fetch("SELECT type, data FROM es.events ORDER BY pos")
    return [(row["type"], json.loads(row["data"])) for row in rows]


async def code(work: Any) -> str:
    """The code the work is refused with."""
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value.code
