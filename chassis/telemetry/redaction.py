"""What must never be read in a log: personal data, credentials, card numbers."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

PERSONAL = frozenset(
    {
        "address", "authorization", "birthday", "body", "card", "cookie", "date_of_birth", "email",
        "first_name", "last_name", "name", "password", "payload", "phone", "refresh_token",
        "secret", "token",
    }
)  # fmt: skip
"""Keys whose value is hidden whatever it looks like; ``owner_email`` ends in one of them."""

HIDDEN = "[redacted]"
_EMAIL = re.compile(r"[^\s@<>\"'=:;,()\[\]{}]+@[^\s@<>\"'=:;,()\[\]{}]+\.[^\W\d_]{2,}")
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")


def redact(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor."""
    for key, value in entry.items():
        if not key.startswith("_"):  # structlog's own
            entry[key] = _clean(key, value)
    return entry


def redacted(text: str) -> str:
    """``text`` without e-mail addresses, tokens, passwords in URLs and card numbers."""
    text = _URL_PASSWORD.sub(r"\1:[redacted]@", text)
    text = _EMAIL.sub("[email]", text)
    text = _JWT.sub("[token]", text)
    return _DIGITS.sub(_unless_a_card, text)


def _clean(key: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return HIDDEN if value is not None and _is_personal(key) else value
    if _is_personal(key):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {str(inner): _clean(str(inner), held) for inner, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", held) for held in value]
    return redacted(str(value))


def _is_personal(key: str) -> bool:
    key = key.lower()
    return key in PERSONAL or any(key.endswith(f"_{word}") for word in PERSONAL)


def _unless_a_card(found: re.Match[str]) -> str:
    digits = [int(digit) for digit in found[0] if digit.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return "[card]" if (sum(digits[-1::-2]) + doubled) % 10 == 0 else found[0]
