"""Failed sign-ins, counted in Postgres so that replicas and restarts change nothing.

A try is counted before the password is looked at, so tries made in parallel all count, and given
back when it was right. Accounts that do not exist count like those that do.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from chassis.tenancy import Pool

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10  # wrong passwords within the window
PER_ADDRESS = 100  # a gym's whole Wi-Fi is one address

TRY = "SELECT auth.try($1, $2, $3, $4)"
GIVE_BACK = "UPDATE auth.attempts SET tries = tries - 1 WHERE key = $1 AND tries > 0"
CLEAR = "DELETE FROM auth.attempts WHERE key = $1"
DROP_OLD = "DELETE FROM auth.attempts WHERE ends_at <= $1"


class Counted(NamedTuple):
    """What a try is counted against."""

    account: bytes
    address: bytes


class Attempts:
    """Limits on guessing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, one: Counted, now: datetime) -> timedelta | None:
        """Count a try; ``None`` when it may be made, else how long to wait before the next."""
        limits = ((one.address, PER_ADDRESS), (one.account, PER_ACCOUNT))
        for key, limit in limits:
            until: datetime | None = await self._pool.fetchval(TRY, key, limit, now, WINDOW)
            if until is not None:
                return max(until - now, timedelta(seconds=1))
        return None

    async def forgive(self, one: Counted) -> None:
        """The password was right: the account starts anew, the address gets its try back."""
        await self._pool.execute(CLEAR, one.account)
        await self._pool.execute(GIVE_BACK, one.address)

    async def drop_old(self, now: datetime) -> None:
        """Forget windows that are over."""
        await self._pool.execute(DROP_OLD, now)
