"""A process says when it is ready, ends loudly when a part dies, and drains when asked to stop."""

import asyncio
import base64
import json
import signal
import sys
import urllib.error
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chassis.bus.asker import Asker
from chassis.clock import SystemClock
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from contracts.envelope import Caller
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from tests.component.lamp_process import IsLit
from tests.faults.proxy import Proxy

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds
Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(installation: Installation) -> AsyncIterator[Start]:
    """Starts a lamp; ``LAMP`` says what kind. Kills what a failed test leaves."""
    running: list[Process] = []

    async def started(lamp: str = "lit", **changes: str) -> Process:
        environment = {**installation.environment("booking"), "LAMP": lamp, **changes}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.component.lamp_process",
            cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        running.append(process)
        return process

    yield started
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _heard(process: Process, word: str) -> None:
    """Read the process's output up to the line with ``word``."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while line := await process.stdout.readline():
            if word in line.decode():
                return
    raise AssertionError(f"the process ended without saying {word}")


async def _ended(process: Process) -> tuple[int | None, str]:
    """Exit code and everything it still said."""
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return process.returncode, (out + err).decode()


async def _get(installation: Installation, path: str) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{installation.ports['booking']}{path}"

    def get() -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(get)


async def _asked(installation: Installation) -> Any:
    """The reply of the lamp's query."""
    login = installation.nats_login("developer")
    client = await connect(
        NatsAccess(login["servers"], login["user"], login["password"]), name="gateway"
    )
    key, environment = new_id(), installation.environment("booking")
    asker = Asker(client, key=base64.b64decode(environment["CALLER_KEY"]), clock=SystemClock())
    deadline = datetime.now(UTC) + timedelta(days=400)
    caller = Caller(
        gym_id=GymId(new_id()), actor="system:tests", roles=("system",), command_id=key,
        correlation_id=key, causation_id=key, deadline=deadline,
    )  # fmt: skip
    try:
        return await asker.ask(IsLit(), caller, timeout=PATIENCE)
    finally:
        await client.close()


async def test_a_process_lives_is_ready_and_shows_its_numbers(
    installation: Installation, start: Start
) -> None:
    process = await start()
    await _heard(process, '"ready"')

    assert await _get(installation, "/health/live") == (200, b'{"live":true}')
    status, body = await _get(installation, "/health/ready")
    assert (status, json.loads(body)) == (
        200, {"ready": True, "checks": {"bus": True, "lamp": True}},
    )  # fmt: skip
    status, body = await _get(installation, "/metrics")
    assert (status, b"b2b_commands_total" in body) == (200, True)
    assert (await _get(installation, "/elsewhere"))[0] == 404


async def test_a_failing_check_makes_it_unready_and_leaves_it_alive(
    installation: Installation, start: Start
) -> None:
    process = await start("dark")
    await _heard(process, '"ready"')

    status, body = await _get(installation, "/health/ready")
    assert (status, json.loads(body)["checks"]) == (503, {"bus": True, "lamp": False})
    assert (await _get(installation, "/health/live"))[0] == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_asked_to_stop_it_answers_the_running_command_first(
    installation: Installation, start: Start, how: signal.Signals
) -> None:
    process = await start()
    await _heard(process, "wired")
    asking = asyncio.create_task(_asked(installation))
    await _heard(process, "asked")

    process.send_signal(how)

    assert (await asking).result == {"lit": True}
    code, said = await _ended(process)
    assert code == 0
    assert '"stopped"' in said


async def test_asked_to_stop_while_the_bus_is_away_it_ends_in_order(
    installation: Installation, start: Start
) -> None:
    nats = urlsplit(installation.environment("booking")["NATS_URL"])
    assert nats.port is not None
    async with Proxy(("127.0.0.1", nats.port)) as way:
        process = await start("flickers", NATS_URL=f"nats://127.0.0.1:{way.port}")
        await _heard(process, '"ready"')
    await _heard(process, "in vain")

    process.send_signal(signal.SIGTERM)

    code, said = await _ended(process)
    assert code == 0
    assert '"stopped"' in said


@pytest.mark.parametrize(
    ("lamp", "reason"),
    [("burns-out", "burnt out"), ("goes-out", "BackgroundEnded"), ("broken", "is broken")],
)
async def test_a_process_whose_part_dies_ends_loudly(start: Start, lamp: str, reason: str) -> None:
    code, said = await _ended(await start(lamp))

    assert code == 1
    assert reason in said


async def test_wrong_settings_end_the_start_with_the_variables_name(start: Start) -> None:
    code, said = await _ended(await start(CALLER_KEY="c2hvcnQ=", NATS_URL=""))

    assert code == 2
    assert "CALLER_KEY: " in said
    assert "NATS_URL: " in said
    assert "c2hvcnQ=" not in said
    assert "Traceback" not in said


async def test_a_signal_while_starting_ends_the_start(start: Start) -> None:
    process = await start(NATS_URL="nats://127.0.0.1:9")
    await _heard(process, "nats trouble")

    process.send_signal(signal.SIGTERM)

    assert (await _ended(process))[0] == 0
