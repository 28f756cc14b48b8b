"""The usual subscription: plain Strawberry on FastAPI. ``python -m bench.baselines.screens``.

Every client's subscription is executed for itself, as the library does. The roster lies in memory:
no database, no bus, no token to verify; so this is the least such a server can cost.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import strawberry
import uvicorn
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from contracts.ids import new_id

SEATS = 20


@strawberry.type
class Reservation:
    id: strawberry.ID
    version: int
    client_id: strawberry.ID
    client_name: str
    status: str
    source: str
    free_until: datetime
    made_at: datetime


@strawberry.type
class ClassSession:
    id: strawberry.ID
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    reserved: int
    waiting: int
    status: str


@strawberry.type
class Roster:
    session: ClassSession
    reservations: list[Reservation]


@strawberry.type
class RosterUpdate:
    position: str
    roster: Roster


def _reservation() -> Reservation:
    now = datetime.now(UTC)
    return Reservation(
        id=strawberry.ID(f"rsv_{new_id().hex}"), version=1,
        client_id=strawberry.ID(f"cli_{new_id().hex}"), client_name="Client 1",
        status="RESERVED", source="BOOKED", free_until=now, made_at=now,
    )  # fmt: skip


def _session() -> ClassSession:
    now = datetime.now(UTC)
    return ClassSession(
        id=strawberry.ID(f"ses_{new_id().hex}"), title="Bench", starts_at=now, ends_at=now,
        capacity=SEATS, reserved=SEATS, waiting=0, status="SCHEDULED",
    )  # fmt: skip


_shown = Roster(session=_session(), reservations=[_reservation() for _ in range(SEATS)])
_watching: set["asyncio.Queue[None]"] = set()


@strawberry.type
class Query:
    @strawberry.field
    def roster(self) -> Roster:
        return _shown


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def roster_changed(self, session_id: strawberry.ID) -> AsyncGenerator[RosterUpdate, None]:
        told: asyncio.Queue[None] = asyncio.Queue()
        _watching.add(told)
        try:
            while True:
                yield RosterUpdate(position=str(session_id), roster=_shown)
                await told.get()
        finally:
            _watching.discard(told)


app = FastAPI()
app.include_router(
    GraphQLRouter(
        strawberry.Schema(Query, subscription=Subscription),
        subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
    ),
    prefix="/graphql",
)


@app.get("/health/ready")
async def ready() -> dict[str, bool]:
    return {"ready": True}


@app.post("/book")
async def book() -> dict[str, str]:
    """Another reservation in the last seat, and everybody told."""
    made = _reservation()
    _shown.reservations[-1] = made
    for told in _watching:
        told.put_nowait(None)
    return {"id": made.id}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools",
        access_log=False, log_level="warning", ws_per_message_deflate=False, backlog=2048,
    )  # fmt: skip
