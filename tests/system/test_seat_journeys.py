"""Bikes, offers, waivers, bans and corrections: a day of a class that everybody wants."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.local.installation import Installation
from tests.world import documents
from tests.world.gym import Gym, Member, move_clock
from tests.world.people import Refused


async def bikes(gym: Gym, hours: float, *, capacity: int = 1, **more: object) -> str:
    """A class of one seat, or so many, and two bikes."""
    starts_at = gym.clock.now() + timedelta(hours=hours)
    told = await gym.owner.done(
        documents.SCHEDULE, title="Spin", locationId=gym.location, spots=["a", "b"],
        capacity=capacity,
        startsAt=starts_at.isoformat(), endsAt=(starts_at + timedelta(hours=1)).isoformat(),
        timeZone="Europe/Berlin", **more,
    )  # fmt: skip
    return str(told["sessionId"])


async def later(gym: Gym, running: Installation, by: timedelta, *members: Member) -> None:
    """Let time pass; everybody signs in again."""
    move_clock(running.clock_file, by)
    await gym.owner.sign_in(gym.slug, gym.owner.email)
    for member in members:
        await member.at.sign_in(gym.slug, member.email)


async def test_a_freed_bike_is_offered_claimed_ridden_and_put_right(
    gym: Gym, running: Installation
) -> None:
    mia, leo = await gym.member(), await gym.member("Leo", pack=1)
    session = await bikes(gym, hours=4.5)
    mine = await mia.at.done(documents.BOOK, sessionId=session, spot="b")
    await leo.at.done(documents.JOIN, sessionId=session)
    assert await leo.at.refused(documents.CLAIM, sessionId=session) == "NOT_OFFERED"

    await later(gym, running, timedelta(minutes=35), mia, leo)
    async with leo.at.watching(documents.OFFERED) as screen:
        await mia.at.done(documents.CANCEL, sessionId=session)
        await screen.shows(lambda f: any((b["waitlistEntry"] or {}).get("offeredUntil")
                                         for b in f["bookings"]))  # fmt: skip
    full = await mia.at.refused(documents.BOOK, sessionId=session)
    claimed = await leo.at.done(documents.CLAIM, sessionId=session, spot="a")
    moved = await leo.at.done(documents.CHANGE_SPOT, sessionId=session, spot="b")
    await later(gym, running, timedelta(hours=3, minutes=58), mia, leo)
    alone = await leo.at.refused(documents.CHECK_IN, sessionId=session, source="QR")
    here = await gym.owner.done(documents.CHECK_IN, sessionId=session, clientId=leo.id, source="QR")
    closed = await gym.owner.done(documents.FINALIZE, sessionId=session)
    spent = await leo.at.ask(documents.LEDGER, atLeast=closed["position"])
    ill = await gym.owner.done(
        documents.CORRECT, sessionId=session, clientId=leo.id, becomes="EXCUSED", reason="ill"
    )

    assert (mine["reservation"]["status"], full) == ("RESERVED", "SESSION_FULL")
    assert claimed["reservation"] == {"status": "RESERVED", "spot": "a"}
    assert moved["reservation"] == {"spot": "b"}
    assert (alone, here["reservation"]["status"]) == ("SELF_CHECK_IN_OFF", "CHECKED_IN")
    assert (spent["available"], spent["grants"][0]["consumed"]) == (0, 1)
    assert ill["reservation"]["status"] == "EXCUSED"
    back = await leo.at.ask(documents.LEDGER, atLeast=ill["position"])
    roster = await gym.owner.ask(documents.WHERE, id=session, atLeast=ill["position"])
    assert (back["available"], back["grants"][0]["consumed"]) == (1, 0)
    assert roster["reservations"] == [
        {"clientId": leo.id, "status": "EXCUSED", "spot": "b", "source": "CLAIMED",
         "checkInSource": "QR", "overbooked": False}
    ]  # fmt: skip


async def test_who_is_banned_or_has_not_signed_does_not_book_themselves(gym: Gym) -> None:
    mia = await gym.member()
    session = await bikes(gym, hours=30, waiverRequired=True)

    unsigned = await mia.at.refused(documents.BOOK, sessionId=session)
    signed = await mia.at.done(documents.SIGN_WAIVER)
    banned = await gym.owner.done(documents.BAN, clientId=mia.id, reason="three no-shows")
    while_banned = await mia.at.do(documents.BOOK, sessionId=session)
    lifted = await gym.owner.done(documents.LIFT_BAN, clientId=mia.id)
    booked = await mia.at.done(documents.BOOK, sessionId=session)

    assert unsigned == "WAIVER_REQUIRED"
    assert signed["ledger"] == {"waivers": ["liability"]}
    assert banned["ledger"] == {"banReason": "three no-shows"}
    assert while_banned["userErrors"][0]["code"] == "BOOKING_BANNED"
    assert while_banned["userErrors"][0]["details"]["reason"] == "three no-shows"
    assert lifted["ledger"] == {"banReason": None}
    assert booked["reservation"]["status"] == "RESERVED"


async def test_the_desk_overbooks_and_a_trainer_does_not(gym: Gym) -> None:
    mia, zoe, desk = await gym.member(), await gym.member("Zoe"), await gym.staff("FRONT_DESK")
    trainer, session = await gym.staff("TRAINER"), await bikes(gym, hours=30)
    await mia.at.done(documents.BOOK, sessionId=session)
    asked: dict[str, Any] = {
        "sessionId": session,
        "clientId": zoe.id,
        "overbook": True,
        "reason": "guest",
    }

    with pytest.raises(Refused, match="FORBIDDEN"):
        await trainer.do(documents.BOOK, **asked)
    over = await desk.done(documents.BOOK, **asked)

    roster = await desk.ask(documents.WHERE, id=session, atLeast=over["position"])
    assert [(r["clientId"], r["overbooked"]) for r in roster["reservations"]] == [
        (mia.id, False), (zoe.id, True),
    ]  # fmt: skip


async def test_the_desk_sets_a_rule_aside_by_name_and_the_receipt_tells(gym: Gym) -> None:
    mia, desk = await gym.member(), await gym.staff("FRONT_DESK")
    trainer = await gym.staff("TRAINER")
    session, twin = await bikes(gym, hours=30), await bikes(gym, hours=30)
    await mia.at.done(documents.BOOK, sessionId=session)
    asked: dict[str, Any] = {"sessionId": twin, "clientId": mia.id, "reason": "her twin is ill"}

    refused = await desk.do(documents.BOOK, **asked)
    with pytest.raises(Refused, match="FORBIDDEN"):
        await trainer.do(documents.BOOK, **asked, overrides=["OVERLAP"])
    done = await desk.done(documents.BOOK, **asked, overrides=["OVERLAP"])

    assert refused["userErrors"][0]["code"] == "OVERLAP"
    told = await mia.at.ask(documents.RECEIPTS, id=twin, atLeast=done["position"])
    assert told["receipts"][0]["text"].endswith(
        "although there was another class at the same time (her twin is ill)"
    )


MY_PLACE = """query ($id: ID!, $atLeast: Position) { session(id: $id, atLeast: $atLeast) {
  onlineCapacity spots waiverRequired
  myPlace { status reservationId freeUntil spot place offeredUntil } } }"""


async def test_a_member_sees_their_own_place_in_a_session_and_staff_none(
    gym: Gym, running: Installation
) -> None:
    mia, ben, leo, zoe = [await gym.member(name) for name in ("Mia", "Ben", "Leo", "Zoe")]
    session = await bikes(gym, hours=4.5, capacity=2)
    booked = await mia.at.done(documents.BOOK, sessionId=session, spot="b")
    await ben.at.done(documents.BOOK, sessionId=session)
    for member in (leo, zoe):
        last = await member.at.done(documents.JOIN, sessionId=session)

    async def seen(member: Member, position: str) -> Any:
        shown = await member.at.ask(MY_PLACE, id=session, atLeast=position)
        assert (shown["onlineCapacity"], shown["spots"], shown["waiverRequired"]) == (
            None, ["a", "b"], False,
        )  # fmt: skip
        return shown["myPlace"]

    hers, waits = await seen(mia, last["position"]), await seen(zoe, last["position"])
    by_staff = await gym.owner.ask(MY_PLACE, id=session, atLeast=last["position"])
    await later(gym, running, timedelta(minutes=35), mia, leo, zoe)
    freed = await mia.at.done(documents.CANCEL, sessionId=session)
    offered, gone = await seen(leo, freed["position"]), await seen(mia, freed["position"])

    assert (hers["status"], hers["reservationId"], hers["spot"], hers["place"]) == (
        "RESERVED", booked["reservation"]["id"], "b", None,
    )  # fmt: skip
    assert hers["freeUntil"]
    assert (waits["status"], waits["place"]) == ("WAITING", 2)
    assert by_staff["myPlace"] is None
    assert (offered["status"], offered["place"]) == ("OFFERED", 1)
    assert offered["offeredUntil"]
    assert gone is None


async def test_a_grant_pays_for_what_it_covers_once_it_does(gym: Gym) -> None:
    zoe, session = await gym.member("Zoe", pack=0), await gym.session()
    another = (gym.clock.now() + timedelta(days=4)).isoweekday()
    never = {"hours": [{"weekdays": [another], "fromTime": "00:00", "untilTime": "00:01"}]}
    given = await gym.owner.done(documents.GRANT, clientId=zoe.id, credits=2, coverage=never)
    refused = await zoe.at.refused(documents.BOOK, sessionId=session)
    here = {"locationIds": [gym.location], "hours": [{"untilTime": "24:00"}]}
    change = {"clientId": zoe.id, "grantId": given["grant"]["id"]}
    wrong = await gym.owner.refused(
        documents.CHANGE_GRANT, **change, coverage={"hours": [{"untilTime": "25:00"}]}
    )
    await gym.owner.done(documents.CHANGE_GRANT, **change, coverage=here)
    booked = await zoe.at.done(documents.BOOK, sessionId=session)

    assert (refused, wrong) == ("NO_ENTITLEMENT", "INVALID_INPUT")
    assert booked["reservation"]["status"] == "RESERVED"
