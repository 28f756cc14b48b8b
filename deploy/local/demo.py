"""Makes the demo gym through the doors everybody uses: the bus for the gym, GraphQL for the rest.

Every step has a key made from what it does, so doing it again does nothing.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import nats

from chassis.bus.asker import Asker
from chassis.clock import Clock, MovableClock
from contracts.envelope import Caller
from contracts.ids import PLATFORM, GymId, StaffId
from contracts.members import MembersCode, RegisterGym
from contracts.permissions import OPERATOR
from deploy.local import demo_gym as plan
from deploy.local.access import Access
from deploy.trouble import Trouble

GYM_ID = GymId(UUID("019b76da-a800-7000-8000-0000000000d0"))
OWNER_ID = StaffId(UUID("019b76da-a800-7000-8000-0000000000d1"))
AT_ONCE = 8  # requests under way
SECONDS = 30.0

Say = Callable[[str], None]
T = TypeVar("T")

SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { tokens { accessToken } userErrors { code message } } }"""
HIRE = """mutation ($input: HireStaffInput!) {
  hireStaff(input: $input) { staffMember { id } userErrors { code message } } }"""
OPEN = """mutation ($input: OpenLocationInput!) {
  openLocation(input: $input) { location { id } userErrors { code message } } }"""
ROOM = """mutation ($input: AddRoomInput!) {
  addRoom(input: $input) { room { id } userErrors { code message } } }"""
CLIENT = """mutation ($input: RegisterClientInput!) {
  registerClient(input: $input) { client { id } userErrors { code message } } }"""
GRANT = """mutation ($input: GrantCreditsInput!) {
  grantCredits(input: $input) { grant { id } userErrors { code message } } }"""
SCHEDULE = """mutation ($input: ScheduleSessionInput!) {
  scheduleSession(input: $input) { sessionId userErrors { code message } } }"""
BOOK = """mutation ($input: BookClassInput!) {
  bookClass(input: $input) { reservation { id } waitlistEntry { id }
                             userErrors { code message } } }"""


async def seed(url: str, installation: Access, say: Say) -> None:
    """Make the demo gym on the running system behind ``url``. Raises ``Trouble``."""
    clock = MovableClock(installation.clock_file)
    await _register(installation, clock)
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as http:
        seeding = _Seeding(http, say)
        await seeding.run(clock)
    owner, desk, trainer = (plan.OWNER[1], plan.STAFF[0][1], plan.STAFF[1][1])
    say(f"demo gym: {plan.SLUG}, password of everybody: {plan.PASSWORD}")
    say(f"  owner {owner}, front desk {desk}, trainer {trainer}")
    say(f"  members {', '.join(each.email for each in plan.clients()[: plan.SIGNED_IN])}")


async def _register(installation: Access, clock: Clock) -> None:
    """The gym and its owner, by the operator over the bus."""
    key = base64.b64decode(installation.environment("gateway")["CALLER_KEY"])
    client = await nats.connect(**installation.nats_login("operator"), connect_timeout=5)
    try:
        one = _key("gym")
        caller = Caller(
            gym_id=PLATFORM, actor="system:operator", roles=(OPERATOR,), command_id=one,
            correlation_id=one, causation_id=one, deadline=clock.now() + timedelta(seconds=SECONDS),
        )  # fmt: skip
        name, email = plan.OWNER
        command = RegisterGym(
            gym_id=GYM_ID, slug=plan.SLUG, name=plan.NAME, time_zone=plan.ZONE,
            currency=plan.CURRENCY, owner_id=OWNER_ID, owner_name=name, owner_email=email,
            owner_password=plan.PASSWORD,
        )  # fmt: skip
        reply = await Asker(client, key=key, clock=clock).ask(command, caller, SECONDS)
    finally:
        await client.close()
    if reply.outcome != "done" and reply.code != MembersCode.GYM_ALREADY_REGISTERED:
        raise Trouble(f"the demo gym was not registered: {reply.code} {reply.message}")


class _Seeding:
    """The steps after the gym is there, as its owner."""

    def __init__(self, http: httpx.AsyncClient, say: Say) -> None:
        self._http, self._say = http, say
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self, clock: Clock) -> None:
        await self._sign_in()
        trainer = await self._staff()
        location, rooms = await self._places()
        clients = await self._clients()
        planned = plan.classes(clock.now().date())
        sessions = await self._all("classes", [
            lambda each=each: self._schedule(each, location, rooms, trainer)  # type: ignore[misc]
            for each in planned
        ])  # fmt: skip
        found = dict(zip((each.key for each in planned), sessions, strict=True))
        for each, client in plan.bookings(planned):  # in order, so that the line is the same
            await self._book(found[each.key], clients[client])
        self._say("demo: bookings")

    async def _sign_in(self) -> None:
        told = await self._do(
            "signIn", SIGN_IN, None,
            gym=plan.SLUG, email=plan.OWNER[1], password=plan.PASSWORD,
        )  # fmt: skip
        self._http.headers["authorization"] = f"Bearer {told['tokens']['accessToken']}"

    async def _staff(self) -> str:
        hired = [
            await self._do("hireStaff", HIRE, f"staff/{email}", name=name, email=email,
                           roles=[role], password=plan.PASSWORD)
            for name, email, role in plan.STAFF
        ]  # fmt: skip
        self._say("demo: staff")
        return str(hired[-1]["staffMember"]["id"])

    async def _places(self) -> tuple[str, list[str]]:
        told = await self._do(
            "openLocation", OPEN, "location", name=plan.LOCATION, timeZone=plan.ZONE
        )
        location = str(told["location"]["id"])
        rooms = [
            await self._do("addRoom", ROOM, f"room/{name}", locationId=location, name=name,
                           capacity=capacity)
            for name, capacity in plan.ROOMS
        ]  # fmt: skip
        return location, [str(each["room"]["id"]) for each in rooms]

    async def _clients(self) -> list[str]:
        people = plan.clients()
        return await self._all("clients", [
            lambda each=each: self._client(each) for each in people  # type: ignore[misc]
        ])  # fmt: skip

    async def _client(self, person: plan.Person) -> str:
        told = await self._do(
            "registerClient", CLIENT, f"client/{person.email}",
            name=person.name, email=person.email, password=person.password,
        )  # fmt: skip
        client = str(told["client"]["id"])
        await self._do(
            "grantCredits", GRANT, f"credits/{person.email}",
            clientId=client, credits=plan.CREDITS, reason="welcome",
        )  # fmt: skip
        return client

    async def _schedule(
        self, each: plan.Class, location: str, rooms: list[str], trainer: str
    ) -> str:
        told = await self._do(
            "scheduleSession", SCHEDULE, f"class/{each.key}", title=each.title,
            locationId=location, roomId=rooms[each.room], instructorId=trainer,
            startsAt=each.starts_at.isoformat(), endsAt=each.ends_at.isoformat(),
            timeZone=plan.ZONE, capacity=each.capacity,
        )  # fmt: skip
        return str(told["sessionId"])

    async def _book(self, session: str, client: str) -> None:
        await self._do(
            "bookClass", BOOK, f"book/{session}/{client}",
            sessionId=session, clientId=client, orWaitlist=True,
        )  # fmt: skip

    async def _all(self, what: str, steps: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
        async def turn(step: Callable[[], Awaitable[T]]) -> T:
            async with self._turns:
                return await step()

        done = await asyncio.gather(*map(turn, steps))
        self._say(f"demo: {len(done)} {what}")
        return done

    async def _do(self, field: str, document: str, key: str | None, **given: Any) -> dict[str, Any]:
        """One mutation; ``key`` names the step, none makes it new. Raises ``Trouble``."""
        asked = {
            "idempotencyKey": str(_key(key or str(asyncio.get_running_loop().time()))),
            **given,
        }
        body = {"query": document, "variables": {"input": asked}}
        response = await self._http.post("/graphql", json=body)
        told = response.json()
        if told.get("errors"):
            raise Trouble(f"{field}: {told['errors'][0]['message']}")
        payload: dict[str, Any] = told["data"][field]
        if payload["userErrors"]:
            raise Trouble(f"{field}: {payload['userErrors'][0]['message']}")
        return payload


def _key(step: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"back2back demo {step}")
