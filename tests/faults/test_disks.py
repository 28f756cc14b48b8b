"""Disks that are full, and power that goes: what was acknowledged is there, what waits goes on."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chassis.streams import event_stream
from deploy.local.places import free_port
from deploy.local.servers import Server
from deploy.schema import ROOT
from tests.faults.books import everything_is_heard, must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.machine import MB, DiskImage, fill, free_on, small_disk
from tests.faults.rush import rush
from tests.world import documents
from tests.world.bus import Bus
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.people import TRY_AGAIN, Person, Refused
from tests.world.system import System, data_folder
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(300)]

DISK = 600  # MB; a server wants 256 of them free before it starts
IMAGE = 1500  # MB
LEFT = (0, 100, 280)  # MB: for nothing at all, for no server, for one of the two
NOTICED_WITHIN = 60.0  # seconds until a full disk must show
UNSENT = "b2b_relay_oldest_unsent_seconds"


async def test_postgres_without_room_says_so_and_carries_on_when_there_is_room(
    tell: Chronicle,
) -> None:
    with data_folder("full-postgres") as data, small_disk(data / "postgres", DISK) as disk:
        async with System(data) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            crowd = await rush(gym, seats=12, people=40)
            early, late = crowd.clients[:20], crowd.clients[20:]
            await asyncio.gather(*map(crowd.book, early))

            filler = fill(disk)
            tell(f"Postgres' disk is full: {filler.stat().st_size // 1_000_000} MB of nothing")
            code = await _turned_away(system, gym)
            tell(f"whoever asks is told {code}")
            asking = asyncio.gather(*map(crowd.book, late))
            filler.unlink()
            tell("there is room again")
            _alive(system.installation.postgres, tell)
            await asking

            await must_be_right(system, crowd, tell)
            await gym.aclose()


async def test_nats_without_room_stops_no_booking_and_screens_follow_when_it_is_back(
    tell: Chronicle,
) -> None:
    with data_folder("full-nats") as data, small_disk(data / "nats", DISK) as disk:
        async with System(data) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            crowd = await rush(gym, seats=12, people=40)
            early, late = crowd.clients[:20], crowd.clients[20:]
            await asyncio.gather(*map(crowd.book, early))
            nats = system.installation.nats
            assert nats is not None

            filler = fill(disk)
            tell(f"NATS' disk is full: {filler.stat().st_size // 1_000_000} MB of nothing")
            await asyncio.gather(*map(crowd.book, late))
            tell(f"all {len(late)} others were answered all the same")
            waits = await until(lambda: _unsent(system), NOTICED_WITHIN)
            tell(f"the relay tells that an event has been waiting for {waits:.1f} s")
            filler.unlink()
            nats.restart()  # a server that met a full disk does not write again before that
            tell("there is room again, and NATS was restarted")

            await must_be_right(system, crowd, tell)
            await gym.aclose()


async def test_a_start_without_room_is_one_line_and_works_when_there_is_room(
    tell: Chronicle,
) -> None:
    with data_folder("full-start") as folder, small_disk(folder / "data", DISK) as disk:
        filler = fill(disk)
        for left in LEFT:
            os.truncate(filler, max(0, filler.stat().st_size + free_on(disk) - left * MB))
            code, said = await asyncio.to_thread(_run, disk)
            tell(f"b2b run with {left} MB left ends with {code}: {said.splitlines()[-1]}")
            assert code == 1, said
            assert said.splitlines()[-1].startswith("cannot start: the disk is full: "), said
            assert "Traceback" not in said, said
        filler.unlink()
        tell("there is room")

        async with System(disk) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            crowd = await rush(gym, seats=2, people=5)
            await crowd.all_book()
            await must_be_right(system, crowd, tell)
            await gym.aclose()


async def test_nothing_acknowledged_is_missing_after_a_power_cut(tell: Chronicle) -> None:
    with data_folder("power") as folder:
        image = DiskImage(folder, IMAGE)
        data = image.mount()
        try:
            async with System(data) as system:
                await _cut_the_power(system, image, tell)
        finally:
            image.unmount()


async def _cut_the_power(system: System, image: DiskImage, tell: Chronicle) -> None:
    gym = await opened(system.installation, system.url, patience=PATIENCE)
    crowd = await rush(gym, seats=12, people=60)
    booking = asyncio.create_task(crowd.all_book())
    await crowd.halfway.wait()
    servers = (system.installation.postgres, system.installation.nats)

    for server in servers:
        _signal(server, signal.SIGSTOP)  # the moment the power goes
    copied = image.copy()
    tell(f"the power goes when {len(crowd.told)} of 60 were answered")
    for server in servers:
        assert server is not None
        server.kill()
    for process in list(system.supervisor.children):
        if system.supervisor.children[process].pid:
            system.kill(process)
    await until(lambda: _let_go(image), NOTICED_WITHIN)
    copied.rename(image.file)
    image.mount()
    tell("it is back: what had been flushed to the disk is there")
    for server in servers:
        assert server is not None
        server.start()

    await booking
    await system.all_ready()
    await must_be_right(system, crowd, tell)
    await everything_is_heard(system)
    async with Bus(system.installation) as bus:
        stream = await bus.client.jetstream(timeout=3).stream_info(event_stream("booking"))
    tell(f"the stream goes on where the store does: {stream.state.messages} events")
    await gym.aclose()


def _run(data: Path) -> tuple[int, str]:
    """What ``b2b run`` on ``data`` ends with, and what it says. Raises ``TimeoutExpired``."""
    settings = {"B2B_DATA": str(data), "B2B_DEMO": "0", "GATEWAY_PORT": str(free_port())}
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "run"], cwd=ROOT, env={**os.environ, **settings},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        timeout=NOTICED_WITHIN,
    )  # fmt: skip
    return ended.returncode, ended.stdout


def _signal(server: Server | None, sig: signal.Signals) -> None:
    """Signal a server and all its children: it leads a process group."""
    assert server is not None
    os.killpg(os.getpgid(server.pid), sig)


def _alive(server: Server | None, tell: Chronicle) -> None:
    """What the runner does with a server that ended."""
    assert server is not None
    if not server.is_running:
        tell(f"{server.name} had ended, and is started again")
        server.restart()


async def _let_go(image: DiskImage) -> bool:
    """Unmount it as soon as nobody holds it any more."""
    try:
        image.unmount()
    except AssertionError as busy:
        if "busy" not in str(busy):
            raise
        return False
    return True


async def _turned_away(system: System, gym: Gym) -> str:
    """The code somebody without patience is told once the disk is really full."""
    hasty = Person(system.url)
    await hasty.sign_in(gym.slug, gym.owner.email)

    async def refused() -> str | None:
        try:
            await hasty.do(documents.REGISTER, name="x" * 80)
        except Refused as fault:
            return str(fault.code)
        except httpx.TransportError:
            return None
        return None

    try:
        code = str(await until(refused, NOTICED_WITHIN))
    finally:
        await hasty.aclose()
    assert code in TRY_AGAIN, code
    return code


async def _unsent(system: System) -> float | None:
    """Seconds booking's oldest event has been waiting, once that is more than one."""
    port = system.installation.ports["booking"]
    async with httpx.AsyncClient(timeout=30) as http:
        page = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    for line in page.splitlines():
        if line.startswith(f'{UNSENT}{{context="booking"}}'):
            age = float(line.rpartition(" ")[2])
            return age if age > 1 else None
    raise AssertionError(f"{UNSENT} is not told")


def test_a_disk_of_ones_own_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 20) as disk:
        filler = fill(disk)
        with pytest.raises(OSError, match="No space left"):
            (disk / "more").write_bytes(bytes(4096))
        filler.unlink()
        (disk / "more").write_bytes(bytes(4096))
