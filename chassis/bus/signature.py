"""Who is asking, signed: subject, caller and body under a key that only our processes have."""

import base64
import binascii
import hashlib
import hmac

from pydantic import ValidationError

from contracts.envelope import Caller

HEADER = "B2b-Caller"


class Forged(Exception):
    """Nobody with our key sent this caller, on this subject, with this body."""


def sign(caller: Caller, subject: str, body: bytes, key: bytes) -> str:
    """The header's text: ``base64url(caller JSON).base64url(HMAC-SHA256)``."""
    told = caller.model_dump_json().encode()
    return f"{_text(told)}.{_text(_mac(told, subject, body, key))}"


def verified(header: str | None, subject: str, body: bytes, *keys: bytes) -> Caller:
    """The caller in ``header``. Raises ``Forged`` unless one of ``keys`` signed this message."""
    told_text, _, mac_text = (header or "").partition(".")
    try:
        told = base64.urlsafe_b64decode(told_text.encode())
        mac = base64.urlsafe_b64decode(mac_text.encode())
    except (binascii.Error, ValueError):
        raise Forged("malformed") from None
    if not any(hmac.compare_digest(mac, _mac(told, subject, body, key)) for key in keys):
        raise Forged("wrong signature")
    try:
        return Caller.model_validate_json(told)
    except ValidationError:
        raise Forged("not a caller") from None


def _mac(told: bytes, subject: str, body: bytes, key: bytes) -> bytes:
    signed = b"\n".join((subject.encode(), told, hashlib.sha256(body).digest()))
    return hmac.digest(key, signed, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
