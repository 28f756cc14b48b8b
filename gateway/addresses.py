"""Who calls, as far as the network tells: whom limits count, before anybody is known."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from chassis.telemetry.web import Scope
from gateway.serve.faults import RateLimited
from gateway.serve.rates import Allowance, Rate

FORWARDED = b"x-forwarded-for"
HOUSEHOLD = 64  # bits of an IPv6 address that stay; the rest is one customer's to choose
REMEMBERED = 4_096  # addresses whose text was read before
SOON = 1  # seconds; when somebody else's connection may have ended

Networks = Sequence[IPv4Network | IPv6Network]


class Addresses:
    """Every address that calls, and how much it may."""

    def __init__(
        self, proxies: Networks = (), allowed: Allowance | None = None, connections: int = 5_000
    ) -> None:
        """``proxies`` are believed about who called them; nobody else is."""
        self._proxies, self._connections = proxies, connections
        self._requests = Rate(allowed, "requests from this address") if allowed else None
        self._open: Counter[str] = Counter()

    def of(self, scope: Scope) -> str:
        """Whom a request is counted to: a proxy is believed about its own caller only."""
        client = scope.get("client")
        peer = _parsed(str(client[0])) if client else None
        if peer is not None and any(peer in network for network in self._proxies):
            told = [value for name, value in scope["headers"] if name == FORWARDED]
            last = told[-1].decode("latin-1").rpartition(",")[2] if told else ""
            peer = _parsed(last.strip()) or peer
        return "unknown" if peer is None else _household(peer)

    def enter(self, address: str) -> None:
        """Count a request or connection in. Raises ``RateLimited`` for one too many."""
        if self._requests is not None:
            self._requests.take(address)
        if self._open[address] >= self._connections:
            raise RateLimited("open connections from this address", SOON)
        self._open[address] += 1

    def leave(self, address: str) -> None:
        """Count one out that was counted in."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


@lru_cache(REMEMBERED)
def _household(address: IPv4Address | IPv6Address) -> str:
    """One text per caller who cannot cheaply be somebody else."""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, HOUSEHOLD), strict=False).network_address)


@lru_cache(REMEMBERED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
