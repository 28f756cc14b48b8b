"""Which migrations make which database, and as whom. Used by every way of deploying."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chassis.migrate import LOCK_TIMEOUT, MigrationFailed, Phase, migrate, newer
from deploy.quoting import identifier

ROOT = Path(__file__).parent.parent
EVENT_STORE = "chassis/eventstore/migrations"
MONTHS_AHEAD = 13


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of migrations in one database."""

    database: str
    owner: str
    folder: str


PARTS = (
    Part("b2b_members", "es_owner", EVENT_STORE),
    Part("b2b_members", "members_owner", "services/members/migrations"),
    Part("b2b_vault", "members_owner", "services/members/vault_migrations"),
    Part("b2b_booking", "es_owner", EVENT_STORE),
    Part("b2b_billing", "es_owner", EVENT_STORE),
    Part("b2b_access", "es_owner", EVENT_STORE),
    Part("b2b_views", "views_owner", "services/projections/migrations"),
    *(
        Part(f"b2b_{service}", "es_owner", "deploy/check/store_migrations")
        for service in ("members", "booking", "billing", "access")
    ),
    Part("b2b_views", "views_owner", "deploy/check/view_migrations"),
)


async def migrate_all(
    dsn: str, phase: Phase, tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Bring every database to this code's schema; ``dsn`` is of a role that may become owners.

    Returns ``database: file`` per file applied. Raises ``chassis.migrate.MigrationFailed``.
    """
    applied = []
    for part in PARTS:
        heading = f"{part.database}: "
        done = await migrate(
            database_url(dsn, part.database),
            [ROOT / part.folder],
            phase,
            part.owner,
            lambda file, heading=heading: tell(heading + file),  # type: ignore[misc]
        )
        applied += [heading + file for file in done]
        if part.folder == EVENT_STORE and phase == "pre":
            await _add_months(database_url(dsn, part.database), part.owner)
    return applied


async def must_not_be_newer(dsn: str) -> None:
    """Raises ``MigrationFailed`` for data a newer version made: this one might misread it."""
    for database in sorted({part.database for part in PARTS}):
        folders = [ROOT / part.folder for part in PARTS if part.database == database]
        if unknown := await newer(database_url(dsn, database), folders):
            raise MigrationFailed(
                f"{database} was made by a newer version of Back2Back, with {unknown[0]}: "
                "use that version, or choose another B2B_DATA"
            )


async def _add_months(dsn: str, owner: str) -> None:
    """Make the partitions of the next year's events that are missing."""
    db = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
    try:
        async with db.transaction():
            await db.execute(f"SET LOCAL ROLE {identifier(owner)}")
            await db.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            await db.execute(f"SELECT es.add_months(current_date, {MONTHS_AHEAD})")
    except asyncpg.PostgresError as error:
        raise MigrationFailed(f"partitions of the months to come: {error}") from error
    finally:
        await db.close()


def database_url(dsn: str, database: str, login: tuple[str, str] | None = None) -> str:
    """``dsn`` with another database and, if given, another (role, password)."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{login[0]}:{login[1]}@{host}" if login else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))
