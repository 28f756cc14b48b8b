"""What may go wrong with a request, in codes a client can rely on."""

from typing import Any, ClassVar

BEYOND = 2**31 - 1
"""Told instead of any larger number: JSON is read into what holds no more by many."""


class Fault(Exception):
    """Shown to the caller as it is: ``message`` for people, ``extensions.code`` for programs.

    Raised in a resolver it becomes that field's error; graphql-core copies ``extensions``.
    """

    code: ClassVar[str] = "BAD_REQUEST"
    status: ClassVar[int] = 400
    """HTTP status when the whole request fails with it."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {"code": self.code, **facts}


class BadRequest(Fault):
    """The request is not a well-formed GraphQL request."""


class Unauthenticated(Fault):
    """We do not know who asks: no token, or one that is not valid."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(Fault):
    """We know who asks, and they may not."""

    code = "FORBIDDEN"
    status = 403


class Invalid(Fault):
    """The document does not parse or does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"


class TooComplex(Fault):
    """The document asks for more than one request may; ``limit``, ``allowed``, ``asked`` say."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, limit: str, allowed: int, asked: int | None = None) -> None:
        if asked is not None:
            asked = min(asked, BEYOND)
        seen = "" if asked is None else f" ({asked} asked)"
        facts: dict[str, object] = {} if asked is None else {"asked": asked}
        message = f"Over the limit on {limit}: at most {allowed}{seen}."
        super().__init__(message, limit=limit, allowed=allowed, **facts)


class RateLimited(Fault):
    """Too much in too short a time; nothing was done. ``retryAfter`` seconds later it would be."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, named: str, retry_after: int) -> None:
        message = f"Too many {named}: try again in {retry_after} s."
        super().__init__(message, retryAfter=retry_after)
        self.retry_after = retry_after


class UnknownDocument(Fault):
    """Only documents registered at build time are served here, and this is none of them."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class ConsistencyTimeout(Fault):
    """The read models did not reach the position asked for in time; ask again."""

    code = "CONSISTENCY_TIMEOUT"
    status = 503


class Unavailable(Fault):
    """A part of the system did not answer in time; the outcome may be unknown."""

    code = "UNAVAILABLE"
    status = 503
