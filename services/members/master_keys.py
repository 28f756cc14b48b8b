"""Master keys: what wraps every other secret of members. Versioned, so that they can be changed.

The setting ``MASTER_KEYS`` holds them by version, 32 bytes each; one of them wraps, the highest
unless ``SEALING_VERSION`` names another, and all unwrap. A version may go once nothing is wrapped
with it any more.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = 32  # bytes
NONCE = 12  # bytes, as GCM wants


class Wrapped(NamedTuple):
    """A secret under a master key: which version, and nonce, ciphertext and tag."""

    version: int
    data: bytes


class MasterKeys:
    """Wraps and unwraps; each purpose with a key of its own, derived from the master key."""

    def __init__(self, keys: Mapping[int, bytes], sealing: int | None = None) -> None:
        if not keys or any(len(key) != KEY for key in keys.values()):
            raise ValueError(f"MASTER_KEYS must hold at least one key of {KEY} bytes")
        self._keys = dict(keys)
        self.current = max(keys) if sealing is None else sealing

    def wrap(self, purpose: str, place: bytes, secret: bytes) -> Wrapped:
        """``secret`` as only this purpose and place get it back."""
        nonce = os.urandom(NONCE)
        cipher = self._cipher(self.current, purpose)
        return Wrapped(self.current, nonce + cipher.encrypt(nonce, secret, place))

    def unwrap(self, purpose: str, place: bytes, wrapped: Wrapped) -> bytes:
        """The secret. Raises ``KeyError`` for a version that is gone, ``InvalidTag`` if forged."""
        nonce, sealed = wrapped.data[:NONCE], wrapped.data[NONCE:]
        return self._cipher(wrapped.version, purpose).decrypt(nonce, sealed, place)

    def _cipher(self, version: int, purpose: str) -> AESGCM:
        derived = HKDF(hashes.SHA256(), KEY, salt=None, info=purpose.encode())
        return AESGCM(derived.derive(self._keys[version]))
