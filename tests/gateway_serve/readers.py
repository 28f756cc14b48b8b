"""Who reads in the library, and how they are known."""

from collections.abc import Hashable
from dataclasses import dataclass

from gateway.serve.calls import Credentials
from gateway.serve.faults import Forbidden, Unauthenticated


@dataclass(frozen=True)
class Reader:
    """A principal of the tests."""

    subject: str
    scope: Hashable = "public"
    expires_at: float | None = None


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
