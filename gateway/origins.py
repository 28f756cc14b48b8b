"""Pages of other origins: which of them a browser may let ask us, and with what (CORS).

Tokens travel in a header that pages set themselves, never in cookies, so credentials are not
allowed: a page without a token is nobody here, whatever browser it runs in.
"""

from collections.abc import Mapping
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

KEPT_SECONDS = b"600"  # a browser asks again then; the longest some of them keep it
TAKEN = b"authorization, content-type, back2back-gym"
TOLD = b"retry-after"

VARIES: Headers = ((b"vary", b"origin"),)


class Origins:
    """A closed list: an origin that is not on it hears nothing of us."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self._answers: Mapping[bytes, Headers] = {
            origin.encode(): (*VARIES, (b"access-control-allow-origin", origin.encode()),
                              (b"access-control-expose-headers", TOLD))
            for origin in known
        }  # fmt: skip
        self._varies = VARIES if known else ()

    def answer(self, origin: bytes | None) -> Headers:
        """What is added to an answer to a page of ``origin``."""
        return self._varies if origin is None else self._answers.get(origin, self._varies)

    def preflight(self, origin: bytes | None) -> Headers | None:
        """What a browser is told that asks whether it may ask; ``None``: this is no such answer."""
        if origin is None or origin not in self._answers:
            return None
        return (
            *self._answers[origin],
            (b"access-control-allow-methods", b"POST, GET"),
            (b"access-control-allow-headers", TAKEN),
            (b"access-control-max-age", KEPT_SECONDS),
        )
