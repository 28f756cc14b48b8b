"""One gym per transaction: Postgres itself refuses to show another gym's rows."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from chassis.nats_access import Untrusted
from contracts.ids import GymId

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Db: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""How asyncpg says that a connection is gone. ``InternalClientError``: the server has said its last
word on it, but the socket is not closed yet."""

AWAY = (
    *CONNECTION_LOST,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidTransactionStateError,  # a standby after a fail-over, or out of time
)
"""How asyncpg says that the database cannot do it now: unreachable, ending, full."""

FENCE = "SELECT pg_logical_emit_message(true, 'b2b', '')"
"""A commit that writes no row: once it is through, all before it is on a second copy as well."""

STORE_CONNECTIONS = 4  # one writes, one confirms, one keeps a snapshot, one reads

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _PlainConnection = asyncpg.Connection[asyncpg.Record]
else:
    _PlainConnection = asyncpg.Connection


class _Connection(_PlainConnection):
    """Everything we set is transaction-local, so a release needs no reset round trip."""

    def get_reset_query(self) -> str:
        return ""


class _Uncancelling(_Connection):
    """Given up on, it is closed, and the server goes on alone.

    A cancel would end the wait for a second copy and show to all what is on one disk only.
    """

    _loop: asyncio.AbstractEventLoop
    _protocol: Any

    def _cancel_current_command(self, *_: object) -> None:
        # Not at once: the protocol is amid a step. Nor ``terminate``: the pool does that.
        self._loop.call_soon(self._protocol.abort)


async def open_pool(dsn: str, *, name: str, size: int = 4, **settings: str) -> Pool:
    """A pool of at most ``size`` connections to ``dsn``; ``settings`` are server settings.

    Statements time out after 15 s; a connection that cannot be made within 10 s raises. Raises
    ``Untrusted`` when Postgres is not who ``dsn`` says. A file ``dsn`` names is read anew for each
    connection.
    """
    return await _opened(dsn, _Connection, size, {"application_name": name, **settings})


async def open_store_pool(dsn: str, *, name: str) -> Pool:
    """``open_pool`` for an event store: a statement that is given up is never cancelled.

    The server goes on with it, so a second copy may still come to have it. No table is read whole:
    every statement asks for a few rows by their key, but a partition that was vacuumed while it was
    empty, as each is when its month begins, is planned to be read whole, and a connection keeps
    such a plan, however much the partition grows, until autovacuum has analysed it again.
    """
    settings = {"application_name": name, "enable_seqscan": "off"}
    return await _opened(dsn, _Uncancelling, STORE_CONNECTIONS, settings)


async def _opened(dsn: str, kind: type[_Connection], size: int, settings: dict[str, str]) -> Pool:
    try:
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=10,
            command_timeout=15,
            connection_class=kind,
            server_settings=settings,
        )
    except ssl.SSLCertVerificationError as error:
        where, why = urlsplit(dsn).hostname, error.verify_message
        raise Untrusted(f"the certificate of {where} is not trusted: {why}") from None


@asynccontextmanager
async def tenant(pool: Pool, gym_id: GymId) -> AsyncIterator[Db]:
    """A connection inside a transaction that sees and writes ``gym_id``'s rows only.

    Commits on leaving, rolls back on any exception. Every policy compares ``gym_id`` with the
    setting made here; outside this block the policies match nothing.
    """
    async with pool.acquire() as db, db.transaction():
        await db.execute("SELECT set_config('app.gym_id', $1, true)", str(gym_id))
        yield db


async def confirmed(pool: Pool, within: float) -> None:
    """Return when all that can be seen now is on a second copy.

    Raises ``TimeoutError`` when that takes longer than ``within`` seconds, those in which every
    connection is in use by others who wait for the same included.
    """
    async with asyncio.timeout(within):
        await pool.execute(FENCE)


def is_away(error: BaseException) -> bool:
    """Whether ``error`` says that the database cannot do it now, and is no defect of ours."""
    if isinstance(error, ssl.SSLError):  # one of them is a ValueError: a CA that just changed
        return True
    return isinstance(error, AWAY) and not isinstance(error, ValueError)  # cannot be encoded
