"""Each user of the bus may do its part and nothing else."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import nats.errors
import pytest

from chassis.reader import Reader
from chassis.relay import Relay
from chassis.wire import unpack
from deploy.local.installation import Installation
from tests.component.messaging.probe import Journal, connected_as, running


@pytest.fixture(scope="module")
async def installation(data: Path) -> AsyncIterator[Installation]:
    """One of our own: a probe's events would stand in the way of the service whose stream it is."""
    async with Installation(data / "rights") as started:
        yield started
        if started.postgres is not None:
            started.postgres.stop(signal.SIGQUIT)  # nobody needs what a clean stop would write


async def test_the_relays_user_writes_its_stream_and_projections_user_reads_it(
    installation: Installation, journal: Journal
) -> None:
    await journal.record(3, event_type="access.probed.v1")
    async with (
        connected_as(installation, "access_relay") as writer,
        connected_as(installation, "projections") as projections,
    ):
        reader = Reader(projections, "EVT_ACCESS", (f"evt.{journal.gym_id}.>",))
        async with running(Relay(context="access", dsn=journal.relay_dsn, client=writer).run):
            found: list[UUID] = []
            while len(found) < 3:
                found += [unpack(each.data).event_id for each in await reader.next_batch()]
        await reader.stop()

    assert found == [event_id for _, event_id in await journal.history()]


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("projections", "evt.gym.access.probed.v1"),
        ("access", "evt.gym.access.probed.v1"),
        ("booking_relay", "evt.gym.access.probed.v1"),
        ("access_relay", "$JS.API.STREAM.DELETE.EVT_ACCESS"),
        ("access_relay", "$JS.API.STREAM.PURGE.EVT_ACCESS"),
        ("projections", "$JS.API.STREAM.PURGE.EVT_ACCESS"),
        ("auditor", "$JS.API.STREAM.PURGE.EVT_ACCESS"),
        ("auditor", "evt.gym.access.probed.v1"),
    ],
)
async def test_nobody_else_writes_or_empties_a_stream(
    installation: Installation, user: str, subject: str
) -> None:
    async with connected_as(installation, user) as client:
        with pytest.raises(nats.errors.TimeoutError):  # the server refuses without an answer
            await client.request(subject, b"{}", timeout=0.3)


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("gateway", "qry.members.person_keys"),
        ("booking", "qry.members.person_keys"),
        ("projections", "qry.members.principal_of"),
        ("booking", "cmd.members.erase_client"),
        ("gateway", "cmd.members.register_gym"),
        ("gateway", "cmd.booking.open_ledger"),
        ("gateway", "cmd.booking.close_waitlist"),
        ("gateway", "qry.members.client_standing"),
        ("auditor", "qry.members.client_standing"),
        ("auditor", "cmd.booking.book_class"),
    ],
)
async def test_nobody_asks_what_is_not_theirs_to_ask(
    installation: Installation, user: str, subject: str
) -> None:
    async with connected_as(installation, user) as client:
        with pytest.raises(nats.errors.TimeoutError):  # allowed, it would be: nobody serves this
            await client.request(subject, b"{}", timeout=0.3)


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("projections", "qry.members.person_keys"),
        ("auditor", "qry.members.person_keys"),
        ("booking", "qry.members.client_standing"),
        ("gateway", "qry.members.principal_of"),
        ("gateway", "cmd.members.sign_in"),
        ("gateway", "cmd.booking.book_class"),
    ],
)
async def test_everybody_asks_what_they_need(
    installation: Installation, user: str, subject: str
) -> None:
    async with connected_as(installation, user) as client:
        with pytest.raises(nats.errors.NoRespondersError):
            await client.request(subject, b"{}", timeout=5)
