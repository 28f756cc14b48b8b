"""Ids of new things, made from the idempotency key: a repeated request names the same thing.

``kind`` also says whose the thing is where a service looks for its id among theirs alone, such as a
client's grants: of a key that is used again for another's, long after, another thing is made. The
same key in two services' hands makes two things too.

They are UUIDv7 and born when the key was, if the key is a UUIDv7 too. Other keys carry no time;
their things are all born at one fixed instant, so that a repeat weeks later is still a repeat.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from contracts.ids import born_at, id_at

BORN_WITHOUT_TIME = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)  # milliseconds


def minted(kind: str, key: UUID, actor: str) -> UUID:
    """The id of the ``kind`` of thing that ``actor``'s request with ``key`` makes. Pure."""
    born = born_at(key)
    digest = hashlib.sha256(f"{kind}\n{actor}\n{key.hex}".encode()).digest()
    return id_at(BORN_WITHOUT_TIME if born is None else born, digest)
