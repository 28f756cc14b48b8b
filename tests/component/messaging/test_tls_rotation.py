"""NATS' certificates are made anew while it runs, and nobody who is connected is cut off."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.nats_access import NatsAccess, TlsFiles, Untrusted
from chassis.nats_client import connect, leave
from deploy.local.servers import Nats
from tests.component.messaging.authority import PASSWORD, USER, Authority, server
from tests.world.waiting import until

WITHIN = 60.0  # seconds until a server must show what it read anew


@pytest.fixture
def old(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "new")


@pytest.fixture
def shown(old: Authority, tmp_path: Path) -> TlsFiles:
    """The files the server reads: a certificate of the old authority, and whom it trusts."""
    files = TlsFiles(*(tmp_path / name for name in ("ca.crt", "tls.crt", "tls.key")))
    _put(files, old.signs("nats"), trusts=[old])
    return files


@pytest.fixture
def nats(shown: TlsFiles, tmp_path: Path) -> Iterator[Nats]:
    """A server that asks everybody for a certificate."""
    made = server(tmp_path, shown, verify=True)
    made.start()
    yield made
    made.stop()


def _put(shown: TlsFiles, made: TlsFiles, *, trusts: list[Authority]) -> None:
    assert shown.ca
    shown.ca.write_bytes(b"".join(one.file.read_bytes() for one in trusts))
    for there, here in ((shown.certificate, made.certificate), (shown.key, made.key)):
        assert there
        assert here
        there.write_bytes(here.read_bytes())


def _reload(nats: Nats) -> None:
    os.kill(nats.pid, signal.SIGHUP)  # what `nats-server --signal reload` sends


def _access(nats: Nats, tls: TlsFiles) -> NatsAccess:
    return NatsAccess(nats.url.replace("nats://", "tls://"), USER, PASSWORD, tls)


async def _is_let_in(nats: Nats, tls: TlsFiles) -> bool:
    try:
        client = await connect(_access(nats, tls), name="tests")
    except Untrusted:
        return False
    await client.flush(timeout=30)
    await leave(client)
    return True


async def _serial(nats: Nats, tls: TlsFiles) -> str:
    """Of the certificate the server shows."""
    port = int(nats.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls.context())
    serial = str(writer.get_extra_info("peercert")["serialNumber"])
    writer.transport.abort()
    return serial


async def test_clients_notice_nothing_of_another_certificate_from_the_same_authority(
    nats: Nats, shown: TlsFiles, old: Authority
) -> None:
    ours = old.signs("booking")
    client = await connect(_access(nats, ours), name="tests")
    before = await _serial(nats, ours)

    _put(shown, old.signs("nats"), trusts=[old])
    _reload(nats)

    async def is_another() -> bool:
        return await _serial(nats, ours) != before

    await until(is_another, WITHIN)
    assert await _is_let_in(nats, ours)
    await client.flush(timeout=30)
    assert client.stats["reconnects"] == 0
    await leave(client)


async def test_another_authority_comes_in_and_the_old_one_goes_while_everybody_stays_connected(
    nats: Nats, shown: TlsFiles, old: Authority, new: Authority, tmp_path: Path
) -> None:
    both = tmp_path / "both.crt"
    both.write_bytes(old.file.read_bytes() + new.file.read_bytes())
    by_old, by_new = old.signs("booking"), new.signs("booking")
    rolled = TlsFiles(both, by_old.certificate, by_old.key)
    renewed = TlsFiles(both, by_new.certificate, by_new.key)
    client = await connect(_access(nats, rolled), name="tests")
    assert not await _is_let_in(nats, renewed)

    _put(shown, old.signs("nats"), trusts=[old, new])
    _reload(nats)
    await until(lambda: _is_let_in(nats, renewed), WITHIN)
    assert await _is_let_in(nats, by_old)

    _put(shown, new.signs("nats"), trusts=[old, new])
    _reload(nats)
    await until(lambda: _is_let_in(nats, by_new), WITHIN)
    assert await _is_let_in(nats, rolled)
    assert not await _is_let_in(nats, by_old), "it trusts the old authority alone"

    _put(shown, new.signs("nats"), trusts=[new])
    _reload(nats)

    async def is_kept_out() -> bool:
        return not await _is_let_in(nats, rolled)

    await until(is_kept_out, WITHIN)
    assert await _is_let_in(nats, by_new)
    await client.flush(timeout=30)
    assert client.stats["reconnects"] == 0
    await leave(client)
