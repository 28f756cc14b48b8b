"""Connections to NATS: they come back by themselves; who waits on one that is lost is told."""

import time
from collections.abc import Callable
from typing import Any

import anyio
import structlog
from nats.aio.client import Client
from nats.errors import ConnectionReconnectingError, Error

from chassis.nats_access import NatsAccess, must_be_trusted
from chassis.nats_parser import hastened

RECONNECT_SECONDS = 0.25
JETSTREAM_SECONDS = 2.0  # a stream that has not answered by then has no leader; ask again
FIRST_CONNECT_SECONDS = 30.0
PING_SECONDS = 2  # a server that was cut off says nothing: how soon that is noticed
PINGS_MISSED = 2
SAY_AGAIN_SECONDS = 10.0  # the same trouble is logged once in this time
DRAIN_SECONDS = 8
FLUSH_SECONDS = 5

log = structlog.get_logger(__name__)


async def connect(
    access: NatsAccess, *, name: str, came_back: Callable[[], object] | None = None
) -> Client:
    """A connection that reconnects for ever; ``name`` shows in NATS's monitoring.

    ``came_back`` is called after each reconnect: what was sent meanwhile was missed.
    Raises ``ConnectionError`` when NATS has not accepted us within 30 s of starting, ``Untrusted``
    at once when it is not the one we were told of.
    """
    await must_be_trusted(access)
    client = Client()
    behaviour = options(access, name, lambda: client, came_back)
    try:
        with anyio.fail_after(FIRST_CONNECT_SECONDS):
            await client.connect(
                access.url,
                user=access.user,
                password=access.password,
                **access.security(),
                **behaviour,
            )
    except TimeoutError:
        raise unaccepted() from None
    return hastened(client)


async def settled(client: Client) -> None:
    """Return when the server knows every subscription made so far.

    One ``flush`` is not enough: its ping is written at once and overtakes what still waits in the
    client's buffer. When it has come back, the buffer is written, and a second one is behind it.
    """
    await client.flush(timeout=FLUSH_SECONDS)
    await client.flush(timeout=FLUSH_SECONDS)


async def leave(client: Client) -> None:
    """Close ``client``, delivering what it still holds. Never fails: NATS may be away."""
    try:
        if client.is_connected:
            await client.drain()
        elif not client.is_closed:
            await client.close()
    # A connection that broke first is left all the same; uvloop says the last of a closed one.
    except (Error, OSError, RuntimeError) as error:
        log.warning("left without nats", reason=type(error).__name__)


def unaccepted() -> ConnectionError:
    """What to raise when NATS has not let us in in time."""
    return ConnectionError(f"NATS did not accept us within {FIRST_CONNECT_SECONDS:.0f} s")


def options(
    access: NatsAccess,
    name: str,
    client: Callable[[], Client],
    came_back: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """How each of our connections to NATS behaves, as arguments of nats-py's ``connect``.

    ``client`` is the one they are for: it is made with them.
    """
    said: dict[str, float] = {}

    async def trouble(error: Exception) -> None:
        kind, now = f"{type(error).__name__}: {error}", time.monotonic()
        if now - said.get(kind, -SAY_AGAIN_SECONDS) >= SAY_AGAIN_SECONDS:
            said.clear()  # a few kinds at most; forgetting the others costs a line
            said[kind] = now
            log.warning("nats trouble", connection=name, error=kind)

    async def lost() -> None:
        if client().is_closed:
            return
        log.warning("nats connection lost", connection=name)
        _answer_nobody(client())

    async def back() -> None:
        log.info("nats connection is back", connection=name)
        if came_back is not None:
            came_back()

    return {
        "name": name,
        "inbox_prefix": f"_INBOX.{access.user}",  # nobody else may listen there
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": RECONNECT_SECONDS,
        "connect_timeout": 2,
        "ping_interval": PING_SECONDS,
        "max_outstanding_pings": PINGS_MISSED,
        "drain_timeout": DRAIN_SECONDS,
        "error_cb": trouble,
        "disconnected_cb": lost,
        "reconnected_cb": back,
    }


def _answer_nobody(client: Client) -> None:
    """Whoever waits for an answer on the connection that was lost waits no longer.

    The answer may have been on its way. Raises ``ConnectionReconnectingError`` where it is awaited.
    """
    for answer in list(client._resp_map.values()):  # noqa: SLF001 - nats-py lets them time out
        if not answer.done():
            answer.set_exception(ConnectionReconnectingError())
