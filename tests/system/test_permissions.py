"""Every operation, with every role, in one's own gym and with another gym's ids."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import connect

from contracts.permissions import GATEWAY, MATRIX, Role, allows
from deploy.local.installation import Installation
from tests.system.walk import (
    MAKES,
    NEVER_BOTH,
    PREFIXES,
    Hole,
    Operation,
    operations,
    random_ids,
    snake,
    unnamed,
)
from tests.world import documents
from tests.world.furnished import HAS, WITHIN, Ids, at_rest, drafted, furnish, uuid_of
from tests.world.gym import Gym, Member, opened
from tests.world.holdings import names
from tests.world.people import GRAPHQL_WS, NOT_SHOWN_YET, Person
from tests.world.system import System
from tests.world.waiting import until

ANYBODY, SIGNED_IN = "anybody", "anybody signed in"

READS = {
    "viewer": ANYBODY,
    "gym": SIGNED_IN,
    "calendar": "read.calendar",
    "session": "read.session",
    "roster": "read.roster",
    "myBookings": "read.my_bookings",
    "clients": "read.clients",
    "client": "read.client",
    "clientChanged": "read.client",
    "staff": "read.staff",
    "ledger": "read.ledger",
    "kpis": "read.kpis",
    "kpisChanged": "read.kpis",
    "receipts": "read.receipts",
    "programs": "read.timetable",
    "classTypes": "read.timetable",
    "bookingPolicy": "read.timetable",
    "bookingPolicies": "read.timetable",
    "closures": "read.timetable",
    "schedules": "read.schedules",
    "schedulesChanged": "read.schedules",
    "sessionDrafts": "read.session_drafts",
    "sessionDraftsChanged": "read.session_drafts",
    "doors": "read.doors",
    "doorsChanged": "read.doors",
    "credentials": "read.credentials",
    "access": "read.access",
    "accessChanged": "read.access",
    "entries": "read.entries",
    "entriesChanged": "read.entries",
    "myEntries": "read.my_entries",
    "ledgerChanged": "read.ledger",
    "receiptsChanged": "read.receipts",
    "sessionChanged": "read.session",
    "calendarChanged": "read.calendar",
    "rosterChanged": "read.roster",
    "myBookingsChanged": "read.my_bookings",
    "penalties": "read.penalties",
    "penaltiesChanged": "read.penalties",
    "myPenalties": "read.my_penalties",
    "sessionPenalties": "read.session_penalties",
    "sessionPenaltiesChanged": "read.session_penalties",
    "account": "read.invoices",
    "accountChanged": "read.invoices",
    "invoices": "read.invoices",
    "myInvoices": "read.my_invoices",
    "health": "read.health",
    "healthChanged": "read.health",
}
"""Query or subscription -> the right it needs. Mutations need that of their command."""

OF_MEMBERS = {"myBookings", "myBookingsChanged", "myPenalties", "myInvoices", "myEntries"}
"""Staff may ask, but have nothing of their own to see."""

ALL = list(operations())
WITH_IDS = [operation for operation in ALL if operation.holes]
ROLES = [*Role, None]


def right_of(operation: Operation) -> str:
    """What one must be allowed to do. An operation that is not classified fails here."""
    if operation.kind != "mutation":
        return READS[operation.name]
    (command,) = (each for each in MATRIX if each.endswith(f".{snake(operation.name)}"))
    return ANYBODY if GATEWAY in MATRIX[command] else command


def expected(operation: Operation, role: Role | None, *, own: bool) -> str:
    right = right_of(operation)
    if right == ANYBODY:
        return "OK"
    if role is None:
        return "UNAUTHENTICATED"
    if operation.name in OF_MEMBERS and role is not Role.MEMBER:
        return "FORBIDDEN"
    return "OK" if right == SIGNED_IN or allows(right, frozenset({role}), own=own) else "FORBIDDEN"


async def answer(person: Person, operation: Operation, variables: dict[str, Any]) -> dict[str, Any]:
    """What comes back, on the transport the operation needs; whoever is too quick waits."""
    too_quick = {"RATE_LIMITED", *NOT_SHOWN_YET}

    async def known() -> dict[str, Any] | None:
        told = await _answered(person, operation, variables)
        return None if outcome(told) in too_quick else told

    told: dict[str, Any] = await until(known, WITHIN)
    return told


async def _answered(
    person: Person, operation: Operation, variables: dict[str, Any]
) -> dict[str, Any]:
    asked = {"query": operation.document, "variables": variables}
    if operation.kind != "subscription":
        return await person.raw(asked)
    address = person.url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[GRAPHQL_WS]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": person.headers}))
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
        told = json.loads(await socket.recv())
    return dict(told["payload"]) if told["type"] == "next" else {"errors": told["payload"]}


def outcome(told: dict[str, Any]) -> str:
    """``OK`` whatever a rule says to it; the code of an error otherwise."""
    return str(told["errors"][0]["extensions"]["code"]) if told.get("errors") else "OK"


async def somebody(gym: Gym, role: Role | None) -> tuple[Person, Member | None]:
    """A person of this role, and the client they are."""
    if role is None:
        gym.people.append(Person(gym.url))
        return gym.people[-1], None
    if role is Role.MEMBER:
        member = await gym.member()
        return member.at, member
    return (gym.owner if role is Role.OWNER else await gym.staff(role.name)), None


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
async def test_each_role_does_what_the_matrix_says_and_nothing_else(
    gym: Gym, role: Role | None
) -> None:
    person, _ = await somebody(gym, role)

    found = {
        each.name: outcome(await answer(person, each, each.variables(random_ids()))) for each in ALL
    }

    assert found == {each.name: expected(each, role, own=False) for each in ALL}


async def test_members_act_for_themselves_where_the_matrix_lets_them(gym: Gym) -> None:
    person, mia = await somebody(gym, Role.MEMBER)
    assert mia is not None
    of_clients = [each for each in ALL if "clientId" in each.ids]
    own, unnamed_self = random_ids() | {"clientId": mia.id}, random_ids()
    del unnamed_self["clientId"]

    found = {
        each.name: outcome(await answer(person, each, each.variables(own))) for each in of_clients
    }

    assert found == {each.name: expected(each, Role.MEMBER, own=True) for each in of_clients}
    assert "OK" in found.values()
    for name in ("bookClass", "leaveWaitlist", "ledger"):
        (each,) = (operation for operation in of_clients if operation.name == name)
        assert outcome(await answer(person, each, each.variables(unnamed_self))) == "OK"


def test_every_operation_is_classified() -> None:
    assert {each.name for each in ALL if each.kind != "mutation"} == set(READS)
    assert {right_of(each) for each in ALL} <= set(MATRIX) | {ANYBODY, SIGNED_IN}


@pytest.fixture(scope="module")
async def furnished(system: System) -> AsyncIterator[list[tuple[Gym, list[Ids]]]]:
    """Two gyms that have one of everything."""
    async with AsyncExitStack() as gyms:
        made = []
        for _ in range(2):
            gym = await opened(system.installation, system.url)
            gyms.push_async_callback(gym.aclose)
            made.append((gym, await furnish(gym, system.installation)))
        yield made


async def test_a_furnished_gym_has_what_is_asked_for(
    furnished: list[tuple[Gym, list[Ids]]], running: Installation
) -> None:
    """What another gym's ids are tried with is there; else they were ids of nothing."""
    taken = {operation.takes(hole) for operation in ALL for hole in operation.holes}
    for gym, wholes in furnished:
        held = await at_rest(gym, running)

        assert [table for table in HAS if not held[table][0]] == []
        assert taken == set(PREFIXES) == set(wholes[0])
        for one in {one for whole in wholes for one in whole.values()}:
            assert await names(running, gym.id, uuid_of(one)), one


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
async def test_what_another_gym_has_looks_to_everybody_like_what_nobody_has(
    furnished: list[tuple[Gym, list[Ids]]], running: Installation, role: Role | None
) -> None:
    """One id of theirs among one's own, wherever ids are taken, and all of theirs together."""
    (mine, (own, *_)), (other, wholes) = furnished
    for gym in (mine, other):  # the clock was moved
        await gym.owner.sign_in(gym.slug, gym.owner.email)
    person, member = await somebody(mine, role)
    own = own | ({"clientId": member.id} if member else {})
    before = await at_rest(other, running)

    told = {
        f"{operation.name}: {way}": pair
        for operation in WITH_IDS
        async for way, *pair in tried(person, operation, own, wholes)
    }

    assert [f"{way}: {one}, not {none}" for way, (one, none) in told.items() if one != none] == []
    assert "RATE_LIMITED" not in str(told)
    assert await at_rest(other, running) == before


async def tried(
    person: Person, operation: Operation, own: Ids, wholes: list[Ids]
) -> AsyncIterator[tuple[str, Any, Any]]:
    """With which ids of theirs; what is said to that, and what to ids of nothing."""
    nothing = random_ids()

    async def said(put: dict[Hole, str]) -> Any:
        told = await answer(person, operation, operation.with_put(own, put))
        return unnamed(told)

    makes = (MAKES.get(operation.name),)
    holes = {hole: operation.takes(hole) for hole in operation.holes if hole != makes}
    together = {
        hole: kind for hole, kind in holes.items()
        if hole != (NEVER_BOTH.get(operation.name),)
    }  # fmt: skip
    of_nothing = await said({hole: nothing[kind] for hole, kind in together.items()})
    for nth, whole in enumerate(wholes):
        yield f"whole {nth}", await said({h: whole[k] for h, k in together.items()}), of_nothing
    if outcome(of_nothing) != "OK":
        return  # who may not ask at all is told so whatever the ids are
    for hole, kind in holes.items():
        none = await said({hole: nothing[kind]})
        for one in dict.fromkeys(whole[kind] for whole in wholes):
            yield f"{'.'.join(hole)} {one}", await said({hole: one}), none


async def test_a_cursor_of_another_gym_leads_through_ones_own_lists(
    gym: Gym, other_gym: Gym
) -> None:
    for each in (gym, other_gym):
        await each.member()
        await each.staff("TRAINER")
        client = await each.client(pack=0)
        told = await each.owner.done(documents.GRANT, clientId=client, credits=1)
        await each.owner.ask(documents.LEDGER, clientId=client, atLeast=told["position"])
        await until(partial(shown, each, client), WITHIN)
    for document, field in ((PAGE_OF_CLIENTS, "clients"), (PAGE_OF_STAFF, "staff")):
        foreign = await other_gym.owner.ask(document, after=None)
        own = {node["id"] for node in (await gym.owner.ask(document, after=None))["nodes"]}
        assert foreign["nodes"], field

        for edge in foreign["edges"]:
            page = await gym.owner.ask(document, after=edge["cursor"])
            assert {node["id"] for node in page["nodes"]} <= own


async def shown(gym: Gym, client: str) -> bool:
    """Whether the client, registered last, is on the owner's screen."""
    return bool(await gym.owner.ask(documents.CLIENT, id=client))


async def test_a_draft_under_an_id_of_another_gym_is_ones_own(
    gym: Gym, other_gym: Gym, running: Installation
) -> None:
    theirs = await drafted(other_gym)
    before = await at_rest(other_gym, running)

    assert await drafted(gym, sessionId=theirs) == theirs
    await gym.owner.done(documents.PUBLISH_DRAFT, sessionId=theirs)

    assert await at_rest(other_gym, running) == before


PAGE_OF_CLIENTS, PAGE_OF_STAFF = (
    f"query ($after: String) {{ {name}(first: 5, after: $after)"
    " { nodes { id } edges { cursor } } }"
    for name in ("clients", "staff")
)
