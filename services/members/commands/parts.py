"""What members' commands work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import ClaimTaken, Done, EventStore
from chassis.eventstore.unit import Unit
from contracts.envelope import Command
from contracts.ids import GymId
from contracts.members import MembersCode
from contracts.permissions import OPERATOR, SYSTEM, Role
from services.members.blind_index import BlindIndex
from services.members.credentials import Credentials
from services.members.erasures import Erasures
from services.members.identities import Identities
from services.members.passwords import Passwords
from services.members.sign_ins import SignIns
from services.members.vault import PersonErased, Sealer, Vault

EMAIL = "email"  # kinds of claims; stored for ever
IDENTITY = "identity"
SLUG = "slug"

_TAKEN = {
    EMAIL: (MembersCode.EMAIL_TAKEN, "This e-mail belongs to somebody else.", "email"),
    IDENTITY: (MembersCode.IDENTITY_TAKEN, "This identity is linked already.", "subject"),
    SLUG: (MembersCode.SLUG_TAKEN, "Another gym has this slug.", "slug"),
}

Rule = Callable[[Unit], dict[str, Any]]


class StateMoved(Exception):
    """Between reading a stream and deciding on it, it changed: read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rooms of the service, wired once."""

    store: EventStore
    vault: Vault
    index: BlindIndex
    credentials: Credentials
    passwords: Passwords
    identities: Identities
    sign_ins: SignIns
    erasures: Erasures

    async def sealer(self, gym_id: GymId, person_id: UUID) -> Sealer:
        """The person's key. Raises ``Refused`` when it is destroyed."""
        try:
            return await self.vault.sealer(gym_id, person_id)
        except PersonErased as erased:
            raise Refused(MembersCode.CLIENT_ERASED, "This person's data were erased.") from erased

    async def carry_out(self, command: Command, ctx: Context, rule: Rule) -> Done:
        """The store's ``execute``: a repeat of ``command`` gets the same answer."""
        return await self.execute(ctx, rule, self.index.request(command))

    async def execute(self, ctx: Context, rule: Rule, request_hash: bytes) -> Done:
        """As the store's; a claim that is taken becomes a refusal."""
        try:
            return await self.store.execute(ctx, rule, request_hash)
        except ClaimTaken as taken:
            code, message, field = _TAKEN[taken.kind]
            raise Refused(code, message, field=field) from taken


def acts_as_owner(ctx: Context) -> bool:
    """Whether who asks may make and unmake owners."""
    return bool(ctx.roles & {Role.OWNER, OPERATOR, SYSTEM})
