"""A release in containers as a cluster has them: the jobs, every process, a booking, a stop."""

import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.places import free_port
from deploy.schema import ROOT
from deploy.trial import looked_at
from deploy.trial.containers import Container, containers
from deploy.trial.engine import Engine, Failed
from deploy.trial.servers import Servers
from deploy.validate.objects import Pods, at, name
from deploy.validate.render import rendered

GUIDE = ROOT / "docs/operations/install.md"
LOOK_EVERY = 0.2  # seconds
BOOKED_WITHIN = 180.0  # seconds; each command of the guide is a process of its own
NOTHING = ["0000000000000000"] * 4
NOBODY = {
    "user": ["10001"] * 4, "group": ["10001"] * 4, "capabilities": NOTHING,
    "no new privileges": "1", "seccomp": "2", "root": "ro", "writable": ["/tmp"],
}  # fmt: skip
"""What Pod Security "restricted" and our own read-only root come to, seen from inside."""

Say = Callable[[str], None]


class Course:
    """One image, one pair of servers, and the containers made of the manifests of ``dev``."""

    def __init__(self, engine: Engine, image: str, home: Path, say: Say) -> None:
        self._engine, self._image, self._home, self._say = engine, image, home, say
        self._prefix = f"back2back-trial-{os.getpid()}"
        self._made: list[str] = []
        self._servers = Servers(home)
        self._objects = rendered("dev", postgres=self._servers.postgres)
        self._ports = {name(each): free_port() for each in self._objects.of("Deployment")}
        self._door = free_port()

    def run(self) -> None:
        """All of it. Raises ``Failed``."""
        admin, users = self._secret("database-admin"), self._secret("nats-passwords")
        try:
            self._servers.start(admin["password"], users["passwords.conf"])
            for job in ("prepare", "streams"):
                self._job(job)
            self._book(self._serve())
            self._job("finish")
            self._stop()
        finally:
            for made in self._made:
                self._engine.run("rm", "--force", made)
            self._servers.stop()

    def _job(self, job: str) -> None:
        began = time.monotonic()
        for container in self._containers("Job", job):
            self._made.append(container.name)
            container.run(self._engine, self._image, self._home, wait=True)
        self._say(f"job {job}: {time.monotonic() - began:.1f} s")

    def _serve(self) -> Container:
        """Every process, ready; the operator's container."""
        began = time.monotonic()
        self._serving = [
            container
            for each in self._objects.of("Deployment")
            if at(each, "metadata", "labels", "b2b/service") == "true"
            for container in self._containers("Deployment", name(each))
        ]
        for container in self._serving:
            self._start(container)
        for made, took in self._ready(began).items():
            self._engine.must("exec", made, "healthy")
            self._is_restricted(made)
            self._say(f"{_short(made)}: ready after {took:.1f} s, and restricted")
        [operator] = self._containers("Deployment", "operator")
        self._start(operator)
        self._is_restricted(operator.name)
        return operator

    def _start(self, container: Container) -> None:
        self._made.append(container.name)
        container.run(self._engine, self._image, self._home)

    def _ready(self, began: float) -> dict[str, float]:
        """Name -> seconds until it said so to the kubelet's question. Raises ``Failed``."""
        took: dict[str, float] = {}
        while waiting := [each for each in self._serving if each.name not in took]:
            for container in waiting:
                port = container.environment["HEALTH_PORT"]
                if _answers(f"http://127.0.0.1:{port}{container.path}"):
                    took[container.name] = time.monotonic() - began
                elif not self._lives(container) or time.monotonic() > began + container.patience:
                    said = self._last_words(container.name)
                    raise Failed(f"{_short(container.name)} was never ready:\n{said}")
            time.sleep(LOOK_EVERY)
        return took

    def _lives(self, container: Container) -> bool:
        words = ("inspect", "--format", "{{.State.Running}}", container.name)
        return self._engine.must(*words).strip() == "true"

    def _is_restricted(self, container: str) -> None:
        """Raises ``Failed`` with what it is or may beyond ``NOBODY``."""
        look = Path(looked_at.__file__).read_text()
        seen = json.loads(self._engine.must("exec", container, "python", "-c", look))
        if wrong := beyond(seen):
            raise Failed(f"{_short(container)}: {'; '.join(wrong)}")

    def _book(self, operator: Container) -> None:
        """The first booking, as the guide has it, with every invariant looked at after it."""
        [block] = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", block], capture_output=True, text=True,
            check=False, timeout=BOOKED_WITHIN,
            env={**os.environ, "GATEWAY": f"http://127.0.0.1:{self._door}",
                 "B2B": f"{self._engine.program} exec -i {operator.name} b2b"},
        )  # fmt: skip
        if done.returncode or '"status": "RESERVED"' not in done.stdout:
            raise Failed(f"no booking:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        self._say(f"a gym, its owner, a client, a class, a booking: {GUIDE.relative_to(ROOT)}")

    def _stop(self) -> None:
        """Each ends by itself when asked, in time, and says that all was well."""
        slowest = 0.0
        for container in self._serving:
            began = time.monotonic()
            self._engine.must("stop", "--time", str(int(container.grace)), container.name)
            slowest = max(slowest, time.monotonic() - began)
            code = self._engine.must(
                "inspect", "--format", "{{.State.ExitCode}}", container.name
            ).strip()
            if code != "0":
                said = self._last_words(container.name)
                raise Failed(f"{_short(container.name)} ended with {code}:\n{said}")
        self._say(f"{len(self._serving)} processes ended in order, the slowest in {slowest:.1f} s")

    def _containers(self, kind: str, wanted: str) -> list[Container]:
        pods = next(
            each for each in self._objects.pods
            if each.owner["kind"] == kind and name(each.owner) == wanted
        )  # fmt: skip
        return list(
            containers(pods, self._objects, prefix=self._prefix, home=self._home,
                       engine=self._engine, here=self._here(pods, wanted))
        )  # fmt: skip

    def _here(self, pods: Pods, wanted: str) -> dict[str, str]:
        """Addresses of this machine, for who is told of a cluster's."""
        health = self._ports.get(wanted, 0)
        return {
            "NATS_URL": self._servers.nats,
            "HEALTH_HOST": "127.0.0.1",
            "HEALTH_PORT": str(health),
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self._door),
        }

    def _secret(self, wanted: str) -> dict[str, str]:
        found = self._objects.named("Secret", wanted) or {}
        return dict(found["stringData"])

    def _last_words(self, container: str) -> str:
        done = self._engine.run("logs", "--tail", "15", container)
        return done.stdout + done.stderr


def beyond(seen: Mapping[str, object]) -> list[str]:
    """How what ``looked_at`` prints differs from ``NOBODY``."""
    return [
        f"{what} is {seen.get(what)}, not {should}"
        for what, should in NOBODY.items()
        if seen.get(what) != should
    ]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3):
            return True
    except OSError:
        return False


def _short(container: str) -> str:
    return container.split("-", 3)[3].removesuffix("-app")
