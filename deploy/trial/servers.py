"""The two servers as a cluster has them: an admin of few rights, the bus as it is shipped."""

from pathlib import Path

from deploy.cluster import secrets
from deploy.local.postgres import Postgres
from deploy.local.servers import Nats
from deploy.quoting import identifier, literal
from deploy.schema import ROOT
from deploy.trial.engine import Failed
from deploy.validate.alone import alone

BUS = ROOT / "deploy/kubernetes/base/nats"
SUPERUSER = "of-nobody-else"


class Servers:
    """Postgres with ``b2b_admin`` as CloudNativePG makes it, NATS with the accounts as shipped."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._postgres = Postgres(home, SUPERUSER)
        self._nats = Nats(home, self._configuration)

    @property
    def postgres(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._postgres.port}"

    @property
    def nats(self) -> str:
        """A URL without user."""
        return self._nats.url

    def start(self, admin_password: str, bus_passwords: str) -> None:
        """Start both; ``bus_passwords`` is the piece of configuration with every user's.

        Raises ``CannotStart`` or ``Failed``.
        """
        self._postgres.start()
        make = f"CREATE ROLE {identifier(secrets.ADMIN)} LOGIN CREATEROLE CREATEDB PASSWORD "
        self._ask(f"{make}{literal(admin_password)}")
        accounts, passwords = (BUS / "accounts.conf").read_text(), self._home / "nats-passwords"
        (self._home / "nats" / "accounts.conf").write_text(accounts)
        passwords.mkdir(mode=0o700, exist_ok=True)
        (passwords / "passwords.conf").write_text(bus_passwords)
        self._nats.start()

    def stop(self) -> None:
        """Stop both. Idempotent."""
        self._nats.stop()
        self._postgres.stop()

    def _ask(self, statement: str) -> None:
        done = self._postgres.program(
            "psql", self._postgres.dsn, "-v", "ON_ERROR_STOP=1", "-q", told=statement
        )
        if done.returncode:
            raise Failed(f"Postgres refused: {done.stderr.strip()}")

    @staticmethod
    def _configuration(port: int, monitor: int, store: Path) -> str:
        return alone((BUS / "nats.conf").read_text(), port, monitor, store)
