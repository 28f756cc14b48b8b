"""A process says every few seconds how it is, whatever happens to what it stands on."""

from typing import Any

import anyio
import nats.errors
import pytest

from chassis.health import Health
from chassis.nats_client import settled
from chassis.pulse import Pulse, dead_letters_of, on_the_bus
from chassis.version import VERSION
from contracts.health import Beat, DeadlinesTold, LettersTold
from deploy.local.installation import Installation
from tests.component.messaging.probe import connected_as


@pytest.fixture
def health() -> Health:
    """Of a process that has started."""
    made = Health()
    made.ready = True
    return made


async def test_a_beat_says_what_the_checks_and_the_parts_say(health: Health) -> None:
    pulse = Pulse("booking", health)
    health.check("bus", lambda: True)
    pulse.tell("deadlines", lambda: DeadlinesTold(is_elected=True, overdue_seconds=3))

    well = await pulse.beat()

    assert (well.process, well.version, well.ready, well.failing) == ("booking", VERSION, True, ())
    assert well.deadlines == DeadlinesTold(is_elected=True, overdue_seconds=3)
    assert (well.relay, well.views, well.audit) == (None, (), None)

    health.check("database", lambda: False)
    ill = await pulse.beat()
    assert (ill.ready, ill.failing) == (False, ("database",))
    assert ill.instance == well.instance != (await Pulse("booking", health).beat()).instance


async def test_who_is_starting_or_draining_is_not_ready(health: Health) -> None:
    health.ready = False
    assert not (await Pulse("booking", health).beat()).ready


async def test_a_bus_that_is_away_costs_beats_and_nothing_else(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.pulse.BEAT_EVERY", 0.01)
    pulse, heard = Pulse("booking", health), list[Beat]()
    faults: list[Exception] = [nats.errors.ConnectionClosedError(), TimeoutError()]

    async def say(beat: Beat) -> None:
        if faults:
            raise faults.pop()
        heard.append(beat)
        if len(heard) == 3:
            pulse.stop()

    with anyio.fail_after(30):
        await pulse.run(say)
    assert len(heard) == 3


async def test_a_beat_is_heard_by_gateways_as_it_was_said(
    health: Health, installation: Installation
) -> None:
    pulse = Pulse("booking", health)
    async with (
        connected_as(installation, "booking") as booking,
        connected_as(installation, "gateway") as gateway,
    ):
        told = await gateway.subscribe("health.*")
        await settled(gateway)
        said = await pulse.beat()

        await on_the_bus(booking)(said)

        message: Any = await told.next_msg(timeout=30)
        assert message.subject == "health.booking"
        assert Beat.model_validate_json(message.data) == said


async def test_dead_letters_are_counted_by_service(installation: Installation) -> None:
    async with (
        connected_as(installation, "booking") as booking,
        connected_as(installation, "developer") as operator,
    ):
        count = dead_letters_of(booking, "booking")
        assert await count() == LettersTold(count=0)
        letters = [
            await operator.jetstream().publish(subject, b"{}")
            for subject in ("dlq.booking.one", "dlq.booking.two", "dlq.access.one")
        ]

        assert await count() == LettersTold(count=2)

        for one in letters:
            await operator.jetstream().delete_msg("DLQ", one.seq)
        assert await count() == LettersTold(count=0)


async def test_whose_dead_letters_nobody_tells_are_unknown_not_none(
    installation: Installation,
) -> None:
    async with connected_as(installation, "members") as members:  # who may not ask
        assert await dead_letters_of(members, "members")() == LettersTold(count=None)
