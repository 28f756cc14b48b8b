"""The desk sees the day's cards, asks why, and knows its people."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from deploy.local.installation import Installation
from tests.world import documents
from tests.world.gym import Gym, move_clock
from tests.world.people import Refused


async def test_the_days_cards_follow_a_class_from_booking_to_closed_books(
    gym: Gym, running: Installation
) -> None:
    await _long_before_midnight(gym, running)
    mia, leo = await gym.member(), await gym.member("Leo")
    session = await gym.session(hours=0.5)

    async with gym.owner.watching(documents.KPIS_CHANGED) as cards:
        for member in (mia, leo):
            await member.at.done(documents.BOOK, sessionId=session)
        shown = await cards.shows(lambda f: f["classesToday"]["booked"]["count"] == 2)
        await gym.owner.done(documents.CHECK_IN, sessionId=session, clientId=mia.id)
    move_clock(running.clock_file, timedelta(minutes=31))
    await gym.owner.sign_in(gym.slug, gym.owner.email)
    closed = await gym.owner.done(documents.FINALIZE, sessionId=session)
    today = await gym.owner.ask(documents.KPIS, atLeast=closed["position"])
    move_clock(running.clock_file, timedelta(hours=25))  # in autumn a day has as many
    await gym.owner.sign_in(gym.slug, gym.owner.email)
    tomorrow = await gym.owner.ask(documents.KPIS)

    assert shown["classesToday"]["toCome"]["sessionIds"] == [session]
    assert today["classesToday"]["running"]["sessionIds"] == [session]
    assert today["attendanceRate"]["rate"] is None
    assert tomorrow["attendanceRate"]["rate"] == 0.5
    assert len(tomorrow["attendanceRate"]["noShows"]["reservationIds"]) == 1
    assert tomorrow["classesToday"]["total"] == 0


async def test_a_client_and_the_desk_are_told_why(gym: Gym) -> None:
    mia, leo = await gym.member(), await gym.member("Leo")
    session, desk = await gym.session(capacity=1), await gym.staff("FRONT_DESK")
    await mia.at.done(documents.BOOK, sessionId=session)
    await leo.at.done(documents.BOOK, sessionId=session, orWaitlist=True)

    freed = await mia.at.done(documents.CANCEL, sessionId=session)

    at = freed["position"]
    mine = await mia.at.ask(documents.RECEIPTS, id=session, atLeast=at)
    theirs = await desk.ask(documents.RECEIPTS, id=session, clientId=leo.id, atLeast=at)
    assert [(r["decision"], r["decidedBy"]) for r in mine["receipts"]] == [
        ("RESERVED", "CLIENT"), ("CANCELLED_EARLY", "CLIENT"),
    ]  # fmt: skip
    assert mine["receipts"][1]["text"].endswith(": in time")
    assert mine["receipts"][1]["facts"]["freeUntil"]
    assert [(r["decision"], r["decidedBy"]) for r in theirs["receipts"]] == [
        ("JOINED_WAITLIST", "CLIENT"), ("PROMOTED", "SYSTEM"), ("RESERVED", "SYSTEM"),
    ]  # fmt: skip
    with pytest.raises(Refused) as refused:
        await mia.at.ask(documents.RECEIPTS, id=session, clientId=leo.id)
    assert refused.value.code == "FORBIDDEN"


async def test_what_the_desk_notes_shows_on_the_screens_of_who_may_see_it(gym: Gym) -> None:
    mia, trainer = await gym.member("Öberg"), await gym.staff("TRAINER")
    desk = await gym.staff("FRONT_DESK")

    async with trainer.watching(documents.CLIENT_CHANGED, id=mia.id) as screen:
        await desk.done(documents.ADD_TAG, clientId=mia.id, tag="VIP")
        await desk.done(documents.ADD_TAG, clientId=mia.id, tag=" vip ")
        await desk.done(documents.ADD_NOTE, clientId=mia.id, text="likes rowing")
        await desk.done(documents.SET_ALERT, clientId=mia.id, level="RED", text="asthma")
        shown = await screen.shows(lambda f: f["client"]["alerts"] != [])
        cleared = await desk.done(documents.CLEAR_ALERT, clientId=mia.id, level="RED")
        await screen.shows(lambda f: f["client"]["alerts"] == [])

    seen = await desk.ask(documents.PROFILE, id=mia.id, atLeast=cleared["position"])
    assert shown["client"] == {
        "name": "Öberg", "tags": ["VIP"], "notes": None,
        "alerts": [{"level": "RED", "text": "asthma"}],
    }  # fmt: skip
    assert [(note["text"], note["authorId"][:4]) for note in seen["notes"]] == [
        ("likes rowing", "stf_")
    ]
    for search, tag in (("ober", None), (" OB", "vip"), (None, "Vip")):
        found = await desk.ask(documents.FIND, search=search, tag=tag)
        assert [one["id"] for one in found["nodes"]] == [mia.id]
    assert await trainer.ask(documents.FIND, search="ober", tag="x") == {"nodes": []}


async def test_a_location_has_hours_and_closures_and_staff_qualifications(gym: Gym) -> None:
    night = {"weekday": 5, "opens": "18:00", "closes": "02:00"}
    over = {"weekday": 6, "opens": "01:00", "closes": "09:00"}
    day = gym.clock.now().date() + timedelta(days=30)
    hired = await gym.owner.done(
        documents.HIRE, name="Kim", email=f"kim-{gym.slug}@x.test", roles=["TRAINER"]
    )
    kim = hired["staffMember"]["id"]

    overlap = await gym.owner.refused(
        documents.SET_HOURS, locationId=gym.location, hours=[night, over]
    )
    await gym.owner.done(documents.SET_HOURS, locationId=gym.location, hours=[night])
    closed = await gym.owner.done(
        documents.CLOSE_LOCATION, locationId=gym.location, fromDate=day.isoformat(),
        untilDate=day.isoformat(), reason="works",
    )  # fmt: skip
    qualified = await gym.owner.done(
        documents.QUALIFY, staffId=kim,
        qualifications=[{"label": "First aid", "expiresOn": day.isoformat()}],
    )  # fmt: skip

    [place] = (await gym.owner.ask(documents.PLACES, atLeast=closed["position"]))["locations"]
    staff = await gym.owner.ask(documents.STAFF, atLeast=qualified["position"])
    assert overlap == "HOURS_OVERLAP"
    assert place["openingHours"] == [night]
    assert [closure["reason"] for closure in place["closures"]] == ["works"]
    assert [one["qualifications"] for one in staff["nodes"] if one["id"] == kim] == [
        [{"classTypeId": None, "label": "First aid", "expiresOn": day.isoformat()}]
    ]

    opened = await gym.owner.done(documents.OPEN_LOCATION_AGAIN, closureId=closed["closure"]["id"])
    [place] = (await gym.owner.ask(documents.PLACES, atLeast=opened["position"]))["locations"]
    assert place["closures"] == []


async def test_receipts_and_ledgers_are_live_and_bans_have_receipts_too(gym: Gym) -> None:
    mia, desk, session = await gym.member(), await gym.staff("FRONT_DESK"), await gym.session()
    seat = {"id": session, "clientId": mia.id}

    async with (
        desk.watching(documents.RECEIPTS_CHANGED, **seat) as why,
        desk.watching(documents.LEDGER_CHANGED, clientId=mia.id) as ledger,
        mia.at.watching(documents.RECEIPTS_CHANGED) as beyond,
    ):
        await mia.at.done(documents.BOOK, sessionId=session)
        await why.shows(lambda f: [one["decision"] for one in f["receipts"]] == ["RESERVED"])
        await ledger.shows(lambda f: f["ledger"] is not None and f["ledger"]["available"] == 4)
        await gym.owner.done(documents.BAN, clientId=mia.id, reason="threats")
        await ledger.shows(lambda f: f["ledger"]["banReason"] == "threats")
        told = await beyond.shows(lambda f: bool(f["receipts"]))
        await gym.owner.done(documents.LIFT_BAN, clientId=mia.id, reason="talked")
        after = await beyond.shows(lambda f: len(f["receipts"]) == 2)

    assert told["sessionId"] is None
    assert [one["decision"] for one in after["receipts"]] == ["BAN_IMPOSED", "BAN_LIFTED"]
    assert told["receipts"][0]["text"].endswith("until it is lifted (threats)")


async def _long_before_midnight(gym: Gym, running: Installation) -> None:
    """A class that begins soon is to begin, and end, today."""
    now = gym.clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    if now.hour >= 20:
        move_clock(running.clock_file, timedelta(hours=28 - now.hour))
        await gym.owner.sign_in(gym.slug, gym.owner.email)
