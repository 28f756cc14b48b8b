"""Whom a request is about, where staff name a client and members mean themselves."""

import strawberry

from contracts.ids import ClientId
from gateway import ids
from gateway.context import Context
from gateway.faults import BadInput


def whose(context: Context, client_id: strawberry.ID | None) -> ClientId:
    """The client named, else the asker. Raises ``BadInput`` when staff name nobody."""
    if client_id is not None:
        return ids.client(client_id)
    if context.principal.client_id is None:
        raise BadInput("clientId", "staff name the client")
    return context.principal.client_id
