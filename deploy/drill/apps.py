"""The apps of the demo gyms: all that they show, and what is done with them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from contracts.ids import new_id
from contracts.permissions import Role
from deploy.demo.app import App
from deploy.demo.gyms import GYMS, DemoGym
from deploy.drill.steps import Failed

_PAGE = "pageInfo { endCursor hasNextPage }"
CALENDAR = f"""query ($from: DateTime!, $to: DateTime!, $after: String) {{
  calendar(from: $from, to: $to, first: 100, after: $after) {{ nodes {{
    id title startsAt endsAt status instructorName roomName capacity reserved waiting checkedIn }}
    {_PAGE} }} }}"""
CLIENTS = f"""query ($after: String) {{ clients(first: 100, after: $after) {{
  nodes {{ id name email status tags }} {_PAGE} }} }}"""
ENTRIES = f"""query ($after: String) {{ entries(first: 100, after: $after) {{
  nodes {{ id clientId result reason }} {_PAGE} }} }}"""
ROSTER = """query ($id: ID!) { roster(sessionId: $id) {
  reservations { id clientId clientName status spot source checkInSource }
  waitlist { id clientId place } } }"""
LEDGER = """query ($id: ID!) { ledger(clientId: $id) { available unlimited
  grants { id held consumed forfeited } } }"""
KPIS = """{ kpis { classesToday { total booked { count } capacity { people } }
  attendanceRate { rate attended { count } noShows { count } } } }"""
MINE = """{ myBookings(first: 100) { nodes { session { id } reservation { id status }
  waitlistEntry { place } } } }"""
SEEN_AT_LEAST = """query ($atLeast: Position) { myBookings(first: 100, atLeast: $atLeast) {
  nodes { session { id } reservation { status } } } }"""
NAME = """query ($id: ID!, $atLeast: Position) { client(id: $id, atLeast: $atLeast) { name } }"""
REGISTER = """mutation ($input: RegisterClientInput!) { registerClient(input: $input) {
  client { id } userErrors { code } } }"""
ERASED = "[erased]"
"""What erased clients are called."""
AROUND = timedelta(days=14)

Json = dict[str, Any]


@dataclass(slots=True)
class Screens:
    """``shown``: question -> answer."""

    shown: dict[str, Any] = field(default_factory=dict)

    def differing(self, other: "Screens") -> list[str]:
        """The questions that are answered otherwise."""
        both = sorted(self.shown.keys() | other.shown.keys())
        return [one for one in both if self.shown.get(one) != other.shown.get(one)]


async def screens(url: str, now: datetime) -> Screens:
    """All that the desks and the members of both gyms see. Raises ``Trouble``."""
    found = Screens()
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for gym in GYMS:
            desk = await signed_in(http, gym, gym.one(Role.FRONT_DESK).email)
            await _of_desk(desk, gym.slug, now, found)
            for name in gym.members:
                member = await signed_in(http, gym, gym.email(name))
                found.shown[f"{gym.slug} bookings of {name}"] = await member.ask(MINE)
    return found


async def signed_in(http: httpx.AsyncClient, gym: DemoGym, email: str) -> App:
    """Somebody of the gym. Raises ``Trouble``."""
    app = App(http, gym.slug, email, Counter())
    await app.sign_in()
    return app


async def everybody_signs_in(url: str) -> int:
    """How many there are who can. Raises ``Trouble`` for who cannot."""
    people = [
        (gym, email)
        for gym in GYMS
        for email in (*(one.email for one in gym.staff), *(gym.email(one) for one in gym.members))
    ]
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for gym, email in people:
            await signed_in(http, gym, email)
    return len(people)


async def book_something(url: str, now: datetime) -> str:
    """A member takes a seat and sees it; of which class. Raises ``Failed`` when nobody can."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for gym in GYMS:
            span = {"from": now.isoformat(), "to": (now + AROUND).isoformat()}
            for name in gym.members:
                member = await signed_in(http, gym, gym.email(name))
                calendar = await everything(member, "calendar", CALENDAR, **span)
                for session in calendar:
                    outcome, told = await member.do("bookClass", sessionId=session["id"])
                    if outcome == "done":
                        await _must_see(member, session["id"], told["position"])
                        return f"{name} in {session['title']} at {gym.slug}"
    raise Failed("nobody can book anything")


async def erase(url: str, client: str) -> str:
    """Have a client of the first gym erased by its owner; what the desk calls them then."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        owner = await signed_in(http, GYMS[0], GYMS[0].one(Role.OWNER).email)
        outcome, told = await owner.do("eraseClient", clientId=client)
        if outcome != "done":
            raise Failed(f"{client} cannot be erased: {outcome}")
        name: str = (await owner.ask(NAME, id=client, atLeast=told["position"]))["client"]["name"]
        return name


async def register(url: str) -> str:
    """A new client of the first gym; their id."""
    asked = {"idempotencyKey": str(new_id()), "name": "Nora Newman", "email": "nora@x.example"}
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        desk = await signed_in(http, GYMS[0], GYMS[0].one(Role.FRONT_DESK).email)
        told = (await desk.ask(REGISTER, input=asked))["registerClient"]
    if told["userErrors"]:
        raise Failed(f"nobody can be registered: {told['userErrors']}")
    client: str = told["client"]["id"]
    return client


async def everything(app: App, name: str, document: str, **variables: Any) -> list[Json]:
    """All pages of the list ``name``."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = (await app.ask(document, after=after, **variables))[name]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def _of_desk(desk: App, gym: str, now: datetime, found: Screens) -> None:
    span = {"from": (now - AROUND).isoformat(), "to": (now + AROUND).isoformat()}
    calendar = await everything(desk, "calendar", CALENDAR, **span)
    clients = await everything(desk, "clients", CLIENTS)
    found.shown[f"{gym} calendar"] = calendar
    found.shown[f"{gym} clients"] = clients
    found.shown[f"{gym} entries"] = await everything(desk, "entries", ENTRIES)
    found.shown[f"{gym} cards"] = await desk.ask(KPIS)
    for one in calendar:
        found.shown[f"{gym} roster {one['id']}"] = await desk.ask(ROSTER, id=one["id"])
    for one in clients:
        found.shown[f"{gym} ledger {one['id']}"] = await desk.ask(LEDGER, id=one["id"])


async def _must_see(member: App, session: str, position: str) -> None:
    mine = await member.ask(SEEN_AT_LEAST, atLeast=position)
    seen = {one["session"]["id"] for one in mine["myBookings"]["nodes"] if one["reservation"]}
    if session not in seen:
        raise Failed(f"{member.email} has booked {session} and does not see it")
