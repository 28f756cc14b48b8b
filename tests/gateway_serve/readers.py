"""Who reads in the library, and how they are known."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field

from gateway.serve.calls import Credentials
from gateway.serve.faults import Fault, Forbidden, Unauthenticated


@dataclass(frozen=True)
class Reader:
    """A principal of the tests."""

    subject: str
    scope: Hashable = "public"
    expires_at: float | None = None
    is_one_person: bool = True


@dataclass
class People:
    """Knows readers by their token, until it is told something else about them."""

    today: dict[str, Reader | Fault] = field(default_factory=dict)
    looks: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def authenticate(self, credentials: Credentials) -> Reader:
        name = (credentials.authorization or "").removeprefix("Bearer ")
        self.looks.put_nowait(name)
        known = self.today.get(name)
        if isinstance(known, Fault):
            raise known
        return known or await authenticate(credentials)


async def authenticate(credentials: Credentials) -> Reader:
    """``Bearer <name>`` is that reader; ``Bearer bad`` nobody; ``Bearer banned`` refused."""
    given = credentials.authorization
    if given is None:
        return Reader("anonymous")
    name = given.removeprefix("Bearer ")
    if name == "bad":
        raise Unauthenticated("This token is not valid.")
    if name == "banned":
        raise Forbidden("This reader may not come in.")
    subject, _, seconds = name.partition("@")
    return Reader(subject, "public", float(seconds) if seconds else None)
