"""Whatever is in the way of a start is one line that says what, and which setting to change."""

import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import nats
import pytest

from chassis.streams import DEAD_LETTERS
from contracts.ids import new_id
from deploy.local import obstacles
from deploy.local.installation import Installation
from deploy.local.places import CannotStart, free_port
from deploy.local.runner import alone
from deploy.local.servers import Server
from deploy.schema import database_url
from tests.world.system import data_folder

KEYS = Path("somewhere/secrets")


@pytest.fixture(scope="module")
async def theirs() -> AsyncIterator[Installation]:
    """Servers of somebody else's, to use and to spoil."""
    with data_folder("theirs") as folder:
        async with Installation(folder) as started:
            yield started


@pytest.fixture
def starting(
    theirs: Installation, data: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Installation]:
    """An installation on their servers, or on those that are named."""

    def make(*, postgres: str = "", bus: str = "") -> Installation:
        operator = theirs.nats_login("operator")
        login = f"//{operator['user']}:{operator['password']}@"
        monkeypatch.setenv("POSTGRES_URL", postgres or theirs.admin_dsn)
        monkeypatch.setenv("NATS_SERVER_URL", bus or theirs.nats_url.replace("//", login))
        return Installation(data / f"guest-{new_id().hex}")

    return make


async def test_a_postgres_that_is_not_there(starting: Callable[..., Installation]) -> None:
    nowhere = f"postgresql://postgres:secret@127.0.0.1:{free_port()}/postgres"

    with pytest.raises(CannotStart, match=r"^POSTGRES_URL cannot be used: .*") as told:
        await starting(postgres=nowhere).__aenter__()

    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


async def test_a_wrong_password(
    theirs: Installation, starting: Callable[..., Installation]
) -> None:
    wrong = database_url(theirs.admin_dsn, "postgres", ("postgres", "guessed"))

    with pytest.raises(CannotStart, match=r"^POSTGRES_URL does not let us in: password auth"):
        await starting(postgres=wrong).__aenter__()


async def test_somebody_who_may_not_make_roles(
    theirs: Installation, starting: Callable[..., Installation]
) -> None:
    lowly = theirs.dsn("migrator", "b2b_views")

    with pytest.raises(CannotStart, match=r"^POSTGRES_URL needs a superuser's login: permission"):
        await starting(postgres=lowly).__aenter__()


async def test_a_nats_that_is_not_there(starting: Callable[..., Installation]) -> None:
    with pytest.raises(CannotStart, match=r"^NATS_SERVER_URL cannot be used: nats: no servers"):
        await starting(bus=f"nats://127.0.0.1:{free_port()}").__aenter__()


async def test_streams_that_cannot_become_what_they_should_be(
    theirs: Installation, starting: Callable[..., Installation]
) -> None:
    async with await nats.connect(**theirs.nats_login("operator")) as client:
        jetstream = client.jetstream()
        await jetstream.delete_stream(DEAD_LETTERS)
        await jetstream.add_stream(name=DEAD_LETTERS, subjects=["dlq.>"], max_age=60)

        with pytest.raises(CannotStart, match=r"^NATS_SERVER_URL .*stream DLQ: .*max_age is 60"):
            await starting().__aenter__()


async def test_passwords_of_another_cluster_beside_our_own(theirs: Installation) -> None:
    wrong = database_url(theirs.admin_dsn, "postgres", ("postgres", "older"))

    with (
        pytest.raises(CannotStart, match=f"{KEYS} is not what this data was made with"),
        obstacles.of_postgres("postgres.log", KEYS),
    ):
        await asyncpg.connect(wrong)


@pytest.mark.parametrize("missing", ["postgres.json", "keys.json"])
def test_a_cluster_whose_secrets_are_gone(tmp_path: Path, missing: str) -> None:
    Installation(tmp_path)  # makes them
    (tmp_path / "postgres" / "cluster").mkdir(parents=True)
    (tmp_path / "postgres" / "cluster" / "PG_VERSION").write_text("18\n")
    (tmp_path / "secrets" / missing).unlink()

    with pytest.raises(CannotStart, match=rf"{missing} is missing.*B2B_DATA.*make reset"):
        Installation(tmp_path)

    assert not (tmp_path / "secrets" / missing).exists()


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()

    for data in (file, file / "below"):
        with pytest.raises(CannotStart, match=f"B2B_DATA={data} is not a folder"), alone(data):
            pass


def test_a_postgres_whose_disk_is_full() -> None:
    with (
        pytest.raises(CannotStart, match="the disk is full: POSTGRES_URL: could not extend"),
        obstacles.of_postgres("POSTGRES_URL", KEYS),
    ):
        raise asyncpg.DiskFullError("could not extend file")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_or_a_quota_that_is_full(number: int) -> None:
    told = obstacles.in_the_way(OSError(number, os.strerror(number), "data/secrets"))

    assert str(told).startswith("the disk is full: ")
    assert "data/secrets" in str(told)


class Ending(Server):
    """A server that says something, and ends."""

    def __init__(self, folder: Path, says: str) -> None:
        super().__init__(folder / "server.log")
        self._says = says

    def begin(self) -> None:
        self._run(["sh", "-c", 'echo "$0" >&2; exit 1', self._says], None)

    def _answers(self) -> bool:
        return False


def test_a_server_whose_log_says_that_the_disk_is_full(tmp_path: Path) -> None:
    server = Ending(tmp_path, "PANIC: could not write to file: No space left on device")

    with pytest.raises(CannotStart, match=r"^the disk is full: server cannot start, see .*\.log$"):
        server.start()


def test_a_server_that_ends_for_another_reason(tmp_path: Path) -> None:
    server = Ending(tmp_path, "FATAL: lock file is empty")

    with pytest.raises(CannotStart, match=r"^server ended at once:\nFATAL: lock file is empty"):
        server.start()


def test_a_folder_of_somebody_else_s() -> None:
    told = obstacles.in_the_way(PermissionError(13, "Permission denied", "data/secrets"))

    assert "data/secrets belongs to somebody else" in str(told)
    assert obstacles.in_the_way(FileNotFoundError(2, "No such file", "x")) is None
