"""NATS by TLS: with whom we were told of, and with nobody else."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from chassis.bus.broker import broker, connected
from chassis.nats_access import NatsAccess, TlsFiles, Untrusted
from chassis.nats_client import connect, leave, settled
from deploy.local import nats_conf
from deploy.local.installation import Installation
from deploy.local.places import free_port
from deploy.local.servers import Nats
from deploy.schema import ROOT
from deploy.validate.alone import without_tls
from tests.component.messaging.authority import PASSWORD, USER, Authority, server
from tests.world.waiting import until


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "theirs")


@pytest.fixture
def nats(authority: Authority, tmp_path: Path) -> Iterator[Nats]:
    """A server that asks nobody for a certificate."""
    yield from _running(server(tmp_path, authority.signs("nats")))


@pytest.fixture
def strict(authority: Authority, tmp_path: Path) -> Iterator[Nats]:
    """A server that asks everybody for a certificate."""
    yield from _running(server(tmp_path, authority.signs("nats"), verify=True))


def _running(made: Nats) -> Iterator[Nats]:
    made.start()
    yield made
    made.stop()


def access(nats: Nats, tls: TlsFiles | None) -> NatsAccess:
    return NatsAccess(nats.url.replace("nats://", "tls://"), USER, PASSWORD, tls)


async def test_a_server_of_our_authority_is_spoken_to_by_tls(
    nats: Nats, authority: Authority
) -> None:
    ours = TlsFiles(authority.file)
    client = await connect(access(nats, ours), name="tests")
    desk = broker(access(nats, ours), name="tests")
    asked = await connected(desk)

    async def answer(message: object) -> None:
        await asked.publish(getattr(message, "reply"), b"heard")  # noqa: B009

    await asked.subscribe("said", cb=answer)
    await settled(asked)
    assert (await client.request("said", b"", timeout=30)).data == b"heard"
    async with httpx.AsyncClient(base_url=nats.monitor_url) as monitor:
        told = (await monitor.get("/connz")).json()
    assert [each["tls_version"] for each in told["connections"]] == ["1.3", "1.3"]
    await leave(client)
    await desk.stop()


async def test_a_connection_by_tls_comes_back(nats: Nats, authority: Authority) -> None:
    back = asyncio.Event()
    client = await connect(access(nats, TlsFiles(authority.file)), name="tests", came_back=back.set)
    nats.restart()
    async with asyncio.timeout(60):
        await back.wait()

    await client.flush(timeout=30)
    await leave(client)


async def test_a_server_of_another_authority_is_left_at_once(
    nats: Nats, stranger: Authority
) -> None:
    with pytest.raises(
        Untrusted, match=r"NATS_CA_FILE: the certificate of 127.0.0.1 is not trusted"
    ):
        await connect(access(nats, TlsFiles(stranger.file)), name="tests")


async def test_a_certificate_for_another_name_is_no_certificate(
    nats: Nats, authority: Authority
) -> None:
    elsewhere = access(nats, TlsFiles(authority.file))
    elsewhere = replace(elsewhere, url=elsewhere.url.replace("127.0.0.1", "localhost"))

    with pytest.raises(Untrusted, match=r"the certificate of localhost is not trusted"):
        await connect(elsewhere, name="tests")


async def test_a_server_that_asks_for_a_certificate_takes_ours_only(
    strict: Nats, authority: Authority, stranger: Authority
) -> None:
    client = await connect(access(strict, authority.signs("booking")), name="tests")
    await client.flush(timeout=30)
    await leave(client)

    theirs = replace(stranger.signs("booking"), ca=authority.file)
    for tls in (theirs, TlsFiles(authority.file)):
        with pytest.raises(Untrusted, match=r"NATS_URL: no TLS with 127.0.0.1"):
            await connect(access(strict, tls), name="tests")


async def test_who_offers_plain_text_first_is_not_believed(
    authority: Authority, tmp_path: Path
) -> None:
    late = server(tmp_path, authority.signs("nats"), first=False)
    late.start()
    try:
        with pytest.raises(Untrusted, match=r"NATS_URL: no TLS with 127.0.0.1"):
            await connect(access(late, TlsFiles(authority.file)), name="tests")
    finally:
        late.stop()


def test_a_file_that_is_no_use_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.crt"
    empty.write_text("")
    for file in (tmp_path / "none.crt", empty):
        with pytest.raises(Untrusted, match=r"NATS_CA_FILE: cannot be read"):
            TlsFiles(file).context()
    with pytest.raises(Untrusted, match=r"NATS_CERT_FILE, NATS_KEY_FILE: cannot be read"):
        TlsFiles(None, empty, empty).context()


async def test_a_process_that_is_told_of_the_wrong_authority_says_so_and_ends(
    installation: Installation, nats: Nats, stranger: Authority
) -> None:
    environment = installation.environment("projections") | {
        "NATS_URL": nats.url.replace("nats://", "tls://"), "NATS_CA_FILE": str(stranger.file),
        "NATS_USER": USER, "NATS_PASSWORD": PASSWORD, "HEALTH_PORT": "0",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.projections", cwd=ROOT, env=environment,
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        _, said = await process.communicate()

    assert process.returncode == 2
    assert said.decode().splitlines() == [
        "projections cannot start: NATS_CA_FILE: the certificate of 127.0.0.1 is not trusted: "
        "unable to get local issuer certificate"
    ]


# What is shipped --------------------------------------------------------------------------------

SHIPPED = ROOT / "deploy/kubernetes/components/nats-tls/nats.conf"
BASE = ROOT / "deploy/kubernetes/base/nats/nats.conf"
DEV = ROOT / "deploy/kubernetes/overlays/dev/nats.conf"


def test_the_shipped_bus_by_tls_is_the_shipped_bus(authority: Authority) -> None:
    def said(config: str) -> list[str]:
        return [line for line in without_tls(config).splitlines() if line[:1] != "#"]

    assert said(SHIPPED.read_text()) == said(BASE.read_text())
    assert "tls {" not in without_tls(SHIPPED.read_text())


def _settings(config: str) -> dict[str, str]:
    """What a configuration says outside of blocks."""
    lines = (line.partition("#")[0] for line in config.splitlines() if line[:1].isalpha())
    told = (line.partition(": ") for line in lines if ": " in line)
    return {name: value.strip() for name, _, value in told}


def test_one_server_is_set_as_three_are(tmp_path: Path) -> None:
    three, dev = _settings(BASE.read_text()), _settings(DEV.read_text())
    here = _settings(nats_conf.configuration(4222, 8222, tmp_path, {"operator": "secret"}))

    assert dev == three
    assert "ping_interval" in here
    own = {"server_name", "listen", "http", "lame_duck_grace_period"}  # of this machine
    assert {name: here.get(name) for name in three.keys() - own} == {
        name: three[name] for name in three.keys() - own
    }


async def test_the_shipped_bus_speaks_tls_to_clients_and_to_itself(
    authority: Authority, tmp_path: Path
) -> None:
    files, routes = authority.signs("nats"), free_port()

    def configuration(port: int, monitor: int, store: Path) -> str:
        text = SHIPPED.read_text().replace('include "accounts.conf"', "")
        for shipped, here in (
            ("$POD_NAME", f"nats-{port}"), ("0.0.0.0:4222", f"127.0.0.1:{port}"),
            ("0.0.0.0:8222", f"127.0.0.1:{monitor}"), ('"/data"', json.dumps(str(store))),
            ("0.0.0.0:6222", f"127.0.0.1:{listens.pop()}"), ("nats-0.nats-headless:6222", there),
            ("/etc/nats-tls/tls.crt", str(files.certificate)),
            ("/etc/nats-tls/tls.key", str(files.key)), ("/etc/nats-tls/ca.crt", str(files.ca)),
            (', "nats://nats-1.nats-headless:6222", "nats://nats-2.nats-headless:6222"', ""),
        ):  # fmt: skip
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        return text

    there, listens = f"127.0.0.1:{routes}", [free_port(), routes]
    servers = [Nats(tmp_path / name, configuration) for name in ("a", "b")]
    for each in servers:
        each.begin()
    try:
        clients = [
            await connect(access(each, TlsFiles(authority.file)), name="tests") for each in servers
        ]
        heard = await clients[0].subscribe("said")
        await clients[0].flush()

        async def crosses() -> bool:
            await clients[1].publish("said", b"over the route")
            await clients[1].flush()
            return heard.pending_msgs > 0

        await until(crosses, 60)
        for client in clients:
            await leave(client)
    finally:
        for each in servers:
            each.stop()
