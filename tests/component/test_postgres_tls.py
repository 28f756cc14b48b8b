"""Postgres by TLS: whom the address says, of the authority it says, and nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from chassis import office
from chassis.nats_access import TlsFiles, Untrusted
from chassis.tenancy import Pool, is_away, open_pool, open_store_pool
from deploy.cluster import secrets
from deploy.local.installation import Installation
from tests.component.messaging.authority import Authority

HERE = "127.0.0.1"
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
"""The first words of who wants TLS, before its handshake."""


class Front:
    """Postgres with TLS: the one of the tests is built without, so it stands behind this."""

    def __init__(self, files: TlsFiles, behind: int) -> None:
        self.shows(files)
        self._behind = behind
        self.port = 0

    def shows(self, files: TlsFiles) -> None:
        """From now on, to whoever connects."""
        assert files.certificate is not None
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(files.certificate, files.key)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Front"]:
        server = await asyncio.start_server(self._meet, HERE)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(self._context)
            answers, asks = await asyncio.open_connection(HERE, self._behind)
            await asyncio.gather(_pass_on(reader, asks), _pass_on(answers, writer))
        except (ssl.SSLError, ConnectionError):  # who does not trust us says so and is gone
            writer.transport.abort()


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    try:
        while some := await source.read(65536):
            to.write(some)
            await to.drain()
    finally:
        to.close()


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "theirs")


@pytest.fixture
async def front(installation: Installation, ours: Authority) -> AsyncIterator[Front]:
    """Shows a certificate of ``ours`` for 127.0.0.1, and for no name."""
    port = urlsplit(installation.dsn("booking_app", "b2b_booking")).port
    assert port is not None
    async with Front(ours.signs("postgres"), port).open() as opened:
        yield opened


@pytest.fixture
def address(installation: Installation, front: Front, ours: Authority) -> str:
    """The service's DSN as a cluster tells it."""
    return _address(installation, HERE, front.port, ours.file)


def _address(installation: Installation, host: str, port: int, trusts: Path) -> str:
    parts = urlsplit(installation.dsn("booking_app", "b2b_booking"))
    netloc = f"{parts.username}:{parts.password}@{host}:{port}"
    query = secrets.TRUST.removeprefix("?").replace("/etc/postgres-ca/ca.crt", str(trusts))
    return urlunsplit(parts._replace(netloc=netloc, query=query))


async def _who(pool: Pool) -> str:
    return str(await pool.fetchval("SELECT current_user"))


async def test_a_service_speaks_to_the_postgres_its_authority_signed_for(address: str) -> None:
    for opening in (open_pool(address, name="tests"), open_store_pool(address, name="tests")):
        pool = await opening
        assert await _who(pool) == "booking_app"
        await pool.close()

    db = await office.connect(address, name="tests")
    assert await db.fetchval("SELECT current_user") == "booking_app"
    await db.close()


async def test_another_authority_is_not_believed(
    installation: Installation, front: Front, theirs: Authority
) -> None:
    address = _address(installation, HERE, front.port, theirs.file)

    with pytest.raises(Untrusted, match=r"the certificate of 127\.0\.0\.1 is not trusted: "):
        await open_store_pool(address, name="tests")


async def test_nor_is_another_name(
    installation: Installation, front: Front, ours: Authority
) -> None:
    address = _address(installation, "localhost", front.port, ours.file)

    with pytest.raises(Untrusted, match="is not trusted: Hostname mismatch"):
        await open_store_pool(address, name="tests")


async def test_nor_is_who_speaks_no_tls(installation: Installation, ours: Authority) -> None:
    port = urlsplit(installation.dsn("booking_app", "b2b_booking")).port
    assert port is not None

    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await open_store_pool(_address(installation, HERE, port, ours.file), name="tests")


async def test_without_its_file_nothing_is_believed(
    installation: Installation, front: Front, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await open_pool(_address(installation, HERE, front.port, tmp_path / "none"), name="tests")


async def test_a_renewed_certificate_of_the_same_key_is_believed_before_and_after(
    installation: Installation, front: Front, ours: Authority, address: str, tmp_path: Path
) -> None:
    renewed = tmp_path / "renewed.crt"
    ours.renew(renewed)

    for known, shown in ((renewed, None), (ours.file, ours.signs("later"))):
        if shown:
            front.shows(shown)
        pool = await open_pool(_address(installation, HERE, front.port, known), name="tests")
        assert await _who(pool) == "booking_app"
        await pool.close()


async def test_who_runs_follows_a_new_authority_and_meanwhile_says_that_the_database_is_away(
    front: Front, ours: Authority, theirs: Authority, address: str
) -> None:
    pool = await open_pool(address, name="tests")
    before = await pool.acquire()

    front.shows(theirs.signs("postgres"))
    with pytest.raises(ssl.SSLCertVerificationError) as told:
        await _who(pool)
    assert is_away(told.value)
    assert await before.fetchval("SELECT 1") == 1  # who is in stays in

    ours.file.write_bytes(theirs.file.read_bytes())  # as a mounted Secret does
    assert await _who(pool) == "booking_app"
    await pool.release(before)
    await pool.close()
