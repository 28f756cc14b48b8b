"""The system page: who is frozen or gone is told, and that they are back."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
import pytest

from contracts.health import SILENCE
from deploy.local.runner import program
from tests.faults.books import every_invariant_holds
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.people import Json
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

SEEN_WITHIN = SILENCE + 50.0  # seconds
PARTS = """
    status since at position
    services { name status since instances { version startedAt ready failing } }
    relays { service status since waiting oldestUnsentSeconds position }
    readModels { name service status since behind lagSeconds position }
    deadlines { service status since overdueSeconds }
    deadLetters { service status since count }
    audit { status since lookedAt wholeLookedAt invariants { code offences } }
"""
HEALTH = f"{{ health {{ {PARTS} }} }}"
HEALTH_CHANGED = f"subscription {{ healthChanged {{ {PARTS} }} }}"


async def becomes(gym: Gym, wanted: Callable[[Json], bool]) -> Json:
    """The first answer that is ``wanted``."""

    async def so() -> Json | None:
        found: Json = await gym.owner.ask(HEALTH)
        return found if wanted(found) else None

    found: Json = await until(so, SEEN_WITHIN)
    return found


def service(health: Json, name: str) -> Json:
    return next(one for one in health["services"] if one["name"] == name)


def part(health: Json, kind: str, service: str) -> Json:
    return next(one for one in health[kind] if one["service"] == service)


def view(health: Json, name: str) -> Json:
    return next(one for one in health["readModels"] if one["name"] == name)


def is_well(health: Json) -> bool:
    return bool(health["status"] == "OK")


@asynccontextmanager
async def frozen(system: System, process: str) -> AsyncIterator[None]:
    """It stands still, as a process without a CPU does."""
    pid = system.pid(process)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_all_parts_are_there_and_well(system: System, gym: Gym) -> None:
    def is_well_and_idle(told: Json) -> bool:
        alone = all(len(one["instances"]) == 1 for one in told["services"])
        return alone and is_well(told) and not any(one["behind"] for one in told["readModels"])

    health = await becomes(gym, is_well_and_idle)  # whoever was stopped before falls silent

    assert [one["name"] for one in health["services"]] == [
        "members", "booking", "billing", "access", "projections", "gateway",
    ]  # fmt: skip
    assert [one["service"] for one in health["relays"]] == [
        "members", "booking", "billing", "access",
    ]  # fmt: skip
    assert len(health["readModels"]) > 10
    assert {one["service"]: one["count"] for one in health["deadLetters"]} == {
        "booking": 0, "billing": 0, "access": 0,
    }  # fmt: skip
    assert health["audit"] is None, "nobody has started an auditor"


async def test_a_service_that_is_gone_is_down_until_it_is_back(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    await becomes(gym, is_well)
    went = datetime.now(UTC)
    await system.stop("billing")
    gone = datetime.now(UTC)
    tell("billing was stopped")

    def it_alone_is_down(told: Json) -> bool:
        down = [one["name"] for one in told["services"] if one["status"] == "DOWN"]
        return down == ["billing"] and service(told, "booking")["status"] == "OK"

    health = await becomes(gym, it_alone_is_down)

    assert health["status"] == "DOWN"
    since = datetime.fromisoformat(service(health, "billing")["since"])
    assert went - timedelta(seconds=SILENCE) < since < gone + timedelta(seconds=SILENCE)
    for kind in ("relays", "deadlines", "deadLetters"):
        assert part(health, kind, "billing")["status"] == "DOWN"
    tell(f"it is told as DOWN since {since:%H:%M:%S}, and booking as OK")

    await system.supervisor.start(program(system.installation, "billing"))
    await becomes(gym, is_well)
    tell("it was started, and is told as OK")
    tell.hold((await every_invariant_holds(system)).values())


async def test_a_screen_is_told_that_a_service_stands_still(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    await becomes(gym, is_well)
    async with gym.owner.watching(HEALTH_CHANGED) as screen:
        await screen.shows(is_well)
        async with frozen(system, "access"):
            await screen.shows(
                lambda told: service(told, "access")["status"] == "DOWN", within=SEEN_WITHIN
            )
            tell("access stood still, and a screen was told")
        await screen.shows(is_well, within=SEEN_WITHIN)
    tell("it went on, and the screen was told")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_read_models_fall_behind_while_projections_stand_still(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    mia, session = await gym.member(), await gym.session()
    await becomes(gym, is_well)
    async with frozen(system, "projections"):
        down = await becomes(gym, lambda told: view(told, "roster")["status"] == "DOWN")
        before = view(down, "roster")["behind"]
        await mia.at.done(documents.BOOK, sessionId=session)

        behind = await becomes(gym, lambda told: view(told, "roster")["behind"] > before)

        assert view(behind, "roster")["lagSeconds"] > SILENCE / 2
        assert part(behind, "relays", "booking")["status"] == "OK"
        assert behind["position"] != down["position"]
        lag = view(behind, "roster")["lagSeconds"]
        tell(f"projections stood still: the roster is told to be {lag:.1f} s behind")
    await becomes(gym, lambda told: is_well(told) and view(told, "roster")["behind"] == 0)
    tell("they went on, and it is told to have caught up")
    tell.hold((await every_invariant_holds(system)).values())


async def test_a_dead_letter_is_told_until_somebody_has_looked(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    await becomes(gym, is_well)
    client = await nats.connect(**system.installation.nats_login("developer"))
    js = client.jetstream()
    given_up = await js.publish("dlq.billing.billing_invoice_fee", b"{}")

    def it_is_told(told: Json) -> bool:
        letters = part(told, "deadLetters", "billing")
        return (letters["status"], letters["count"]) == ("DEGRADED", 1)

    health = await becomes(gym, it_is_told)

    assert health["status"] != "OK"
    assert part(health, "deadLetters", "booking")["count"] == 0
    tell("a dead letter of billing was told")
    await js.delete_msg("DLQ", given_up.seq)
    await client.close()
    await becomes(gym, is_well)
    tell("it was taken away, and all is told as well")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_the_auditor_tells_what_holds(system: System, gym: Gym, tell: Chronicle) -> None:
    await becomes(gym, is_well)
    name = await system.start("auditor", name="auditor", CHECK_EVERY="1")

    def looked(told: Json) -> bool:
        audit: Any = told["audit"]
        return audit is not None and audit["lookedAt"] is not None

    health = await becomes(gym, looked)

    audit = health["audit"]
    assert audit["status"] == "OK"
    codes = {one["code"]: one["offences"] for one in audit["invariants"]}
    assert {"I1", "I10", "I14"} <= codes.keys()
    assert set(codes.values()) == {0}
    assert service(health, "auditor")["status"] == "OK"

    await system.stop(name)
    await becomes(gym, lambda told: told["audit"]["status"] == "DOWN")
    tell(f"the auditor told that all {len(codes)} invariants hold; stopped, it is told as DOWN")
    tell.hold((await every_invariant_holds(system)).values())


async def test_members_and_other_staff_are_not_told(system: System, gym: Gym) -> None:
    mia = await gym.member()
    for person in (mia.at, await gym.staff("FRONT_DESK"), await gym.staff("TRAINER")):
        told = await person.raw({"query": HEALTH})
        assert told["errors"][0]["extensions"]["code"] == "FORBIDDEN"
