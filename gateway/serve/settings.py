"""How strictly to serve."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.serve.limits import Limits
from gateway.serve.rates import Allowance


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The defaults are production's."""

    development: bool = False
    """GET, GraphiQL, introspection, suggestions."""
    trusted: Mapping[str, str] = field(default_factory=dict)
    """Registered documents: sha256 in hex -> text."""
    only_trusted: bool = False
    """Refuse every document that is not registered."""
    limits: Limits = field(default_factory=Limits)
    origins: frozenset[str] = frozenset()
    """Origins whose pages may open WebSockets, beside the page's own; ``*`` is any."""
    body_bytes: int = 512 * 1024
    """Of a request; a file of 256 KiB fits as text, escaped."""
    body_within: float = 10.0
    """Seconds a body may take: half a MiB over a slow mobile line."""
    bodies_bytes: int = 64 * 1024 * 1024
    """Of bodies that have begun and not ended, but for the first 16 KiB of each."""
    init_timeout: float = 5.0
    """Seconds from the handshake to ``connection_init``."""
    ping_every: float = 25.0
    """Seconds of silence after which a client is pinged; after three times that it is cut."""
    recheck_every: float = 20.0
    """Seconds between looks whether who opened a live connection still may."""
    heartbeat_every: float = 15.0
    """Seconds between comments on a silent SSE stream."""
    look_every: float = 30.0
    """Seconds after the last look at a live view until it is looked at without a hint, a fifth more
    or less: as long as a lost hint may leave a screen stale. A look is a read of a millisecond or
    two for all who ask the same, so a thousand different questions take a twentieth of a core."""
    operations_per_connection: int = 100
    operations_per_subject: int = 500
    """Running over live connections at once."""
    messages: Allowance = field(default_factory=lambda: Allowance(50, 500))
    """Of one WebSocket."""
    operations: Allowance | None = None
    """Of one person; None: any number."""
    cost: Allowance | None = None
    """Of one subject, in objects asked for; None: any number."""
