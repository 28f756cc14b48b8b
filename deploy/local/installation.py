"""One complete Back2Back on this machine: servers, roles, databases, schema, streams, settings."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import nats

from chassis import streams
from chassis.migrate import Phase
from deploy.local import databases, nats_conf, obstacles
from deploy.local.access import AUDITOR, NOW_OR_NEVER, PROCESSES, Access
from deploy.local.places import CannotStart, free_port
from deploy.local.postgres import Postgres
from deploy.local.servers import STOP_WITHIN, Nats
from deploy.schema import migrate_all, must_not_be_newer

_PHASES: tuple[Phase, ...] = ("pre", "post")


class Installation(Access):
    """Everything the processes stand on, under one data folder, as long as the block lasts.

    ``POSTGRES_URL`` (a superuser's) and ``NATS_SERVER_URL`` name servers to use instead of our own.
    Entering raises ``CannotStart`` or ``chassis.migrate.MigrationFailed``.
    """

    def __init__(
        self, data: Path, *, tell: Callable[[str], None] = lambda _: None, gateway_port: int = 0
    ) -> None:
        ports = {name: free_port() for name in (*PROCESSES, AUDITOR)}
        postgres, bus = os.environ.get("POSTGRES_URL", ""), os.environ.get("NATS_SERVER_URL", "")
        if not postgres:
            _must_have_its_secrets(data)
        super().__init__(
            data,
            postgres=postgres,
            nats=bus,
            ports=ports | ({"gateway": gateway_port} if gateway_port else {}),
        )
        self._tell = tell
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None

    async def __aenter__(self) -> Self:
        try:
            self._start_servers()
            self._tell("roles and databases")
            where = self.postgres.log if self.postgres else "POSTGRES_URL"
            with obstacles.of_postgres(str(where), self.data / "secrets"):
                await databases.prepare(self.admin_dsn, self._roles)
                await self.migrate()
            with obstacles.of_nats(str(self.nats.log if self.nats else "NATS_SERVER_URL")):
                await self._declare_streams()
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

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Stop the servers that are ours, both in ``within`` seconds or hurried. Idempotent."""
        until = time.monotonic() + within
        for server in (self.nats, self.postgres):
            if server is not None:
                server.stop(within=max(0.0, until - time.monotonic()))

    async def migrate(self) -> None:
        """Both phases: locally no old code runs beside the new, nor after it."""
        dsn = self.dsn("migrator", "postgres")
        await must_not_be_newer(dsn)
        for phase in _PHASES:
            await migrate_all(dsn, phase, self._tell)

    async def _declare_streams(self) -> None:
        client = await nats.connect(**self.nats_login("operator"), **NOW_OR_NEVER, error_cb=_quiet)
        try:
            await streams.declare(client)
        finally:
            await client.close()

    def _start_servers(self) -> None:
        if not self._postgres:
            self._tell("starting postgres")
            self.postgres = Postgres(self.data, self._roles["postgres"])
            self.postgres.start()
            self._postgres = self.postgres.dsn
        if not self._nats:
            self._tell("starting nats-server")
            self.nats = Nats(
                self.data,
                lambda port, monitor, store: nats_conf.configuration(
                    port, monitor, store, self._users
                ),
            )
            self.nats.start()
            self._nats = self.nats.url


def _must_have_its_secrets(data: Path) -> None:
    """Raises ``CannotStart`` for a cluster without its passwords or keys: new ones open nothing."""
    if not (data / "postgres" / "cluster" / "PG_VERSION").exists():
        return
    for name in ("postgres.json", "keys.json"):
        if not (data / "secrets" / name).exists():
            raise CannotStart(
                f"{data / 'secrets' / name} is missing, and {data / 'postgres'} cannot be read "
                "without it: bring it back from a copy, choose another B2B_DATA, or throw the data "
                "away with `make reset`"
            )


async def _quiet(_: Exception) -> None:
    """What went wrong is raised where it matters."""
