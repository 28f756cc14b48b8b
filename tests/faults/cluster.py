"""Three NATS servers, each on a host of its own: a network namespace that can be cut off."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import nats_conf
from deploy.local.installation import Installation
from deploy.local.places import nats_program
from deploy.local.servers import STOP_WITHIN, Server
from tests.faults.machine import must_be_able_to, run
from tests.world.system import System
from tests.world.waiting import until

NETWORK = "10.213.77"
"""Of the bridge and the hosts on it; reachable from this machine alone."""
NAMES = ("nats-1", "nats-2", "nats-3")
WELL_WITHIN = 60.0  # seconds


class Node(Server):
    """One of the three."""

    def __init__(self, name: str, folder: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.number = NAMES.index(name) + 1
        self.address = f"{NETWORK}.{self.number}"
        self._link = f"b2b-{self.number}"
        self._home = folder / name
        self._home.mkdir()
        (self._home / "server.conf").write_text(self._configuration(passwords))

    @contextmanager
    def host(self, bridge: str) -> Iterator[None]:
        """Its namespace, on ``bridge``, as long as the block lasts."""
        run("ip", "netns", "add", self.name)
        try:
            inside = f"{self._link}-in"
            run("ip", "link", "add", self._link, "type", "veth", "peer", "name", inside)
            run("ip", "link", "set", inside, "netns", self.name)
            run("ip", "link", "set", self._link, "master", bridge, "up")
            there = ("ip", "-n", self.name)
            run(*there, "addr", "add", f"{self.address}/24", "dev", inside)
            run(*there, "link", "set", inside, "up")
            run(*there, "link", "set", "lo", "up")
            yield
        finally:
            run("ip", "netns", "delete", self.name)

    def begin(self) -> None:
        """Start it; JetStream is there when enough of the three are."""
        there = ("ip", "netns", "exec", self.name)
        self._run([*there, nats_program(), "-c", self._home / "server.conf"], None)

    def cut_off(self) -> None:
        """No packet reaches it, none leaves it; nobody is told."""
        run("ip", "link", "set", self._link, "down")

    def join(self) -> None:
        """Back on the network."""
        run("ip", "link", "set", self._link, "up")

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def is_well(self) -> bool:
        """Whether all of its streams are current."""
        return self._shows("healthz")

    def _answers(self) -> bool:
        return self._shows("varz")

    def _shows(self, page: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}:8222/{page}", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _configuration(self, passwords: Mapping[str, str]) -> str:
        written = {user: json.dumps(password) for user, password in passwords.items()}
        routes = [f"nats://{NETWORK}.{number + 1}:6222" for number in range(len(NAMES))]
        return f"""\
server_name: {self.name}
listen: "{self.address}:4222"
http: "{self.address}:8222"
max_payload: 1MB
max_pending: 64MB
ping_interval: 5s
ping_max: 2
jetstream {{
  store_dir: {json.dumps(str(self._home / "store"))}
  sync_interval: always
}}
cluster {{
  name: back2back
  listen: "{self.address}:6222"
  routes: {json.dumps(routes)}
}}
{nats_conf.accounts(written)}"""


class ClusteredInstallation(Installation):
    """An installation whose NATS are three, behind one address as a service in a cluster."""

    def __init__(self, data: Path, service: str) -> None:
        super().__init__(data)
        folder = data / "cluster"
        folder.mkdir()
        self.nodes = {name: Node(name, folder, self._users) for name in NAMES}
        self._service = service

    def stop(self, within: float = STOP_WITHIN) -> None:
        for node in self.nodes.values():
            node.kill()
        super().stop(within)

    def _start_servers(self) -> None:
        for node in self.nodes.values():
            node.start()
        self._nats = self._service
        super()._start_servers()

    async def all_well(self) -> None:
        """Return when all three have everything."""

        async def well() -> bool:
            return all(node.is_well for node in self.nodes.values())

        await until(well, WELL_WITHIN)


class ClusteredSystem(System):
    """A system on such an installation."""

    installation: ClusteredInstallation

    def __init__(self, data: Path, service: str) -> None:
        super().__init__(data, ClusteredInstallation(data, service))


@contextmanager
def bridge() -> Iterator[str]:
    """The network the hosts are on. Skips the test where nobody may make one."""
    must_be_able_to("ip")
    name = "b2b-bridge"
    try:
        run("ip", "link", "add", name, "type", "bridge")
    except AssertionError as refused:
        pytest.skip(f"needs to make networks: {refused}")
    try:
        run("ip", "addr", "add", f"{NETWORK}.254/24", "dev", name)
        run("ip", "link", "set", name, "up")
        yield name
    finally:
        run("ip", "link", "delete", name)
