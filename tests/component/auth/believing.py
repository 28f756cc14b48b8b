"""Tokens as tests of the verifier show them, and what it makes of them."""

from typing import Any

import pytest

from chassis.auth import Identified, Unauthenticated, Verifier
from chassis.clock import FixedClock
from contracts.ids import GymId, new_id
from tests.component.auth.issuer import SimulatedIssuer

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


def ours(own: SimulatedIssuer, clock: FixedClock, **changed: Any) -> str:
    """One of our own tokens."""
    told = {"sub": ANN, "gym": str(GYM), "roles": ["member"], "sid": str(SIGN_IN), "role": None}
    return own.token(own.claims(clock.now(), **(told | changed)))


async def refused(verifier: Verifier, token: str, gym: str | None = SLUG) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.principal(token, gym)
    return refusal.value.reason


async def is_believed(verifier: Verifier, token: str) -> bool:
    try:
        await verifier.principal(token, SLUG)
    except Unauthenticated:
        return False
    return True
