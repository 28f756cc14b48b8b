"""A backup is of one moment, whole or refused, and comes back only where it may."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from contracts.ids import new_id
from deploy.backup.fingerprint import Sum, differing, fingerprint
from deploy.backup.folder import Backup
from deploy.backup.restoring import restore
from deploy.backup.taking import take
from deploy.demo.marks import Marks
from deploy.local.installation import Installation
from deploy.local.runner import alone
from deploy.schema import database_url
from deploy.trouble import Trouble

pytestmark = pytest.mark.timeout(300)  # whole servers are copied, on a machine that may be busy


@pytest.fixture(scope="module")
async def source(data: Path) -> AsyncIterator[Installation]:
    """Databases somebody writes to without a pause: to one the cause, then to one the effect."""
    async with Installation(data / "backup-source") as started:
        for database in ("b2b_booking", "b2b_billing"):
            db = await asyncpg.connect(database_url(started.admin_dsn, database))
            await db.execute("CREATE TABLE written (n int PRIMARY KEY)")
            await db.close()
        yield started


@pytest.fixture(scope="module")
async def backup(source: Installation, data: Path) -> Backup:
    """Taken meanwhile."""
    stop = asyncio.Event()
    writing = asyncio.create_task(_write(source, stop))
    folder = data / "backup"
    await asyncio.to_thread(asyncio.run, take(source, folder))
    stop.set()
    assert await writing > 5
    return Backup.at(folder)


async def _write(source: Installation, stop: asyncio.Event) -> int:
    """How often it wrote."""
    cause = await asyncpg.connect(database_url(source.admin_dsn, "b2b_booking"))
    effect = await asyncpg.connect(database_url(source.admin_dsn, "b2b_billing"))
    n = 0
    while not stop.is_set():
        n += 1
        await cause.execute("INSERT INTO written VALUES ($1)", n)
        await effect.execute("INSERT INTO written VALUES ($1)", n)
    await cause.close()
    await effect.close()
    return n


@pytest.fixture
def empty(source: Installation, data: Path) -> Path:
    """A data folder that has nothing but the keys of the source."""
    folder = data / f"restored-{new_id().hex}"
    (folder / "secrets").mkdir(parents=True)
    shutil.copy(source.data / "secrets" / "keys.json", folder / "secrets" / "keys.json")
    return folder


async def test_all_databases_come_back_as_of_one_moment_with_passwords_of_their_own(
    source: Installation, backup: Backup, empty: Path
) -> None:
    restore(empty, backup)

    async with Installation(empty) as restored:
        assert (
            restored.environment("booking")["DATABASE_URL"].partition("@")[0]
            != (source.environment("booking")["DATABASE_URL"].partition("@")[0])
        )
        found = await fingerprint(restored.admin_dsn)
        causes = found.pop("b2b_booking public.written").rows
        effects = found.pop("b2b_billing public.written").rows
        assert causes > 0
        assert causes - effects in (0, 1), "an effect without its cause, or of another moment"
        before = await fingerprint(source.admin_dsn)
        for table in ("b2b_booking public.written", "b2b_billing public.written"):
            before.pop(table)
        assert differing(before, found) == []
    told = Marks(empty, restored.clock_file).told("")
    assert told == [f"restored from the backup of {backup.note.taken_at}"], "no demo is made there"


async def test_the_superusers_password_is_not_the_backups(
    source: Installation, backup: Backup, empty: Path
) -> None:
    restore(empty, backup)

    async with Installation(empty) as restored:
        old = source.admin_dsn.rpartition("@")[0]
        here = restored.admin_dsn.rpartition("@")[2]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"{old}@{here}")


def test_nothing_in_it_can_be_read_by_others(backup: Backup) -> None:
    assert backup.folder.stat().st_mode & 0o777 == 0o700
    for file in backup.folder.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


async def test_it_is_never_written_over_another(source: Installation, backup: Backup) -> None:
    with pytest.raises(Trouble, match="never written over another"):
        await take(source, backup.folder)


async def test_one_that_could_not_be_taken_leaves_nothing(
    source: Installation, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_postgres", source.admin_dsn.replace("postgres:", "migrator:", 1))
    folder = data / "never"

    with pytest.raises(Trouble, match="Postgres cannot be asked: InvalidPassword"):
        await take(source, folder)

    assert not folder.exists()


# Where it may not come back ---------------------------------------------------------------------


def test_one_that_was_never_finished_is_none(backup: Backup, tmp_path: Path) -> None:
    shutil.copytree(backup.base, tmp_path / "base")

    with pytest.raises(Trouble, match="no finished backup"):
        Backup.at(tmp_path)


def test_one_byte_that_changed_is_noticed(backup: Backup, tmp_path: Path, empty: Path) -> None:
    damaged = Backup.at(Path(shutil.copytree(backup.folder, tmp_path / "damaged")))
    raw = bytearray(damaged.copy.read_bytes())
    raw[len(raw) // 2] ^= 1
    damaged.copy.write_bytes(raw)

    with pytest.raises(Trouble, match="is damaged"):
        damaged.verify()
    with pytest.raises(Trouble, match="is damaged"):
        restore(empty, damaged)
    assert not (empty / "postgres" / "cluster").exists()


@pytest.mark.parametrize("keys", [None, {"CALLER_KEY": "x", "MASTER_KEYS": '{"1": "AAAA"}'}])
def test_without_the_master_key_it_was_sealed_with_it_stays_where_it_is(
    backup: Backup, empty: Path, keys: dict[str, str] | None
) -> None:
    file = empty / "secrets" / "keys.json"
    file.unlink()
    if keys is not None:
        file.write_text(json.dumps(keys))

    with pytest.raises(Trouble, match=r"master key 1 of this backup is not in .*keys\.json"):
        restore(empty, backup)

    assert not (empty / "postgres").exists()


def test_databases_that_are_there_are_never_replaced(backup: Backup, empty: Path) -> None:
    (empty / "postgres" / "cluster").mkdir(parents=True)
    (empty / "postgres" / "cluster" / "PG_VERSION").write_text("18")

    with pytest.raises(Trouble, match="never restored over any"):
        restore(empty, backup)


def test_an_installation_that_runs_is_left_alone(backup: Backup, empty: Path) -> None:
    with alone(empty), pytest.raises(Trouble, match="already running"):
        restore(empty, backup)


def test_another_postgres_is_named(backup: Backup, empty: Path, tmp_path: Path) -> None:
    older = Backup.at(Path(shutil.copytree(backup.folder, tmp_path / "older")))
    note = json.loads((older.folder / "note.json").read_text())
    (older.folder / "note.json").write_text(json.dumps(note | {"postgres": "17"}))

    with pytest.raises(Trouble, match="of Postgres 17, this is Postgres 18"):
        restore(empty, older)


def test_a_server_of_somebody_else_is_not_restored(
    backup: Backup, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgresql://postgres:secret@127.0.0.1:1/postgres")

    with pytest.raises(Trouble, match="restored by its own tools"):
        restore(empty, backup)


# What tells two databases apart -----------------------------------------------------------------


def test_a_row_more_another_row_and_a_table_more_are_differences() -> None:
    one = {"a es.events": Sum(2, "5/7"), "a es.claims": Sum(1, "1/1"), "a same": Sum(0, "0/0")}
    other = {"a es.events": Sum(2, "5/8"), "a more": Sum(3, "3/3"), "a same": Sum(0, "0/0")}

    assert differing(one, one) == []
    assert differing(one, other) == [
        "a es.claims: 1 rows, 0 rows", "a es.events: 2 rows, 2 rows", "a more: 0 rows, 3 rows",
    ]  # fmt: skip


async def test_a_fingerprint_changes_with_any_value_and_not_with_the_order(
    source: Installation, backup: Backup
) -> None:
    dsn = source.admin_dsn
    db = await asyncpg.connect(dsn)
    seen = []
    for rows in ("(1, 'a'), (2, 'b')", "(2, 'b'), (1, 'a')", "(1, 'b'), (2, 'a')"):
        await db.execute("DROP TABLE IF EXISTS told; CREATE TABLE told (n int, t text)")
        await db.execute(f"INSERT INTO told VALUES {rows}")
        seen.append((await fingerprint(dsn, ["postgres"]))["postgres public.told"])
    await db.close()

    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
    assert [one.rows for one in seen] == [2, 2, 2]
