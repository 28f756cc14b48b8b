"""The keys access tokens are signed with: ES256, rotated, the next one published long before use.

Time alone decides a key's part: of those whose ``active_from`` has come the newest signs, the next
stands by, the last stays published until no token it signed can be alive. So every replica agrees
without talking.
"""

import hashlib
import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import ECAlgorithm

from chassis.clock import Clock
from chassis.tenancy import Pool
from services.members.master_keys import MasterKeys, Wrapped

ROTATE_EVERY = timedelta(days=30)
PUBLISHED_AFTER = timedelta(hours=1)  # a token lives 10 minutes; caches and leeways on top
LOOK_AGAIN_AFTER = timedelta(minutes=1)  # for keys another replica made
PURPOSE = "signing key"
TURN = 0x6B657973  # advisory lock, so that two replicas do not both rotate; "keys"

ALL = """
SELECT kid, public_jwk, master_version, wrapped, active_from FROM auth.signing_keys
 ORDER BY active_from
"""
PUT = """
INSERT INTO auth.signing_keys (kid, public_jwk, master_version, wrapped, active_from)
VALUES ($1, $2, $3, $4, $5)
"""
REWRAP = "UPDATE auth.signing_keys SET master_version = $2, wrapped = $3 WHERE kid = $1"
DROP = "DELETE FROM auth.signing_keys WHERE kid = ANY ($1)"


class SigningKey(NamedTuple):
    """One key pair."""

    kid: str
    public_jwk: dict[str, Any]
    wrapped: Wrapped
    active_from: datetime


class Signer(NamedTuple):
    """What a token is signed with."""

    kid: str
    key: ec.EllipticCurvePrivateKey


class SigningKeys:
    """Needs ``migrations`` and a login in ``members_auth``."""

    def __init__(self, pool: Pool, master: MasterKeys, clock: Clock) -> None:
        self._pool, self._master, self._clock = pool, master, clock
        self._keys: list[SigningKey] = []
        self._looked_at: datetime | None = None

    async def signer(self) -> Signer:
        """The key that signs now."""
        now = self._clock.now()
        key = [k for k in await self._known(now) if k.active_from <= now][-1]
        der = self._master.unwrap(PURPOSE, key.kid.encode(), key.wrapped)
        private = load_der_private_key(der, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError(f"signing key {key.kid} is of another kind")
        return Signer(key.kid, private)

    async def published(self) -> dict[str, Any]:
        """The JWKS: the key that signs, the one before it for a while, the one after it."""
        now = self._clock.now()
        keys = await self._known(now)
        outlived = _outlived(keys, now)
        return {"keys": [key.public_jwk for key in keys if key.kid not in outlived]}

    async def rotate(self) -> None:
        """Make keys that are missing, drop those nobody needs, wrap all with today's master key.

        Idempotent; call it hourly.
        """
        now = self._clock.now()
        async with self._pool.acquire() as db, db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", TURN)
            keys = [_key(row) for row in await db.fetch(ALL)]
            if not any(key.active_from <= now for key in keys):
                await db.execute(PUT, *self._fresh(now))
            if not any(key.active_from > now for key in keys):
                await db.execute(PUT, *self._fresh(now + ROTATE_EVERY))
            await db.execute(DROP, list(_outlived(keys, now)))
            for key in keys:
                if key.wrapped.version < self._master.current:
                    await db.execute(REWRAP, key.kid, *self._rewrapped(key))
            self._keys = [_key(row) for row in await db.fetch(ALL)]
        self._looked_at = now

    async def _known(self, now: datetime) -> list[SigningKey]:
        if self._looked_at is None or abs(now - self._looked_at) > LOOK_AGAIN_AFTER:
            await self.rotate()
        return self._keys

    def _rewrapped(self, key: SigningKey) -> Wrapped:
        place = key.kid.encode()
        return self._master.wrap(PURPOSE, place, self._master.unwrap(PURPOSE, place, key.wrapped))

    def _fresh(self, active_from: datetime) -> tuple[str, str, int, bytes, datetime]:
        private = ec.generate_private_key(ec.SECP256R1())
        jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        kid = _thumbprint(jwk)
        jwk |= {"kid": kid, "alg": "ES256", "use": "sig"}
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        wrapped = self._master.wrap(PURPOSE, kid.encode(), der)
        return kid, json.dumps(jwk), *wrapped, active_from


def _key(row: Any) -> SigningKey:
    wrapped = Wrapped(row["master_version"], row["wrapped"])
    return SigningKey(row["kid"], json.loads(row["public_jwk"]), wrapped, row["active_from"])


def _outlived(keys: list[SigningKey], now: datetime) -> set[str]:
    """Keys whose successor has been signing for so long that none of their tokens is alive."""
    return {old.kid for old, new in pairwise(keys) if new.active_from + PUBLISHED_AFTER <= now}


def _thumbprint(jwk: dict[str, Any]) -> str:
    """The key's name, made from the key itself (RFC 7638, shortened)."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
