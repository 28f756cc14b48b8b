"""Public keys of a token issuer: fetched rarely, kept for a while, never for ever.

A set is renewed every 10 minutes behind the scenes. A key id nobody knows causes one fetch, shared
by all who wait, at least 30 s after the last. When fetching fails the last good set serves for an
hour; then nobody gets in until the issuer is back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from chassis.clock import Clock

RENEW_AFTER = timedelta(minutes=10)
GOOD_FOR = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(seconds=30)
FIRST_ASK_AGAIN_AFTER = timedelta(seconds=1)  # while there is no set at all
FETCH_SECONDS = 5.0

Fetch: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
"""Asks the issuer for its JWKS. May raise whatever asking raises."""
FetchFrom: TypeAlias = Callable[[str], Fetch]
"""How the issuer with this JWKS URL is asked."""

log = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had: nobody can be verified, which is not their fault."""


class KeySet:
    """The keys of one issuer by id."""

    def __init__(self, name: str, fetch: Fetch, clock: Clock) -> None:
        """``name`` is the issuer's, for the log."""
        self._name, self._fetch, self._clock = name, fetch, clock
        self._keys: dict[str, PyJWK] = {}
        self._good_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> PyJWK | None:
        """The key of this id; ``None`` when the issuer has none. Raises ``KeysUnavailable``."""
        if self._is_good and kid in self._keys:
            if self._age > RENEW_AFTER:
                self._ask()  # behind the scenes: nobody waits for it
            return self._keys[kid]
        if asking := self._ask():
            await asyncio.shield(asking)
        if not self._is_good:
            raise KeysUnavailable(self._name)
        return self._keys.get(kid)

    @property
    def _age(self) -> timedelta:
        return timedelta.max if self._good_at is None else self._clock.now() - self._good_at

    @property
    def _is_good(self) -> bool:
        return self._age <= GOOD_FOR

    def _ask(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one; ``None`` when the last was too short ago."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        now = self._clock.now()
        pause = ASK_AGAIN_AFTER if self._is_good else FIRST_ASK_AGAIN_AFTER
        # The clock may have been put back since: that is not to be waited for.
        if self._asked_at is not None and abs(now - self._asked_at) < pause:
            return None
        self._asked_at = now
        self._asking = asyncio.create_task(self._renew())
        return self._asking

    async def _renew(self) -> None:
        """Replace the set, or keep it and say why. Never raises: nobody may be there to hear."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                keys = _usable(await self._fetch())
        except Exception as error:
            log.warning("keys not fetched", issuer=self._name, cause=type(error).__name__)
            return
        self._keys, self._good_at = keys, self._clock.now()


def _usable(told: Mapping[str, Any]) -> dict[str, PyJWK]:
    """The keys of a JWKS that have an id and are public; others are passed over."""
    usable: dict[str, PyJWK] = {}
    for one in told["keys"]:
        if one.get("kty") == "oct" or not one.get("kid") or one.get("use", "sig") != "sig":
            continue
        try:
            usable[one["kid"]] = PyJWK.from_dict(one)
        except PyJWTError as error:
            log.warning("key passed over", kid=one["kid"], cause=type(error).__name__)
    return usable
