"""Which secrets anybody could guess: they must not reach production."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretBytes, SecretStr

from chassis.issuers import ExternalIssuer

KEY_BYTES = 32
SHORTEST_PASSWORD = 16  # characters, in production
DISTINCT = 8  # different characters or bytes; "changemechangeme" has seven, 32 random bytes never


def faults(variable: str, value: object) -> Iterator[str]:
    """What is wrong with the secrets in ``variable``'s value; never the value itself."""
    if isinstance(value, SecretBytes) and _key(value):
        yield f"{variable}: must be {KEY_BYTES} random bytes in production"
    several = tuple(value.values()) if isinstance(value, dict) else value
    several = several if isinstance(several, tuple) else ()
    if any(_key(one) for one in several if isinstance(one, SecretBytes)):
        yield f"{variable}: every key must be {KEY_BYTES} random bytes in production"
    if isinstance(value, SecretStr) and _password(value.get_secret_value()):
        yield f"{variable}: password too short or a well-known one for production"
    if any(_issuer(one) for one in several if isinstance(one, ExternalIssuer)):
        yield f"{variable}: every hs256_secret must be random in production"


def _password(secret: str) -> bool:
    """A password, or the one inside a URL; a URL without one (peer, certificate) is fine."""
    password = urlsplit(secret).password if "://" in secret else secret
    if password is None:
        return False
    return len(password) < SHORTEST_PASSWORD or len(set(password)) < DISTINCT


def _issuer(one: ExternalIssuer) -> bool:
    return one.hs256_secret is not None and _password(one.hs256_secret.get_secret_value())


def _key(key: SecretBytes) -> bool:
    return len(set(key.get_secret_value())) < DISTINCT
