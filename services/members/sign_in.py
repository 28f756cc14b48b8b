"""Signing in, staying in, going out.

Whether an e-mail is known cannot be told from outside: the answer, the limits and the work done
are the same for a wrong password, an unknown address and an unknown gym.
"""

from collections.abc import Mapping
from uuid import UUID

from chassis.clock import Clock
from chassis.decider import Refused
from chassis.eventstore.store import EventStore
from contracts.ids import GymId
from contracts.members import MembersCode, RefreshTokens, SignIn, SignOut, Tokens
from services.members.attempts import Attempts, Counted
from services.members.blind_index import BlindIndex
from services.members.credentials import Credential, Credentials
from services.members.passwords import Passwords
from services.members.roles import roles_of
from services.members.sign_ins import RefreshToken, SignIns
from services.members.tokens import TokenMint


class SignInDesk:
    """Where people prove who they are."""

    def __init__(
        self,
        *,
        store: EventStore,
        index: BlindIndex,
        attempts: Attempts,
        credentials: Credentials,
        passwords: Passwords,
        sign_ins: SignIns,
        mint: TokenMint,
        clock: Clock,
    ) -> None:
        self._store, self._index, self._clock = store, index, clock
        self._attempts, self._credentials, self._passwords = attempts, credentials, passwords
        self._sign_ins, self._mint = sign_ins, mint

    async def sign_in(self, asked: SignIn) -> Tokens:
        """Tokens for an e-mail and password.

        Refuses with ``INVALID_CREDENTIALS`` or ``TOO_MANY_ATTEMPTS``; raises ``Busy``.
        """
        self._passwords.must_have_room()  # before the try is counted
        counted = Counted(
            self._index.account(asked.gym, asked.email), self._index.address(asked.address)
        )
        wait = await self._attempts.count(counted, self._clock.now())
        if wait is not None:
            raise Refused(
                MembersCode.TOO_MANY_ATTEMPTS,
                "Too many attempts. Try again later.",
                retry_after=int(wait.total_seconds()),
            )
        gym_id = await self._credentials.gym_of(asked.gym)
        found = gym_id and await self._credentials.find(
            gym_id, self._index.email(gym_id, asked.email)
        )
        known = found.password_hash if found else None
        if not await self._passwords.matches(known, asked.password) or not (gym_id and found):
            raise _invalid()
        roles = await roles_of(self._store, gym_id, found.actor)
        if not roles:  # no longer employed; said like a wrong password
            raise _invalid()
        await self._attempts.forgive(counted)
        await self._renew_hash(gym_id, found, asked.password)
        return await self._mint.tokens(
            await self._sign_ins.start(gym_id, found.actor, self._clock.now()), roles
        )

    async def refresh(self, asked: RefreshTokens, command_id: UUID) -> Tokens:
        """New tokens with the roles of today. ``SESSION_EXPIRED`` when the sign-in is over."""
        token, now = RefreshToken.read(asked.refresh_token), self._clock.now()
        issued = token and await self._sign_ins.refresh(token, command_id, now)
        if not issued:
            raise Refused(MembersCode.SESSION_EXPIRED, "Sign in again.")
        gym_id = issued.token.gym_id
        roles = await roles_of(self._store, gym_id, issued.actor)
        if not roles:
            await self._sign_ins.end(issued.token, now, "lost_access")
            raise Refused(MembersCode.SESSION_EXPIRED, "Sign in again.")
        return await self._mint.tokens(issued, roles)

    async def sign_out(self, asked: SignOut) -> None:
        """End the sign-in. A token that is none, or whose sign-in is over, ends nothing."""
        if token := RefreshToken.read(asked.refresh_token):
            await self._sign_ins.end(token, self._clock.now(), "signed_out")

    async def standing(
        self, gym_id: GymId, claimed: Mapping[UUID, str]
    ) -> dict[UUID, tuple[str, ...]]:
        """Today's roles by sign-in; one that is over or another person's is left out.

        ``claimed``: sign-in id -> actor.
        """
        holders = await self._sign_ins.holders(gym_id, claimed, self._clock.now())
        good = {one: actor for one, actor in holders.items() if claimed[one] == actor}
        roles = {actor: await roles_of(self._store, gym_id, actor) for actor in set(good.values())}
        return {one: roles[actor] for one, actor in good.items() if roles[actor]}

    async def _renew_hash(self, gym_id: GymId, found: Credential, password: str) -> None:
        if self._passwords.is_outdated(found.password_hash):
            fresh = await self._passwords.hash(password)
            await self._credentials.rehash(gym_id, found, fresh)


def _invalid() -> Refused:
    return Refused(MembersCode.INVALID_CREDENTIALS, "E-mail or password is wrong.")
