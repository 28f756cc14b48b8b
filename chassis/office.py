"""Offices: of several replicas one relays, one carries deadlines out.

Who holds an office holds an advisory lock on a connection of its own, and says something on it all
the time: Postgres ends one that was silent for ``SILENCE``, and the office is free. So a process
that stands still, or whose machine is gone without a word, keeps nobody else from it.
"""

from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

CONNECT_TIMEOUT = 5.0  # seconds
QUERY_TIMEOUT = 10.0  # seconds
SILENCE = 10  # seconds; twice as long as the longest pause of whoever holds an office


async def connect(dsn: str, *, name: str) -> "Db":
    """A direct connection (no pooler) to stand for election on; ``name`` shows in Postgres."""
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_TIMEOUT,
        command_timeout=QUERY_TIMEOUT,
        server_settings={"application_name": name, "idle_session_timeout": f"{SILENCE}s"},
    )
