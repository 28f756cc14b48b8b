"""Access tokens: short-lived ES256 JWTs that say who one is, at which gym, in which roles."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import jwt

from chassis.clock import Clock
from contracts.ids import GymId, new_id
from contracts.members import Tokens
from services.members.sign_ins import Issued
from services.members.signing_keys import SigningKeys

ACCESS_LIFE = timedelta(minutes=10)
TYPE = "at+jwt"  # RFC 9068


class Issuer(NamedTuple):
    """The names in our tokens."""

    name: str
    """``iss``"""
    audience: str
    """``aud``"""


class TokenMint:
    """Makes access tokens. A role that is taken away lives on for at most ``ACCESS_LIFE``."""

    def __init__(self, keys: SigningKeys, issuer: Issuer, clock: Clock) -> None:
        self._keys, self._issuer, self._clock = keys, issuer, clock

    async def tokens(self, issued: Issued, roles: Iterable[str]) -> Tokens:
        """An access token beside the refresh token that was handed out."""
        expires_at = self._clock.now().replace(microsecond=0) + ACCESS_LIFE
        access = await self._access(
            issued.token.gym_id, issued.actor, list(roles), issued.token.sign_in_id
        )
        return Tokens(
            access_token=access,
            access_expires_at=expires_at,
            refresh_token=issued.token.text,
            refresh_expires_at=issued.expires_at,
        )

    async def _access(self, gym_id: GymId, actor: str, roles: list[str], sign_in_id: UUID) -> str:
        signer = await self._keys.signer()
        issued_at = int(self._clock.now().timestamp())
        claims = {
            "iss": self._issuer.name,
            "aud": self._issuer.audience,
            "sub": actor,
            "gym": str(gym_id),
            "roles": roles,
            "sid": str(sign_in_id),
            "iat": issued_at,
            "exp": issued_at + int(ACCESS_LIFE.total_seconds()),
            "jti": str(new_id()),
        }
        return jwt.encode(claims, signer.key, "ES256", {"kid": signer.kid, "typ": TYPE})
