"""A client's ledger, live."""

import strawberry

from contracts.ids import ClientId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Info
from gateway.ledgers import Ledger, ledger_as_of
from gateway.positions import Position
from gateway.serve.live import live
from gateway.whose import whose


@strawberry.type(description="A client's ledger as it is at a position.")
class LedgerUpdate:
    position: Position
    client_id: strawberry.ID
    ledger: Ledger | None = strawberry.field(description="Null while there is none.")


def _topics(info: Info, client_id: strawberry.ID | None = None) -> list[str]:
    client = whose(info.context, client_id)
    own = client == info.context.principal.client_id
    return [topic(info.context.must("read.ledger", own=own), "ledgers", client)]


@strawberry.type
class LedgerSubscription:
    @live(
        topics=_topics,
        beyond=True,
        description="A client's ledger now, and again after every change; members their own.",
    )
    async def ledger_changed(
        self, info: Info, client_id: strawberry.ID | None = None, after: Position | None = None
    ) -> LedgerUpdate:
        client: ClientId = whose(info.context, client_id)
        position, found = await ledger_as_of(info, client, None)
        return LedgerUpdate(position=position, client_id=ids.shown("cli", client), ledger=found)
