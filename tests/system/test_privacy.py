"""Who somebody is stands in the read model of people, and nowhere else in the clear."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import httpx
import nats
import psutil
import pytest
from nats.js.api import StreamInfo

from contracts.ids import new_id
from deploy.local.access import PROCESSES
from deploy.local.installation import Installation
from deploy.schema import PARTS, database_url
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import PASSWORD, Person, Refused

PLACES = {"views.clients", "views.client_words", "views.staff"}
"""Tables that hold people's names and addresses, so that staff can read them."""


class Mia:
    """A client with a name, an address and a number that nobody else has."""

    def __init__(self) -> None:
        mark = new_id().hex[-12:]
        self.name, self.email = f"Mia{mark} Quirk{mark}", f"mia.{mark}@leak-{mark}.test"
        self.phone, self.password = f"+49 170 {int(mark, 16)}", f"secret-{mark}"
        self.id = ""

    def is_in(self, text: str) -> bool:
        told = (self.name, self.name.split()[1], self.email, self.phone, self.password)
        low = text.lower()
        return any(t.lower() in low or t.encode().hex() in low for t in told)


@pytest.fixture
async def mia(gym: Gym) -> Mia:
    """Registered, signed in, booked; and named in requests that went wrong in every way."""
    her = Mia()
    told = await gym.owner.done(
        documents.REGISTER, name=her.name, email=her.email, phone=her.phone, password=her.password
    )
    her.id = told["client"]["id"]
    await gym.owner.done(documents.GRANT, clientId=her.id, credits=3)
    at = Person(gym.url)
    gym.people.append(at)
    signed_in = {"gym": gym.slug, "email": her.email, "password": her.password}
    tokens = await at.done(documents.SIGN_IN, **signed_in)
    at._token = tokens["tokens"]["accessToken"]
    session = await gym.session()
    booked = await at.done(documents.BOOK, sessionId=session)
    await gym.owner.refused(documents.REGISTER, name=her.name, email=her.email)
    await gym.owner.refused(documents.REGISTER, name=her.name, email=her.name)
    await at.refused(documents.SIGN_IN, **signed_in | {"password": her.name})
    with pytest.raises(Refused):
        await gym.owner.ask(documents.CLIENTS, search=her.email + "\0")
    await gym.owner.raw({"query": f'{{ clients(first: 1, search: "{her.email}" {her.name}'})
    await gym.owner.raw({"query": documents.REGISTER, "variables": {"input": vars(her)}})
    await gym.owner.ask(documents.ROSTER, id=session, atLeast=booked["position"])
    await gym.owner.ask(documents.CLIENTS, search=her.email)
    return her


async def test_nobody_reads_of_a_person_in_logs_or_metrics(
    mia: Mia, running: Installation, said: list[str]
) -> None:
    assert any("ready" in line for line in said)
    assert not [line for line in said if mia.is_in(line) or PASSWORD in line]
    async with httpx.AsyncClient(timeout=30) as client:
        for process in PROCESSES:
            port = running.ports[process]
            told = await client.get(f"http://127.0.0.1:{port}/metrics")
            assert told.status_code == 200
            assert not mia.is_in(told.text)
    for log in running.data.glob("*.log"):
        assert not mia.is_in(log.read_text(errors="replace")), log


@pytest.mark.parametrize("database", sorted({part.database for part in PARTS}))
async def test_no_table_but_that_of_people_knows_a_person(
    mia: Mia, running: Installation, database: str
) -> None:
    db = await asyncpg.connect(database_url(running.admin_dsn, database))
    try:
        tables = await db.fetch(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        telling = {
            table for (table,) in tables
            if any(mia.is_in(row[0]) for row in await db.fetch(f"SELECT t::text FROM {table} t"))
        }  # fmt: skip
    finally:
        await db.close()

    assert telling <= PLACES
    assert (database == "b2b_views") == bool(telling)


@pytest.fixture
async def messages(running: Installation) -> AsyncIterator[list[str]]:
    """Everything the streams hold, with subjects and headers."""
    client = await nats.connect(**running.nats_login("developer"))
    jetstream = client.jetstream()
    found: list[str] = []
    streams: list[StreamInfo] = await jetstream.streams_info()
    for stream in streams:
        name, state = str(stream.config.name), stream.state
        for seq in range(state.first_seq, state.last_seq + 1 if state.messages else 0):
            message = await jetstream.get_msg(name, seq, direct=True)
            found.append(f"{message.subject} {message.headers} {(message.data or b'').decode()}")
    yield found
    await client.close()


async def test_streams_carry_a_person_sealed(mia: Mia, messages: list[str]) -> None:
    person = UUID(mia.id.partition("_")[2])

    about_her = [text for text in messages if str(person) in text]

    assert any("members.client_registered" in text for text in about_her)
    assert not [text for text in messages if mia.is_in(text)]


async def test_secrets_are_in_no_command_line_log_or_open_file(
    mia: Mia, running: Installation, said: list[str]
) -> None:
    files = [file for file in (running.data / "secrets").iterdir() if file.is_file()]
    kept = [str(text) for file in files for text in json.loads(file.read_text()).values()]
    secrets = [text for text in kept if len(text) > 20 and "://" not in text]
    assert secrets

    lines = [_command_line(each) for each in psutil.Process().children(recursive=True)]
    assert any("services.members" in line for line in lines)
    for secret in secrets:
        assert not [line for line in (*lines, *said) if secret in line]
    for file in (*files, *running.data.glob("*.log"), running.data / "nats/server.conf"):
        assert file.stat().st_mode & 0o077 == 0, file


def _command_line(process: psutil.Process) -> str:
    """Empty for one that has just ended, as a server's own children do."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
