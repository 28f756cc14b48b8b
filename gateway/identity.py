"""From what somebody shows at the door to who they are."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.auth import Identified, KeysUnavailable, OwnIssuer, Unauthenticated, Verifier
from chassis.bus.asker import Asker, Unavailable
from chassis.clock import Clock
from chassis.keysets import FetchFrom
from chassis.settings import EdgeSettings
from contracts.envelope import Caller, Query
from contracts.ids import PLATFORM, GymId, new_id
from contracts.members import PrincipalOf, SigningKeys, SignInsStanding
from gateway.context import NOBODY, Principal
from gateway.serve import faults
from gateway.serve.calls import Credentials
from gateway.sign_in import ADDRESS
from gateway.standings import Roles, Standings, Unclear

ASK_SECONDS = 2.0
KEYS_FRESH_SECONDS = 60.0
GYM = "back2back-gym"
"""Header, or parameter of a live connection: the gym's slug, for tokens of other issuers."""

BEARER = "bearer "


class Identity:
    """Verifies tokens: members' own, and those of the issuers in the settings."""

    def __init__(
        self, settings: EdgeSettings, asker: Asker, clock: Clock, fetch_from: FetchFrom
    ) -> None:
        self._asker, self._clock = asker, clock
        self._published: Mapping[str, Any] = {}
        self._published_at = 0.0
        self._standings = Standings(self._sign_ins_standing, clock)
        self._verifier = Verifier(
            OwnIssuer(settings.token_issuer, settings.token_audience, self._signing_keys),
            settings.issuers,
            identify=self._identified,
            fetch_from=fetch_from,
            clock=clock,
        )

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Who shows ``credentials``; ``NOBODY`` without a token.

        Raises ``Unauthenticated`` for a token that proves nothing, ``Unavailable`` when that cannot
        be known just now.
        """
        shown = credentials.authorization
        if not shown:
            return replace(NOBODY, address=f"@{credentials.headers.get(ADDRESS, 'unknown')}")
        if shown[: len(BEARER)].lower() != BEARER:
            raise faults.Unauthenticated("Send the token as Authorization: Bearer.")
        gym = credentials.parameters.get("gym") or credentials.headers.get(GYM)
        token = shown[len(BEARER) :].strip()
        try:
            known = await self._verifier.principal(token, gym if isinstance(gym, str) else None)
        except Unauthenticated as error:
            raise faults.Unauthenticated("The token is not valid (any more).") from error
        except (KeysUnavailable, Unavailable) as error:
            raise faults.Unavailable("Tokens cannot be verified right now.") from error
        roles = await self._standings.roles(known)
        if not roles:
            raise faults.Unauthenticated("This sign-in is over.")
        return Principal(known.gym_id, known.actor, roles, known.expires_at.timestamp())

    async def published_keys(self) -> Mapping[str, Any]:
        """Our own JWKS, at most a minute old. Raises ``chassis.bus.Unavailable``."""
        if time.monotonic() - self._published_at > KEYS_FRESH_SECONDS or not self._published:
            self._published = await self._signing_keys()
            self._published_at = time.monotonic()
        return self._published

    async def _signing_keys(self) -> Mapping[str, Any]:
        return await self._ask(SigningKeys())

    async def _identified(self, issuer: str, subject: str, gym: str) -> Identified | None:
        try:
            question = PrincipalOf(gym=gym, issuer=issuer, subject=subject)
        except ValidationError:
            return None
        told = await self._ask(question)
        if told.get("actor") is None:
            return None
        gym_id = GymId(UUID(told["gym_id"]))
        return Identified(gym_id, told["actor"], frozenset(told["roles"]))

    async def _sign_ins_standing(
        self, gym_id: GymId, sign_ins: Mapping[UUID, str]
    ) -> Mapping[UUID, Roles]:
        told = await self._ask(SignInsStanding(sign_ins=dict(sign_ins)), gym_id)
        return {UUID(one): frozenset(roles) for one, roles in told["roles"].items()}

    async def _ask(self, question: Query, gym_id: GymId = PLATFORM) -> Mapping[str, Any]:
        one = new_id()
        caller = Caller(
            gym_id=gym_id, actor=NOBODY.actor, roles=tuple(NOBODY.roles), command_id=one,
            correlation_id=one, causation_id=one,
            deadline=self._clock.now() + timedelta(seconds=ASK_SECONDS),
        )  # fmt: skip
        reply = await self._asker.ask(question, caller, ASK_SECONDS)
        if reply.outcome != "done" or reply.result is None:
            raise Unclear(question.command_type, outcome_unknown=False)
        return reply.result
