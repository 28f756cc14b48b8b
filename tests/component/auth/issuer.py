"""A token issuer to test against: its key endpoint can rotate, revoke, hang up; it mints anything.

The endpoint is an ASGI app, so the verifier's own HTTP client talks to it.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chassis.telemetry.web import Receive, Scope, Send

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

JWKS_URL = "https://id.example/auth/v1/.well-known/jwks.json"


class SimulatedIssuer:
    """``https://id.example/auth/v1``, with one ES256 and one RS256 key."""

    name = "https://id.example/auth/v1"
    audience = "authenticated"

    def __init__(self) -> None:
        self.keys: dict[str, PrivateKey] = {
            "ec": ec.generate_private_key(ec.SECP256R1()),
            "rsa": rsa.generate_private_key(65537, 2048),
        }
        self.published = ["ec", "rsa"]
        self.is_away = False
        self.fetches = 0

    def client(self) -> httpx.AsyncClient:
        """An HTTP client whose whole world is this issuer."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self))

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on."""
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())
        self.published.append(kid)

    def public_pem(self, kid: str) -> bytes:
        """The public key as text, as an attacker has it."""
        public = self.keys[kid].public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwks(self) -> dict[str, Any]:
        """What the endpoint tells."""
        return {"keys": [{**_public(self.keys[kid]), "kid": kid} for kid in self.published]}

    def claims(self, now: datetime, **changed: Any) -> dict[str, Any]:
        """A person's claims; ``None`` leaves one out."""
        told = {
            "iss": self.name,
            "aud": self.audience,
            "sub": "7f1f7a9e-5f0c-4a55-9b39-0f5d8f6f2a11",
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
            "role": "authenticated",
            "is_anonymous": False,
        } | changed
        return {name: value for name, value in told.items() if value is not None}

    def token(self, claims: dict[str, Any], signed_by: str = "ec", **header: Any) -> str:
        """Signed with that key; ``header`` adds or overrides."""
        key = self.keys[signed_by]
        algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
        return jwt.encode(claims, key, algorithm, {"kid": signed_by, **header})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.fetches += 1
        status = 503 if self.is_away else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(self.jwks()).encode()})


def _public(key: PrivateKey) -> dict[str, Any]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "alg": "ES256"}
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "alg": "RS256"}
