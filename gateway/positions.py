"""Positions: how far something is known, per service; opaque text to clients.

``v1;booking=123;members=45`` in base64url. A mutation answers the position of its effect; a read
given that position as ``atLeast`` shows the effect; a subscription given it as ``after`` is silent
until there is something newer.
"""

import base64
import re
from dataclasses import dataclass
from typing import Self

from strawberry.types.scalar import ScalarDefinition, scalar

_PART = re.compile(r"([a-z]{1,20})=(\d{1,18})")
_LONGEST = 200  # characters


class MalformedPosition(ValueError):
    """The text was not made by us."""


@dataclass(frozen=True, slots=True)
class Position:
    """Store positions, service -> number; a service not named is at 0."""

    parts: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, **at: int) -> Self:
        """``Position.of(booking=7)``."""
        return cls(tuple(sorted(at.items())))

    def at(self, service: str) -> int:
        """The position in one service's store."""
        return dict(self.parts).get(service, 0)

    def covers(self, other: "Position") -> bool:
        """Whether nothing in ``other`` is newer than this."""
        return all(self.at(service) >= number for service, number in other.parts)


def encode(position: Position) -> str:
    """As clients see it."""
    text = ";".join(("v1", *(f"{service}={number}" for service, number in position.parts)))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: object) -> Position:
    """What a client sent back. Raises ``MalformedPosition``."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise MalformedPosition("not a position")
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:  # not base64, or not of text
        raise MalformedPosition("not a position") from None
    version, *parts = plain.split(";")
    found = [_PART.fullmatch(part) for part in parts]
    if version != "v1" or not all(found):
        raise MalformedPosition("not a position")
    return Position(tuple(sorted((m[1], int(m[2])) for m in found if m)))


SCALAR: ScalarDefinition = scalar(
    name="Position",
    description="How far something is known. Opaque; give it back as `atLeast` or `after`.",
    serialize=encode,
    parse_value=decode,
)
