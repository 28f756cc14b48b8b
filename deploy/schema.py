"""Which migrations make which database, and as whom. Used by every way of deploying."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from chassis.migrate import Phase, migrate

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of migrations in one database."""

    database: str
    owner: str
    folder: str


PARTS = (
    Part("b2b_members", "es_owner", "chassis/eventstore/migrations"),
    Part("b2b_members", "members_owner", "services/members/migrations"),
    Part("b2b_vault", "members_owner", "services/members/vault_migrations"),
    Part("b2b_booking", "es_owner", "chassis/eventstore/migrations"),
    Part("b2b_billing", "es_owner", "chassis/eventstore/migrations"),
    Part("b2b_access", "es_owner", "chassis/eventstore/migrations"),
    Part("b2b_views", "views_owner", "services/projections/migrations"),
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
    return applied


def database_url(dsn: str, database: str, login: tuple[str, str] | None = None) -> str:
    """``dsn`` with another database and, if given, another (role, password)."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{login[0]}:{login[1]}@{host}" if login else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))
