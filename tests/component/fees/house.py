"""A gym that asks for fees, and what its streams tell of them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import nats
from nats.errors import TimeoutError as Silence

from chassis.wire import unpack
from contracts.billing import (
    InvoiceLineAdded,
    InvoiceLineReversed,
)
from contracts.booking import (
    Attendance,
    BookClass,
    BookingPolicy,
    CorrectAttendance,
    FinalizeAttendance,
    GrantCredits,
    GrantKind,
    ScheduleSession,
)
from contracts.envelope import Command, Envelope, Event, Reply
from contracts.ids import ClientId, GrantId, GymId, LocationId, ReservationId, SessionId, new_id
from contracts.members import OpenLocation, RegisterClient
from contracts.money import Money, Price
from deploy.local.installation import Installation
from tests.component.serving import Gateway
from tests.world.gym import move_clock

FEE = Price(minor=1500, currency="EUR")
OWED, CREDIT = Money(minor=1500, currency="EUR"), Money(minor=-1500, currency="EUR")
DAY = timedelta(hours=24)
LONG = 75.0  # seconds until a test gives up waiting; who was killed is given half a minute

Told = Callable[[list[Envelope]], bool]


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
                len(of_kind(told, InvoiceLineAdded)) >= lines
                and len(of_kind(told, InvoiceLineReversed)) >= credits_
            ),
        )


def of_kind(told: list[Envelope], *kinds: type[Event]) -> list[Envelope]:
    return [each for each in told if isinstance(each.event, kinds)]


def fees_of(told: list[Envelope], *kinds: type[Event]) -> Counter[ReservationId]:
    """How often events of these kinds speak of each fee."""
    return Counter(each.event.fee_id for each in of_kind(told, *kinds))  # type: ignore[attr-defined]
