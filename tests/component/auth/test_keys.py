"""Issuers' keys change, are revoked and out of reach; verdicts are remembered for a while."""

import asyncio
from datetime import timedelta

import pytest

from chassis.auth import KeysUnavailable, Verifier
from chassis.clock import FixedClock
from tests.component.auth.believing import ANN, SLUG, Gyms, is_believed, ours, refused
from tests.component.auth.issuer import SimulatedIssuer


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
    async with asyncio.timeout(30):
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


@pytest.mark.parametrize("later", [1, -90], ids=["soon", "although the clock was put back"])
async def test_our_own_keys_are_asked_again_when_there_were_none(
    verifier: Verifier, own: SimulatedIssuer, clock: FixedClock, later: int
) -> None:
    own.is_away = True
    with pytest.raises(KeysUnavailable):
        await verifier.principal(ours(own, clock))
    own.is_away = False
    clock.advance(timedelta(seconds=later))
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
