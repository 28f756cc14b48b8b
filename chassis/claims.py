"""The claims of a verified token, typed and checked against the clock. Trusts no library's types.

A signature says who wrote a token, not that it is for us, now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

LEEWAY = timedelta(seconds=30)  # clocks of issuers differ
AHEAD = timedelta(minutes=2)
"""How far an issuer's clock may be ahead of ours. Whoever is turned away for that comes back with a
token that is newer still; and that it is new makes no token worse."""
LONGEST_LIFE = timedelta(hours=24)
PLATFORM_ROLES = frozenset({"anon", "service_role"})  # keys of Supabase projects, not of people


class Unauthenticated(Exception):
    """The token proves nothing. ``reason`` is for the log; callers only hear that it is so."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(NamedTuple):
    """What every token must say."""

    subject: str
    issued_at: datetime
    expires_at: datetime
    all: Mapping[str, Any]


def checked(told: Mapping[str, Any], audiences: frozenset[str], now: datetime) -> Claims:
    """The claims, if they are for one of ``audiences`` and for now. Raises ``Unauthenticated``."""
    expires_at, issued_at = _instant(told, "exp"), _instant(told, "iat")
    if expires_at + LEEWAY <= now:
        raise Unauthenticated("expired")
    if issued_at - AHEAD > now or ("nbf" in told and _instant(told, "nbf") - LEEWAY > now):
        raise Unauthenticated("not valid yet")
    if expires_at - issued_at > LONGEST_LIFE:
        raise Unauthenticated("lives too long")
    if audiences.isdisjoint(_audience(told)):
        raise Unauthenticated("for somebody else")
    return Claims(text(told, "sub"), issued_at, expires_at, told)


def refuse_strangers(
    told: Mapping[str, Any], *, required_role: str | None, allow_anonymous: bool
) -> None:
    """Raises ``Unauthenticated`` for tokens of an identity provider that stand for no person."""
    role = told.get("role")
    if role in PLATFORM_ROLES or (required_role is not None and role != required_role):
        raise Unauthenticated("role stands for no person")
    if not allow_anonymous and told.get("is_anonymous", False) is not False:
        raise Unauthenticated("anonymous")


def text(told: Mapping[str, Any], name: str) -> str:
    """A claim that must be a text and not empty. Raises ``Unauthenticated``."""
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise Unauthenticated(f"{name} missing or of another type")
    return value


def _instant(told: Mapping[str, Any], name: str) -> datetime:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(f"{name} missing or of another type")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Unauthenticated(f"{name} out of range") from error


def _audience(told: Mapping[str, Any]) -> frozenset[str]:
    value = told.get("aud")
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Unauthenticated("aud missing or of another type")
    return frozenset(listed)
