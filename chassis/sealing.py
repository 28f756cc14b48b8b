"""Personal fields, sealed with a key per person: destroy the key and they are gone everywhere.

A sealed value is base64 of nonce (12 bytes), AES-256-GCM ciphertext and tag. It is bound to its
gym, person and field, so a value moved elsewhere does not open. Whoever keeps the keys hands them
out; sealing and opening need no other service.
"""

import os
from base64 import b64decode, b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12  # bytes, as GCM wants


class Unopenable(Exception):
    """The key, or the gym, person and field, are not those the value was sealed with."""


def new_key() -> bytes:
    """A fresh 256-bit key for one person of one gym."""
    return AESGCM.generate_key(256)


def seal(key: bytes, gym_id: UUID, person_id: UUID, field: str, text: str) -> str:
    """``text`` as only ``key`` opens it, and only as this field of this person of this gym."""
    nonce = os.urandom(NONCE)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), _place(gym_id, person_id, field))
    return b64encode(nonce + sealed).decode()


def unseal(key: bytes, gym_id: UUID, person_id: UUID, field: str, sealed: str) -> str:
    """The text in ``sealed``. Raises ``Unopenable``."""
    place = _place(gym_id, person_id, field)
    try:
        raw = b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], place).decode()
    except (InvalidTag, ValueError) as error:
        raise Unopenable(f"{field} of {person_id} does not open") from error


def _place(gym_id: UUID, person_id: UUID, field: str) -> bytes:
    return gym_id.bytes + person_id.bytes + field.encode()
