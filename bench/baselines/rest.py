"""The usual HTTP side: FastAPI, pydantic models, asyncpg. ``python -m bench.baselines.rest``.

Books by calling the function of ``prd.sql`` and shows a roster from the same read model tables as
ours. Tokens are verified as our gateway does: ES256 by PyJWT, verdicts remembered for a minute.
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import jwt
import orjson
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from bench.baselines.prd import BOOK
from chassis.tenancy import Pool, open_pool, tenant
from contracts.ids import GymId

CONNECTIONS = 8  # to the read models, as our gateway
VERDICT_LIFE = 60.0  # seconds

SESSION = """
SELECT session_id, title, starts_at, ends_at, time_zone, capacity, reserved, waiting, status
  FROM views.roster_sessions WHERE gym_id = $1 AND session_id = $2
"""
SEATS = """
SELECT v.reservation_id, v.client_id, p.name AS client_name, v.status, v.source, v.free_until,
       v.made_at, v.version
  FROM views.reservations v LEFT JOIN views.clients p USING (gym_id, client_id)
 WHERE v.gym_id = $1 AND v.session_id = $2
   AND v.status IN ('reserved', 'checked_in', 'attended', 'no_show')
 ORDER BY v.made_at, v.reservation_id
"""
LINE = """
SELECT w.client_id, p.name AS client_name, w.joined_at, w.version
  FROM views.waitlist_entries w LEFT JOIN views.clients p USING (gym_id, client_id)
 WHERE w.gym_id = $1 AND w.session_id = $2 ORDER BY w.seq
"""


class Booking(BaseModel):
    """Asked."""

    idempotency_key: UUID
    or_waitlist: bool = False


class Booked(BaseModel):
    """Answered."""

    status: str
    booking_id: UUID | None = None
    waitlist_position: int | None = None


class Seat(BaseModel):
    """One reservation."""

    reservation_id: UUID
    client_id: UUID
    client_name: str | None
    status: str
    source: str
    free_until: datetime
    made_at: datetime
    version: int


class Waiting(BaseModel):
    """One place in line."""

    client_id: UUID
    client_name: str | None
    joined_at: datetime
    version: int


class Roster(BaseModel):
    """A session and its people."""

    session_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    capacity: int
    reserved: int
    waiting: int
    status: str
    reservations: list[Seat]
    waitlist: list[Waiting]


class Caller(BaseModel):
    """Who asks."""

    gym_id: UUID
    actor: str
    client_id: UUID | None


_verdicts: dict[str, tuple[Caller, float]] = {}
_pools: dict[str, Pool] = {}


async def caller(request: Request) -> Caller:
    """Who holds the token; on the event loop, a plain function takes a thread. Raises 401."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    known = _verdicts.get(token)
    if known is not None and known[1] > time.time():
        return known[0]
    try:
        told = jwt.decode(token, os.environ["PUBLIC_KEY"], ["ES256"], audience="back2back")
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    kind, _, one = told["sub"].partition(":")
    client = UUID(one) if kind == "client" else None
    who = Caller(gym_id=told["gym"], actor=told["sub"], client_id=client)
    _verdicts[token] = who, min(told["exp"], time.time() + VERDICT_LIFE)
    return who


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Pools for as long as the app."""
    size = int(os.environ["CONNECTIONS"])
    _pools["prd"] = await open_pool(os.environ["PRD_URL"], name="rest", size=size)
    _pools["views"] = await open_pool(os.environ["VIEWS_URL"], name="rest", size=CONNECTIONS)
    yield
    for pool in _pools.values():
        await pool.close()


app = FastAPI(lifespan=lifespan)


Who = Annotated[Caller, Depends(caller)]


@app.get("/health/ready")
async def ready() -> dict[str, bool]:
    return {"ready": True}


@app.get("/me")
async def me(asking: Who) -> Caller:
    return asking


@app.post("/classes/{class_id}/book")
async def book(class_id: UUID, asked: Booking, asking: Who) -> Booked:
    try:
        answer = await _pools["prd"].fetchval(
            BOOK, asking.gym_id, asking.actor, asked.idempotency_key, class_id, asking.client_id,
            asked.or_waitlist,
        )  # fmt: skip
    except asyncpg.RaiseError as refusal:
        raise HTTPException(409, str(refusal)) from refusal
    return Booked.model_validate(orjson.loads(answer))


@app.get("/sessions/{session_id}/roster")
async def roster(session_id: UUID, asking: Who) -> Roster:
    async with tenant(_pools["views"], GymId(asking.gym_id)) as db:
        session = await db.fetchrow(SESSION, asking.gym_id, session_id)
        if session is None:
            raise HTTPException(404)
        seats = await db.fetch(SEATS, asking.gym_id, session_id)
        line = await db.fetch(LINE, asking.gym_id, session_id)
    return Roster(
        **dict(session),
        reservations=[Seat(**dict(row)) for row in seats],
        waitlist=[Waiting(**dict(row)) for row in line],
    )


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools",
        access_log=False, log_level="warning", backlog=2048,
    )  # fmt: skip
