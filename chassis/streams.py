"""The streams on the bus. Declared by the operator's step, never by a service."""

from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, StreamConfig
from nats.js.errors import NotFoundError

CONTEXTS = ("members", "booking", "billing", "access")
DEDUPE_WINDOW = 120.0  # seconds


def event_stream(context: str) -> str:
    """``EVT_BOOKING`` for ``booking``."""
    return f"EVT_{context.upper()}"


def configurations(replicas: int = 1) -> list[StreamConfig]:
    """Every stream there is, as it should be."""
    events = [
        _stream(event_stream(context), f"evt.*.{context}.>", replicas, kept_for_ever=True)
        for context in CONTEXTS
    ]
    return [*events, _stream("DLQ", "dlq.>", replicas, kept_for_ever=False)]


async def declare(nats_client: Client, replicas: int = 1) -> list[str]:
    """Make what is missing, update what differs; names of the streams touched. Idempotent.

    Raises ``nats.js.errors.Error`` when a stream cannot become what it should be.
    """
    js = nats_client.jetstream(timeout=5)
    touched = []
    for wanted in configurations(replicas):
        name = str(wanted.name)
        try:
            found = (await js.stream_info(name)).config
        except NotFoundError:
            await js.add_stream(wanted)
            touched.append(name)
            continue
        if _differs(wanted, found):
            await js.update_stream(wanted)
            touched.append(name)
    return touched


def _stream(name: str, subject: str, replicas: int, *, kept_for_ever: bool) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        num_replicas=replicas,
        duplicate_window=DEDUPE_WINDOW,
        compression=StoreCompression.S2,
        allow_direct=True,
        allow_atomic=kept_for_ever,
        deny_delete=kept_for_ever,
        deny_purge=kept_for_ever,
    )


def _differs(wanted: StreamConfig, found: StreamConfig) -> bool:
    told = wanted.as_dict()
    return any(found.as_dict().get(key) != value for key, value in told.items() if value)
