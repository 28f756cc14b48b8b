"""Postgres and NATS as child processes on 127.0.0.1, ready when they answer, stopped in order.

The same object starts, stops, kills and restarts its server on one port, so that clients come
back to where they were.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.children import dies_with_us
from deploy.local.places import (
    CannotStart,
    free_port,
    nats_program,
    postgres_home,
    postgres_programs,
    reachable_programs,
    unprivileged_user,
)

START_WITHIN = 60.0  # seconds; crash recovery on a slow disk included
STOP_WITHIN = 20.0  # seconds
ENOUGH_DISK = 256  # MB; Postgres alone wants 128 MB of write-ahead log before it starts

_TUNING = {
    "shared_buffers": "64MB",
    "max_connections": "120",
    "fsync": "on",
    "synchronous_commit": "on",
    "io_method": "sync",  # no worker processes: a laptop's memory matters more
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "warning",
}
"""Small in memory, never lax about durability."""


class Server:
    """One server program: its log, its process, and what being ready means."""

    name = "server"

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id. Raises ``RuntimeError`` when it does not run."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end and wait; killed when it does not end in time. Idempotent."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(sig)
        try:
            self._process.wait(timeout=STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, no goodbye."""
        self.stop(signal.SIGKILL)

    def _run(self, command: Sequence[object], user: str | None, ready: Callable[[], bool]) -> None:
        """Start ``command`` and return when ``ready``. Raises ``CannotStart`` with its log."""
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                preexec_fn=dies_with_us(user),  # noqa: PLW1509 - no threads yet
            )
        until = time.monotonic() + START_WITHIN
        while not ready():
            if self._process.poll() is not None:
                self._process = None
                raise CannotStart(self._why())
            if time.monotonic() > until:
                self.kill()
                raise CannotStart(f"{self.name} was not ready after {START_WITHIN:.0f} s")
            time.sleep(0.02)

    def _why(self) -> str:
        said = self.log.read_text(errors="replace")
        if "No space left on device" in said:
            return f"the disk is full: {self.name} cannot start, see {self.log}"
        return f"{self.name} ended at once:\n{said[-2000:]}"


class Postgres(Server):
    """Postgres 18 with its data in ``data``/postgres; superuser ``postgres`` with ``password``."""

    name = "postgres"

    def __init__(self, data: Path, password: str) -> None:
        self.home = postgres_home(data)
        super().__init__(data / "postgres.log")
        self.port = free_port()
        self._password = password
        self._cluster = self.home / "cluster"
        self._programs = reachable_programs(postgres_programs(), self.home)

    @property
    def dsn(self) -> str:
        """The superuser's, of the database ``postgres``."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the cluster if there is none, start it, return when it takes connections.

        Raises ``CannotStart``: no disk space, data of another version, or what its log says.
        """
        must_have_disk_space(self.home)
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._must_be_same_version()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **_TUNING,
        }
        flags = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        command = [self._programs / "postgres", "-D", self._cluster, *flags]
        self._run(command, unprivileged_user(), self._is_ready)

    def stop(self, sig: signal.Signals = signal.SIGINT) -> None:
        """Fast shutdown: open transactions roll back, a checkpoint is written."""
        super().stop(sig)

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def _make_cluster(self) -> None:
        shutil.rmtree(self._cluster, ignore_errors=True)  # an initdb that was interrupted
        user = unprivileged_user()
        secret = self.home / "initdb.password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if user:
            shutil.chown(secret, user)
        initdb = [
            self._programs / "initdb", "-D", self._cluster, "-U", "postgres", "-E", "UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--auth=scram-sha-256", "--pwfile", secret,
        ]  # fmt: skip
        done = subprocess.run(
            [str(word) for word in initdb],
            capture_output=True,
            text=True,
            cwd="/",
            preexec_fn=dies_with_us(user),
            check=False,
        )
        secret.unlink()
        if done.returncode:
            shutil.rmtree(self._cluster, ignore_errors=True)
            self.log.write_text(done.stdout + done.stderr)
            raise CannotStart(self._why())

    def _must_be_same_version(self) -> None:
        asked = subprocess.run(
            [self._programs / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        program = asked.stdout.split()[-1].partition(".")[0]
        data = (self._cluster / "PG_VERSION").read_text().strip()
        if data != program:
            raise CannotStart(
                f"{self._cluster} was made by Postgres {data}, this is Postgres {program}: "
                "point PG_BIN at the old version and dump, choose another B2B_DATA, "
                "or throw the data away with `make reset`"
            )

    def _is_ready(self) -> bool:
        """The last line of the postmaster's own note: what ``pg_ctl --wait`` looks at."""
        try:
            note = (self._cluster / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, PermissionError):
            return False
        return note[:1] == [str(self.pid)] and note[-1].strip() == "ready"


class Nats(Server):
    """nats-server with JetStream in ``data``/nats; ``configuration`` writes its config file."""

    name = "nats-server"

    def __init__(self, data: Path, configuration: Callable[[int, int, Path], str]) -> None:
        self.home = data / "nats"
        self.home.mkdir(parents=True, exist_ok=True)
        super().__init__(data / "nats.log")
        self.port, self.monitor_port = free_port(), free_port()
        self._configuration = configuration

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self.monitor_port}"

    def start(self) -> None:
        """Start, return when JetStream has recovered its streams. Raises ``CannotStart``."""
        must_have_disk_space(self.home)
        config = self.home / "server.conf"
        config.touch(mode=0o600)
        config.write_text(self._configuration(self.port, self.monitor_port, self.home / "store"))
        self._run([nats_program(), "-c", config], None, self._is_ready)

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Throw every stream away; the server must not be running."""
        if self.is_running:
            raise RuntimeError("stop nats-server before wiping it")
        shutil.rmtree(self.home / "store", ignore_errors=True)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
        except (urllib.error.URLError, OSError):
            return False


def must_have_disk_space(folder: Path) -> None:
    """Raises ``CannotStart`` when less than ``ENOUGH_DISK`` MB are free under ``folder``."""
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ENOUGH_DISK:
        raise CannotStart(
            f"the disk is full: {free} MB left under {os.fspath(folder)}, {ENOUGH_DISK} MB needed"
        )
