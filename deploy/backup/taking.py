"""Takes a backup of a running Postgres, all of its databases at one moment, stopping nobody."""

import shutil
import tarfile
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from chassis.streams import CONTEXTS
from deploy.backup.folder import REASONS, Backup, Note, marks, private
from deploy.local.access import Access
from deploy.local.postgres import Postgres
from deploy.schema import database_url
from deploy.trouble import Trouble

_COMPLETE = "SELECT es.horizon()"


async def take(access: Access, folder: Path) -> Backup:
    """Copy the databases behind ``access`` to the new ``folder``; looked through when it returns.

    Raises ``Trouble``; then there is no ``folder``.
    """
    return _taken(access, folder, await _note(access))


def _taken(access: Access, folder: Path, note: Note) -> Backup:
    if folder.exists():
        raise Trouble(f"{folder} exists: a backup is never written over another")
    backup = Backup(folder)
    folder.mkdir(mode=0o700, parents=True)
    try:
        backup.base.mkdir(mode=0o700)
        _copy(access, backup)
        backup.verify()
        backup.finish(note)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return backup


async def _note(access: Access) -> Note:
    try:
        db = await asyncpg.connect(access.admin_dsn, timeout=10)
        try:
            version = int(await db.fetchval("SHOW server_version_num")) // 10_000
            taken_at = await db.fetchval("SELECT clock_timestamp()")
        finally:
            await db.close()
        positions = {context: await _complete(access, context) for context in CONTEXTS}
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise Trouble(f"Postgres cannot be asked: {type(error).__name__}: {error}") from error
    keys = marks(access.environment("members")["MASTER_KEYS"])
    return Note(taken_at.isoformat(), str(version), positions, keys)


async def _complete(access: Access, context: str) -> int:
    db = await asyncpg.connect(database_url(access.admin_dsn, f"b2b_{context}"), timeout=10)
    try:
        return int(await db.fetchval(_COMPLETE))
    finally:
        await db.close()


def _copy(access: Access, backup: Backup) -> None:
    """The write-ahead log that makes it one moment is in it; its list is laid beside it."""
    address, password = _without_password(access.admin_dsn)
    programs = Postgres(access.data, password)
    with private(backup.copy) as file:
        copied = programs.program(
            "pg_basebackup", "--dbname", address, "--no-password", "--pgdata=-", "--format=tar",
            "--wal-method=fetch", "--checkpoint=fast", "--compress=client-gzip:1",
            "--manifest-checksums=SHA256", out=file.fileno(), password=password,
        )  # fmt: skip
    if copied.returncode:
        raise Trouble(f"no backup: {copied.stderr[:REASONS].strip()}")
    with tarfile.open(backup.copy) as copy, private(backup.manifest) as file:
        manifest = copy.extractfile(backup.manifest.name)
        if manifest is None:
            raise Trouble("no backup: it came without a list of its files")
        shutil.copyfileobj(manifest, file)


def _without_password(dsn: str) -> tuple[str, str]:
    """The address as anybody may read it in a list of processes, and the password."""
    parts = urlsplit(dsn)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}@{host}")), unquote(password)
