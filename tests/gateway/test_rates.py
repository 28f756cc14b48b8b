"""What somebody may take over time, and what remembering it costs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.health import LARGEST_FRAME
from deploy.schema import ROOT
from gateway.serve.bodies import FREE
from gateway.serve.faults import RateLimited
from gateway.serve.rates import Allowance, Rate
from gateway.serve.settings import ServeSettings
from gateway.settings import Settings


class Hours:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def granted(rate: Rate, key: str = "ann", amount: float = 1.0) -> bool:
    try:
        rate.take(key, amount)
    except RateLimited:
        return False
    return True


def test_a_rush_is_served_from_what_was_saved_up_and_then_the_rate_holds() -> None:
    clock = Hours()
    rate = Rate(Allowance(2, 10), "requests", now=clock)

    assert [granted(rate) for _ in range(12)] == [True] * 10 + [False] * 2
    clock.now += 1
    assert [granted(rate) for _ in range(3)] == [True, True, False]


def test_what_one_address_leaves_unfinished_is_at_most_half_of_what_a_gateway_has() -> None:
    manifest = (ROOT / "deploy/kubernetes/base/services/gateway.yaml").read_text()
    [has] = re.findall(r"limits: \{memory: (\d+)Mi\}", manifest)
    connections = Settings.model_fields["address_connections"].default

    unfinished = connections * max(FREE, LARGEST_FRAME) + ServeSettings().bodies_bytes

    assert unfinished <= int(has) * 1024 * 1024 / 2


def test_everybody_has_their_own() -> None:
    rate = Rate(Allowance(1, 1), "requests", now=Hours())

    assert granted(rate, "ann")
    assert granted(rate, "ben")
    assert not granted(rate, "ann")


def test_the_refused_are_told_when_it_would_be_granted() -> None:
    clock = Hours()
    rate = Rate(Allowance(2, 10), "objects", now=clock)
    rate.take("ann", 10)

    with pytest.raises(RateLimited) as refused:
        rate.take("ann", 5)
    assert (refused.value.status, refused.value.retry_after) == (429, 3)
    assert refused.value.extensions == {"code": "RATE_LIMITED", "retryAfter": 3}

    clock.now += refused.value.retry_after
    rate.take("ann", 5)


def test_what_is_refused_costs_nothing() -> None:
    rate = Rate(Allowance(1, 10), "objects", now=Hours())

    assert not granted(rate, amount=11)
    assert granted(rate, amount=10)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 20)), max_size=60))
def test_nobody_ever_takes_more_than_the_rate_and_what_was_saved(
    asked: list[tuple[float, float]],
) -> None:
    clock, allowance = Hours(), Allowance(3, 12)
    rate, taken = Rate(allowance, "objects", now=clock), 0.0
    began = clock.now
    for pause, amount in asked:
        clock.now += pause
        taken += amount if granted(rate, amount=amount) else 0

    most = allowance.burst + allowance.per_second * (clock.now - began)
    assert taken <= most * (1 + 1e-9)


def test_memory_is_bounded_whoever_comes_and_the_idle_are_forgotten_first() -> None:
    clock = Hours()
    rate = Rate(Allowance(1, 10), "requests", kept=100, now=clock)
    for number in range(60):
        rate.take(f"early {number}")
    clock.now += 2
    for number in range(1_000):
        rate.take(f"late {number}")

    assert len(rate._whole_at) <= 100
    assert not any(key.startswith("early") for key in map(str, rate._whole_at))
