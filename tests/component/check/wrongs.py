"""Events as no service would write them, and what the checker says of them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from contracts.ids import new_id
from deploy.check.verdict import Moment, Verdict, summed

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

EVENT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
VALUES ($1, $2, $3, $4, 'door', 'access.door_added.v1', $6, $5)
"""
NOW = datetime.now(UTC)
LATER = Moment(NOW, NOW + timedelta(days=1))
"""What is recorded now is settled."""


async def record(
    db: "_Db", version: int, *, gym: UUID | None = None, stream: UUID | None = None,
    command: UUID | None = None, event: UUID | None = None, data: bytes = b"{}",
) -> None:  # fmt: skip
    """One event, as no service would."""
    told = orjson.dumps({"actor": "staff:x", "command_id": command or new_id()})
    names = gym or new_id(), stream or new_id(), version, event or new_id()
    await db.execute(EVENT, *names, told, data)


def wrong(verdicts: list[Verdict]) -> dict[str, int]:
    """Code -> offences."""
    return {one.code: one.offences for one in summed(verdicts) if not one.holds}
