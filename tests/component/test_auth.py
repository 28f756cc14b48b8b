"""Whose token is believed, and whose is not."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from chassis.auth import Identified, KeysUnavailable, OwnIssuer, Unauthenticated, Verifier
from chassis.clock import FixedClock
from chassis.issuers import ExternalIssuer, each_once
from contracts.ids import GymId, new_id
from tests.component.issuer import JWKS_URL, SimulatedIssuer

SECRET = "a shared secret of more than thirty-two bytes"
LEGACY = "https://old.example/auth/v1"
GYM, ANN = GymId(new_id()), f"client:{new_id()}"
SIGN_IN = new_id()
SLUG, MEMBER = "lisbon", frozenset({"member"})


class Gyms:
    """Stands for members: knows Ann's external identity at one gym."""

    def __init__(self) -> None:
        self.asked = 0

    async def identify(self, issuer: str, subject: str, gym: str) -> Identified | None:
        self.asked += 1
        return Identified(GYM, ANN, MEMBER) if gym == SLUG else None


@pytest.fixture
def issuer() -> SimulatedIssuer:
    return SimulatedIssuer()


@pytest.fixture
def own() -> SimulatedIssuer:
    """Our own issuer, simulated by the same means."""
    ours = SimulatedIssuer()
    ours.name, ours.audience, ours.published = "back2back", "back2back", ["ec"]
    return ours


@pytest.fixture
def gyms() -> Gyms:
    return Gyms()


@pytest.fixture
async def verifier(
    issuer: SimulatedIssuer, own: SimulatedIssuer, gyms: Gyms, clock: FixedClock
) -> AsyncIterator[Verifier]:
    async def keys() -> dict[str, Any]:
        own.fetches += 1
        if own.is_away:
            raise ConnectionError
        return own.jwks()

    external = map(ExternalIssuer.model_validate, [
        {"issuer": issuer.name, "audiences": [issuer.audience], "algorithms": ["ES256", "RS256"],
         "jwks_url": JWKS_URL, "required_role": "authenticated"},
        {"issuer": LEGACY, "audiences": ["authenticated"], "algorithms": ["HS256"],
         "hs256_secret": SECRET},
    ])  # fmt: skip
    async with issuer.client() as http:
        yield Verifier(
            OwnIssuer(own.name, own.audience, keys),
            external,
            identify=gyms.identify,
            http=http,
            clock=clock,
        )


def ours(own: SimulatedIssuer, clock: FixedClock, **changed: Any) -> str:
    """One of our own tokens."""
    told = {"sub": ANN, "gym": str(GYM), "roles": ["member"], "sid": str(SIGN_IN), "role": None}
    return own.token(own.claims(clock.now(), **(told | changed)))


async def refused(verifier: Verifier, token: str, gym: str | None = SLUG) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.principal(token, gym)
    return refusal.value.reason


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
        ({"now": -0.5}, True),
        ({"now": -0.6}, False),
        ({"nbf": 0.5}, True),
        ({"nbf": 0.6}, False),
        ({"exp": 24 * 60}, True),
        ({"exp": 24 * 60 + 1}, False),
    ],
    ids=str,
)
async def test_a_token_is_good_from_issue_to_expiry_with_thirty_seconds_of_leeway(
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


async def is_believed(verifier: Verifier, token: str) -> bool:
    try:
        await verifier.principal(token, SLUG)
    except Unauthenticated:
        return False
    return True


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


async def test_a_rotated_key_is_fetched_when_it_is_first_met_and_no_oftener(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock
) -> None:
    await verifier.principal(issuer.token(issuer.claims(clock.now())), SLUG)
    assert issuer.fetches == 1
    issuer.rotate("next")
    token = issuer.token(issuer.claims(clock.now()), "next")
    assert await refused(verifier, token) == "unknown key", "asked less than 30 s ago"
    clock.advance(timedelta(seconds=30))
    found = await asyncio.gather(*(verifier.principal(token, SLUG) for _ in range(20)))
    assert {one.actor for one in found} == {ANN}
    assert issuer.fetches == 2, "twenty waited for one fetch"
    strange = issuer.token(issuer.claims(clock.now()), kid="strange")
    for _ in range(50):
        assert await refused(verifier, strange) == "unknown key"
    assert issuer.fetches == 2


async def test_a_revoked_key_is_refused_once_the_set_is_renewed(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock
) -> None:
    claims = issuer.claims(clock.now())
    await verifier.principal(issuer.token(claims), SLUG)
    issuer.published.remove("ec")
    clock.advance(timedelta(minutes=11))
    await verifier.principal(issuer.token(claims | {"jti": "1"}), SLUG)  # renews behind the scenes
    async with asyncio.timeout(5):
        tries = 0
        while await is_believed(verifier, issuer.token(claims | {"jti": f"later {tries}"})):
            tries += 1
            await asyncio.sleep(0)  # the renewal runs beside us
    assert issuer.fetches == 2


async def test_while_the_issuer_is_away_its_last_keys_serve_for_an_hour(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock
) -> None:
    await verifier.principal(issuer.token(issuer.claims(clock.now())), SLUG)
    issuer.is_away = True
    clock.advance(timedelta(minutes=60))
    await verifier.principal(issuer.token(issuer.claims(clock.now())), SLUG)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(KeysUnavailable):
        await verifier.principal(issuer.token(issuer.claims(clock.now())), SLUG)
    issuer.is_away = False
    clock.advance(timedelta(seconds=1))
    await verifier.principal(issuer.token(issuer.claims(clock.now())), SLUG)


async def test_our_own_keys_are_asked_again_soon_when_there_were_none(
    verifier: Verifier, own: SimulatedIssuer, clock: FixedClock
) -> None:
    own.is_away = True
    with pytest.raises(KeysUnavailable):
        await verifier.principal(ours(own, clock))
    own.is_away = False
    clock.advance(timedelta(seconds=1))
    assert (await verifier.principal(ours(own, clock))).actor == ANN


async def test_a_verdict_is_remembered_for_a_minute_and_never_beyond_the_token(
    verifier: Verifier, issuer: SimulatedIssuer, clock: FixedClock, gyms: Gyms
) -> None:
    token = issuer.token(issuer.claims(clock.now()))
    for _ in range(3):
        await verifier.principal(token, SLUG)
    assert gyms.asked == 1
    assert await refused(verifier, token, "porto"), "a verdict is for one gym"
    clock.advance(timedelta(seconds=60))
    await verifier.principal(token, SLUG)
    assert gyms.asked == 3
    soon = int((clock.now() + timedelta(seconds=5)).timestamp())
    short = issuer.token(issuer.claims(clock.now(), exp=soon))
    await verifier.principal(short, SLUG)
    clock.advance(timedelta(seconds=36))
    assert await refused(verifier, short) == "expired"


GOOD = {"issuer": "i", "audiences": ["a"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["HS256"], "hs256_secret": "too short"},
        {"algorithms": ["HS256"], "jwks_url": JWKS_URL},
        {"algorithms": ["ES256"], "hs256_secret": SECRET},
        {"algorithms": ["ES256", "HS256"], "jwks_url": JWKS_URL, "hs256_secret": SECRET},
        {"algorithms": ["ES256"]},
        {"algorithms": ["none"], "jwks_url": JWKS_URL},
        {"algorithms": [], "jwks_url": JWKS_URL},
        {"algorithms": ["ES256"], "jwks_url": "http://id.example/keys"},
        {"algorithms": ["ES256"], "jwks_url": JWKS_URL, "audiences": []},
    ],
    ids=str,
)
def test_settings_that_would_believe_too_much_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        ExternalIssuer.model_validate(GOOD | wrong)
    assert SECRET not in str(refusal.value)


def test_an_issuer_is_configured_once() -> None:
    told = GOOD | {"algorithms": ["ES256"], "jwks_url": JWKS_URL}
    one = ExternalIssuer.model_validate(told)
    with pytest.raises(ValueError, match="twice"):
        each_once((one, one))
