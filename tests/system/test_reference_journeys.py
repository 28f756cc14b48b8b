"""What the gym names must be its own; what it opened a moment ago is there at once."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts import ids
from contracts.ids import new_id
from tests.world import documents, doors, fees
from tests.world.gym import Gym


def a_class(gym: Gym, **other: Any) -> dict[str, Any]:
    starts_at = gym.clock.now() + timedelta(hours=24)
    usual = {
        "title": "Spin", "locationId": gym.location, "startsAt": starts_at.isoformat(),
        "endsAt": (starts_at + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Berlin",
        "capacity": 9,
    }  # fmt: skip
    return usual | other


def a_closure(gym: Gym, location: str) -> dict[str, Any]:
    day = (gym.clock.now() + timedelta(days=9)).date().isoformat()
    return {
        "locationId": location, "timeZone": "Europe/Berlin", "fromDate": day, "untilDate": day,
        "reason": "painting",
    }  # fmt: skip


async def coach_of(gym: Gym) -> str:
    hired = await gym.owner.done(
        documents.HIRE, name="Kim", email=f"{new_id().hex}@x.test", roles=["TRAINER"]
    )
    return str(hired["staffMember"]["id"])


async def room_of(gym: Gym) -> str:
    added = await gym.owner.done(
        documents.ADD_ROOM, locationId=gym.location, name="Red", capacity=9
    )
    return str(added["room"]["id"])


async def test_ids_of_another_gym_are_refused_by_name_just_as_ids_of_nothing(
    gym: Gym, other_gym: Gym
) -> None:
    owner, session = gym.owner, await gym.session()
    theirs = (other_gym.location, await room_of(other_gym), await coach_of(other_gym))
    nobodys = tuple(ids.show(kind, new_id()) for kind in ("loc", "room", "stf"))
    for location, room, coach in (theirs, nobodys):
        wrong = [
            (documents.SCHEDULE, a_class(gym, locationId=location), "LOCATION_NOT_FOUND"),
            (documents.SCHEDULE, a_class(gym, roomId=room), "ROOM_NOT_FOUND"),
            (documents.SCHEDULE, a_class(gym, instructorId=coach), "INSTRUCTOR_NOT_FOUND"),
            (documents.ASSIGN_ROOM, {"sessionId": session, "roomId": room}, "ROOM_NOT_FOUND"),
            (
                documents.SUBSTITUTE, {"sessionId": session, "instructorId": coach},
                "INSTRUCTOR_NOT_FOUND",
            ),
            (documents.ADD_CLOSURE, a_closure(gym, location), "LOCATION_NOT_FOUND"),
            (doors.ADD_DOOR, {"locationId": location, "name": "Front"}, "LOCATION_NOT_FOUND"),
            (doors.LOCK, {"locationId": location, "reason": "gas"}, "LOCATION_NOT_FOUND"),
            (doors.UNLOCK, {"locationId": location}, "LOCATION_NOT_FOUND"),
        ]  # fmt: skip
        for document, given, code in wrong:
            told = await owner.do(document, **given)
            (error,) = told["userErrors"]
            kind = code.removesuffix("_NOT_FOUND").lower()
            assert (error["code"], error["field"]) == (code, f"{kind}Id"), document


async def test_what_was_opened_a_moment_ago_is_there_at_once(gym: Gym) -> None:
    for _ in range(5):
        opened = await gym.owner.done(documents.OPEN, name="Ost", timeZone="Europe/Berlin")
        gym.location = opened["location"]["id"]
        room, coach = await room_of(gym), await coach_of(gym)
        await gym.owner.done(documents.SCHEDULE, **a_class(gym, roomId=room, instructorId=coach))
        await gym.owner.done(doors.ADD_DOOR, locationId=gym.location, name="Front")


async def test_a_grant_names_what_is_there_and_answers_when_it_ends(gym: Gym) -> None:
    mia = await gym.member()
    pack: dict[str, Any] = {"clientId": mia.id, "credits": 5, "timeZone": "Europe/Berlin"}
    for kind, name, code in (
        ("loc", "locationIds", "LOCATION_NOT_FOUND"), ("prg", "programIds", "PROGRAM_NOT_FOUND"),
    ):  # fmt: skip
        nobodys = {name: [ids.show(kind, new_id())]}
        told = await gym.owner.do(documents.GRANT, **pack, coverage=nobodys)
        (error,) = told["userErrors"]
        assert (error["code"], error["field"]) == (code, "coverage")
    last_day = (gym.clock.now() + timedelta(days=30)).date()
    given = await gym.owner.done(
        documents.GRANT, **pack, expiresOn=last_day.isoformat(),
        coverage={"locationIds": [gym.location]},
    )  # fmt: skip
    midnight = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo("Europe/Berlin"))
    assert datetime.fromisoformat(given["grant"]["expiresAt"]) == midnight
    assert given["grant"]["validFrom"] is not None


async def test_fees_are_in_the_gyms_currency(gym: Gym) -> None:
    yen = {"minor": 1500, "currency": "JPY"}
    told = await gym.owner.do(
        fees.PUBLISH, preset="FUNCTIONAL", changes={"noShowFee": yen, "freePasses": 0}
    )
    (error,) = told["userErrors"]
    assert (error["code"], error["field"]) == ("OTHER_CURRENCY", "noShowFee")
    await fees.with_fees(gym)
