"""Servers keep what they acknowledged, come back where they were, and let each user do its own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NoAnswer

from chassis import streams
from contracts.ids import new_id
from deploy.local import servers
from deploy.local.access import Access
from deploy.local.installation import Installation
from deploy.local.places import CannotStart, free_port
from deploy.local.secrets import Secrets


@pytest.fixture
async def own(data: Path) -> AsyncIterator[Installation]:
    """An installation whose servers may be killed."""
    async with Installation(data / f"own-{new_id().hex}") as started:
        yield started


def test_a_free_port_is_given_to_who_names_it_and_to_nobody_who_asks_for_any() -> None:
    ports = [free_port() for _ in range(200)]

    assert len(set(ports)) == len(ports), "two were told the same one"
    for port in ports[:3]:
        with socket.socket() as careless, pytest.raises(OSError, match="in use"):
            careless.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            pass


async def test_committed_rows_outlive_a_killed_postgres(own: Installation) -> None:
    assert own.postgres is not None
    db = await asyncpg.connect(own.admin_dsn)
    await db.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")

    own.postgres.kill()
    own.postgres.start()

    again = await asyncpg.connect(own.admin_dsn)
    assert await again.fetchval("SELECT n FROM kept") == 1
    await again.close()
    db.terminate()


async def test_a_postgres_without_time_for_a_checkpoint_ends_at_once_and_keeps_its_rows(
    own: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "HURRY_WITHIN", 30.0)  # until it would be killed
    assert own.postgres is not None
    process = own.postgres._process
    assert process is not None
    db = await asyncpg.connect(own.admin_dsn)
    await db.execute("CREATE TABLE hurried AS SELECT n FROM generate_series(1, 100000) n")

    own.postgres.stop(within=0)

    assert process.returncode >= 0, "it was killed"
    own.postgres.start()
    again = await asyncpg.connect(own.admin_dsn)
    assert await again.fetchval("SELECT count(*) FROM hurried") == 100_000
    await again.close()
    db.terminate()


async def test_acknowledged_messages_outlive_a_killed_nats_and_a_wipe_loses_them(
    own: Installation,
) -> None:
    assert own.nats is not None
    async with await nats.connect(**own.nats_login("developer")) as client:
        jetstream = client.jetstream(timeout=10)
        await jetstream.publish("dlq.tests.kept", b"1")

        own.nats.kill()
        own.nats.start()

        async with await nats.connect(**own.nats_login("developer")) as again:
            assert (await again.jetstream().stream_info("DLQ")).state.messages == 1

        own.nats.stop()
        own.nats.wipe()
        own.nats.start()

        async with await nats.connect(**own.nats_login("developer")) as third:
            assert await streams.declare(third)
            assert (await third.jetstream().stream_info("DLQ")).state.messages == 0


async def test_servers_of_somebody_else_are_used_and_left_running(
    own: Installation, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = own.nats_login("operator")
    login = f"{operator['user']}:{operator['password']}"
    monkeypatch.setenv("POSTGRES_URL", own.admin_dsn)
    monkeypatch.setenv("NATS_SERVER_URL", own.nats_url.replace("//", f"//{login}@"))

    async with Installation(data / f"guest-{new_id().hex}") as guest:
        assert (guest.postgres, guest.nats) == (None, None)
        environment = guest.environment("booking")
        assert environment["NATS_USER"] == "operator"
        db = await asyncpg.connect(environment["DATABASE_URL"])
        assert await db.fetchval("SELECT current_user") == "booking_app"
        await db.close()

    assert own.postgres is not None
    assert own.nats is not None
    assert own.postgres.is_running
    assert own.nats.is_running


async def test_a_role_reaches_its_own_databases_only(installation: Installation) -> None:
    for role, database in (
        ("gateway", "b2b_booking"),
        ("booking_app", "b2b_members"),
        ("members_app", "b2b_vault"),
        ("projections", "b2b_booking"),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(installation.dsn(role, database))


async def test_no_role_of_a_process_owns_or_may_make_anything(installation: Installation) -> None:
    admin = await asyncpg.connect(installation.admin_dsn)
    mighty = await admin.fetch(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> 'postgres'"
        " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
    )
    await admin.close()
    assert mighty == []
    app = await asyncpg.connect(installation.dsn("booking_app", "b2b_booking"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("CREATE SCHEMA mine")
    await app.close()


@pytest.fixture
async def gateway(installation: Installation) -> AsyncIterator[Client]:
    async def quiet(_: Exception) -> None:
        """Violations arrive here; what matters is that nothing was done."""

    async with await nats.connect(**installation.nats_login("gateway"), error_cb=quiet) as client:
        yield client


async def test_the_gateway_neither_writes_nor_reads_streams(gateway: Client) -> None:
    jetstream = gateway.jetstream(timeout=0.3)

    with pytest.raises(NoAnswer):
        await jetstream.publish(f"evt.{new_id()}.booking.forged.v1", b"{}")
    with pytest.raises(NoAnswer):
        await jetstream.stream_info("EVT_BOOKING")


async def test_nobody_comes_in_without_a_password(installation: Installation) -> None:
    door = urlsplit(installation.nats_url)
    reader, writer = await asyncio.open_connection(door.hostname, door.port)
    writer.write(b"CONNECT {}\r\nPING\r\n")
    assert (await reader.readline()).startswith(b"INFO")
    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    url = installation.dsn("gateway", "b2b_views").replace("gateway:", "gateway:not")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)


def test_secrets_are_random_kept_and_for_the_owner_only(tmp_path: Path) -> None:
    first = Secrets(tmp_path).passwords("postgres", ("a", "b"))
    second = Secrets(tmp_path).passwords("postgres", ("a", "b", "c"))

    assert first == {name: second[name] for name in ("a", "b")}
    assert len(set(second.values())) == 3
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for file in (tmp_path / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_process_gets_its_own_secrets_and_no_other_process_s(installation: Installation) -> None:
    told = {name: installation.environment(name) for name in ("members", "booking", "gateway")}

    assert "MASTER_KEYS" in told["members"]
    assert not any("MASTER_KEYS" in told[name] for name in ("booking", "gateway"))
    assert "RELAY_DATABASE_URL" not in told["gateway"]
    passwords = {each["NATS_PASSWORD"] for each in told.values()}
    assert len(passwords) == 3


def test_an_installation_that_is_not_started_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="not started"):
        _ = Access(tmp_path).admin_dsn
