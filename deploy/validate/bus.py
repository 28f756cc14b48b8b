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
from typing import Literal, NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error

from deploy.cluster import secrets
from deploy.local.servers import Nats
from deploy.validate.alone import alone, without_tls
from deploy.validate.objects import Fault, Object, Objects, at, name
from deploy.validate.programs import CannotCheck, run
from deploy.validate.quantities import quantity

PASSWORD = "tried-out-only"


class Try(NamedTuple):
    """What one user does, and whether it may."""

    user: str
    verb: Literal["says", "hears"]
    subject: str
    may: bool


TRIES = (
    Try("gateway", "says", "cmd.booking.book_class", True),
    Try("gateway", "says", "cmd.members.sign_in", True),
    Try("gateway", "hears", "live.>", True),
    Try("gateway", "hears", "progress.>", True),
    Try("gateway", "hears", "health.*", True),
    Try("gateway", "says", "health.gateway", True),
    Try("gateway", "says", "health.booking", False),
    Try("gateway", "says", "cmd.members.register_gym", False),
    Try("gateway", "says", "cmd.booking.no_such_thing", False),
    Try("gateway", "says", "qry.members.person_keys", False),
    Try("gateway", "says", "evt.gym.booking.probed.v1", False),
    Try("gateway", "says", "live.gym.roster.x", False),
    Try("gateway", "hears", "evt.>", False),
    Try("gateway", "hears", "_INBOX.booking.>", False),
    Try("booking_relay", "says", "evt.gym.booking.probed.v1", True),
    Try("booking_relay", "says", "$JS.API.STREAM.INFO.EVT_BOOKING", True),
    Try("booking_relay", "hears", "bell.booking", True),
    Try("booking_relay", "says", "health.booking", True),
    Try("booking_relay", "says", "evt.gym.billing.probed.v1", False),
    Try("booking_relay", "says", "$JS.API.STREAM.PURGE.EVT_BOOKING", False),
    Try("booking_relay", "says", "$JS.API.STREAM.DELETE.EVT_BOOKING", False),
    Try("booking_relay", "says", "cmd.booking.book_class", False),
    Try("booking", "hears", "cmd.booking.>", True),
    Try("booking", "says", "bell.booking", True),
    Try("booking", "says", "$JS.API.CONSUMER.MSG.NEXT.EVT_MEMBERS.booking_open_ledger", True),
    Try("booking", "says", "qry.members.client_standing", True),
    Try("booking", "says", "evt.gym.booking.probed.v1", False),
    Try("booking", "says", "cmd.billing.add_fee_line", False),
    Try("booking", "hears", "cmd.billing.>", False),
    Try("booking", "says", "health.booking", True),
    Try("booking", "says", "health.billing", False),
    Try("booking", "hears", "health.*", False),
    Try("booking", "says", "$JS.API.STREAM.INFO.DLQ", True),
    Try("booking", "says", "$JS.API.CONSUMER.CREATE.EVT_BILLING.x", False),
    Try("booking", "says", "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.booking_open_ledger.evt.x", True),
    Try("booking", "says", "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.access_staff_hired.evt.x", False),
    Try("booking", "says", "$JS.API.CONSUMER.DELETE.EVT_MEMBERS.access_staff_hired", False),
    Try("booking", "says", "$JS.API.CONSUMER.MSG.NEXT.EVT_MEMBERS.access_staff_hired", False),
    Try("booking", "says", "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.x", False),
    Try("billing", "says", "$JS.ACK.EVT_BOOKING.billing_invoice_fee.1.1.1.1.1", True),
    Try("billing", "says", "$JS.ACK.EVT_BOOKING.access_ban_imposed.1.1.1.1.1", False),
    Try("billing", "says", "$JS.ACK.EVT_MEMBERS.x.1.1.1.1.1", False),
    Try("billing", "says", "$JS.ACK.EVT_ACCESS.x.1.1.1.1.1", False),
    Try("members", "hears", "qry.members.>", True),
    Try("members", "hears", "evt.>", False),
    Try("access", "hears", "cmd.access.>", True),
    Try("access", "says", "cmd.booking.book_class", False),
    Try("projections", "says", "live.gym.roster.x", True),
    Try("projections", "says", "qry.members.person_keys", True),
    Try("projections", "says", "qry.members.principal_of", False),
    Try("projections", "says", "$JS.API.STREAM.PURGE.EVT_BOOKING", False),
    Try("projections", "says", "$JS.API.CONSUMER.CREATE.EVT_BOOKING.projections-x", True),
    Try("projections", "says", "$JS.API.CONSUMER.DELETE.EVT_BOOKING.projections-x", True),
    Try("projections", "says", "$JS.API.CONSUMER.DELETE.EVT_BOOKING.billing_invoice_fee", False),
    Try("projections", "says", "$JS.API.CONSUMER.CREATE.EVT_BOOKING.billing_invoice_fee", False),
    Try("projections", "says", "$JS.API.CONSUMER.MSG.NEXT.EVT_BOOKING.billing_invoice_fee", False),
    Try("auditor", "says", "$JS.API.CONSUMER.CREATE.EVT_BILLING.auditor-x", True),
    Try("auditor", "says", "$JS.API.CONSUMER.LIST.EVT_MEMBERS", True),
    Try("auditor", "says", "$JS.API.STREAM.INFO.DLQ", True),
    Try("auditor", "says", "qry.members.person_keys", True),
    Try("auditor", "says", "cmd.booking.book_class", False),
    Try("auditor", "says", "evt.gym.booking.probed.v1", False),
    Try("auditor", "says", "live.gym.roster.x", False),
    Try("auditor", "says", "$JS.API.STREAM.PURGE.EVT_BOOKING", False),
    Try("auditor", "says", "$JS.API.STREAM.MSG.GET.DLQ", False),
    Try("auditor", "hears", "live.>", False),
    Try("auditor", "says", "$JS.API.CONSUMER.DELETE.EVT_BOOKING.billing_invoice_fee", False),
    Try("operator", "says", "$JS.API.STREAM.CREATE.EVT_BOOKING", True),
    Try("operator", "says", "$JS.API.STREAM.DELETE.DLQ", True),
    Try("operator", "says", "$JS.API.STREAM.MSG.DELETE.DLQ", True),
    Try("operator", "says", "$JS.API.CONSUMER.CREATE.EVT_BOOKING", True),
    Try("operator", "says", "$JS.API.CONSUMER.CREATE.EVT_BOOKING.operator-x", True),
    Try("operator", "says", "$JS.FC.EVT_BOOKING.x.y", True),
    Try("operator", "says", "cmd.members.register_gym", True),
    Try("operator", "says", "qry.members.person_keys", True),
    Try("operator", "says", "retry.billing.billing_invoice_fee", True),
    Try("operator", "hears", "_INBOX.operator.>", True),
    Try("operator", "says", "evt.gym.booking.probed.v1", False),
    Try("operator", "says", "dlq.booking.x", False),
    Try("operator", "says", "cmd.booking.book_class", False),
    Try("operator", "says", "qry.members.principal_of", False),
    Try("operator", "says", "live.gym.roster.x", False),
    Try("operator", "says", "$JS.API.STREAM.MSG.DELETE.EVT_BOOKING", False),
    Try("operator", "says", "$JS.API.STREAM.PURGE.EVT_BOOKING", False),
    Try("operator", "says", "$JS.API.STREAM.CREATE.ANOTHER", False),
    Try("operator", "says", "$JS.API.CONSUMER.DELETE.EVT_BOOKING.billing_invoice_fee", False),
    Try("operator", "says", "$JS.API.CONSUMER.MSG.NEXT.EVT_BOOKING.billing_invoice_fee", False),
    Try("operator", "says", "$JS.ACK.EVT_BOOKING.billing_invoice_fee.1.1.1.1.1", False),
    Try("operator", "hears", "evt.>", False),
    Try("operator", "hears", "_INBOX.members.>", False),
)


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
