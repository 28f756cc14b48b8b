"""One complete Back2Back on this machine: servers, roles, databases, schema, streams, settings."""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict
from urllib.parse import urlsplit

import nats

from chassis import streams
from deploy.local import databases, nats_conf
from deploy.local.places import CannotStart, free_port
from deploy.local.postgres import Postgres
from deploy.local.secrets import Secrets
from deploy.local.servers import Nats
from deploy.schema import database_url, migrate_all

PROCESSES = ("members", "booking", "projections", "gateway")
"""In the order they depend on each other."""

_LOGINS = {
    "members": ("members_app", "b2b_members"),
    "booking": ("booking_app", "b2b_booking"),
    "projections": ("projections", "b2b_views"),
    "gateway": ("gateway", "b2b_views"),
}
_RELAYS = {
    "members": ("members_relay", "b2b_members"),
    "booking": ("booking_relay", "b2b_booking"),
}
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LOG_LEVEL",
    "TRACE_SAMPLE_RATIO", "OTEL_EXPORTER_OTLP_ENDPOINT", "GATEWAY_HOST", "ISSUERS",
    "TOKEN_AUDIENCE", "TOKEN_ISSUER",
)  # fmt: skip
"""What a process gets from the runner's own environment; everything else is made here."""


class NatsLogin(TypedDict):
    """Arguments of ``nats.connect``."""

    servers: str
    user: str
    password: str
    inbox_prefix: str
    name: str


class Installation:
    """Everything the processes stand on, under one data folder, as long as the block lasts.

    ``POSTGRES_URL`` (a superuser's) and ``NATS_SERVER_URL`` name servers to use instead of our own.
    Entering raises ``CannotStart`` or ``chassis.migrate.MigrationFailed``.
    """

    def __init__(
        self, data: Path, *, tell: Callable[[str], None] = lambda _: None, gateway_port: int = 0
    ) -> None:
        self.data = data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self._tell = tell
        secrets = Secrets(self.data)
        self._roles = secrets.passwords("postgres", ("postgres", *databases.LOGINS))
        self._users = secrets.passwords("nats", nats_conf.users())
        self._keys = {"CALLER_KEY": secrets.caller_key()}
        self._master_keys = secrets.master_keys()
        self._external_postgres = os.environ.get("POSTGRES_URL", "")
        self._external_nats = os.environ.get("NATS_SERVER_URL", "")
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None
        self.ports = {name: free_port() for name in PROCESSES}
        if gateway_port:
            self.ports["gateway"] = gateway_port

    async def __aenter__(self) -> Self:
        try:
            self._start_servers()
            self._tell("roles and databases")
            await databases.prepare(self.admin_dsn, self._roles)
            await self.migrate()
            client = await nats.connect(**self.nats_login("operator"), connect_timeout=5)
            try:
                await streams.declare(client)
            finally:
                await client.close()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the servers that are ours. Idempotent."""
        for server in (self.nats, self.postgres):
            if server is not None:
                server.stop()

    async def migrate(self) -> None:
        """Both phases: locally no old code runs beside the new."""
        dsn = self.dsn("migrator", "postgres")
        for phase in ("pre", "post"):
            await migrate_all(dsn, "pre" if phase == "pre" else "post", self._tell)

    @property
    def admin_dsn(self) -> str:
        """The Postgres superuser's. Raises ``CannotStart`` before the servers are started."""
        if self._external_postgres:
            return self._external_postgres
        if self.postgres is None:
            raise CannotStart("the servers are not started")
        return self.postgres.dsn

    @property
    def nats_url(self) -> str:
        """Without user. Raises ``CannotStart`` before the servers are started."""
        if self._external_nats:
            parts = urlsplit(self._external_nats)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if self.nats is None:
            raise CannotStart("the servers are not started")
        return self.nats.url

    def dsn(self, role: str, database: str) -> str:
        """How ``role`` reaches ``database``."""
        return database_url(self.admin_dsn, database, (role, self._roles[role]))

    def nats_login(self, user: str) -> NatsLogin:
        """How ``user`` reaches NATS. A user in ``NATS_SERVER_URL`` stands in for everybody."""
        stand_in = urlsplit(self._external_nats)
        return {
            "servers": self.nats_url,
            "user": stand_in.username or user,
            "password": stand_in.password or self._users[user],
            "inbox_prefix": f"_INBOX.{stand_in.username or user}",
            "name": user,
        }

    def environment(self, process: str) -> dict[str, str]:
        """The whole environment of ``members``, ``booking``, ``projections`` or ``gateway``."""
        login = self.nats_login(process)
        known = {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PYTHONUNBUFFERED": "1",
            "B2B_ENV": "development",
            "B2B_CLOCK_FILE": str(self.data / "clock"),
            "HEALTH_PORT": str(self.ports[process]),
            "GATEWAY_PORT": str(self.ports["gateway"]),
            "NATS_URL": login["servers"],
            "NATS_USER": login["user"],
            "NATS_PASSWORD": login["password"],
            "DATABASE_URL": self.dsn(*_LOGINS[process]),
            **self._keys,
        }
        if process in _RELAYS:
            relay = self.nats_login(f"{process}_relay")
            known |= {
                "RELAY_DATABASE_URL": self.dsn(*_RELAYS[process]),
                "RELAY_NATS_USER": relay["user"],
                "RELAY_NATS_PASSWORD": relay["password"],
            }
        if process == "members":
            known |= {
                "VAULT_DATABASE_URL": self.dsn("members_vault", "b2b_vault"),
                "MASTER_KEYS": self._master_keys,
            }
        return known

    def _start_servers(self) -> None:
        if not self._external_postgres:
            self._tell("starting postgres")
            self.postgres = Postgres(self.data, self._roles["postgres"])
            self.postgres.start()
        if not self._external_nats:
            self._tell("starting nats-server")
            self.nats = Nats(
                self.data,
                lambda port, monitor, store: nats_conf.configuration(
                    port, monitor, store, self._users
                ),
            )
            self.nats.start()
