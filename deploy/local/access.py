"""How each process reaches Postgres and NATS: the same for a new installation and a running one."""

import json
import os
from pathlib import Path
from typing import Self, TypedDict
from urllib.parse import urlsplit

from deploy.local import databases, rights
from deploy.local.places import CannotStart
from deploy.local.secrets import Secrets
from deploy.schema import database_url

PROCESSES = ("members", "booking", "billing", "access", "projections", "gateway")
"""In the order they depend on each other."""
AUDITOR = "auditor"
"""Looks at the invariants all day: in a cluster always, on one machine when asked to."""

LOGINS = {
    "members": ("members_app", "b2b_members"),
    "booking": ("booking_app", "b2b_booking"),
    "billing": ("billing_app", "b2b_billing"),
    "access": ("access_app", "b2b_access"),
    "projections": ("projections", "b2b_views"),
    "gateway": ("gateway", "b2b_views"),
}
"""Process -> the role it logs in with and its database."""
RELAYS = {
    "members": ("members_relay", "b2b_members"),
    "booking": ("booking_relay", "b2b_booking"),
    "billing": ("billing_relay", "b2b_billing"),
    "access": ("access_relay", "b2b_access"),
}
"""Process -> the role of its relay, and its database."""
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LOG_LEVEL",
    "TRACE_SAMPLE_RATIO", "OTEL_EXPORTER_OTLP_ENDPOINT", "GATEWAY_HOST", "ISSUERS",
    "TOKEN_AUDIENCE", "TOKEN_ISSUER", "TRUSTED_PROXIES", "ORIGINS", "TRUSTED_DOCUMENTS",
    "ONLY_TRUSTED_DOCUMENTS", "ADDRESS_RATE", "ADDRESS_BURST", "ADDRESS_CONNECTIONS",
    "PERSON_RATE", "PERSON_BURST", "COST_RATE", "COST_BURST", "RECHECK_SECONDS", "CHECK_EVERY",
    "CHECK_AGAIN", "CHECK_NIGHT", "CHECK_ON_ITS_WAY", "SEALING_VERSION",
)  # fmt: skip
"""What a process gets from the runner's own environment; everything else is made here."""


NOW_OR_NEVER = {
    "connect_timeout": 5, "allow_reconnect": False, "max_reconnect_attempts": 1,
    "reconnect_time_wait": 0.1,
}  # fmt: skip
"""Arguments of ``nats.connect`` for who asks once: a server that is away is not waited for."""


class NatsLogin(TypedDict):
    """Arguments of ``nats.connect``."""

    servers: str
    user: str
    password: str
    inbox_prefix: str
    name: str


class Access:
    """Addresses of an installation's servers, with the logins in its data folder."""

    def __init__(
        self, data: Path, *, postgres: str = "", nats: str = "", ports: dict[str, int] | None = None
    ) -> None:
        """``postgres`` is a superuser's DSN; ``nats`` a URL; ``ports`` process -> health port."""
        self.data = data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        secrets = Secrets(self.data)
        self._roles = secrets.passwords("postgres", ("postgres", *databases.LOGINS))
        self._users = secrets.passwords("nats", rights.local_users())
        self._keys = {"CALLER_KEY": secrets.caller_key()}
        self._master_keys = secrets.master_keys()
        self._postgres, self._nats = postgres, nats
        self.ports = ports or {}

    @classmethod
    def to_running(cls, data: Path) -> Self:
        """What runs on ``data`` just now. Raises ``CannotStart`` when nothing does."""
        try:
            told = json.loads(_note(data).read_text())
            os.kill(told["pid"], 0)
        except (FileNotFoundError, ProcessLookupError):
            raise CannotStart(f"nothing runs on {data}: start it with `make run`") from None
        return cls(data, postgres=told["postgres"], nats=told["nats"], ports=told["ports"])

    def tell_running(self) -> None:
        """Leave a note, for our eyes only, where to find what runs on this data folder."""
        told = {
            "pid": os.getpid(),
            "postgres": self.admin_dsn,
            "nats": self._nats,
            "ports": self.ports,
        }
        note = _note(self.data)
        note.touch(mode=0o600)
        note.write_text(json.dumps(told))

    def tell_stopped(self) -> None:
        """Take the note away. Idempotent."""
        _note(self.data).unlink(missing_ok=True)

    @property
    def clock_file(self) -> Path:
        """Moves the clock of all processes."""
        return self.data / "clock"

    @property
    def admin_dsn(self) -> str:
        """The Postgres superuser's. Raises ``CannotStart`` before the servers are started."""
        if not self._postgres:
            raise CannotStart("the servers are not started")
        return self._postgres

    @property
    def nats_url(self) -> str:
        """Without user. Raises ``CannotStart`` before the servers are started."""
        if not self._nats:
            raise CannotStart("the servers are not started")
        parts = urlsplit(self._nats)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def dsn(self, role: str, database: str) -> str:
        """How ``role`` reaches ``database``."""
        return database_url(self.admin_dsn, database, (role, self._roles[role]))

    def nats_login(self, user: str) -> NatsLogin:
        """How ``user`` reaches NATS. A user in the URL stands in for everybody."""
        stand_in = urlsplit(self._nats)
        return {
            "servers": self.nats_url,
            "user": stand_in.username or user,
            "password": stand_in.password or self._users[user],
            "inbox_prefix": f"_INBOX.{stand_in.username or user}",
            "name": user,
        }

    def environment(self, process: str) -> dict[str, str]:
        """The whole environment of one of ``PROCESSES``, or of the ``AUDITOR``."""
        login = self.nats_login(process)
        known = {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PYTHONUNBUFFERED": "1",
            "B2B_ENV": "development",
            "B2B_CLOCK_FILE": str(self.clock_file),
            "GATEWAY_PORT": str(self.ports["gateway"]),
            "NATS_URL": login["servers"],
            "NATS_USER": login["user"],
            "NATS_PASSWORD": login["password"],
            **self._keys,
        }
        if process == AUDITOR:
            known["AUDITOR_URL"] = self.dsn("auditor", "postgres")
        else:
            known["DATABASE_URL"] = self.dsn(*LOGINS[process])
        if process != "gateway":  # it answers health questions at its own door
            known["HEALTH_PORT"] = str(self.ports[process])
        if process in RELAYS:
            relay = self.nats_login(f"{process}_relay")
            known |= {
                "RELAY_DATABASE_URL": self.dsn(*RELAYS[process]),
                "RELAY_NATS_USER": relay["user"],
                "RELAY_NATS_PASSWORD": relay["password"],
            }
        if process == "members":
            known |= {
                "VAULT_DATABASE_URL": self.dsn("members_vault", "b2b_vault"),
                "MASTER_KEYS": self._master_keys,
            }
        return known


def _note(data: Path) -> Path:
    return data / "secrets" / "running.json"
