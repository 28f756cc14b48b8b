"""Every operation, with every role, in one's own gym and with another gym's ids."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from contracts.ids import new_id
from contracts.permissions import GATEWAY, MATRIX, Role, allows
from tests.system.walk import Operation, operations, random_ids, snake, unnamed
from tests.world import documents, doors
from tests.world.gym import Gym, Member
from tests.world.people import Person

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
WITH_IDS = [operation for operation in ALL if operation.ids]
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


async def answer(person: Person, operation: Operation, ids: dict[str, str]) -> dict[str, Any]:
    """What comes back first, on the transport the operation needs."""
    asked = {"query": operation.document, "variables": operation.variables(ids)}
    if operation.kind != "subscription":
        return await person.raw(asked)
    address = person.url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
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

    found = {each.name: outcome(await answer(person, each, random_ids())) for each in ALL}

    assert found == {each.name: expected(each, role, own=False) for each in ALL}


async def test_members_act_for_themselves_where_the_matrix_lets_them(gym: Gym) -> None:
    person, mia = await somebody(gym, Role.MEMBER)
    assert mia is not None
    of_clients = [each for each in ALL if "clientId" in each.ids]
    own, unnamed_self = random_ids() | {"clientId": mia.id}, random_ids()
    del unnamed_self["clientId"]

    found = {each.name: outcome(await answer(person, each, own)) for each in of_clients}

    assert found == {each.name: expected(each, Role.MEMBER, own=True) for each in of_clients}
    assert "OK" in found.values()
    for name in ("bookClass", "leaveWaitlist", "ledger"):
        (each,) = (operation for operation in of_clients if operation.name == name)
        assert outcome(await answer(person, each, unnamed_self)) == "OK"


def test_every_operation_is_classified() -> None:
    assert {each.name for each in ALL if each.kind != "mutation"} == set(READS)
    assert {right_of(each) for each in ALL} <= set(MATRIX) | {ANYBODY, SIGNED_IN}


@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda each: each.name)
async def test_what_another_gym_has_looks_like_what_nobody_has(
    gym: Gym, other_gym: Gym, operation: Operation
) -> None:
    theirs = await everything(other_gym)
    mine = await everything(gym)
    before = await state(other_gym, theirs)
    person = gym.owner

    for name in operation.ids:
        seen = unnamed(await answer(person, operation, mine | {name: theirs[name]}))
        nothing = unnamed(await answer(person, operation, mine | {name: random_ids()[name]}))
        assert seen == nothing, f"{name} of another gym differs from none"

    assert await state(other_gym, theirs) == before


async def everything(gym: Gym) -> dict[str, str]:
    """Ids of things the gym has."""
    mia, session = await gym.member(pack=1), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    room = await gym.owner.done(documents.ADD_ROOM, locationId=gym.location, name="1", capacity=9)
    hired = await gym.owner.done(
        documents.HIRE, name="Tom", email=f"{session}@x.test", roles=["TRAINER"]
    )
    pack = await gym.owner.done(documents.GRANT, clientId=mia.id, credits=1)
    coach = hired["staffMember"]["id"]
    await gym.owner.done(documents.SUBSTITUTE, sessionId=session, instructorId=coach)
    return {
        "grantId": pack["grant"]["id"],
        "sessionId": session,
        "clientId": mia.id,
        "staffId": hired["staffMember"]["id"],
        "instructorId": hired["staffMember"]["id"],
        "locationId": gym.location,
        "roomId": room["room"]["id"],
        "reservationId": booked["reservation"]["id"],
        "invoiceId": f"inv_{new_id().hex}",  # a real one takes a day: see the journeys of fees
        **await entered(gym, mia.id),
        **await planned(gym),
    }


async def planned(gym: Gym) -> dict[str, str]:
    """Ids of what the gym's timetable has."""
    owner = gym.owner
    program = await owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    kind = await owner.done(
        documents.DEFINE_CLASS_TYPE, programId=program["programId"], name="Spin", capacity=9
    )
    series = await owner.done(
        documents.CREATE_SCHEDULE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate="2090-01-02",
        pattern={"classTypeId": kind["classTypeId"], "weekdays": [1], "startsAt": "09:00"},
    )  # fmt: skip
    return {
        "programId": program["programId"], "classTypeId": kind["classTypeId"],
        "scheduleId": series["scheduleId"],
    }  # fmt: skip


async def entered(gym: Gym, client: str) -> dict[str, str]:
    """Ids of what is at the gym's door."""
    door = await gym.owner.done(doors.ADD_DOOR, locationId=gym.location, name="Front")
    await doors.known(gym.owner, client)
    issued = await gym.owner.done(doors.ISSUE, clientId=client)
    granted = await gym.owner.done(doors.GRANT_ENTRY, clientId=client)
    return {
        "doorId": door["door"]["id"], "credentialId": issued["credential"]["id"],
        "entryGrantId": granted["entryGrantId"],
    }  # fmt: skip


async def state(gym: Gym, ids: dict[str, str]) -> list[Any]:
    """What the gym's owner sees of them, once all that was asked before is shown."""
    at = (await gym.owner.done(documents.GRANT, clientId=ids["clientId"], credits=1))["position"]
    roster = await gym.owner.ask(documents.ROSTER, id=ids["sessionId"], atLeast=at)
    session = await gym.owner.ask(documents.SESSION, id=ids["sessionId"], atLeast=at)
    return [roster, session, await gym.owner.ask(documents.CLIENT, id=ids["clientId"])]


async def test_a_cursor_of_another_gym_leads_through_ones_own_lists(
    gym: Gym, other_gym: Gym
) -> None:
    theirs, mine = await everything(other_gym), await everything(gym)
    at = (await gym.owner.done(documents.GRANT, clientId=mine["clientId"], credits=1))["position"]
    await gym.owner.ask(documents.LEDGER, clientId=mine["clientId"], atLeast=at)
    for document, field in ((PAGE_OF_CLIENTS, "clients"), (PAGE_OF_STAFF, "staff")):
        await state(other_gym, theirs)
        foreign = await other_gym.owner.ask(document, after=None)
        own = {node["id"] for node in (await gym.owner.ask(document, after=None))["nodes"]}
        assert foreign["nodes"], field

        for edge in foreign["edges"]:
            page = await gym.owner.ask(document, after=edge["cursor"])
            assert {node["id"] for node in page["nodes"]} <= own


PAGE_OF_CLIENTS, PAGE_OF_STAFF = (
    f"query ($after: String) {{ {name}(first: 5, after: $after)"
    " { nodes { id } edges { cursor } } }"
    for name in ("clients", "staff")
)
