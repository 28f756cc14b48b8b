"""Somebody known to another issuer comes in with its token, once they are linked."""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest

from tests.world.gateways import gateway
from tests.world.gym import Gym
from tests.world.people import Person, Refused
from tests.world.system import System

ISSUER, AUDIENCE, SECRET = "https://project.example/auth/v1", "authenticated", secrets.token_hex(32)
VIEWER = "{ viewer { id roles } }"
LINK = """mutation ($input: LinkIdentityInput!) {
  linkIdentity(input: $input) { linkedId userErrors { code field message details } } }"""


@pytest.fixture(scope="module")
async def open_url(system: System) -> AsyncIterator[str]:
    """A second gateway, which believes the issuer."""
    issuer = {"issuer": ISSUER, "audiences": [AUDIENCE], "algorithms": ["HS256"],
              "hs256_secret": SECRET, "required_role": "authenticated"}  # fmt: skip
    async with gateway(system, ISSUERS=json.dumps([issuer])) as address:
        yield address


def token(gym: Gym, subject: str, **other: Any) -> str:
    now = gym.clock.now()
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "role": "authenticated",
              "iat": now, "exp": now + timedelta(hours=1), **other}  # fmt: skip
    return jwt.encode(claims, SECRET, "HS256")


async def test_a_linked_person_is_who_they_are_at_the_gym_they_name(
    gym: Gym, other_gym: Gym, open_url: str
) -> None:
    mia = await gym.member()
    await gym.owner.done(LINK, issuer=ISSUER, subject="abc", clientId=mia.id)

    here = Person(open_url, token(gym, "abc"), gym=gym.slug)
    strangers = [
        Person(open_url, token(gym, "abc"), gym=other_gym.slug),
        Person(open_url, token(gym, "abc")),
        Person(open_url, token(gym, "nobody"), gym=gym.slug),
        Person(open_url, token(gym, "abc", aud="somebody else"), gym=gym.slug),
        Person(open_url, token(gym, "abc", role="anon"), gym=gym.slug),
        Person(gym.url, token(gym, "abc"), gym=gym.slug),
    ]
    gym.people += [here, *strangers]

    assert await here.ask(VIEWER) == {"id": mia.id, "roles": ["MEMBER"]}
    for stranger in strangers:
        with pytest.raises(Refused) as refused:
            await stranger.ask(VIEWER)
        assert refused.value.code == "UNAUTHENTICATED"
