"""What the machinery hands to the product, and asks of it, around one operation."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.serve.live import Principal


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody shows at the door."""

    headers: Mapping[str, str]
    """Of the HTTP request or the WebSocket handshake; names in lower case."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Payload of ``connection_init``; empty for HTTP. ``{"authorization": "Bearer ..."}``."""

    @property
    def authorization(self) -> str | None:
        """``Authorization`` from wherever it was given, parameters first."""
        for name in ("authorization", "Authorization"):
            given = self.parameters.get(name)
            if isinstance(given, str):
                return given
        return self.headers.get("authorization")


@dataclass(slots=True)
class Call:
    """One operation on its way, or one shared execution of a subscription."""

    headers: Mapping[str, str]
    """Names in lower case; empty for a shared execution, which is nobody's alone."""
    operation: str
    """``query``, ``mutation`` or ``subscription``."""
    name: str | None
    """The operation's name in the document."""
    extensions: dict[str, Any] = field(default_factory=dict)
    """What the context puts here goes out as the answer's ``extensions``."""


Authenticate: TypeAlias = Callable[[Credentials], Awaitable[Principal]]
"""Raises ``Unauthenticated`` or ``Forbidden``. No token at all may be an anonymous principal
(signing in needs none), which the features then refuse where they must."""

MakeContext: TypeAlias = Callable[[Principal, Call], object]
