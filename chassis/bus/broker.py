"""FastStream's broker on our terms: what a desk takes its commands and events from."""

import anyio
from faststream.nats import NatsBroker
from faststream.nats.security import NatsUserPassword
from nats.aio.client import Client

from chassis.nats_access import NatsAccess
from chassis.nats_client import DRAIN_SECONDS, FIRST_CONNECT_SECONDS, options, unaccepted
from chassis.nats_parser import hastened


def broker(access: NatsAccess, *, name: str) -> NatsBroker:
    """A FastStream broker, not yet connected. Its ``connection`` is the NATS client."""
    secure = access.security()
    made = NatsBroker(
        access.url,
        security=NatsUserPassword(
            access.user,
            access.password,
            ssl_context=secure.get("tls"),
            tls_handshake_first=bool(secure),
        ),
        graceful_timeout=DRAIN_SECONDS,
        apply_types=False,
        serializer=None,
        logger=None,  # what is worth a line we say ourselves
        **options(access, name, lambda: made.connection),
    )
    return made


async def connected(broker: NatsBroker) -> Client:
    """The client of ``broker``, connected if it was not. Raises as ``nats_client.connect``."""
    try:
        with anyio.fail_after(FIRST_CONNECT_SECONDS):
            return hastened(await broker.connect())
    except TimeoutError:
        raise unaccepted() from None
