"""Sign-ins and their refresh tokens: each token works once, a second use ends the sign-in.

A refresh token is ``base64url(gym 16 bytes, sign-in 16 bytes, secret 32 bytes)``; only its hash is
kept. The token a command gets for another is a function of both, so a repeat of that command (its
answer was lost) gets the same one, while anybody else who shows the used token ends the sign-in.
"""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from chassis.tenancy import Db, Pool, confirmed, tenant
from contracts.ids import GymId, new_id
from services.members.blind_index import BlindIndex

SIGN_IN_LIFE = timedelta(days=90)
REFRESH_LIFE = timedelta(days=30)  # unused this long, a token is worth nothing
ID = 16  # bytes of a UUID
SECRET = 32  # bytes
CONFIRMED_WITHIN = 1.5  # seconds; the gateway waits two for an answer

DROP_EXPIRED = "DELETE FROM auth.sign_ins WHERE gym_id = $1 AND actor = $2 AND expires_at <= $3"
START = """
INSERT INTO auth.sign_ins (gym_id, sign_in_id, actor, started_at, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""
KEEP = """
INSERT INTO auth.refresh_tokens (gym_id, token_hash, sign_in_id, expires_at)
VALUES ($1, $2, $3, $4)
"""
# Both rows: who waited for the sign-in alone would see the token as it was before the wait.
LOCKED = """
SELECT s.actor, s.expires_at, s.ended_at IS NOT NULL AS ended,
       least(s.expires_at, t.expires_at) AS good_until, t.used_by
  FROM auth.sign_ins s JOIN auth.refresh_tokens t USING (gym_id, sign_in_id)
 WHERE s.gym_id = $1 AND s.sign_in_id = $2 AND t.token_hash = $3 FOR UPDATE OF s, t
"""
USE = "UPDATE auth.refresh_tokens SET used_by = $3 WHERE gym_id = $1 AND token_hash = $2"
UNUSED = """
SELECT expires_at FROM auth.refresh_tokens
 WHERE gym_id = $1 AND token_hash = $2 AND used_by IS NULL
"""
END = """
UPDATE auth.sign_ins SET ended_at = $3, ended_by = $4
 WHERE gym_id = $1 AND sign_in_id = $2 AND ended_at IS NULL
"""
END_ALL = """
UPDATE auth.sign_ins SET ended_at = $3, ended_by = $4
 WHERE gym_id = $1 AND actor = $2 AND ended_at IS NULL
"""
HOLDERS = """
SELECT sign_in_id, actor, ended_at IS NOT NULL AS ended FROM auth.sign_ins
 WHERE gym_id = $1 AND sign_in_id = ANY ($2) AND expires_at > $3
"""


class RefreshToken(NamedTuple):
    """A refresh token taken apart."""

    gym_id: GymId
    sign_in_id: UUID
    secret: bytes

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The token in ``text``; ``None`` when it is none."""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (NotBase64, ValueError):
            return None
        if len(raw) != ID + ID + SECRET:
            return None
        return cls(GymId(UUID(bytes=raw[:ID])), UUID(bytes=raw[ID : 2 * ID]), raw[2 * ID :])

    @property
    def text(self) -> str:
        raw = self.gym_id.bytes + self.sign_in_id.bytes + self.secret
        return urlsafe_b64encode(raw).decode().rstrip("=")

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.secret).digest()


class Issued(NamedTuple):
    """A refresh token handed out, and to whom."""

    token: RefreshToken
    actor: str
    expires_at: datetime


class SignIns:
    """Needs ``migrations`` and a login in ``members_auth``."""

    def __init__(self, pool: Pool, index: BlindIndex) -> None:
        self._pool, self._index = pool, index

    async def start(self, gym_id: GymId, actor: str, now: datetime) -> Issued:
        """A new sign-in of ``actor``, with its first refresh token."""
        token = RefreshToken(gym_id, new_id(), secrets.token_bytes(SECRET))
        async with tenant(self._pool, gym_id) as db:
            await db.execute(DROP_EXPIRED, gym_id, actor, now)
            await db.execute(START, gym_id, token.sign_in_id, actor, now, now + SIGN_IN_LIFE)
            return await _put(db, Issued(token, actor, now + REFRESH_LIFE))

    async def refresh(self, token: RefreshToken, command_id: UUID, now: datetime) -> Issued | None:
        """The next token for this one; ``None`` when it is worth nothing (any more)."""
        async with tenant(self._pool, token.gym_id) as db:
            row = await db.fetchrow(LOCKED, token.gym_id, token.sign_in_id, token.hash)
            if row is None or row["ended"] or row["good_until"] <= now:
                return None
            secret = self._index.successor(token.secret, command_id)
            following = token._replace(secret=secret)
            if row["used_by"] is None:
                expires_at = min(now + REFRESH_LIFE, row["expires_at"])
                await db.execute(USE, token.gym_id, token.hash, command_id)
                return await _put(db, Issued(following, row["actor"], expires_at))
            if row["used_by"] == command_id:
                expires_at = await db.fetchval(UNUSED, token.gym_id, following.hash)
                if expires_at is not None:
                    return Issued(following, row["actor"], expires_at)
            await db.execute(END, token.gym_id, token.sign_in_id, now, "reused_token")
            return None

    async def end(self, token: RefreshToken, now: datetime, why: str) -> None:
        """End the sign-in the token belongs to, if it is one of its tokens."""
        async with tenant(self._pool, token.gym_id) as db:
            if await db.fetchrow(LOCKED, token.gym_id, token.sign_in_id, token.hash):
                await db.execute(END, token.gym_id, token.sign_in_id, now, why)

    async def end_all(self, gym_id: GymId, actor: str, now: datetime, why: str) -> None:
        """End every sign-in of the person."""
        async with tenant(self._pool, gym_id) as db:
            await db.execute(END_ALL, gym_id, actor, now, why)

    async def holders(
        self, gym_id: GymId, sign_ins: Iterable[UUID], now: datetime
    ) -> dict[UUID, str]:
        """Whose each sign-in is, of those that are still good.

        Raises ``TimeoutError`` when one has ended and no second copy confirms it: whoever signed
        out was not told so, and it would be good again once a copy is promoted.
        """
        async with tenant(self._pool, gym_id) as db:
            rows = await db.fetch(HOLDERS, gym_id, list(sign_ins), now)
        if any(row["ended"] for row in rows):
            await confirmed(self._pool, CONFIRMED_WITHIN)
        return {row["sign_in_id"]: row["actor"] for row in rows if not row["ended"]}


async def _put(db: Db, issued: Issued) -> Issued:
    token = issued.token
    await db.execute(KEEP, token.gym_id, token.hash, token.sign_in_id, issued.expires_at)
    return issued
