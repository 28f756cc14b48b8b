"""Servers as child processes on 127.0.0.1, ready when they answer, stopped in order.

The same object starts, stops, kills and restarts its server on one port, so that clients come
back to where they were.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.children import dies_with_us
from deploy.local.places import (
    CannotStart,
    free_port,
    nats_program,
)

START_WITHIN = 60.0  # seconds; crash recovery on a slow disk included
STOP_WITHIN = 20.0  # seconds
HURRY_WITHIN = 2.0  # seconds; then it is killed
LINGER_WITHIN = 10.0  # seconds
LOOK_EVERY = 0.02  # seconds; while it starts
ENOUGH_DISK = 256  # MB; Postgres alone wants 128 MB of write-ahead log before it starts


class Lingering(CannotStart):
    """What is left of its killed predecessor is still ending: try again."""


class Server(ABC):
    """One server program: its log, its process, and what being ready means."""

    name = "server"
    asks = signal.SIGTERM
    """The signal that asks it to end."""
    hurries = signal.SIGKILL
    """The signal that makes it end at once; it loses nothing it has acknowledged."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0

    @property
    def pid(self) -> int:
        """Process id. Raises ``RuntimeError`` when it does not run."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @abstractmethod
    def begin(self) -> None:
        """Start it, from the main thread; ``is_ready`` says when it is. Raises ``CannotStart``."""

    def is_ready(self) -> bool:
        """Whether what was begun takes requests. Raises ``CannotStart`` when it never will."""
        process = self._process
        if process is None or process.poll() is not None:
            raise self._ended()
        if self._answers():
            return True
        if time.monotonic() > self._begun + START_WITHIN:
            self.kill()
            raise CannotStart(f"{self.name} was not ready after {START_WITHIN:.0f} s")
        return False

    def start(self) -> None:
        """Start it and return when it is ready. Raises ``CannotStart``."""
        until = time.monotonic() + LINGER_WITHIN
        while True:
            self.begin()
            try:
                while not self.is_ready():
                    time.sleep(LOOK_EVERY)
            except Lingering:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def stop(self, sig: signal.Signals | None = None, within: float = STOP_WITHIN) -> None:
        """Ask it to end and wait; hurried after ``within`` seconds. Idempotent."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(sig or self.asks)  # to nobody, when it has ended
        for impatient, patience in ((self.hurries, within), (signal.SIGKILL, HURRY_WITHIN)):
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.send_signal(impatient)
        process.wait()

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, no goodbye."""
        self.stop(signal.SIGKILL)

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it says that it is ready."""

    def _run(self, command: Sequence[object], user: str | None) -> None:
        """Begin ``command``."""
        self.log.touch(mode=0o600)  # what clients asked may stand in it
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                preexec_fn=dies_with_us(user),  # noqa: PLW1509 - it takes no lock
            )
        self._begun = time.monotonic()

    def _ended(self) -> CannotStart:
        said = self.log.read_text(errors="replace")
        if "No space left on device" in said:
            return CannotStart(f"the disk is full: {self.name} cannot start, see {self.log}")
        return CannotStart(f"{self.name} ended at once:\n{said[-2000:]}")


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

    def begin(self) -> None:
        """Start it; it is ready when JetStream has recovered its streams."""
        must_have_disk_space(self.home)
        config = self.home / "server.conf"
        config.touch(mode=0o600)
        config.write_text(self._configuration(self.port, self.monitor_port, self.home / "store"))
        self._run([nats_program(), "-c", config], None)

    def wipe(self) -> None:
        """Throw every stream away; the server must not be running."""
        if self.is_running:
            raise RuntimeError("stop nats-server before wiping it")
        shutil.rmtree(self.home / "store", ignore_errors=True)

    def _answers(self) -> bool:
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
