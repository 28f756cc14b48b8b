"""Blind indexes: finding an e-mail address without keeping it.

An index is an HMAC under a secret of the vault, so whoever holds the tables alone can neither read
an address nor test a guess; it depends on the gym, so the same person in two gyms is not linked.
"""

import hmac
import unicodedata
from uuid import UUID

from contracts.envelope import Command
from contracts.ids import GymId


def normalised(email: str) -> str:
    """One spelling per mailbox as people see it: case, width and outer blanks do not count."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()


class BlindIndex:
    """Keyed hashes of what identifies people."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def email(self, gym_id: GymId, email: str) -> UUID:
        """The subject of the gym's ``email`` claim."""
        return self._index("email", gym_id.hex, normalised(email))

    def identity(self, gym_id: GymId, issuer: str, subject: str) -> UUID:
        """The subject of the gym's ``identity`` claim."""
        return self._index("identity", gym_id.hex, issuer, subject)

    def slug(self, slug: str) -> UUID:
        """The subject of the platform's ``slug`` claim."""
        return self._index("slug", slug)

    def account(self, slug: str, email: str) -> bytes:
        """What failed sign-ins are counted by: the account, existing or not."""
        return self._hmac("account", slug, normalised(email))

    def address(self, address: str) -> bytes:
        """What failed sign-ins are counted by: the network address."""
        return self._hmac("address", address)

    def request(self, command: Command) -> bytes:
        """Tells two commands apart without a hash that passwords can be tried on."""
        return self._hmac("request", command.command_type, command.model_dump_json())

    def successor(self, token: bytes, command_id: UUID) -> bytes:
        """The secret of the refresh token that this command gets for ``token``: always the same."""
        return self._hmac("refresh", token.hex(), command_id.hex)

    def _index(self, *parts: str) -> UUID:
        return UUID(bytes=self._hmac(*parts)[:16])

    def _hmac(self, *parts: str) -> bytes:
        # A length before each part: no two lists of parts make the same message.
        message = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
        return hmac.digest(self._secret, message, "sha256")
