"""Roles and databases of an installation, made or completed, in any state they are found in.

Services never log in as an owner: owners make tables, ``migrator`` becomes an owner for the
length of a migration, and each process has a login role of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from deploy.quoting import identifier, literal

OWNERS = ("es_owner", "views_owner", "members_owner")
GROUPS = (
    "es_app", "es_relay", "es_auditor", "views_projector", "views_reader", "views_auditor",
    "members_auth",
)  # fmt: skip

_SHORT = {"idle_in_transaction_session_timeout": "5s", "transaction_timeout": "10s"}
_APP = {**_SHORT, "plan_cache_mode": "force_generic_plan"}
_STEADY = {"idle_in_transaction_session_timeout": "5s"}
_READING = {"default_transaction_read_only": "on"}


@dataclass(frozen=True, slots=True)
class Login:
    """A role a process logs in with: its groups, its databases, its settings."""

    groups: tuple[str, ...]
    databases: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


LOGINS = {
    "migrator": Login((), ("b2b_members", "b2b_vault", "b2b_booking", "b2b_billing", "b2b_access",
                           "b2b_views")),
    "members_app": Login(("es_app", "members_auth"), ("b2b_members",), _APP),
    "members_relay": Login(("es_relay",), ("b2b_members",), _SHORT),
    "members_vault": Login((), ("b2b_vault",), _APP),
    "booking_app": Login(("es_app",), ("b2b_booking",), _APP),
    "booking_relay": Login(("es_relay",), ("b2b_booking",), _SHORT),
    "billing_app": Login(("es_app",), ("b2b_billing",), _APP),
    "billing_relay": Login(("es_relay",), ("b2b_billing",), _SHORT),
    "access_app": Login(("es_app",), ("b2b_access",), _APP),
    "access_relay": Login(("es_relay",), ("b2b_access",), _SHORT),
    "projections": Login(("views_projector",), ("b2b_views",), _STEADY),
    "gateway": Login(("views_reader",), ("b2b_views",), _APP),
    "auditor": Login(("es_auditor", "views_auditor"), ("b2b_members", "b2b_booking", "b2b_billing",
                     "b2b_access", "b2b_views"), _READING),
}  # fmt: skip

DATABASES = {
    "b2b_members": ("es_owner", "members_owner"),
    "b2b_vault": ("members_owner",),
    "b2b_booking": ("es_owner",),
    "b2b_billing": ("es_owner",),
    "b2b_access": ("es_owner",),
    "b2b_views": ("views_owner",),
}
"""Database -> owner roles that may make schemas in it."""

FOLDS_ASIDE = (("auditor", "b2b_views"),)
"""Who may make temporary tables where: read models are folded once more beside themselves."""


async def prepare(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Make what is missing, set what differs. Idempotent; needs a role that may make roles.

    Raises ``asyncpg.PostgresError`` when the role lacks the right.
    """
    admin = await asyncpg.connect(admin_dsn, timeout=10)
    try:
        for role in (*OWNERS, *GROUPS):
            await _make_role(admin, role)
        for role, login in LOGINS.items():
            await _make_role(admin, role)
            await _set_login(admin, role, login, passwords[role])
        for owner in OWNERS:
            await admin.execute(
                f"GRANT {identifier(owner)} TO migrator WITH INHERIT FALSE, SET TRUE"
            )
        for database, owners in DATABASES.items():
            await _make_database(admin, database, owners)
    finally:
        await admin.close()


async def _make_role(admin: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await admin.execute(f"CREATE ROLE {identifier(role)} NOLOGIN")


async def _set_login(
    admin: "asyncpg.Connection[asyncpg.Record]", role: str, login: Login, password: str
) -> None:
    await admin.execute(f"ALTER ROLE {identifier(role)} LOGIN PASSWORD {literal(password)}")
    for group in login.groups:
        await admin.execute(f"GRANT {identifier(group)} TO {identifier(role)}")
    for setting, value in login.settings.items():
        await admin.execute(
            f"ALTER ROLE {identifier(role)} SET {identifier(setting)} = {literal(value)}"
        )


async def _make_database(
    admin: "asyncpg.Connection[asyncpg.Record]", database: str, owners: tuple[str, ...]
) -> None:
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        await admin.execute(f"CREATE DATABASE {identifier(database)}")
    await admin.execute(f"REVOKE ALL ON DATABASE {identifier(database)} FROM PUBLIC")
    for owner in (*owners, "migrator"):
        await admin.execute(
            f"GRANT CREATE, TEMPORARY ON DATABASE {identifier(database)} TO {identifier(owner)}"
        )
    for role, login in LOGINS.items():
        if database in login.databases:
            await admin.execute(
                f"GRANT CONNECT ON DATABASE {identifier(database)} TO {identifier(role)}"
            )
    for role, where in FOLDS_ASIDE:
        if where == database:
            await admin.execute(
                f"GRANT TEMPORARY ON DATABASE {identifier(database)} TO {identifier(role)}"
            )
