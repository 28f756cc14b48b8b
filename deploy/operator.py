"""What an operator's command needs to reach: from the environment, else what runs on this machine.

In a cluster the variables are set (``NATS_URL``, ``NATS_USER``, ``NATS_PASSWORD``, ``CALLER_KEY``,
``MIGRATOR_URL``, ``VIEWS_URL``, ``AUDITOR_URL``); on a developer's machine ``B2B_DATA`` tells where
to look.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import nats
from nats.aio.client import Client
from nats.errors import Error

from chassis.clock import Clock, MovableClock, SystemClock
from chassis.nats_access import NatsAccess, Untrusted, tls
from contracts.envelope import Caller
from contracts.ids import GymId, new_id
from deploy.local.access import NOW_OR_NEVER, Access, NatsLogin
from deploy.local.settings import read_settings
from deploy.trouble import Trouble

NAME = "operator"
PATIENCE = timedelta(seconds=10)
"""How long a command waits for an answer."""


class Operator:
    """Addresses and rights, looked up when they are asked for. Raises ``Trouble``."""

    @cached_property
    def local(self) -> Access:
        """The installation that runs on this machine."""
        return Access.to_running(read_settings().data)

    @property
    def migrator_url(self) -> str:
        """DSN of the role that may become any owner; the database's name in it does not matter."""
        return os.environ.get("MIGRATOR_URL") or self.local.dsn("migrator", "postgres")

    @property
    def views_url(self) -> str:
        """DSN of the role that writes read models."""
        return os.environ.get("VIEWS_URL") or self.local.dsn("projections", "b2b_views")

    @property
    def auditor_url(self) -> str:
        """DSN of the role that checks invariants; the database's name in it does not matter."""
        return os.environ.get("AUDITOR_URL") or self.local.dsn("auditor", "postgres")

    @property
    def caller_key(self) -> bytes:
        """What signs callers on the bus."""
        told = os.environ.get("CALLER_KEY") or self.local.environment("gateway")["CALLER_KEY"]
        return base64.b64decode(told.partition(",")[0])

    @cached_property
    def clock(self) -> Clock:
        """The clock the processes go by."""
        if "NATS_URL" in os.environ:
            return SystemClock()
        return MovableClock(self.local.clock_file)

    @asynccontextmanager
    async def nats(self) -> AsyncIterator[Client]:
        """A connection that may do what commands do (deploy/local/rights.py)."""
        login = self._nats_login()
        try:
            secure = self._security(login["servers"])
            client = await nats.connect(**login, **NOW_OR_NEVER, **secure, error_cb=_quiet)
        except (Error, OSError, TimeoutError, Untrusted) as error:
            raise Trouble(f"{login['servers']} cannot be reached: {error}") from error
        try:
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def views(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection to the read models."""
        try:
            db = await asyncpg.connect(self.views_url, timeout=PATIENCE.total_seconds())
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            why = str(error) or "no answer"
            raise Trouble(f"the read models cannot be reached: {why}") from error
        try:
            yield db
        finally:
            await db.close()

    def caller(self, gym_id: GymId, roles: tuple[str, ...] = (NAME,)) -> Caller:
        """Ourselves, asking about ``gym_id``."""
        command_id = new_id()
        return Caller(
            gym_id=gym_id,
            actor="system:operator",
            roles=roles,
            command_id=command_id,
            correlation_id=command_id,
            causation_id=command_id,
            deadline=self.clock.now() + PATIENCE,
        )

    def _nats_login(self) -> NatsLogin:
        url = os.environ.get("NATS_URL")
        if not url:
            return self.local.nats_login(NAME)
        user, password = _needed("NATS_USER"), _needed("NATS_PASSWORD")
        inbox = f"_INBOX.{user}"
        return {
            "servers": url, "user": user, "password": password, "inbox_prefix": inbox, "name": NAME,
        }  # fmt: skip

    def _security(self, url: str) -> dict[str, Any]:
        """As the processes have it (chassis/settings.py)."""
        files = (
            os.environ.get(name) for name in ("NATS_CA_FILE", "NATS_CERT_FILE", "NATS_KEY_FILE")
        )
        try:
            told = tls(url, *(Path(file) if file else None for file in files))
        except ValueError as error:
            raise Trouble(f"wrong settings: {error}") from None
        return NatsAccess(url, "", "", told).security()


async def _quiet(_: Exception) -> None:
    """What went wrong is raised where it matters."""


def _needed(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise Trouble(f"wrong settings: {variable} is not set, but NATS_URL is")
    return value
