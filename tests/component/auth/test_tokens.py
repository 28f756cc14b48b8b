"""Whose token is believed, and whose is not."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from chassis.auth import Verifier
from chassis.clock import FixedClock
from tests.component.auth.believing import (
    ANN,
    GYM,
    LEGACY,
    MEMBER,
    SECRET,
    SIGN_IN,
    SLUG,
    Gyms,
    is_believed,
    ours,
    refused,
)
from tests.component.auth.issuer import SimulatedIssuer


@pytest.mark.parametrize("kid", ["ec", "rsa"])
async def test_a_good_external_token_is_somebody_at_the_gym_it_is_used_at(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock, kid: str
) -> None:
    token = issuer.token(issuer.claims(clock.now(), aud=["other", "authenticated"]), kid)
    principal = await verifier.principal(token, SLUG)
    assert (principal.gym_id, principal.actor, principal.roles) == (GYM, ANN, MEMBER)
    assert principal.sign_in_id is None
    assert principal.expires_at == clock.now() + timedelta(minutes=10)
    assert await refused(verifier, token, "porto") == "nobody at this gym"
    assert await refused(verifier, token, None) == "no gym named"


async def test_our_own_token_says_everything_itself(
    verifier: Verifier, own: SimulatedIssuer, clock: FixedClock, gyms: Gyms
) -> None:
    principal = await verifier.principal(ours(own, clock))
    assert (principal.gym_id, principal.actor, principal.sign_in_id) == (GYM, ANN, SIGN_IN)
    assert principal.expires_at == clock.now() + timedelta(hours=1)
    assert gyms.asked == 0


async def test_a_token_under_a_shared_secret_is_believed_where_one_is_configured(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock
) -> None:
    good = issuer.claims(clock.now(), iss=LEGACY)
    principal = await verifier.principal(jwt.encode(good, SECRET, "HS256"), SLUG)
    assert principal.actor == ANN
    guessed = jwt.encode(good, "another secret of more than thirty-two bytes", "HS256")
    assert await refused(verifier, guessed) == "InvalidSignatureError"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://id.example/auth/v1/"}, "unknown issuer"),
        ({"iss": "https://evil.example"}, "unknown issuer"),
        ({"iss": None}, "iss missing or of another type"),
        ({"aud": "somebody"}, "for somebody else"),
        ({"aud": None}, "aud missing or of another type"),
        ({"aud": {"authenticated": 1}}, "aud missing or of another type"),
        ({"sub": None}, "sub missing or of another type"),
        ({"sub": ""}, "sub missing or of another type"),
        ({"exp": None}, "exp missing or of another type"),
        ({"exp": "99999999999"}, "exp missing or of another type"),
        ({"exp": True}, "exp missing or of another type"),
        ({"exp": 1e300}, "exp out of range"),
        ({"iat": None}, "iat missing or of another type"),
        ({"role": "anon"}, "role stands for no person"),
        ({"role": "service_role"}, "role stands for no person"),
        ({"role": None}, "role stands for no person"),
        ({"is_anonymous": True}, "anonymous"),
        ({"is_anonymous": "no"}, "anonymous"),
    ],
    ids=str,
)
async def test_claims_that_are_missing_mistyped_or_for_others_are_refused(
    verifier: Verifier,
    issuer: SimulatedIssuer,
    clock: FixedClock,
    changed: dict[str, Any],
    reason: str,
) -> None:
    told = issuer.claims(clock.now(), **changed)
    # encoded by hand: the library refuses to write some of these
    token = jwt.api_jws.encode(json.dumps(told).encode(), issuer.keys["ec"], "ES256", {"kid": "ec"})
    assert await refused(verifier, token) == reason


@pytest.mark.parametrize(
    ("minutes", "good"),
    [
        ({"now": 60.4}, True),
        ({"now": 60.5}, False),
        ({"now": -2}, True),
        ({"now": -2.1}, False),
        ({"nbf": 0.5}, True),
        ({"nbf": 0.6}, False),
        ({"exp": 24 * 60}, True),
        ({"exp": 24 * 60 + 1}, False),
    ],
    ids=str,
)
async def test_a_token_is_good_from_issue_to_expiry_as_far_as_clocks_may_differ(
    verifier: Verifier,
    issuer: SimulatedIssuer,
    clock: FixedClock,
    minutes: dict[str, float],
    good: bool,
) -> None:
    instants = {
        name: int((clock.now() + timedelta(minutes=after)).timestamp())
        for name, after in minutes.items()
        if name != "now"
    }
    token = issuer.token(issuer.claims(clock.now(), **instants))
    clock.advance(timedelta(minutes=minutes.get("now", 0)))
    assert await is_believed(verifier, token) is good


async def test_forgeries_are_refused(
    verifier: Verifier, issuer: SimulatedIssuer, own: SimulatedIssuer, clock: FixedClock
) -> None:
    claims, stranger = issuer.claims(clock.now()), SimulatedIssuer()
    forged = {
        "no signature": jwt.encode(claims, "", "none", {"kid": "ec"}),
        "public key as secret": signed_with_public_key(issuer, claims),
        "somebody else's key": stranger.token(claims),
        "unknown key": issuer.token(claims, kid="other"),
        "no key named": jwt.encode(claims, issuer.keys["ec"], "ES256"),
        "key of another kind": issuer.token(claims, "rsa", kid="ec"),
        "critical header": issuer.token(claims, crit=["exp"]),
        "detached payload": issuer.token(claims, b64=False, crit=["b64"]),
        "own issuer, external key": issuer.token(claims | {"iss": own.name, "aud": own.audience}),
        "external issuer, own key": own.token(claims),
        "tampered": issuer.token(claims)[:-8] + "AAAAAAAA",
        "too long": issuer.token(claims | {"pad": "x" * 9000}),
        "no algorithm's name": with_header(issuer.token(claims), {"alg": ["ES256"], "kid": "ec"}),
    }
    believed = [how for how, token in forged.items() if await is_believed(verifier, token)]
    assert believed == []


def with_header(token: str, header: dict[str, Any]) -> str:
    """``token`` under another header; by hand, since the library makes no such header."""
    told = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{told}.{token.partition('.')[2]}"


def signed_with_public_key(issuer: SimulatedIssuer, claims: dict[str, Any]) -> str:
    """HS256 with the RSA public key as secret; by hand, since the library refuses to."""
    parts = [b'{"alg":"HS256","kid":"rsa"}', json.dumps(claims).encode()]
    message = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.digest(issuer.public_pem("rsa"), message, "sha256")
    return (message + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "Bearer", "\x00", "é.é.é"])
async def test_what_is_no_token_is_refused(verifier: Verifier, token: str) -> None:
    assert await refused(verifier, token)


@pytest.mark.parametrize(
    "changed", [{"gym": "lisbon"}, {"gym": None}, {"roles": "owner"}, {"roles": [1]}, {"sid": None}]
)
async def test_our_own_tokens_are_typed_too(
    verifier: Verifier, own: SimulatedIssuer, clock: FixedClock, changed: dict[str, Any]
) -> None:
    assert await refused(verifier, ours(own, clock, **changed))


async def test_a_token_names_no_place_to_fetch_keys_from(
    verifier: Verifier, clock: FixedClock
) -> None:
    evil = SimulatedIssuer()
    token = evil.token(evil.claims(clock.now()), jku="https://evil.example/keys", x5u="x")
    assert await refused(verifier, token) == "InvalidSignatureError"
    assert evil.fetches == 0
