"""The shipped configuration on a real nats-server: read, durable, and each user tried.

A permission that never matches is no error to the server; only trying shows it.
"""

import asyncio
import json
import re
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.errors import Error

from deploy.cluster import secrets
from deploy.local.servers import Nats
from deploy.validate.alone import alone, without_tls
from deploy.validate.objects import Fault, Object, Objects, at, name
from deploy.validate.programs import CannotCheck, run
from deploy.validate.quantities import quantity
from deploy.validate.tries import TRIES, Try

PASSWORD = "tried-out-only"


def faults(objects: Objects) -> Iterator[Fault]:
    """Everything wrong with the bus that ``objects`` configure. Takes a second."""
    shipped = _shipped(objects)
    where = f"ConfigMap {name(shipped)}"
    with tempfile.TemporaryDirectory(prefix="back2back-nats-") as folder:
        try:
            _read(shipped["data"], Path(folder))
            texts = list(_tried(shipped["data"], Path(folder) / "live"))
        except CannotCheck as error:
            texts = [str(error)]
    texts += _room(shipped["data"]["nats.conf"], objects)
    yield from (Fault("bus", where, text) for text in texts)


def _shipped(objects: Objects) -> Object:
    for each in objects.of("ConfigMap"):
        if "nats.conf" in (each.get("data") or {}):
            return each
    raise CannotCheck("no ConfigMap holds nats.conf")


def _read(files: dict[str, str], folder: Path) -> None:
    """As the server reads them. Raises ``CannotCheck`` with what it says."""
    config = _lay_out(files, folder / "etc")
    config.write_text(without_tls(config.read_text()).replace("$POD_NAME", "nats-0"))
    run("nats-server", "-t", "-c", str(config))


def _lay_out(files: dict[str, str], folder: Path) -> Path:
    """The files as the pod mounts them; the path of the main one."""
    for path, text in (
        ("nats/nats.conf", files["nats.conf"]),
        ("nats/accounts.conf", files["accounts.conf"]),
        ("nats-passwords/passwords.conf", _passwords()),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder / "nats/nats.conf"


def _passwords() -> str:
    told = dict.fromkeys(secrets.RANDOM, PASSWORD)
    secret = next(each for each in secrets.wanted() if each.name == "nats-passwords")
    return secrets.filled(secret, told)["passwords.conf"]


def _tried(files: dict[str, str], folder: Path) -> Iterator[str]:
    _lay_out(files, folder)

    def configuration(port: int, monitor: int, store: Path) -> str:
        return alone(files["nats.conf"], port, monitor, store)

    server = Nats(folder, configuration)
    server.start()
    try:
        with urllib.request.urlopen(f"{server.monitor_url}/jsz", timeout=5) as answer:
            if not json.load(answer)["config"].get("sync_always"):
                yield "an acknowledged message is not on disk: sync_interval is not always"
        yield from asyncio.run(_all_tries(server.url))
    finally:
        server.stop()


def _room(config: str, objects: Objects) -> Iterator[str]:
    """Whether JetStream stops before its volume is full."""
    told = re.search(r"^\s*max_file_store: (\d+)GB", config, re.M)
    server = objects.named("StatefulSet", "nats") or {}
    for claim in at(server, "spec", "volumeClaimTemplates") or ():
        volume = quantity(claim["spec"]["resources"]["requests"]["storage"])
        if told is None or quantity(f"{told[1]}G") >= volume:
            yield "max_file_store is not below the volume: a full one falls silent"


async def _all_tries(url: str) -> list[str]:
    found = []
    for user, password in ((None, None), ("booking", "wrong"), ("nobody", PASSWORD)):
        if await _enters(url, user, password):
            found.append(f"lets {user or 'anybody'} in with {password or 'no password'}")
    for each in TRIES:
        async with _as(url, each.user) as (client, errors):
            if await _may(client, errors, each) != each.may:
                found.append(f"{each.user} {'may not' if each.may else 'may'}: {each.verb} "
                             f"{each.subject}")  # fmt: skip
    return found


async def _enters(url: str, user: str | None, password: str | None) -> bool:
    try:
        client = await nats.connect(
            url, user=user, password=password, allow_reconnect=False, error_cb=_ignore
        )
    except (Error, OSError):
        return False
    await client.close()
    return True


@asynccontextmanager
async def _as(url: str, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    errors: list[str] = []

    async def note(error: Exception) -> None:
        errors.append(str(error).lower())

    client = await nats.connect(
        url, user=user, password=PASSWORD, allow_reconnect=False, error_cb=note,
        inbox_prefix=f"_INBOX.{user}",
    )  # fmt: skip
    try:
        yield client, errors
    finally:
        await client.close()


async def _may(client: Client, errors: list[str], tried: Try) -> bool:
    """A refusal is sent before the answer to the ping behind what was refused."""
    if tried.verb == "says":
        await client.publish(tried.subject, b"")
    else:
        await client.subscribe(tried.subject)
    await client.flush(timeout=5)
    await client.flush(timeout=5)
    return not any("permissions violation" in each for each in errors)


async def _ignore(_: Exception) -> None:
    """What went wrong is raised where it matters."""
