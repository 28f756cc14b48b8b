"""People come to the door, with a seat and without, with an app and a card; the desk watches."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.local.installation import Installation
from tests.world import documents
from tests.world.doors import (
    ADD_DOOR,
    CREDENTIALS,
    DOORS,
    DOORS_CHANGED,
    END_ENTRY_GRANT,
    ENTER,
    ENTRIES,
    GRANT_ENTRY,
    IMPEDE,
    ISSUE,
    LOCK,
    LONG,
    MY_ENTRIES,
    SCHEDULE_DOOR,
    STEPS,
    UNLOCK,
    WATCH,
    WHY_SHUT,
    known,
)
from tests.world.fees import later
from tests.world.gym import Gym
from tests.world.people import Person, Refused
from tests.world.waiting import until

SOON = 0.1  # hours to the class: inside the door's window and the check-in's


async def a_door(gym: Gym, name: str = "Front") -> str:
    added = await gym.owner.done(ADD_DOOR, locationId=gym.location, name=name)
    return str(added["door"]["id"])


async def answered(person: Person, result: str, **asked: Any) -> dict[str, Any]:
    """The first answer of the door that is as wanted: access hears of seats when it hears."""

    async def as_wanted() -> dict[str, Any] | None:
        told = await person.done(ENTER, **asked)
        return told if result in (told["entry"]["result"], told["entry"]["reason"]) else None

    told: dict[str, Any] = await until(as_wanted, LONG)
    return told


async def test_a_member_with_a_seat_enters_and_is_checked_in_and_the_desk_sees_it(
    gym: Gym,
) -> None:
    desk, mia, session = (
        await gym.staff("FRONT_DESK"),
        await gym.member(),
        await gym.session(hours=SOON),
    )
    door = await a_door(gym)
    await mia.at.done(documents.BOOK, sessionId=session)

    async with (
        desk.watching(WATCH, doorId=door) as log,
        desk.watching(documents.ROSTER_CHANGED, id=session) as roster,
    ):
        told = await answered(mia.at, "GRANTED", doorId=door)
        await log.shows(
            lambda f: bool(f["entries"]) and f["entries"][0] == {
                "result": "GRANTED", "reason": None, "clientName": "Mia", "sessionId": session,
            }
        )  # fmt: skip
        await roster.shows(
            lambda f: [r["status"] for r in f["roster"]["reservations"]] == ["CHECKED_IN"]
        )

    assert (told["entry"]["clientId"], told["entry"]["sessionId"]) == (mia.id, session)


async def test_who_is_late_is_checked_in_to_the_class_that_let_them_in_and_not_to_the_next(
    gym: Gym, running: Installation
) -> None:
    mia, door = await gym.member(), await a_door(gym)
    first = await gym.session(hours=SOON, minutes=45)
    second = await gym.session(hours=SOON + 0.75, minutes=45)
    for session in (first, second):
        await mia.at.done(documents.BOOK, sessionId=session)
    await known(gym.owner, mia.id)
    await later(gym, running, timedelta(hours=SOON, minutes=16))

    told = await answered(mia.at, "GRANTED", doorId=door)

    assert told["entry"]["sessionId"] == first
    async with gym.owner.watching(documents.ROSTER_CHANGED, id=first) as roster:
        await roster.shows(lambda f: f["roster"]["reservations"][0]["status"] == "CHECKED_IN")
    (seat,) = (await gym.owner.ask(documents.ROSTER, id=second))["reservations"]
    assert seat["status"] == "RESERVED"


async def test_who_gave_the_seat_up_or_comes_too_early_is_told_so(gym: Gym) -> None:
    mia, leo = await gym.member(), await gym.member("Leo")
    door = await a_door(gym)
    gone, later = await gym.session(hours=SOON), await gym.session(hours=24)
    await mia.at.done(documents.BOOK, sessionId=gone)
    await answered(mia.at, "GRANTED", doorId=door)
    left = await gym.member("Lia")
    await left.at.done(documents.BOOK, sessionId=gone)
    await answered(left.at, "GRANTED", doorId=door)
    zoe = await gym.member("Zoe")
    await zoe.at.done(documents.BOOK, sessionId=gone)
    await zoe.at.done(documents.CANCEL, sessionId=gone)
    await leo.at.done(documents.BOOK, sessionId=later)

    early = await answered(leo.at, "NO_RESERVATION", doorId=door)
    await answered(zoe.at, "NO_RESERVATION", doorId=door)

    assert early["comesBackAt"] is not None


async def test_a_card_opens_until_it_is_suspended_and_never_once_revoked(gym: Gym) -> None:
    desk, mia, door = await gym.staff("FRONT_DESK"), await gym.member(), await a_door(gym)
    await known(desk, mia.id)
    await desk.done(GRANT_ENTRY, clientId=mia.id)
    issued = await desk.done(ISSUE, clientId=mia.id, kind="CARD")
    card, token = issued["credential"]["id"], issued["token"]

    async def shown() -> str:
        told = await desk.done(ENTER, doorId=door, token=token)
        return str(told["entry"]["reason"] or told["entry"]["result"])

    seen, told = [await shown()], []
    for step in ("suspend", "reinstate", "revoke"):
        done = await desk.done(STEPS[step], credentialId=card)
        told.append(done["status"])
        seen.append(await shown())
    assert told == ["SUSPENDED", "ACTIVE", "REVOKED"]
    assert seen == ["GRANTED", "CREDENTIAL_SUSPENDED", "GRANTED", "UNKNOWN_CREDENTIAL"]
    assert await desk.refused(STEPS["reinstate"], credentialId=card) == "CREDENTIAL_REVOKED"
    kept = await mia.at.ask(CREDENTIALS, atLeast=done["position"])
    assert kept == [{"id": card, "kind": "CARD", "status": "REVOKED"}]


async def test_a_token_is_shown_again_to_the_same_request_only(gym: Gym) -> None:
    mia = await gym.member()
    await known(gym.owner, mia.id)
    key = "0192f3aa-0000-7000-8000-000000000001"
    first, again = [await mia.at.do(ISSUE, key=key) for _ in range(2)]
    other = await mia.at.do(ISSUE)
    assert first["token"] == again["token"]
    assert len({first["token"], other["token"]}) == 2
    assert len(first["token"]) == 43


async def test_doors_keep_their_hours_lockdowns_and_impediments(gym: Gym) -> None:
    mia, door = await gym.member(), await a_door(gym)
    await known(gym.owner, mia.id)
    granted = await gym.owner.done(GRANT_ENTRY, clientId=mia.id)
    reasons = []

    async def tries() -> None:
        told = await mia.at.done(ENTER, doorId=door)
        reasons.append(told["entry"]["reason"])

    yesterday = (gym.clock.now() - timedelta(days=1)).isoweekday()
    shut = [{"weekday": yesterday, "opens": "00:00", "closes": "00:01"}]
    await tries()
    await gym.owner.done(LOCK, reason="gas")
    await tries()
    await gym.owner.done(UNLOCK)
    await gym.owner.done(IMPEDE, clientId=mia.id, impediment="ON_HOLD")
    await tries()
    await gym.owner.done(IMPEDE, clientId=mia.id, impediment="ON_HOLD", present=False)
    done = await gym.owner.done(
        SCHEDULE_DOOR, doorId=door, timeZone="Europe/Berlin", hours=shut
    )  # fmt: skip
    await tries()
    await gym.owner.done(SCHEDULE_DOOR, doorId=door, timeZone="Europe/Berlin", hours=[])
    await gym.owner.done(END_ENTRY_GRANT, clientId=mia.id, entryGrantId=granted["entryGrantId"])
    await tries()

    assert reasons == [None, "LOCKDOWN", "ON_HOLD", "OUTSIDE_HOURS", "MEMBERSHIP_ENDED"]
    (seen,) = await mia.at.ask(DOORS, atLeast=done["position"])
    assert (seen["name"], seen["lockdown"]) == ("Front", None)


async def test_a_seat_opens_to_who_signed_and_to_nobody_somebody_banned(gym: Gym) -> None:
    owner, mia, door = gym.owner, await gym.member(), await a_door(gym)
    session = await gym.session(hours=SOON)
    await owner.done(documents.CHANGE_SESSION, sessionId=session, waiverRequired=True)
    await owner.done(documents.BOOK, sessionId=session, clientId=mia.id)  # the desk may

    await answered(mia.at, "WAIVER_MISSING", doorId=door)
    await mia.at.done(documents.SIGN_WAIVER)
    await answered(mia.at, "GRANTED", doorId=door)
    await owner.done(documents.BAN, clientId=mia.id, reason="threats")
    shut = await answered(mia.at, "BANNED", doorId=door)
    log = await owner.ask(ENTRIES, first=1, doorId=door, atLeast=shut["position"])
    await owner.done(documents.LIFT_BAN, clientId=mia.id)
    await answered(mia.at, "GRANTED", doorId=door)

    assert [node["reason"] for node in log["nodes"]] == ["BANNED"]


async def test_a_shut_door_says_on_which_facts_to_the_desk_and_to_whom_it_stayed_shut(
    gym: Gym,
) -> None:
    desk, mia, leo = await gym.staff("FRONT_DESK"), await gym.member(), await gym.member("Leo")
    door, soon = await a_door(gym), await gym.session(hours=5)
    await mia.at.done(documents.BOOK, sessionId=soon)
    await answered(mia.at, "NO_RESERVATION", doorId=door)
    last = await leo.at.done(ENTER, doorId=door)

    shut = await desk.ask(WHY_SHUT, atLeast=last["position"])
    hers = await mia.at.ask(MY_ENTRIES, first=1, atLeast=last["position"])

    (leos,) = [one for one in shut["nodes"] if one["clientName"] == "Leo"]
    assert set(leos["facts"].values()) == {None}
    mias = next(one for one in shut["nodes"] if one["clientName"] == "Mia")
    (own,) = hers["nodes"]
    assert (own["clientId"], own["reason"]) == (mia.id, "NO_RESERVATION")
    assert own["facts"] == mias["facts"]
    assert own["facts"]["nextGrantFrom"] is not None
    with pytest.raises(Refused) as refused:
        await desk.ask(MY_ENTRIES, first=1)
    assert refused.value.code == "FORBIDDEN"


async def test_a_lockdown_is_on_the_screen_that_shows_the_doors(gym: Gym) -> None:
    await a_door(gym)
    async with gym.owner.watching(DOORS_CHANGED) as screen:
        await screen.shows(lambda f: [one["lockdown"] for one in f["doors"]] == [None])
        await gym.owner.done(LOCK, locationId=gym.location, reason="gas")
        await screen.shows(lambda f: [one["lockdown"] for one in f["doors"]] == ["gas"])


async def test_a_grant_for_off_peak_opens_in_its_hours_only(gym: Gym) -> None:
    mia, door = await gym.member(), await a_door(gym)
    await known(gym.owner, mia.id)
    today = gym.clock.now().isoweekday()
    days = [one for one in range(1, 8) if one not in (today, today % 7 + 1)]
    hours = [{"weekday": day, "opens": "09:00", "closes": "16:00"} for day in days]
    off_peak = {"clientId": mia.id, "locationIds": [gym.location], "timeZone": "UTC"}
    mars = off_peak | {"timeZone": "Mars/Olympus", "hours": hours}
    assert await gym.owner.refused(GRANT_ENTRY, **mars) == "UNKNOWN_TIME_ZONE"
    await gym.owner.done(GRANT_ENTRY, **off_peak, hours=hours)
    told = await mia.at.done(ENTER, doorId=door)
    assert (told["entry"]["result"], told["entry"]["reason"]) == ("DENIED", "OUTSIDE_HOURS")
    await gym.owner.done(GRANT_ENTRY, **off_peak)
    told = await mia.at.done(ENTER, doorId=door)
    assert told["entry"]["result"] == "GRANTED"


async def test_the_log_is_paged_and_only_the_desk_reads_it(gym: Gym, other_gym: Gym) -> None:
    mia, front, back = await gym.member(), await a_door(gym), await a_door(gym, "Yard")
    for door in (front, back, front):
        last = await mia.at.done(ENTER, doorId=door)

    page = await gym.owner.ask(ENTRIES, first=2, atLeast=last["position"])
    rest = await gym.owner.ask(ENTRIES, first=2, after=page["pageInfo"]["endCursor"])
    at_back = await gym.owner.ask(ENTRIES, first=9, doorId=back)
    elsewhere = await other_gym.owner.ask(ENTRIES, first=9, doorId=back)

    assert [len(page["nodes"]), len(rest["nodes"]), len(at_back["nodes"])] == [2, 1, 1]
    assert {node["clientName"] for node in page["nodes"]} == {"Mia"}
    assert elsewhere["nodes"] == []
    assert await other_gym.owner.refused(ENTER, doorId=front) == "DOOR_NOT_FOUND"
    with pytest.raises(Refused) as refused:
        await mia.at.ask(ENTRIES, first=2)
    assert refused.value.code == "FORBIDDEN"
