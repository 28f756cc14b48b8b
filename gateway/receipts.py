"""Receipts in GraphQL: why a client has, or has not, a seat in a session."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from gateway import ids
from gateway.context import Info
from gateway.positions import Position
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


@strawberry.type(description="All that was decided about a client in a session.")
class Receipts:
    position: Position
    session_id: strawberry.ID
    client_id: strawberry.ID
    receipts: list[Receipt] = strawberry.field(description="Oldest first.")


@strawberry.type
class ReceiptsQuery:
    @strawberry.field(description="Why a client stands where they stand; members see their own.")
    async def receipts(
        self,
        info: Info,
        session_id: strawberry.ID,
        client_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> Receipts:
        client, session = whose(info.context, client_id), ids.session(session_id)
        own = client == info.context.principal.client_id
        info.context.must("read.receipts", own=own)
        position, rows = await info.context.read(
            "receipts",
            at_least,
            lambda pool, gym: receipts.of_client(pool, gym, session, client),
        )
        return Receipts(
            position=position,
            session_id=ids.shown("ses", session),
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
