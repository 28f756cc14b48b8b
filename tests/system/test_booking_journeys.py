"""Members book, wait and come to class; staff watch it happen."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from contracts.ids import new_id
from deploy.local.installation import Installation
from tests.world import documents
from tests.world.gym import Gym, move_clock


async def test_a_booking_shows_on_the_trainers_screen_and_the_members(gym: Gym) -> None:
    trainer, mia, session = await gym.staff("TRAINER"), await gym.member(), await gym.session()

    async with (
        trainer.watching(documents.ROSTER_CHANGED, id=session) as roster,
        mia.at.watching(documents.MINE_CHANGED) as mine,
    ):
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        booked = await mia.at.done(documents.BOOK, sessionId=session)
        frame = await roster.shows(lambda f: len(f["roster"]["reservations"]) == 1)
        await mine.shows(lambda f: [b["reservation"]["status"] for b in f["bookings"]]
                         == ["RESERVED"])  # fmt: skip
        await mia.at.done(documents.CANCEL, sessionId=session)
        await roster.shows(lambda f: f["roster"]["reservations"] == [])
        await mine.shows(lambda f: f["bookings"][0]["reservation"]["status"] == "CANCELLED_EARLY")

    assert booked["reservation"]["status"] == "RESERVED"
    assert frame["roster"]["reservations"] == [
        {"clientId": mia.id, "clientName": "Mia", "status": "RESERVED"}
    ]


async def test_a_screen_that_comes_back_is_told_only_what_it_missed(gym: Gym) -> None:
    mia, session = await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    again = {"id": session, "after": booked["position"]}
    await mia.at.ask(documents.RECEIPTS, id=session, atLeast=booked["position"])

    async with mia.at.watching(documents.RECEIPTS_CHANGED, **again) as why:
        await mia.at.done(documents.CANCEL, sessionId=session)
        first = await why.shows(lambda _: True)

    assert len(first["receipts"]) == 2


async def test_a_roster_that_comes_back_shows_what_its_people_are_called_by_now(gym: Gym) -> None:
    """Booking tells nothing of that: nothing is newer than what the screen has seen."""
    mia, session = await gym.member(), await gym.session()
    await mia.at.done(documents.BOOK, sessionId=session)
    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        seen = await roster.shows(lambda f: _named(f) == ["Mia"])

    told = await mia.at.done(documents.CHANGE_CONTACT, clientId=mia.id, name="Mia Berg")
    await mia.at.ask(documents.OWN_PROFILE, id=mia.id, atLeast=told["position"])

    again = {"id": session, "after": seen["position"]}
    async with gym.owner.watching(documents.ROSTER_CHANGED, **again) as roster:
        await roster.shows(lambda f: _named(f) == ["Mia Berg"])


async def test_a_freed_seat_goes_to_the_first_in_line(gym: Gym) -> None:
    mia, ben, leo, zoe = [await gym.member(name) for name in ("Mia", "Ben", "Leo", "Zoe")]
    session = await gym.session(capacity=2)
    for member in (ben, mia):
        await member.at.done(documents.BOOK, sessionId=session)
    waits = await leo.at.done(documents.BOOK, sessionId=session, orWaitlist=True)
    await zoe.at.done(documents.BOOK, sessionId=session, orWaitlist=True)

    async with zoe.at.watching(documents.MINE_CHANGED) as mine:
        await mine.shows(lambda f: _places(f) == [2])
        freed = await mia.at.done(documents.CANCEL, sessionId=session)
        await mine.shows(lambda f: _places(f) == [1])

    assert waits["waitlistEntry"]["place"] == 1
    roster = await gym.owner.ask(documents.ROSTER, id=session, atLeast=freed["position"])
    assert [r["clientId"] for r in roster["reservations"]] == [ben.id, leo.id]
    assert [w["clientId"] for w in roster["waitlist"]] == [zoe.id]


async def test_a_rush_fills_the_class_exactly_and_loses_nobody(gym: Gym) -> None:
    session = await gym.session(capacity=3)
    desk = await gym.staff("FRONT_DESK")
    clients = [str((await gym.owner.done(documents.REGISTER, name="Rush"))["client"]["id"])
               for _ in range(12)]  # fmt: skip
    for client in clients:
        await gym.owner.done(documents.GRANT, clientId=client, credits=1)

    def book(client: str) -> Awaitable[Any]:
        return desk.do(documents.BOOK, sessionId=session, clientId=client, orWaitlist=True)

    answers = await asyncio.gather(*map(book, clients))

    places = sorted(a["waitlistEntry"]["place"] for a in answers if a["waitlistEntry"])
    refused = [a["userErrors"][0]["code"] for a in answers if a["userErrors"]]
    assert sum(a["reservation"] is not None for a in answers) == 3
    assert places == [1, 2, 3]
    assert refused == ["WAITLIST_FULL"] * 6


async def test_the_same_key_again_is_the_same_booking(gym: Gym) -> None:
    mia, session, key = await gym.member(), await gym.session(), str(new_id())

    answers = [await mia.at.do(documents.BOOK, key=key, sessionId=session) for _ in range(3)]
    elsewhere = await mia.at.do(documents.BOOK, key=key, sessionId=await gym.session(hours=48))

    assert answers[0]["reservation"]["id"]
    assert answers[1:] == answers[:1] * 2
    assert elsewhere["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_read_at_the_position_of_a_write_shows_it(gym: Gym) -> None:
    mia, session = await gym.member(), await gym.session()

    for _ in range(3):
        booked = await mia.at.done(documents.BOOK, sessionId=session)
        seen = await mia.at.ask(documents.SESSION, id=session, atLeast=booked["position"])
        assert seen["reserved"] == 1
        left = await mia.at.done(documents.CANCEL, sessionId=session)
        mine = await mia.at.ask(documents.MINE, atLeast=left["position"])
        assert {b["reservation"]["status"] for b in mine["nodes"]} == {"CANCELLED_EARLY"}


async def test_a_refusal_says_why_and_changes_nothing(gym: Gym) -> None:
    mia, broke = await gym.member(), await gym.member("Bo", pack=0)
    session = await gym.session()
    await mia.at.done(documents.BOOK, sessionId=session)

    assert await mia.at.refused(documents.BOOK, sessionId=session) == "ALREADY_BOOKED"
    assert await broke.at.refused(documents.BOOK, sessionId=session) == "NO_ENTITLEMENT"
    late = await gym.session(hours=24 * 30)
    told = await mia.at.do(documents.BOOK, sessionId=late)
    assert told["userErrors"][0]["code"] == "WINDOW_NOT_OPEN"
    assert told["userErrors"][0]["details"]["opensAt"]


async def test_a_cancelled_session_gives_every_credit_back(gym: Gym) -> None:
    mia, session = await gym.member(pack=1), await gym.session()
    await mia.at.done(documents.BOOK, sessionId=session)

    off = await gym.owner.done(documents.CANCEL_SESSION, sessionId=session, reason="storm")

    ledger = await mia.at.ask(documents.LEDGER, atLeast=off["position"])
    mine = await mia.at.ask(documents.MINE, atLeast=off["position"])
    assert off["session"] == {"status": "CANCELLED"}
    assert ledger["available"] == 1
    assert mine["nodes"][0]["reservation"]["status"] == "SESSION_CANCELLED"


async def test_who_came_attended_and_who_did_not_forfeits(gym: Gym, running: Installation) -> None:
    mia, leo = await gym.member(pack=1), await gym.member("Leo", pack=1)
    session, trainer = await gym.session(hours=1), await gym.staff("TRAINER")
    for member in (mia, leo):
        await member.at.done(documents.BOOK, sessionId=session)

    move_clock(running.clock_file, timedelta(minutes=65))
    await trainer.sign_in(gym.slug, trainer.email)
    here = await trainer.done(documents.CHECK_IN, sessionId=session, clientId=mia.id)
    closed = await trainer.done(documents.FINALIZE, sessionId=session)

    at = closed["position"]
    roster = await trainer.ask(documents.ROSTER, id=session, atLeast=at)
    standing = {r["clientId"]: r["status"] for r in roster["reservations"]}
    assert here["reservation"]["status"] == "CHECKED_IN"
    assert standing == {mia.id: "ATTENDED", leo.id: "NO_SHOW"}


def _named(frame: dict[str, Any]) -> list[str]:
    return [each["clientName"] for each in frame["roster"]["reservations"]]


def _places(frame: dict[str, Any]) -> list[int]:
    return [b["waitlistEntry"]["place"] for b in frame["bookings"] if b["waitlistEntry"]]


async def test_a_member_sees_what_each_grant_is_good_for(gym: Gym) -> None:
    program = await gym.owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    mia = await gym.member(pack=0)
    off_peak = {
        "programIds": [program["programId"]], "locationIds": [gym.location],
        "hours": [{"weekdays": [1, 2], "fromTime": "09:00", "untilTime": "16:00"}],
    }  # fmt: skip
    grants = [
        await gym.owner.done(documents.GRANT, clientId=mia.id, credits=1, coverage=one)
        for one in (off_peak, None)
    ]
    shown = await mia.at.ask(documents.COVERED, atLeast=grants[-1]["position"])
    covered = {one["id"]: one["coverage"] for one in shown["grants"]}
    open_ = {"everything": True, "programIds": [], "locationIds": [], "hours": []}
    first, second = (one["grant"]["id"] for one in grants)
    assert covered == {first: off_peak | {"everything": False}, second: open_}

    again = await gym.owner.done(
        documents.CHANGE_GRANT, clientId=mia.id, grantId=first, coverage={}
    )  # fmt: skip
    shown = await gym.owner.ask(documents.COVERED, clientId=mia.id, atLeast=again["position"])
    assert [one["coverage"] for one in shown["grants"]] == [open_, open_]
