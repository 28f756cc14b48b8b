"""Passwords: argon2id, off the event loop, at the same cost whether the person exists or not."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.eventstore.store import Busy

P = ParamSpec("P")
T = TypeVar("T")

# OWASP's second choice for argon2id: about 20 ms and 19 MiB each, so a rush of sign-ins neither
# starves commands of CPU nor fills the memory.
MEMORY = 19 * 1024  # KiB
PASSES = 2
AT_ONCE = 2
WAITING = 64  # about a second's worth; whoever comes then is told that we are busy


class Passwords:
    """Hashes and verifies, ``AT_ONCE`` at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY, parallelism=1)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = self._hasher.hash("nobody has this password")

    def must_have_room(self) -> None:
        """Raises ``Busy`` when so many wait that the next would wait in vain."""
        if self._waiting >= WAITING:
            raise Busy

    async def hash(self, password: str) -> str:
        """An argon2id hash with its own salt and parameters in it."""
        return await self._in_turn(self._hasher.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether ``password`` is the one of ``known``; nobody's hash takes as long to refuse."""
        right = await self._in_turn(self._verify, known or self._nobodys, password)
        return right and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether ``known`` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args, **named)
        finally:
            self._waiting -= 1
