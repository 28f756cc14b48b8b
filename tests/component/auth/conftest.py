"""A verifier that believes ourselves and two others."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from chassis.auth import OwnIssuer, Verifier
from chassis.clock import FixedClock
from chassis.fetching import over_http
from chassis.issuers import ExternalIssuer
from tests.component.auth.believing import LEGACY, SECRET, Gyms
from tests.component.auth.issuer import JWKS_URL, SimulatedIssuer


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
            fetch_from=partial(over_http, http),
            clock=clock,
        )
