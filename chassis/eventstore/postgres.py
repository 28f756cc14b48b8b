"""The recorder in Postgres: one function call, one round trip, one transaction a batch."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.eventstore.recorder import (
    Answer,
    Append,
    Away,
    Claim,
    IntegrityError,
    Loaded,
    Objection,
    StoredEvent,
    StreamKey,
    Unconfirmed,
    first_seen,
    net_claims,
    net_deadlines,
)
from chassis.tenancy import AWAY, FENCE, Pool, is_away
from contracts.ids import GymId

APPEND = f"SELECT * FROM es.append({', '.join(f'${n}' for n in range(1, 35))})"  # noqa: S608
LOAD = "SELECT * FROM es.load($1, $2, $3, $4)"
ANSWER = "SELECT * FROM es.answer($1, $2, $3)"
PUT_SNAPSHOT = "SELECT es.put_snapshot($1, $2, $3, $4, $5, $6)"
STILL_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = current_user AND wait_event = 'SyncRep'
                  AND query_start < clock_timestamp() - $1::interval)
"""

PATIENCE = 15.0  # seconds a write may take, and may wait for a connection before


class PostgresRecorder:
    """Needs the schema of ``migrations/`` and a login in the group role ``es_app``.

    The pool must not cancel: what waits for a second copy would be seen, and told, without one.
    """

    def __init__(self, pool: Pool, *, patience: float = PATIENCE) -> None:
        self._pool = pool
        self._patience = patience
        self._gave_up = False
        self._sending, self._keeping = asyncio.Lock(), asyncio.Lock()
        self._fence: asyncio.Task[None] | None = None
        """The next one, not sent yet: it is for everybody who has found something until then."""

    async def append(self, batch: Sequence[Append]) -> list[int | None]:
        heads = first_seen(batch)
        claims = net_claims(batch)
        if claims.behind:
            raise Objection(behind=claims.behind)
        rows = await self._written(
            APPEND,
            *_gym_columns(batch),
            *_columns(heads, ("gym_id", "id", "category")),
            list(heads.values()),
            *_event_columns(batch),
            *_answer_columns(batch),
            *_columns(claims.released, ("gym_id", "kind", "subject")),
            *_columns(claims.made, ("gym_id", "kind", "subject")),
            *_deadline_columns(batch),
        )
        if rows and rows[0][0] != "done":
            raise _objection(rows, list(heads), list(claims.made.items()))
        return _positions(batch, rows)

    async def load(self, streams: Sequence[tuple[StreamKey, int]]) -> list[Loaded]:
        keys = [key for key, _ in streams]
        shapes = [shape for _, shape in streams]
        with _translated():
            rows = await self._pool.fetch(
                LOAD, *_columns(keys, ("gym_id", "id", "category")), shapes
            )
        snapshots: list[tuple[int, bytes] | None] = [None] * len(streams)
        events: list[list[StoredEvent]] = [[] for _ in streams]
        for n, version, event_type, data in rows:
            if event_type:
                events[n - 1].append(StoredEvent(keys[n - 1].id, version, event_type, data))
            else:
                snapshots[n - 1] = (version, data)
        return [Loaded(*pair) for pair in zip(snapshots, events, strict=True)]

    async def answer(self, gym_id: GymId, actor: str, command_id: UUID) -> Answer | None:
        with _translated():
            row = await self._pool.fetchrow(ANSWER, gym_id, actor, command_id)
        if row is None:
            return None
        try:
            await self._confirmed()  # a restart, too, shows what is on one disk only
        except Away as away:
            raise Unconfirmed(str(away)) from away
        return Answer(*row)

    async def put_snapshot(self, stream: StreamKey, version: int, shape: int, data: bytes) -> None:
        async with self._keeping:  # one at a time, so that reading has a connection left
            await self._written(
                PUT_SNAPSHOT, stream.gym_id, stream.id, stream.category, version, shape, data
            )

    async def _confirmed(self) -> None:
        """Return when all that can be seen now is on a second copy.

        One fence is under way at a time, whoever comes meanwhile shares the next: what they have
        seen may have been written after that one was.
        """
        if self._fence is None:
            self._fence = asyncio.create_task(self._send_fence())
            self._fence.add_done_callback(_seen)
        await asyncio.shield(self._fence)  # for all others, if one of them stops waiting

    async def _send_fence(self) -> None:
        async with self._sending:
            self._fence = None
            await self._written(FENCE)

    async def _written(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """What ``statement`` says once it is durable.

        One that was given up waits on in the server, for a copy that is away. No other is sent
        meanwhile: they would take all of its connections, and reading goes on.
        """
        with _translated():
            async with self._pool.acquire(timeout=self._patience) as db:
                if self._gave_up:  # by now, however long the connection was waited for
                    waited = timedelta(seconds=self._patience / 2)
                    if await db.fetchval(STILL_WAITS, waited):
                        raise Away("no copy confirms")
                    self._gave_up = False
                try:
                    return await db.fetch(statement, *arguments, timeout=self._patience)
                except TimeoutError:
                    self._gave_up = True
                    raise


def _seen(fence: asyncio.Task[None]) -> None:
    """That it failed is told to whoever still waits, if anybody does."""
    if not fence.cancelled():
        fence.exception()


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors in the recorder's words; a defect of ours passes through."""
    try:
        yield
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as raced:
        raise IntegrityError("another writer got in between") from raced
    except AWAY as away:
        if not is_away(away):
            raise
        raise Away(type(away).__name__) from away


def _columns(rows: Any, names: tuple[str, ...]) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in names]


def _gym_columns(batch: Sequence[Append]) -> list[list[Any]]:
    alone: dict[GymId, bool | None] = {}
    for command in batch:
        before = alone.get(command.gym_id)
        alone[command.gym_id] = (before or command.relies) if command.writes else before
    gyms = sorted(alone)  # locks are taken in this order
    return [gyms, [alone[gym_id] for gym_id in gyms]]


def _event_columns(batch: Sequence[Append]) -> list[list[Any]]:
    events = [event for command in batch for event in command.events]
    return [
        [event.stream.gym_id for event in events],
        [event.stream.id for event in events],
        [event.version for event in events],
        [event.event_id for event in events],
        [event.stream.category for event in events],
        [event.type for event in events],
        [event.data for event in events],
        [event.meta for event in events],
    ]


def _answer_columns(batch: Sequence[Append]) -> list[list[Any]]:
    last, last_event = 0, []
    for command in batch:
        last += len(command.events)
        last_event.append(last if command.events else None)
    answers = [command.answer for command in batch]
    return [
        [command.gym_id for command in batch],
        [command.actor for command in batch],
        [command.command_id for command in batch],
        [answer and answer.request_hash for answer in answers],
        [answer and answer.body for answer in answers],
        last_event,
    ]


def _deadline_columns(batch: Sequence[Append]) -> list[list[Any]]:
    wanted, forgotten = net_deadlines(batch)
    return [
        *_columns(forgotten, ("gym_id", "name", "due_by")),
        *_columns(wanted, ("gym_id", "name", "due_at", "command_type", "data")),
    ]


def _positions(batch: Sequence[Append], rows: Sequence[asyncpg.Record]) -> list[int | None]:
    positions: list[int | None] = []
    last = 0
    for command in batch:
        last += len(command.events)
        positions.append(rows[last - 1][2] if command.events else None)
    return positions


def _objection(
    rows: Sequence[asyncpg.Record],
    heads: Sequence[StreamKey],
    made: Sequence[tuple[Claim, int]],
) -> Objection:
    objection = Objection()
    for verdict, n, _ in rows:
        if verdict == "lost":
            objection.lost.add(heads[n - 1])
        elif verdict == "answered":
            objection.answered.add(n - 1)
        else:
            claim, command = made[n - 1]
            objection.taken[command] = claim.kind
    return objection
