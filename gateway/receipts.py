"""Receipts in GraphQL: why a client has, or has not, a seat in a session."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from contracts.ids import ClientId, GymId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Info
from gateway.positions import Position
from gateway.serve.live import live
from gateway.whose import whose
from services.projections import receipts
from services.projections.decisions import Decision

strawberry.enum(Decision, description="What was decided about a client in a session.")


@strawberry.enum(description="Who decided; SYSTEM: the rules or the clock.")
class Decider(Enum):
    CLIENT = "client"
    STAFF = "staff"
    SYSTEM = "system"


@strawberry.type(description="One decision and what it rested on.")
class Receipt:
    position: Position = strawberry.field(description="Of the event that recorded it.")
    decision: Decision
    decided_at: datetime
    decided_by: Decider
    policy_version: int | None = strawberry.field(
        description="Of the booking policy it was decided under; null when none was asked."
    )
    facts: JSON = strawberry.field(
        description="Such as freeUntil, seatsTaken, passedOver (how many) or reason."
    )
    text: str = strawberry.field(description="For people, in the location's local time.")


@strawberry.type(description="All that was decided about a client in a session, or in none.")
class Receipts:
    position: Position
    session_id: strawberry.ID | None
    client_id: strawberry.ID
    receipts: list[Receipt] = strawberry.field(description="Oldest first.")


@strawberry.type
class ReceiptsQuery:
    @strawberry.field(
        description="Why a client stands where they stand in a session; without one what was "
        "decided beyond any, such as bans. Members see their own."
    )
    async def receipts(
        self,
        info: Info,
        session_id: strawberry.ID | None = None,
        client_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> Receipts:
        return await _receipts(info, session_id, client_id, at_least)


def _topics(
    info: Info, session_id: strawberry.ID | None = None, client_id: strawberry.ID | None = None
) -> list[str]:
    gym_id, client = _may_read(info, client_id)
    return [topic(gym_id, "receipts", ids.session(session_id) if session_id else client)]


@strawberry.type
class ReceiptsSubscription:
    @live(
        topics=_topics,
        description="A client's receipts of a session, or of none, now, and again after each.",
    )
    async def receipts_changed(
        self,
        info: Info,
        session_id: strawberry.ID | None = None,
        client_id: strawberry.ID | None = None,
        after: Position | None = None,
    ) -> Receipts:
        return await _receipts(info, session_id, client_id, None)


def _may_read(info: Info, client_id: strawberry.ID | None) -> tuple[GymId, ClientId]:
    client = whose(info.context, client_id)
    own = client == info.context.principal.client_id
    return info.context.must("read.receipts", own=own), client


async def _receipts(
    info: Info,
    session_id: strawberry.ID | None,
    client_id: strawberry.ID | None,
    at_least: Position | None,
) -> Receipts:
    session = ids.session(session_id) if session_id else None
    _, client = _may_read(info, client_id)
    position, rows = await info.context.read(
        "receipts", at_least, lambda pool, gym: receipts.of_client(pool, gym, session, client)
    )
    return Receipts(
        position=position,
        session_id=ids.shown_or_null("ses", session),
        client_id=ids.shown("cli", client),
        receipts=[_shown(row) for row in rows],
    )


def _shown(row: receipts.Receipt) -> Receipt:
    facts: dict[str, Any] = {to_camel_case(name): fact for name, fact in row.decided.facts.items()}
    return Receipt(
        position=Position.of(booking=row.position),
        decision=row.decided.decision,
        decided_at=row.decided.at,
        decided_by=Decider(row.decided.by),
        policy_version=row.decided.policy_version,
        facts=JSON(facts),
        text=row.text,
    )
