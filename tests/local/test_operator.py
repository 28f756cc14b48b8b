"""What an operator's command says and does, against a running installation."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.clock import SystemClock
from chassis.nats_access import NatsAccess
from contracts.envelope import Envelope, Event
from contracts.ids import GymId, new_id
from deploy.commands import clock, dead_letters, gym, projections, tail
from deploy.local.access import Access
from deploy.local.installation import Installation
from deploy.local.places import free_port
from deploy.operator import Operator
from deploy.trouble import Trouble
from tests.component.messaging.probe import connected_as
from tests.local.typed import b2b


class BellRung(Event):
    """A bell was rung."""


BellRung.event_type = "members.test_bell_rung.v1"  # later, so that no register lists it


@pytest.fixture
def operator(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    monkeypatch.setenv("B2B_DATA", str(installation.data))
    installation.tell_running()
    yield Operator()
    installation.tell_stopped()


@pytest.fixture
async def nats(installation: Installation) -> AsyncIterator[Client]:
    """May also say what services say."""
    async with connected_as(installation, "developer") as client:
        yield client


# Reaching what runs -----------------------------------------------------------------------------


async def test_commands_find_what_runs_on_the_data_folder(operator: Operator) -> None:
    assert await b2b("streams") == (0, "nothing to do\n")
    assert await b2b("migrate") == (0, "nothing to do\n")


async def test_a_command_says_so_when_nothing_runs(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B2B_DATA", str(installation.data / "nothing"))

    code, said = await b2b("streams")

    assert code == 1
    assert said.startswith("b2b: nothing runs on")
    assert "make run" in said


def test_the_environment_comes_before_what_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_URL", "postgresql://migrator:secret@elsewhere/any")

    assert Operator().migrator_url == "postgresql://migrator:secret@elsewhere/any"


async def test_half_an_environment_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.delenv("NATS_USER", raising=False)

    with pytest.raises(Trouble, match="NATS_USER is not set"):
        async with Operator().nats():
            pass


async def test_a_nats_that_is_not_there_is_said_so_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"nats://127.0.0.1:{free_port()}"
    monkeypatch.setenv("NATS_URL", url)
    monkeypatch.setenv("NATS_USER", "operator")
    monkeypatch.setenv("NATS_PASSWORD", "any")

    async with asyncio.timeout(60):
        with pytest.raises(Trouble, match=f"{url} cannot be reached: nats: no servers"):
            async with Operator().nats():
                pass


async def test_read_models_that_cannot_be_reached_are_said_so_in_a_line(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"postgresql://projections:secret@127.0.0.1:{free_port()}/b2b_views"
    monkeypatch.setenv("VIEWS_URL", nowhere)

    for asking in (gym.find(operator, "harbor"), projections.status(operator)):
        with pytest.raises(Trouble, match=r"^the read models cannot be reached: .") as told:
            await asking
        assert "secret" not in str(told.value)


def test_the_note_about_what_runs_is_for_our_eyes_only(
    operator: Operator, installation: Installation
) -> None:
    note = installation.data / "secrets" / "running.json"

    assert note.stat().st_mode & 0o777 == 0o600
    assert Access.to_running(installation.data).admin_dsn == installation.admin_dsn


# Events -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("booking", "evt.*.booking.>"),
        ("booking.reservation_made", "evt.*.booking.reservation_made.*"),
        ("booking.reservation_made.v1", "evt.*.booking.reservation_made.v1"),
    ],
)
def test_tail_filters_by_as_much_of_the_type_as_is_given(kind: str, subject: str) -> None:
    assert tail.subject(None, kind) == subject


def test_tail_shows_an_event_on_one_line(gym_id: GymId) -> None:
    told = an_envelope(gym_id).model_dump(mode="json")

    assert tail.shown(told) == (
        f"2027-03-01T12:00:00Z #7 gym {gym_id} members.test_bell_rung.v1 "
        f"{told['stream']}@1 by system:tests {{}}"
    )


async def test_tail_until_now_shows_what_there_is_and_ends(
    operator: Operator, nats: Client, gym_id: GymId
) -> None:
    for _ in range(2):
        told = an_envelope(gym_id)
        subject = f"evt.{gym_id}.members.test_told.v1"  # nobody reacts to it
        await nats.jetstream().publish(subject, told.model_dump_json().encode())
    said: list[str] = []

    async with asyncio.timeout(60):
        await tail.until_newest(operator, gym=gym_id, kind="members.test_told", line=said.append)
        await tail.until_newest(operator, gym=gym_id, kind="", line=said.append)
        await tail.until_newest(operator, gym=gym_id, kind="booking", line=said.append)

    assert len(said) == 4
    assert all(f"gym {gym_id}" in line for line in said)


# Read models and gyms ---------------------------------------------------------------------------


async def test_status_names_every_read_model(operator: Operator) -> None:
    standings = await projections.status(operator)

    assert {each.name for each in standings} >= {"calendar", "roster", "ledgers", "people"}
    assert {each.source for each in standings} >= {"EVT_BOOKING", "EVT_MEMBERS", "EVT_ACCESS"}


async def test_rebuilding_what_is_not_there_names_what_is(operator: Operator) -> None:
    with pytest.raises(Trouble, match="no read model is called rooster: there are calendar"):
        await projections.rebuild(operator, "rooster", lambda *_: None)


async def test_a_rebuild_wants_names_or_all() -> None:
    for words in ((), ("roster", "--all")):
        code, said = await b2b("projections", "rebuild", *words)
        assert code == 2
        assert "names, or --all" in said


async def test_a_gym_is_found_by_either_form_of_its_id(operator: Operator, gym_id: GymId) -> None:
    assert await gym.find(operator, str(gym_id)) == gym_id
    assert await gym.find(operator, f"gym_{gym_id.hex}") == gym_id
    with pytest.raises(Trouble, match="no gym is called nowhere"):
        await gym.find(operator, "nowhere")


# The clock --------------------------------------------------------------------------------------


def test_moves_of_the_clock_add_up_until_it_is_reset(operator: Operator) -> None:
    clock.move(operator, "2d")
    clock.move(operator, "-1h30m")

    assert clock.show(operator).endswith("moved by 1 day, 22:30:00")

    clock.reset(operator)
    assert clock.show(operator).endswith("moved by 0:00:00")


def test_what_is_no_duration_is_refused(operator: Operator) -> None:
    with pytest.raises(Trouble, match="tomorrow is not a duration"):
        clock.move(operator, "tomorrow")


# Dead letters -----------------------------------------------------------------------------------


@dataclass
class Bell:
    """A reaction of booking; ``fault`` says what becomes of the next try."""

    fault: Exception | None = None
    heard: list[Envelope] = field(default_factory=list)

    async def react(self, envelope: Envelope) -> None:
        if self.fault:
            raise self.fault
        self.heard.append(envelope)


@pytest.fixture
async def bell(installation: Installation) -> AsyncIterator[Bell]:
    login = installation.nats_login(
        "developer"
    )  # the bus lets booking make its own consumers alone
    access = NatsAccess(login["servers"], login["user"], login["password"])
    desk = Desk(
        broker(access, name="booking"), service="booking", keys=[b"k" * 32], clock=SystemClock(),
        allows=lambda *_, **__: False,
    )  # fmt: skip
    bell = Bell()
    desk.reaction(BellRung, bell.react, name="booking_test_bell", stream="EVT_MEMBERS")
    await desk.start()
    yield bell
    await desk.stop()


def an_envelope(gym_id: GymId) -> Envelope:
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    return Envelope(
        event_id=new_id(), event_type=BellRung.event_type, gym_id=gym_id,
        stream=f"bell-{new_id()}", version=1, position=7, occurred_at=noon, recorded_at=noon,
        actor="system:tests", command_id=new_id(), correlation_id=new_id(), causation_id=new_id(),
        event=BellRung(),
    )  # fmt: skip


async def a_dead_letter(nats: Client, envelope: Envelope) -> int:
    """Its number."""
    ack = await nats.jetstream().publish(
        "dlq.booking.booking_test_bell",
        envelope.model_dump_json().encode(),
        headers={"Dlq-Error": "ValueError", "Dlq-Subject": "evt.x.members.test_bell_rung.v1"},
    )
    return ack.seq


async def test_a_retried_dead_letter_reaches_its_reaction_and_is_gone(
    operator: Operator, nats: Client, bell: Bell, gym_id: GymId
) -> None:
    envelope = an_envelope(gym_id)
    seq = await a_dead_letter(nats, envelope)
    assert seq in [each.seq for each in await dead_letters.letters(operator)]
    said: list[str] = []

    assert await dead_letters.retry(operator, [seq], said.append)

    assert said == [f"{seq}: done"]
    assert [each.event_id for each in bell.heard] == [envelope.event_id]
    with pytest.raises(Trouble, match=f"no dead letter {seq}"):
        await dead_letters.letter(operator, seq)


async def test_a_dead_letter_that_fails_again_stays(
    operator: Operator, nats: Client, bell: Bell, gym_id: GymId
) -> None:
    bell.fault = LookupError("still not there")
    seq = await a_dead_letter(nats, an_envelope(gym_id))
    said: list[str] = []

    assert not await dead_letters.retry(operator, [seq], said.append)

    assert said == [f"{seq}: failed again: LookupError"]
    assert (await dead_letters.letter(operator, seq)).consumer == "booking_test_bell"


async def test_retrying_says_when_the_service_is_not_there(
    operator: Operator, nats: Client, gym_id: GymId
) -> None:
    seq = await a_dead_letter(nats, an_envelope(gym_id))
    said: list[str] = []

    assert not await dead_letters.retry(operator, [seq], said.append)

    assert "is booking running?" in said[0]


async def test_a_dropped_dead_letter_is_gone(
    operator: Operator, nats: Client, gym_id: GymId
) -> None:
    seq = await a_dead_letter(nats, an_envelope(gym_id))

    await dead_letters.drop(operator, [seq])

    assert seq not in [each.seq for each in await dead_letters.letters(operator)]
