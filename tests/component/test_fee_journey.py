"""A fee from the missed class to the invoice and back, over booking and billing as they ship."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import nats
import pytest
from nats.errors import TimeoutError as Silence
from nats.js.errors import NotFoundError

from chassis.wire import unpack
from contracts.billing import (
    FeeWithdrawn,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
    IssueInvoice,
)
from contracts.booking import (
    Attendance,
    BookClass,
    BookingPolicy,
    CorrectAttendance,
    FeeDue,
    FeeWaived,
    FinalizeAttendance,
    GrantCredits,
    GrantKind,
    ScheduleSession,
    WaiveFee,
)
from contracts.envelope import Command, Envelope, Event, Reply
from contracts.ids import ClientId, GrantId, GymId, LocationId, ReservationId, SessionId, new_id
from contracts.members import EraseClient, OpenLocation, RegisterClient
from contracts.money import Money, Price
from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from deploy.local.places import free_port
from tests.component.members.house import gym_of
from tests.component.serving import Gateway, ready, serving, started
from tests.world.gym import move_clock
from tests.world.waiting import until

FEE = Price(minor=1500, currency="EUR")
OWED, CREDIT = Money(minor=1500, currency="EUR"), Money(minor=-1500, currency="EUR")
DAY = timedelta(hours=24)
LONG = 75.0  # seconds until a test gives up waiting; who was killed is given half a minute
FEES, REVERSALS = "billing_invoice_fee", "billing_reverse_fee"

Told = Callable[[list[Envelope]], bool]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="back2back-fees-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
async def town(folder: Path) -> AsyncIterator[Installation]:
    """An installation whose clock these tests move."""
    async with Installation(folder) as installation:
        yield installation


@pytest.fixture(scope="module")
async def gateway(town: Installation) -> AsyncIterator[Gateway]:
    """Members and booking; billing comes and goes by test."""
    async with serving(town, "members", "booking") as asked:
        yield asked


class House:
    """A gym that asks for a fee, and what its streams tell."""

    def __init__(self, town: Installation, gateway: Gateway, gym_id: GymId) -> None:
        self.town, self.gateway, self.gym_id = town, gateway, gym_id
        self.location = LocationId(new_id())

    async def open_up(self) -> None:
        await self.owner(OpenLocation(location_id=self.location, name="Sol", time_zone="UTC"))

    async def owner(self, command: Command) -> Reply:
        reply = await self.gateway.ask(self.gym_id, command, "staff:owner", "owner")
        assert reply.outcome == "done", reply
        return reply

    def pass_by(self, time: timedelta) -> None:
        move_clock(self.town.clock_file, time)

    async def missed(self, people: int) -> tuple[SessionId, dict[ClientId, ReservationId]]:
        """A class that so many booked and nobody came to; its books are closed."""
        session, starts_at = SessionId(new_id()), self.gateway.clock.now() + timedelta(minutes=5)
        await self.owner(
            ScheduleSession(
                session_id=session, title="Spin", location_id=self.location,
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), time_zone="UTC",
                capacity=people, policy=BookingPolicy(no_show_fee=FEE, free_passes=0),
            )
        )  # fmt: skip
        seats = {}
        for _ in range(people):
            client = ClientId(new_id())
            await self.owner(RegisterClient(client_id=client, name="Ann"))
            unlimited = GrantCredits(
                client_id=client, grant_id=GrantId(new_id()), kind=GrantKind.UNLIMITED, credits=0
            )
            await self.owner(unlimited)
            booked = await self.owner(BookClass(session_id=session, client_id=client))
            seats[client] = ReservationId(UUID((booked.result or {})["reservation_id"]))
        self.pass_by(timedelta(minutes=70))
        await self.owner(FinalizeAttendance(session_id=session))
        return session, seats

    async def was_there(self, session: SessionId, client: ClientId, *, really: bool = True) -> None:
        becomes = Attendance.ATTENDED if really else Attendance.NO_SHOW
        await self.owner(
            CorrectAttendance(session_id=session, client_id=client, becomes=becomes, reason="seen")
        )

    async def tells(self, context: str, until: Told) -> list[Envelope]:
        """What the gym's stream of ``context`` tells from its beginning, until that is so.

        But for what it heard of members, which comes when it comes.
        """
        operator = await nats.connect(**self.town.nats_login("developer"))
        told: list[Envelope] = []
        try:
            stream = await operator.jetstream().subscribe(
                f"evt.{self.gym_id}.{context}.>", ordered_consumer=True
            )
            async with asyncio.timeout(LONG):
                while not until(told):
                    try:
                        message = await stream.next_msg(timeout=1)
                        if not message.subject.endswith("_heard.v1"):
                            told.append(unpack(message.data))
                    except (Silence, TimeoutError):
                        continue
        except TimeoutError:
            raise TimeoutError(f"only {Counter(each.event_type for each in told)}") from None
        finally:
            await operator.close()
        return told

    async def billed(self, *, lines: int, credits_: int = 0) -> list[Envelope]:
        return await self.tells(
            "billing",
            lambda told: (
                len(_of(told, InvoiceLineAdded)) >= lines
                and len(_of(told, InvoiceLineReversed)) >= credits_
            ),
        )


def _of(told: list[Envelope], *kinds: type[Event]) -> list[Envelope]:
    return [each for each in told if isinstance(each.event, kinds)]


def _fees(told: list[Envelope], *kinds: type[Event]) -> Counter[ReservationId]:
    """How often events of these kinds speak of each fee."""
    return Counter(each.event.fee_id for each in _of(told, *kinds))  # type: ignore[attr-defined]


@pytest.fixture
async def house(town: Installation, gateway: Gateway) -> House:
    gym = gym_of()
    reply = await gateway.ask(gym.gym_id, gym, "system:operator", OPERATOR)
    assert reply.outcome == "done", reply
    house = House(town, gateway, gym.gym_id)
    await house.open_up()
    return house


@asynccontextmanager
async def billing(town: Installation, parts: str = "") -> AsyncIterator[Callable[[], None]]:
    """Billing, or only these parts of it; yields what kills it."""
    told = town.environment("billing") | {"HEALTH_PORT": str(free_port())}
    process = started("billing", told | ({"PARTS": parts} if parts else {}))
    try:
        await ready(told["HEALTH_PORT"], process)
        yield process.kill
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 15)


async def caught_up(town: Installation) -> None:
    """Return once billing has heard all there is."""
    operator = await nats.connect(**town.nats_login("developer"))
    js = operator.jetstream()
    try:
        for name in (FEES, REVERSALS):
            await until(partial(_is_idle, js, name), LONG)
    finally:
        await operator.close()


async def _is_idle(js: nats.js.JetStreamContext, consumer: str) -> bool:
    try:
        found = await js.consumer_info("EVT_BOOKING", consumer)
    except NotFoundError:
        return False  # billing makes it when it starts
    return (found.num_pending, found.num_ack_pending) == (0, 0)


async def forget_what_was_heard(town: Installation) -> None:
    """Have everything delivered to billing once more."""
    operator = await nats.connect(**town.nats_login("developer"))
    js = operator.jetstream()
    try:
        for name in (FEES, REVERSALS):
            await js.delete_consumer("EVT_BOOKING", name)
    finally:
        await operator.close()


async def test_a_missed_class_is_on_the_invoice_a_day_later_and_a_correction_takes_it_off(
    town: Installation, house: House
) -> None:
    async with billing(town):
        session, seats = await house.missed(2)
        (ann, hers), (ben, his) = seats.items()
        await house.owner(WaiveFee(client_id=ben, reservation_id=his, reason="was ill"))
        house.pass_by(DAY)
        told = await house.billed(lines=1)
        drafted, added = told[0].event, told[1].event
        due = _of(await house.tells("booking", lambda told: bool(_of(told, FeeDue))), FeeDue)[0]
        await house.was_there(session, ann)
        credit = (await house.billed(lines=1, credits_=1))[-1].event

    assert isinstance(added, InvoiceLineAdded)
    assert isinstance(credit, InvoiceLineReversed)
    assert (drafted.event_type, added.client_id, added.fee_id, added.session_id, added.amount) == (
        "billing.invoice_drafted.v1", ann, hers, session, OWED,
    )  # fmt: skip
    assert (told[1].causation_id, told[1].actor) == (due.event_id, "system:billing")
    assert (credit.amount, credit.reverses, credit.invoice_id) == (
        CREDIT, added.line_id, added.invoice_id,
    )  # fmt: skip
    assert [each.stream_id for each in told] == [ann] * len(told), "who was let off owes nothing"


async def test_a_fee_that_was_taken_back_and_is_due_again_is_another_line(
    town: Installation, house: House
) -> None:
    async with serving(town, "billing"):
        session, seats = await house.missed(1)
        ((ann, hers),) = seats.items()
        house.pass_by(DAY)
        await house.billed(lines=1)
        await house.was_there(session, ann)
        await house.billed(lines=1, credits_=1)
        await house.was_there(session, ann, really=False)
        house.pass_by(DAY)
        told = await house.billed(lines=2, credits_=1)

    lines = [e.event for e in _of(told, InvoiceLineAdded, InvoiceLineReversed)]
    assert [(e.fee_id, e.assessment, e.amount) for e in lines] == [  # type: ignore[attr-defined]
        (hers, 1, OWED), (hers, 1, CREDIT), (hers, 2, OWED),
    ]  # fmt: skip


async def test_nothing_more_is_asked_of_a_client_who_was_erased(
    town: Installation, house: House
) -> None:
    """One fee is due, and on the draft; Ben's is pending, and waived."""
    async with serving(town, "billing"):
        _, seats = await house.missed(1)
        ((ann, hers),) = seats.items()
        house.pass_by(DAY)
        await house.billed(lines=1)
        _, others = await house.missed(1)
        ((ben, his),) = others.items()
        for client in ann, ben:
            await house.owner(EraseClient(client_id=client))
        told = await house.billed(lines=1, credits_=1)
        waived = await house.tells("booking", lambda told: bool(_of(told, FeeWaived)))

    credit, let_off = _of(told, InvoiceLineReversed)[0].event, _of(waived, FeeWaived)[0].event
    assert isinstance(credit, InvoiceLineReversed)
    assert isinstance(let_off, FeeWaived)
    assert (credit.fee_id, credit.amount, credit.reason) == (hers, CREDIT, "erased")
    assert (let_off.reservation_id, let_off.reason) == (his, "erased")


async def test_a_credit_after_the_invoice_was_issued_is_on_the_next_one(
    town: Installation, house: House
) -> None:
    async with serving(town, "billing"):
        session, seats = await house.missed(1)
        (ann,) = seats
        house.pass_by(DAY)
        (line,) = _of(await house.billed(lines=1), InvoiceLineAdded)
        assert isinstance(line.event, InvoiceLineAdded)
        await house.owner(IssueInvoice(client_id=ann, invoice_id=line.event.invoice_id))
        await house.was_there(session, ann)
        told = await house.billed(lines=1, credits_=1)

    issued, credit = _of(told, InvoiceIssued)[0].event, told[-1].event
    assert isinstance(issued, InvoiceIssued)
    assert isinstance(credit, InvoiceLineReversed)
    assert issued.total == OWED
    assert credit.reversed_on == line.event.invoice_id
    assert credit.invoice_id != line.event.invoice_id


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("parts", "told_again"), [("", False), ("reactions", True)],
    ids=["the process, which goes on", "its reactions, which hear all again"],
)  # fmt: skip
async def test_kills_and_repeats_neither_double_nor_lose_a_line(
    town: Installation, house: House, parts: str, told_again: bool
) -> None:
    """Killed while fees come, away and killed again while four of them are reversed."""
    async with billing(town, "commands,deadlines,relay") if parts else nullcontext():
        session, seats = await house.missed(8)
        clients = list(seats)
        async with billing(town, parts) as kill:
            house.pass_by(DAY)
            await house.tells("booking", lambda told: len(_of(told, FeeDue)) >= 1)
            kill()
        if told_again:
            await forget_what_was_heard(town)
        for client in clients[:4]:
            await house.was_there(session, client)
        async with billing(town, parts) as kill:
            await house.billed(lines=1)
            kill()
        if told_again:
            await forget_what_was_heard(town)
        async with billing(town, parts):
            await caught_up(town)
            told = await house.tells("billing", lambda told: _settled(told, seats, clients[:4]))

    lines, credits_ = _fees(told, InvoiceLineAdded), _fees(told, InvoiceLineReversed)
    assert {seats[one] for one in clients[4:]} <= lines.keys()
    assert credits_.keys() <= lines.keys()
    assert {*lines.values(), *credits_.values()} == {1}
    _must_be_in_order(told)


def _settled(
    told: list[Envelope], seats: dict[ClientId, ReservationId], corrected: list[ClientId]
) -> bool:
    """Whether each fee has ended: on a line, or taken back, or withdrawn before it had one."""
    ended = _fees(told, InvoiceLineReversed, FeeWithdrawn).keys()
    wanted = {seats[one] for one in corrected}
    return ended == wanted and _fees(told, InvoiceLineAdded).keys() | ended == set(seats.values())


def _must_be_in_order(told: list[Envelope]) -> None:
    versions: Counter[str] = Counter()
    for each in told:
        versions[each.stream] += 1
        assert each.version == versions[each.stream]
    assert [each.position for each in told] == sorted(each.position for each in told)
