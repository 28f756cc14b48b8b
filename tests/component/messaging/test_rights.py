"""Each user of the bus may do its part and nothing else."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import nats
import nats.errors
import orjson
import pytest

from chassis.nats_client import settled
from chassis.reader import Reader
from chassis.relay import Relay
from chassis.wire import unpack
from contracts.envelope import COMMANDS, promised, subject_of
from contracts.permissions import MATRIX, OPERATOR
from deploy.local.installation import Installation
from tests.component.messaging.probe import Journal, connected_as, running
from tests.world.waiting import until


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


@pytest.mark.parametrize("user", ["booking", "projections", "access_relay", "gateway", "operator"])
@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.access_staff_hired",
        "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.access_staff_hired.evt.>",
        "$JS.API.CONSUMER.DURABLE.CREATE.EVT_MEMBERS.access_staff_hired",
        "$JS.API.CONSUMER.DELETE.EVT_MEMBERS.access_staff_hired",
        "$JS.API.CONSUMER.PAUSE.EVT_MEMBERS.access_staff_hired",
        "$JS.API.CONSUMER.MSG.NEXT.EVT_MEMBERS.access_staff_hired",
        "$JS.ACK.EVT_MEMBERS.access_staff_hired.1.1.1.1.1",
    ],
)
async def test_a_services_durable_consumer_is_touched_by_nobody_else(
    installation: Installation, user: str, subject: str
) -> None:
    assert await _refused(installation, user, subject)


@pytest.mark.parametrize(
    "subject",
    [
        "$JS.API.CONSUMER.CREATE.EVT_MEMBERS.access_staff_hired.evt.x.members.staff_hired.v1",
        "$JS.API.CONSUMER.INFO.EVT_MEMBERS.access_staff_hired",
        "$JS.API.CONSUMER.MSG.NEXT.EVT_MEMBERS.access_staff_hired",
        "$JS.ACK.EVT_MEMBERS.access_staff_hired.1.1.1.1.1",
    ],
)
async def test_a_service_makes_and_uses_its_durable_consumers(
    installation: Installation, subject: str
) -> None:
    assert not await _refused(installation, "access", subject)


@pytest.mark.parametrize("named", ["name", "durable_name"])
@pytest.mark.parametrize(
    ("user", "asked_for"),
    [("projections", ".projections-1"), ("operator", ".operator-1"), ("operator", "")],
)
async def test_a_throw_away_consumer_becomes_no_durable_one(
    installation: Installation, user: str, asked_for: str, named: str
) -> None:
    """Its name stands in the subject and in the body: what is asked for by the latter is not."""
    durable = {named: "access_staff_hired", "filter_subject": "evt.*.nothing"}
    async with (
        connected_as(installation, "developer") as developer,
        connected_as(installation, user) as client,
    ):
        jetstream = developer.jetstream()
        made = await jetstream.add_consumer("EVT_MEMBERS", durable_name="access_staff_hired")
        answer = await client.request(
            f"$JS.API.CONSUMER.CREATE.EVT_MEMBERS{asked_for}",
            orjson.dumps({"stream_name": "EVT_MEMBERS", "config": durable}),
        )
        assert orjson.loads(answer.data).get("name") in (None, asked_for.lstrip("."))
        kept = await jetstream.consumer_info("EVT_MEMBERS", "access_staff_hired")
        assert (kept.created, kept.config) == (made.created, made.config)
        await jetstream.delete_consumer("EVT_MEMBERS", "access_staff_hired")


async def test_who_reads_shows_in_the_consumers_name(installation: Installation) -> None:
    async with (
        connected_as(installation, "operator") as operator,
        connected_as(installation, "projections") as projections,
    ):
        reader = Reader(projections, "EVT_BILLING")
        async with asyncio.TaskGroup() as reading:
            reading.create_task(reader.next_batch())

            async def is_there() -> bool:
                there = await operator.jetstream().consumers_info("EVT_BILLING")
                return any(each.name.startswith("projections-") for each in there)

            await until(is_there)
            await reader.stop()


@pytest.mark.parametrize("user", ["booking", "projections", "access_relay", "gateway"])
async def test_a_consumer_without_a_name_is_made_by_operators_alone(
    installation: Installation, user: str
) -> None:
    subject = "$JS.API.CONSUMER.CREATE.EVT_MEMBERS"
    assert await _refused(installation, user, subject)
    assert not await _refused(installation, "operator", subject)


@pytest.mark.parametrize(
    "subject",
    [
        "evt.gym.booking.reservation_made.v1", "dlq.booking.x", "live.gym.roster.x", "progress.x",
        "health.booking", "bell.booking", "home.booking.x", "peers.booking",
        "cmd.booking.book_class", "cmd.members.erase_client", "cmd.members.sign_in",
        "qry.members.principal_of", "retry.members.x", "_INBOX.booking.x",
        "$JS.API.STREAM.PURGE.EVT_BOOKING", "$JS.API.STREAM.PURGE.DLQ",
        "$JS.API.STREAM.MSG.DELETE.EVT_BOOKING", "$JS.API.STREAM.CREATE.ANOTHER",
        "$JS.API.STREAM.SNAPSHOT.EVT_MEMBERS", "$JS.API.STREAM.RESTORE.EVT_MEMBERS",
        "$JS.API.ACCOUNT.PURGE.B2B", "$JS.API.STREAM.LEADER.STEPDOWN.EVT_MEMBERS",
    ],
)  # fmt: skip
async def test_an_operator_says_nothing_that_no_command_says(
    installation: Installation, subject: str
) -> None:
    assert await _refused(installation, "operator", subject)


@pytest.mark.parametrize("subject", ["evt.>", "cmd.members.>", "live.>", "dlq.>", ">"])
async def test_nor_hears_what_was_not_told_to_it(installation: Installation, subject: str) -> None:
    assert await _refused(installation, "operator", subject, hears=True)


async def test_what_an_operator_may_ask_is_what_an_operator_is_allowed(
    installation: Installation,
) -> None:
    commands = [
        subject_of(kind) for name, kind in promised(COMMANDS).items() if OPERATOR in MATRIX[name]
    ]
    assert "cmd.members.register_gym" in commands
    for subject in (*commands, "qry.members.person_keys", "retry.booking.booking_open_ledger"):
        assert not await _refused(installation, "operator", subject)


@pytest.mark.parametrize("subject", ["cmd.booking.no_such_thing", "qry.members.no_such_thing"])
async def test_the_gateway_asks_only_what_is_known_to_be_for_people(
    installation: Installation, subject: str
) -> None:
    assert await _refused(installation, "gateway", subject)


async def _refused(
    installation: Installation, user: str, subject: str, *, hears: bool = False
) -> bool:
    """Whether the server says so; it does before it answers the pings behind it."""
    said: list[str] = []

    async def note(error: Exception) -> None:
        said.append(str(error).lower())

    login = installation.nats_login(user)
    client = await nats.connect(**login, allow_reconnect=False, error_cb=note)
    if hears:
        await client.subscribe(subject)
    else:
        await client.publish(subject, b"{}")
    await settled(client)
    await client.close()
    return any("permissions violation" in each for each in said)


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
        ("billing", "$JS.API.STREAM.MSG.GET.DLQ"),
        ("members", "$JS.API.STREAM.INFO.DLQ"),
        ("gateway", "$JS.API.STREAM.INFO.DLQ"),
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
            await client.request(subject, b"{}", timeout=30)


async def test_each_process_tells_how_it_is_and_nobody_how_others_are(
    installation: Installation,
) -> None:
    async with connected_as(installation, "gateway") as gateway:
        told = await gateway.subscribe("health.*")
        await settled(gateway)
        for user in ("booking", "booking_relay", "auditor", "projections", "gateway"):
            async with connected_as(installation, user) as client:
                await client.publish("health.members", b"not mine")
                await client.publish(f"health.{user.removesuffix('_relay')}", user.encode())
                await client.flush()

        heard = [await told.next_msg(timeout=30) for _ in range(5)]
        await gateway.flush()

        assert [one.data.decode() for one in heard] == [
            "booking", "booking_relay", "auditor", "projections", "gateway",
        ]  # fmt: skip
        assert told.pending_msgs == 0


async def test_only_gateways_hear_how_everybody_is(installation: Installation) -> None:
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(**installation.nats_login("booking"), error_cb=note)
    await client.subscribe("health.*")

    async def told() -> bool:
        return any("permissions violation" in one.lower() for one in refused)

    await until(told)
    await client.close()
