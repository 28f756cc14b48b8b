"""Holders in GraphQL: what lets a client in besides their seats, and what keeps them out."""

from datetime import datetime

import strawberry

from contracts.access import Impediment
from contracts.ids import ClientId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Info
from gateway.doors import DoorHours, shown_hours
from gateway.positions import Position
from gateway.serve.live import live
from gateway.whose import whose
from services.projections import holders


@strawberry.type(description="Lets the client in, in the doors' hours.")
class EntryGrant:
    id: strawberry.ID
    version: int
    valid_from: datetime
    valid_until: datetime | None = strawberry.field(description="Null: until it is ended.")
    location_ids: list[strawberry.ID] = strawberry.field(description="At their doors; none: all.")
    hours: list[DoorHours] = strawberry.field(description="Within any of them; none: always.")
    time_zone: str = strawberry.field(description="IANA zone of the hours.")


@strawberry.type(
    description="What lets a client in besides their seats, each from 20 minutes before its class "
    "to 15 minutes after it, and what keeps them out."
)
class Access:
    client_id: strawberry.ID
    entry_grants: list[EntryGrant] = strawberry.field(
        description="Those that are not over, first to begin first."
    )
    impediments: list[Impediment] = strawberry.field(
        description="As setImpediment set them; in the order of their names."
    )
    banned_until: datetime | None = strawberry.field(
        description="Somebody's booking ban keeps them out until then; the year 9999 for until it "
        "is lifted. A ban the rules impose is of booking alone."
    )


@strawberry.type(description="A client's access as it is at a position.")
class AccessUpdate:
    position: Position
    access: Access


@strawberry.type
class AccessQuery:
    @strawberry.field(
        description="What lets a client in besides their seats, and what keeps them out; members "
        "their own."
    )
    async def access(
        self, info: Info, client_id: strawberry.ID | None = None, at_least: Position | None = None
    ) -> Access:
        return (await _access(info, _asked(info, client_id), at_least)).access


def _asked(info: Info, client_id: strawberry.ID | None) -> ClientId:
    """Whom it is about. Raises ``Forbidden`` to strangers."""
    client = whose(info.context, client_id)
    info.context.must("read.access", own=client == info.context.principal.client_id)
    return client


def _topics(info: Info, client_id: strawberry.ID | None = None) -> list[str]:
    return [topic(info.context.gym_id, "holders", _asked(info, client_id))]


@strawberry.type
class AccessSubscription:
    @live(
        topics=_topics,
        beyond=True,
        description="A client's access now, and again after every change; members their own.",
    )
    async def access_changed(
        self, info: Info, client_id: strawberry.ID | None = None, after: Position | None = None
    ) -> AccessUpdate:
        return await _access(info, _asked(info, client_id), None)


async def _access(info: Info, client: ClientId, at_least: Position | None) -> AccessUpdate:
    now = info.context.services.clock.now()
    position, found = await info.context.read(
        "holders", at_least, lambda pool, gym: holders.of_client(pool, gym, client, now)
    )
    shown = Access(
        client_id=ids.shown("cli", client),
        entry_grants=[_shown(one) for one in found.grants],
        impediments=[Impediment(one) for one in found.impediments],
        banned_until=found.banned_until,
    )
    return AccessUpdate(position=position, access=shown)


def _shown(row: holders.EntryGrant) -> EntryGrant:
    return EntryGrant(
        id=ids.shown("acg", row.grant_id),
        version=row.version,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        location_ids=[ids.shown("loc", one) for one in row.location_ids],
        hours=[shown_hours(one) for one in row.hours],
        time_zone=row.time_zone,
    )
