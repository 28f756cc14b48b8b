"""The streams on the bus. Declared by the operator's step, never by a service.

A stream that exists is never bent silently: what may change is changed field by field and logged,
what an operator may tune (size, placement) is left alone, and anything else is an error to read.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, StreamConfig
from nats.js.errors import NotFoundError

CONTEXTS = ("members", "booking", "billing", "access")
DEAD_LETTERS = "DLQ"
DEDUPE_WINDOW = 120.0  # seconds
API_TIMEOUT = 5.0  # seconds; a replicated stream takes its time to elect a leader

_CHANGEABLE = ("num_replicas", "duplicate_window", "compression", "allow_direct", "allow_atomic")
_FIXED = (
    "subjects", "retention", "storage", "discard", "deny_delete", "deny_purge", "max_age",
    "max_msgs", "max_msgs_per_subject", "no_ack", "sealed",
)  # fmt: skip

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a stream that is not as it should be."""

    field: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.field} is {self.found!r}, not {self.wanted!r}"


class StreamDiffers(Exception):
    """A stream of that name exists and cannot become what it should be. Nothing was changed."""

    def __init__(self, stream: str, differences: list[Difference]) -> None:
        self.stream, self.differences = stream, differences
        super().__init__(f"stream {stream}: {'; '.join(str(each) for each in differences)}")


class StillHeard(Exception):
    """Somebody listens to a stream that is to be thrown away. Nothing was changed."""


def event_stream(context: str) -> str:
    """``EVT_BOOKING`` for ``booking``."""
    return f"EVT_{context.upper()}"


def events_of(context: str, replicas: int = 1) -> StreamConfig:
    """The stream of one service's events."""
    return _stream(event_stream(context), f"evt.*.{context}.>", replicas, kept_for_ever=True)


def configurations(replicas: int = 1) -> list[StreamConfig]:
    """Every stream there is, as it should be."""
    return [
        *(events_of(each, replicas) for each in CONTEXTS),
        _stream(DEAD_LETTERS, "dlq.>", replicas, kept_for_ever=False),
    ]


async def declare(client: Client, replicas: int | None = None) -> list[str]:
    """Make the streams that are missing, mend what may be mended; names of those touched.

    Idempotent. ``replicas`` is 1 for new streams and left alone for old ones unless given. Raises
    ``StreamDiffers``, or ``nats.js.errors.Error`` when the server refuses.
    """
    return [
        str(wanted.name)
        for wanted in configurations(replicas or 1)
        if await declare_one(client, wanted, keep_replicas=replicas is None)
    ]


async def declare_one(client: Client, wanted: StreamConfig, *, keep_replicas: bool = True) -> bool:
    """The same for one stream; whether it was touched."""
    js = client.jetstream(timeout=API_TIMEOUT)
    name = str(wanted.name)
    try:
        found = (await js.stream_info(name)).config
    except NotFoundError:
        await js.add_stream(wanted)
        log.info("stream_declared", stream=name)
        return True
    if fixed := _differences(wanted, found, _FIXED):
        raise StreamDiffers(name, fixed)
    fields = [each for each in _CHANGEABLE if not (keep_replicas and each == "num_replicas")]
    changes = _differences(wanted, found, fields)
    if not changes:
        return False
    await js.update_stream(replace(found, **{each.field: each.wanted for each in changes}))
    log.warning("stream_changed", stream=name, changes=[str(each) for each in changes])
    return True


async def renew(client: Client, wanted: Iterable[StreamConfig]) -> list[str]:
    """Throw the streams away and make them anew, with the settings they had; names of all.

    For a history that went back to a backup: relays fill the streams again from the stores, and
    whoever reacts hears everything once more. Raises ``StillHeard`` while services run, or
    ``nats.js.errors.Error``.
    """
    js = client.jetstream(timeout=API_TIMEOUT)
    found = {}
    for each in wanted:
        name = str(each.name)
        try:
            found[name] = (await js.stream_info(name)).config
        except NotFoundError:
            found[name] = each
            continue
        listening = [one.name for one in await js.consumers_info(name) if one.num_waiting]
        if listening:
            raise StillHeard(f"{len(listening)} still listen to {name}: {', '.join(listening)}")
    for name, config in found.items():
        with contextlib.suppress(NotFoundError):
            await js.delete_stream(name)
        await js.add_stream(config)
        log.info("stream_renewed", stream=name)
    return list(found)


def _stream(name: str, subject: str, replicas: int, *, kept_for_ever: bool) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=0,
        max_msgs=-1,
        max_msgs_per_subject=-1,
        num_replicas=replicas,
        duplicate_window=DEDUPE_WINDOW,
        compression=StoreCompression.S2,
        allow_direct=True,
        allow_atomic=kept_for_ever,
        deny_delete=kept_for_ever,
        deny_purge=kept_for_ever,
    )


def _differences(
    wanted: StreamConfig, found: StreamConfig, fields: Iterable[str]
) -> list[Difference]:
    pairs = ((field, getattr(wanted, field), getattr(found, field)) for field in fields)
    return [Difference(*pair) for pair in pairs if (pair[1] or None) != (pair[2] or None)]
