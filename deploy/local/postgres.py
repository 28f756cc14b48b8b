"""Postgres for one machine: made on first use, small in memory, never lax about durability."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import asyncpg

from deploy.local.children import dies_with_us
from deploy.local.places import (
    CannotStart,
    free_port,
    postgres_home,
    postgres_programs,
    reachable_programs,
    unprivileged_user,
)
from deploy.local.servers import Lingering, Server, must_have_disk_space

LINGERING = "pre-existing shared memory block"
"""What the log says while children of a killed server are still ending."""

_TUNING = {
    "shared_buffers": "64MB",
    "max_connections": "120",
    "fsync": "on",
    "synchronous_commit": "on",
    "io_method": "sync",  # no worker processes: a laptop's memory matters more
    "max_logical_replication_workers": "0",  # nobody subscribes: no process that waits for it
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "warning",
}


class Postgres(Server):
    """Postgres 18 with its data in ``data``/postgres; superuser ``postgres`` with ``password``."""

    name = "postgres"
    asks = signal.SIGINT  # open transactions roll back, a checkpoint is written
    hurries = signal.SIGQUIT  # no checkpoint: the next start goes through the log

    def __init__(self, data: Path, password: str) -> None:
        self.home = postgres_home(data)
        super().__init__(data / "postgres.log")
        self.port = free_port()
        self.cluster = self.home / "cluster"
        """The data directory, as Postgres calls it."""
        self._password = password
        self._programs = reachable_programs(postgres_programs(), self.home)

    @property
    def dsn(self) -> str:
        """The superuser's, of the database ``postgres``."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def is_made(self) -> bool:
        """Whether there is a cluster."""
        return (self.cluster / "PG_VERSION").exists()

    @property
    def version(self) -> str:
        """Major version of the programs, ``18``."""
        asked = self.program("postgres", "--version")
        return asked.stdout.split()[-1].partition(".")[0]

    async def checkpoint(self) -> None:
        """Write what a stop would have to write. Raises ``OSError``, ``asyncpg.PostgresError``."""
        db = await asyncpg.connect(self.dsn, timeout=5)
        try:
            await db.execute("CHECKPOINT")
        finally:
            db.terminate()

    def begin(self) -> None:
        """Make the cluster if there is none, and start it.

        Raises ``CannotStart``: no disk space, or data of another version.
        """
        must_have_disk_space(self.home)
        if not self.is_made:
            self._make_cluster()
        self._must_be_same_version()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **_TUNING,
        }
        flags = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        command = [self._programs / "postgres", "-D", self.cluster, *flags]
        self._run(command, unprivileged_user())

    def program(
        self,
        name: str,
        *words: object,
        told: str = "",
        out: int = subprocess.PIPE,
        password: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """What became of one of Postgres' programs, run by who runs Postgres.

        ``told`` is its input; ``out``, a file descriptor, takes its output instead of the result;
        ``password`` is for a server it connects to.
        """
        return subprocess.run(
            [str(self._programs / name), *map(str, words)],
            input=told,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PGPASSWORD": password} if password else None,
            preexec_fn=dies_with_us(unprivileged_user()),
            check=False,
        )

    def _make_cluster(self) -> None:
        shutil.rmtree(self.cluster, ignore_errors=True)  # an initdb that was interrupted
        user = unprivileged_user()
        secret = self.home / "initdb.password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if user:
            shutil.chown(secret, user)
        done = self.program(
            "initdb", "-D", self.cluster, "-U", "postgres", "-E", "UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--auth=scram-sha-256", "--pwfile", secret,
        )  # fmt: skip
        secret.unlink()
        if done.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            self.log.write_text(done.stdout + done.stderr)
            raise self._ended()

    def _must_be_same_version(self) -> None:
        program = self.version
        data = (self.cluster / "PG_VERSION").read_text().strip()
        if data != program:
            raise CannotStart(
                f"{self.cluster} was made by Postgres {data}, this is Postgres {program}: "
                "point PG_BIN at the old version and dump, choose another B2B_DATA, "
                "or throw the data away with `make reset`"
            )

    def _answers(self) -> bool:
        """The last line of the postmaster's own note: what ``pg_ctl --wait`` looks at."""
        try:
            note = (self.cluster / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, PermissionError):
            return False
        return note[:1] == [str(self.pid)] and note[-1].strip() == "ready"

    def _ended(self) -> CannotStart:
        why = super()._ended()
        return Lingering(str(why)) if LINGERING in str(why) else why
