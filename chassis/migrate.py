"""Schema changes: numbered SQL files, forward only, before or after a release.

``NNNN_name.pre.sql`` runs while the old code still serves and must not break it;
``NNNN_name.post.sql`` runs when only the new code serves. Each file is one transaction. A file
that has run is never changed: its checksum is kept.

Files of a newer version are left alone: ``pre`` keeps the older code going, so a release can be
rolled back until its ``post`` has run. Who runs one version only asks ``newer`` first.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import asyncpg

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

Phase: TypeAlias = Literal["pre", "post"]

LOCK_TIMEOUT = "10s"  # a migration that cannot get its table steps back: others queue behind it
TURN_TIMEOUT = "120s"  # how long one runner waits for another
_TURN = 0x6D696772  # advisory lock key, any constant; "migr"
_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.(?P<phase>pre|post)\.sql")
_BOOKS = """
CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS migrations.applied (
    folder text NOT NULL,
    file text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (folder, file)
)
"""


class MigrationFailed(RuntimeError):
    """The schema is as it was before the file; the text names the file and the cause."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    folder: str
    """Last two parts of the folder's path, such as ``eventstore/migrations``. Kept for ever."""
    file: str
    number: int
    phase: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path) -> list[Migration]:
    """The folder's files in order; none for a folder that is not there.

    Raises ``MigrationFailed`` for a name of the wrong form or a number used twice in a phase.
    """
    found: dict[tuple[int, str], Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            raise MigrationFailed(f"{path.name}: not named NNNN_what_it_does.pre.sql or .post.sql")
        label = "/".join(folder.resolve().parts[-2:])
        key = int(name["number"]), name["phase"]
        if key in found:
            raise MigrationFailed(f"{path.name}: its number is taken by {found[key].file}")
        found[key] = Migration(label, path.name, *key, path.read_text(encoding="utf-8"))
    return [found[key] for key in sorted(found)]


async def migrate(
    dsn: str,
    folders: Iterable[Path],
    phase: Phase,
    owner_role: str,
    tell: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Apply what is missing in ``folders``, as ``owner_role``; returns the files applied.

    Several runners may start at once: they take turns. ``tell`` hears each file as it begins.
    Raises ``MigrationFailed``.
    """
    db = await asyncpg.connect(dsn, timeout=10, command_timeout=None)
    try:
        await _take_turn(db)
        await db.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        await db.execute(_BOOKS)
        applied = []
        for folder in folders:
            for migration in await _missing(db, migrations(folder), phase):
                tell(f"{migration.folder}/{migration.file}")
                await _apply(db, migration, owner_role)
                applied.append(migration.file)
        return applied
    finally:
        await db.close()  # which also ends the turn


async def newer(dsn: str, folders: Iterable[Path]) -> list[str]:
    """What was applied to the database and is in none of ``folders``: a newer version's files."""
    known = {(one.folder, one.file) for folder in folders for one in migrations(folder)}
    db = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
    try:
        if not await db.fetchval("SELECT to_regclass('migrations.applied')"):
            return []
        rows = await db.fetch("SELECT folder, file FROM migrations.applied ORDER BY applied_at")
    finally:
        await db.close()
    return [f"{folder}/{file}" for folder, file in rows if (folder, file) not in known]


async def _take_turn(db: "_Db") -> None:
    await db.execute(f"SET lock_timeout = '{TURN_TIMEOUT}'")
    try:
        await db.execute(f"SELECT pg_advisory_lock({_TURN})")
    except asyncpg.LockNotAvailableError as error:
        raise MigrationFailed(f"another migration is still running after {TURN_TIMEOUT}") from error


async def _missing(db: "_Db", known: list[Migration], phase: Phase) -> list[Migration]:
    """The files of ``phase`` to apply. Raises ``MigrationFailed`` when history was rewritten."""
    if not known:
        return []
    rows = await db.fetch(
        "SELECT file, checksum FROM migrations.applied WHERE folder = $1", known[0].folder
    )
    applied = {row["file"]: row["checksum"] for row in rows}
    last = max((m.number for m in known if m.phase == phase and m.file in applied), default=0)
    for migration in known:
        if applied.get(migration.file, migration.checksum) != migration.checksum:
            raise MigrationFailed(
                f"{migration.folder}/{migration.file} was changed after it had been applied: "
                "put it back as it was and write a new file"
            )
    missing = [m for m in known if m.phase == phase and m.file not in applied]
    for migration in missing:
        if migration.number < last:
            raise MigrationFailed(
                f"{migration.folder}/{migration.file} comes before a file that has been applied: "
                f"give it a number above {last:04}"
            )
    return missing


async def _apply(db: "_Db", migration: Migration, owner_role: str) -> None:
    try:
        async with db.transaction():
            # A role of ours; no parameter can name one.
            await db.execute(f"SET LOCAL ROLE {owner_role}")  # nosemgrep: sql-from-strings
            await db.execute(migration.sql)
            await db.execute("RESET ROLE")
            await db.execute(
                "INSERT INTO migrations.applied (folder, file, checksum) VALUES ($1, $2, $3)",
                migration.folder, migration.file, migration.checksum,
            )  # fmt: skip
    except asyncpg.PostgresError as error:
        where = _line(migration.sql, getattr(error, "position", None))
        raise MigrationFailed(
            f"{migration.folder}/{migration.file}{where}: {error} ({error.sqlstate})"
        ) from error


def _line(sql: str, position: str | None) -> str:
    """`` line 7`` for a character position as the server counts it, from 1."""
    return f" line {sql.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
