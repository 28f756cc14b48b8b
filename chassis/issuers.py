"""Who may vouch for people: the issuers of tokens we accept, as the settings name them.

An issuer has either a shared secret (HS256, as older Supabase projects) or public keys, never both:
otherwise a public key could be taken for a secret.
"""

from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

SHORTEST_SECRET = 32  # bytes; below it HS256 is guessable

Asymmetric = Literal["ES256", "ES384", "RS256", "PS256", "EdDSA"]


class ExternalIssuer(BaseModel):
    """One entry of the setting ``ISSUERS``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1, description="Exactly the ``iss`` of its tokens.")
    audiences: tuple[str, ...] = Field(min_length=1)
    algorithms: tuple[Asymmetric | Literal["HS256"], ...] = Field(min_length=1)
    jwks_url: str | None = None
    hs256_secret: SecretStr | None = None
    required_role: str | None = None
    """What the claim ``role`` must be; Supabase: ``authenticated``."""
    allow_anonymous: bool = False
    """Whether Supabase's anonymous users are anybody."""

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> Self:
        if (self.jwks_url is None) == (self.hs256_secret is None):
            raise ValueError("needs jwks_url or hs256_secret, and not both")
        if ("HS256" in self.algorithms) != (self.hs256_secret is not None):
            raise ValueError("HS256 goes with hs256_secret, every other algorithm with jwks_url")
        if self.hs256_secret is not None and self.algorithms != ("HS256",):
            raise ValueError("an issuer with a secret has the algorithm HS256 only")
        if self.hs256_secret and len(self.secret_bytes) < SHORTEST_SECRET:
            raise ValueError(f"hs256_secret must have at least {SHORTEST_SECRET} bytes")
        if self.jwks_url is not None and not _is_safe(self.jwks_url):
            raise ValueError("jwks_url must be https, or on this machine")
        return self

    @property
    def secret_bytes(self) -> bytes:
        """The shared secret; empty when there is none."""
        return self.hs256_secret.get_secret_value().encode() if self.hs256_secret else b""


def each_once(issuers: tuple[ExternalIssuer, ...]) -> tuple[ExternalIssuer, ...]:
    """``issuers``. Raises ``ValueError`` when one is named twice, with keys for both."""
    if len({issuer.issuer for issuer in issuers}) < len(issuers):
        raise ValueError("names an issuer twice")
    return issuers


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"
