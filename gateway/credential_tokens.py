"""The token of a credential: made here, shown once, known to services by its digest only.

It is a keyed hash of the request that issues the credential: 256 bits nobody can guess, and the
same again when the request is repeated with its idempotency key, without being kept anywhere.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from contracts.ids import GymId


def token_key(caller_key: bytes) -> bytes:
    """The key tokens are made with; of no use for anything else."""
    return hmac.digest(caller_key, b"credential tokens", "sha256")


def token_of(key: bytes, gym_id: GymId, actor: str, idempotency_key: UUID) -> str:
    """The token that ``actor``'s request issues: 43 characters of base64url."""
    request = f"{gym_id}\n{actor}\n{idempotency_key}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key, request, "sha256")).decode().rstrip("=")


def digest_of(token: str) -> str:
    """What services know of it."""
    return hashlib.sha256(token.encode()).hexdigest()
