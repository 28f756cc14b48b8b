"""Ids of new things, made from the idempotency key: a repeated request names the same thing.

They are UUIDv7 and born when the key was, if the key is a UUIDv7 too. Other keys carry no time;
their things are all born at one fixed instant, so that a repeat weeks later is still a repeat.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

BORN_WITHOUT_TIME = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)  # milliseconds
_SEVEN = 7


def minted(kind: str, key: UUID, actor: str) -> UUID:
    """The id of the ``kind`` of thing that ``actor``'s request with ``key`` makes. Pure."""
    born = key.int >> 80 if key.version == _SEVEN else BORN_WITHOUT_TIME
    digest = hashlib.sha256(f"{kind}\n{actor}\n{key.hex}".encode()).digest()
    chance = int.from_bytes(digest[:10])
    rest = (chance & ~(0xF << 76)) | (_SEVEN << 76)  # version, in the third group's first digit
    rest = (rest & ~(0x3 << 62)) | (0x2 << 62)  # variant
    return UUID(int=(born << 80) | rest)
