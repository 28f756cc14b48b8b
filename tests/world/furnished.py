"""A gym that has one of everything: seats, a line, closed books, a fee, an invoice, a door."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.ids import new_id
from contracts.ids import read as read_id
from deploy.local.access import Access
from deploy.local.installation import Installation
from tests.world import documents, doors, fees
from tests.world.gym import Gym
from tests.world.hearing import is_everything_heard
from tests.world.holdings import Holdings, holdings
from tests.world.waiting import until

WITHIN = 60.0  # seconds until what follows from all that was asked must have followed

Ids = dict[str, str]
"""Argument (``sessionId``) -> the id of a thing the gym has."""

HAS = (
    "booking: es.events", "members: es.events", "billing: es.events", "access: es.events",
    "views: views.penalties", "views: views.invoices", "views: views.waitlist_entries",
    "views: views.reservations", "views: views.class_sessions", "views: views.session_drafts",
    "views: views.programs", "views: views.class_types", "views: views.schedules",
    "views: views.booking_policies", "views: views.rooms", "views: views.locations",
    "views: views.grants", "views: views.clients", "views: views.staff", "views: views.doors",
    "views: views.credentials", "views: views.entry_grants", "views: views.impediments",
    "views: views.receipts", "views: views.closures",
    "views: views.location_closures",
)  # fmt: skip
"""Tables in which a furnished gym has rows."""


async def furnish(gym: Gym, running: Installation) -> list[Ids]:
    """Ids of what the gym has from now on, each a whole that fits together.

    A seat in a class that is open; closed books with a fee and an invoice; a place in line for a
    class that is full; a session that is planned; a location that is closed for some days.
    """
    await fees.with_fees(gym, feeWaiveHours=0)
    kept = await _planned(gym)
    absent = await fees.unlimited(gym, "Abe")
    closed = await fees.missed(gym, running, absent)
    seated, waiting = await gym.member("Sue", pack=2), await gym.member("Wim", pack=2)
    full, open_ = await gym.session(capacity=1, hours=30), await gym.session()
    seat = await seated.at.done(documents.BOOK, sessionId=open_)
    taken = await seated.at.done(documents.BOOK, sessionId=full)
    await waiting.at.done(documents.BOOK, sessionId=full, orWaitlist=True)
    await gym.owner.done(documents.SUBSTITUTE, sessionId=open_, instructorId=kept["instructorId"])
    entered = await _entered(gym, seated.id)
    fee = {
        "sessionId": closed.session, **closed.of(absent),
        "grantId": await _granted(gym, absent.id), "invoiceId": await _invoice(gym, absent.id),
    }  # fmt: skip
    booked = fee | {
        "sessionId": open_, "clientId": seated.id, "reservationId": seat["reservation"]["id"],
        "grantId": await _granted(gym, seated.id),
    }  # fmt: skip
    lined_up = booked | {
        "sessionId": full, "clientId": waiting.id, "reservationId": taken["reservation"]["id"],
        "grantId": await _granted(gym, waiting.id),
    }  # fmt: skip
    draft = booked | {"sessionId": await drafted(gym)}
    shut = booked | {"closureId": await _shut(gym)}
    return [kept | entered | one for one in (booked, fee, lined_up, draft, shut)]


async def at_rest(gym: Gym, running: Access) -> Holdings:
    """All the gym has once nothing is on its way any more, and all of it is shown."""

    async def still() -> Holdings | None:
        before = await holdings(running, gym.id)
        heard = await is_everything_heard(running)
        return before if heard and await holdings(running, gym.id) == before else None

    found: Holdings = await until(still, WITHIN)
    return found


def uuid_of(shown: str) -> UUID:
    """The UUID behind a shown id."""
    return UUID(str(read_id(shown.partition("_")[0], shown)))


async def _shut(gym: Gym) -> str:
    told = await gym.owner.done(
        documents.CLOSE_LOCATION, locationId=gym.location, fromDate="2090-07-01",
        untilDate="2090-07-02", reason="works",
    )  # fmt: skip
    return str(told["closure"]["id"])


async def _granted(gym: Gym, client: str) -> str:
    told = await gym.owner.done(documents.GRANT, clientId=client, credits=1)
    return str(told["grant"]["id"])


async def drafted(gym: Gym, **more: str) -> str:
    """A session that is planned."""
    starts_at = gym.clock.now() + timedelta(days=9)
    told = await gym.owner.done(
        documents.DRAFT, title="Rowing", locationId=gym.location, capacity=9,
        startsAt=starts_at.isoformat(), endsAt=(starts_at + timedelta(hours=1)).isoformat(),
        timeZone="Europe/Berlin", **more,
    )  # fmt: skip
    return str(told["sessionId"])


async def _invoice(gym: Gym, client: str) -> str:
    """The draft that the client's fee is on, as soon as it is due."""

    async def drafted() -> str | None:
        account: Any = await gym.owner.ask(fees.ACCOUNT, clientId=client)
        drafts = [one["draft"] for one in account["balances"] if one["draft"]]
        return str(drafts[0]["id"]) if drafts else None

    return str(await until(drafted, WITHIN))


async def _planned(gym: Gym) -> Ids:
    """People, places and plans."""
    owner = gym.owner
    room = await owner.done(documents.ADD_ROOM, locationId=gym.location, name="1", capacity=9)
    hired = await owner.done(
        documents.HIRE, name="Tom", email=f"{new_id().hex}@x.test", roles=["TRAINER"]
    )
    program = await owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    kind = await owner.done(
        documents.DEFINE_CLASS_TYPE, programId=program["programId"], name="Spin", capacity=9
    )
    series = await owner.done(
        documents.CREATE_SCHEDULE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate="2090-01-02",
        pattern={"classTypeId": kind["classTypeId"], "weekdays": [1], "startsAt": "09:00"},
    )  # fmt: skip
    closed = await owner.done(
        documents.ADD_CLOSURE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate="2090-06-01", untilDate="2090-06-02", reason="paint",
    )  # fmt: skip
    return {
        "staffId": hired["staffMember"]["id"], "instructorId": hired["staffMember"]["id"],
        "locationId": gym.location, "roomId": room["room"]["id"],
        "programId": program["programId"], "classTypeId": kind["classTypeId"],
        "scheduleId": series["scheduleId"], "closureId": closed["closureId"],
    }  # fmt: skip


async def _entered(gym: Gym, client: str) -> Ids:
    """What is at the gym's door."""
    door = await gym.owner.done(doors.ADD_DOOR, locationId=gym.location, name="Front")
    await doors.known(gym.owner, client)
    issued = await gym.owner.done(doors.ISSUE, clientId=client)
    granted = await gym.owner.done(doors.GRANT_ENTRY, clientId=client)
    await gym.owner.done(doors.IMPEDE, clientId=client, impediment="ON_HOLD")
    return {
        "doorId": door["door"]["id"], "credentialId": issued["credential"]["id"],
        "entryGrantId": granted["entryGrantId"],
    }  # fmt: skip
