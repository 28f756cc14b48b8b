"""From a bearer token to a principal: who asks, at which gym, in which roles.

Our own tokens say all of it. A token of an external issuer says only who somebody is to that
issuer; who that is at the gym they name is asked of the service that knows.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import jwt
from jwt import PyJWK
from jwt.types import Options

from chassis.claims import Claims, Unauthenticated, checked, refuse_strangers, text
from chassis.clock import Clock
from chassis.issuers import ExternalIssuer
from chassis.keysets import Fetch, FetchFrom, KeySet, KeysUnavailable
from contracts.ids import GymId

__all__ = ["Identified", "KeysUnavailable", "OwnIssuer", "Principal", "Unauthenticated", "Verifier"]

LONGEST_TOKEN = 8192  # bytes
VERDICT_LIFE = timedelta(seconds=60)
IDENTITY_LIFE = timedelta(seconds=30)
"""Of a verdict on an external token, which rests on what a person is to the gym just now."""
VERDICTS = 20_000
OWN_ALGORITHM = "ES256"
STANDING_LIFE = timedelta(minutes=10)
"""How long a live connection of an external token goes without asking who that is today. As long
as our own tokens live: a person who left must not watch on until somebody else's token ends."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose token was verified."""

    gym_id: GymId
    actor: str
    """``client:<uuid>`` or ``staff:<uuid>``."""
    roles: frozenset[str]
    sign_in_id: UUID | None
    """Of our own sign-ins, to ask later whether it still stands; ``None`` for external tokens."""
    proved_at: datetime
    """UTC; when ``roles`` were true: the making of our token, the answer about an external one."""
    expires_at: datetime
    """UTC; when they must prove it again: the token's end, if the token says who they are."""


class Identified(NamedTuple):
    """Who an external subject is at a gym."""

    gym_id: GymId
    actor: str
    roles: frozenset[str]


Identify: TypeAlias = Callable[[str, str, str], Awaitable[Identified | None]]
"""(issuer, subject, gym slug) -> who that is there, or ``None``. May raise when nobody answers."""


class OwnIssuer(NamedTuple):
    """Our own tokens: their names, and how to ask for the keys."""

    issuer: str
    audience: str
    fetch_keys: Fetch


class _Issuer(NamedTuple):
    """What a token of one issuer is verified with."""

    algorithms: frozenset[str]
    audiences: frozenset[str]
    secret: bytes  # empty: public keys
    keys: KeySet | None
    external: ExternalIssuer | None  # None: our own


class Verifier:
    """Verifies tokens of our own and of configured issuers; remembers verdicts for a moment."""

    def __init__(
        self,
        own: OwnIssuer,
        external: Iterable[ExternalIssuer],
        *,
        identify: Identify,
        fetch_from: FetchFrom,
        clock: Clock,
    ) -> None:
        self._identify, self._clock = identify, clock
        self._issuers = {one.issuer: _external(one, fetch_from, clock) for one in external}
        self._issuers[own.issuer] = _Issuer(
            frozenset({OWN_ALGORITHM}),
            frozenset({own.audience}),
            b"",
            KeySet(own.issuer, own.fetch_keys, clock),
            None,
        )
        self._verdicts: OrderedDict[bytes, tuple[Principal, datetime]] = OrderedDict()

    async def principal(self, token: str, gym: str | None = None) -> Principal:
        """Who holds ``token``; ``gym`` is the slug an external token is used at.

        Raises ``Unauthenticated``; ``KeysUnavailable`` when it cannot be known just now; and what
        ``identify`` raises.
        """
        verdict_key = hashlib.sha256(f"{gym or ''}\n{token}".encode()).digest()
        now = self._clock.now()
        if known := self._remembered(verdict_key, now):
            return known
        issuer, told = await self._verified(token)
        claims = checked(told, issuer.audiences, now)
        if issuer.external is None:
            principal = _ours(claims)
        else:
            principal = await self._theirs(issuer.external, claims, gym)
        self._remember(verdict_key, principal, now)
        return principal

    async def _verified(self, token: str) -> tuple[_Issuer, Mapping[str, Any]]:
        """The claims of a token whose signature is that of a configured issuer."""
        header, unverified = _unverified(token)
        issuer = self._issuers.get(text(unverified, "iss"))
        if issuer is None:
            raise Unauthenticated("unknown issuer")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
            raise Unauthenticated("algorithm not allowed")
        if "crit" in header or "b64" in header:
            raise Unauthenticated("header not understood")
        key = await _key(issuer, header, algorithm)
        try:
            return issuer, jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise Unauthenticated(type(error).__name__) from error

    async def _theirs(self, issuer: ExternalIssuer, claims: Claims, gym: str | None) -> Principal:
        refuse_strangers(
            claims.all,
            required_role=issuer.required_role,
            allow_anonymous=issuer.allow_anonymous,
        )
        if not gym:
            raise Unauthenticated("no gym named")
        identified = await self._identify(issuer.issuer, claims.subject, gym)
        if identified is None:
            raise Unauthenticated("nobody at this gym")
        now = self._clock.now()
        again_at = min(claims.expires_at, now + STANDING_LIFE)
        gym_id, actor, roles = identified
        return Principal(gym_id, actor, roles, None, now, again_at)

    def _remembered(self, key: bytes, now: datetime) -> Principal | None:
        principal, until = self._verdicts.get(key, (None, now))
        return principal if until > now else None

    def _remember(self, key: bytes, principal: Principal, now: datetime) -> None:
        life = VERDICT_LIFE if principal.sign_in_id else IDENTITY_LIFE
        until = min(now + life, principal.expires_at)
        self._verdicts[key] = (principal, until)
        self._verdicts.move_to_end(key)
        while len(self._verdicts) > VERDICTS:
            self._verdicts.popitem(last=False)


_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,  # the rest is checked in claims, by our clock and with our types
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
_NOTHING: Options = {**_SIGNATURE_ONLY, "verify_signature": False}


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims as they are written, to choose what to verify with, for nothing else."""
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated("too long")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options=_NOTHING)
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Unauthenticated("not a token") from error
    return header, claims


async def _key(issuer: _Issuer, header: Mapping[str, Any], algorithm: str) -> PyJWK | bytes:
    if issuer.keys is None:
        return issuer.secret
    kid = header.get("kid")
    key = await issuer.keys.key(kid) if isinstance(kid, str) else None
    if key is None:
        raise Unauthenticated("unknown key")
    if key.algorithm_name != algorithm:
        raise Unauthenticated("key of another algorithm")
    return key


def _ours(claims: Claims) -> Principal:
    roles = claims.all.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthenticated("roles of another type")
    try:
        gym_id, sign_in_id = GymId(UUID(text(claims.all, "gym"))), UUID(text(claims.all, "sid"))
    except ValueError as error:
        raise Unauthenticated("gym or sid of another type") from error
    return Principal(
        gym_id, claims.subject, frozenset(roles), sign_in_id, claims.issued_at, claims.expires_at
    )


def _external(one: ExternalIssuer, fetch_from: FetchFrom, clock: Clock) -> _Issuer:
    keys = KeySet(one.issuer, fetch_from(one.jwks_url), clock) if one.jwks_url else None
    return _Issuer(frozenset(one.algorithms), frozenset(one.audiences), one.secret_bytes, keys, one)
