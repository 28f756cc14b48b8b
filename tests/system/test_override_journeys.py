"""Staff set rules of a line and of check-in aside and say why; members do not, and cannot."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.local.installation import Installation
from tests.world import documents, fees
from tests.world.gym import Gym
from tests.world.people import Person, Refused

EARLY = 24.0 * 14  # hours to the class: a week until booking opens


async def receipt(person: Person, decision: str, session: str, at: str) -> str:
    """How the decision about them is told; no more than one was made."""
    told = await person.ask(documents.RECEIPTS, id=session, atLeast=at)
    (text,) = [one["text"] for one in told["receipts"] if one["decision"] == decision]
    return str(text)


async def test_the_desk_has_somebody_join_a_line_before_booking_opens_and_says_why(
    gym: Gym,
) -> None:
    mia, leo = await gym.member(), await gym.member("Leo")
    desk, trainer = await gym.staff("FRONT_DESK"), await gym.staff("TRAINER")
    session = await gym.session(capacity=1, hours=EARLY)
    await desk.done(documents.BOOK, sessionId=session, clientId=leo.id, reason="paid for it")
    hers = {"sessionId": session, "clientId": mia.id}

    silent = await desk.refused(documents.JOIN, **hers)
    by_trainer = await trainer.refused(documents.JOIN, **hers, reason="her birthday")
    by_herself = await mia.at.refused(documents.JOIN, sessionId=session, reason="my birthday")
    joined = await desk.done(documents.JOIN, **hers, reason="her birthday")

    assert (silent, by_trainer, by_herself) == (
        "REASON_REQUIRED", "WINDOW_NOT_OPEN", "WINDOW_NOT_OPEN",
    )  # fmt: skip
    assert joined["waitlistEntry"] == {"place": 1}
    told = await receipt(mia.at, "JOINED_WAITLIST", session, joined["position"])
    assert told.endswith(", although booking was not open yet (her birthday)")


async def test_what_a_member_gives_as_a_reason_is_not_on_record(gym: Gym) -> None:
    await gym.owner.done(
        documents.PUBLISH_POLICY, preset="FUNCTIONAL", changes={"selfCheckIn": True}
    )
    mia, leo = await gym.member(), await gym.member("Leo")
    session = await gym.session(capacity=1, hours=0.25)
    await leo.at.done(documents.BOOK, sessionId=session)

    joined = await mia.at.done(documents.JOIN, sessionId=session, reason="I was here first")
    here = await leo.at.done(documents.CHECK_IN, sessionId=session, reason="I was here first")

    line = await receipt(mia.at, "JOINED_WAITLIST", session, joined["position"])
    door = await receipt(leo.at, "CHECKED_IN", session, here["position"])
    assert line.startswith("Joined the waitlist ")
    assert door.startswith("Checked in ")
    assert "(" not in line + door


async def test_the_desk_checks_in_before_and_after_the_time_for_it_and_says_why(
    gym: Gym, running: Installation
) -> None:
    mia, leo = await gym.member(), await gym.member("Leo")
    desk, trainer = await gym.staff("FRONT_DESK"), await gym.staff("TRAINER")
    session = await gym.session(hours=2)
    for member in (mia, leo):
        await member.at.done(documents.BOOK, sessionId=session)
    hers, his = [{"sessionId": session, "clientId": one.id} for one in (mia, leo)]
    early: dict[str, Any] = {"overrides": ["CHECK_IN_NOT_OPEN"]}
    late: dict[str, Any] = {"overrides": ["CHECK_IN_CLOSED"]}

    not_named = await desk.refused(documents.CHECK_IN, **hers, **late, reason="warms up")
    silent = await desk.refused(documents.CHECK_IN, **hers, **early)
    with pytest.raises(Refused, match="FORBIDDEN"):
        await trainer.do(documents.CHECK_IN, **hers, **early, reason="warms up")
    here = await desk.done(documents.CHECK_IN, **hers, **early, reason="warms up")
    await fees.later(gym, running, timedelta(hours=3, minutes=1))
    over = await desk.refused(documents.CHECK_IN, **his, **early, reason="no power")
    was_here = await desk.done(documents.CHECK_IN, **his, **late, reason="no power")

    assert (not_named, silent, over) == (
        "CHECK_IN_NOT_OPEN", "REASON_REQUIRED", "CHECK_IN_CLOSED",
    )  # fmt: skip
    assert here["reservation"]["status"] == was_here["reservation"]["status"] == "CHECKED_IN"
    first = await receipt(mia.at, "CHECKED_IN", session, here["position"])
    second = await receipt(leo.at, "CHECKED_IN", session, was_here["position"])
    assert first.endswith(", although check-in was not open yet (warms up)")
    assert second.endswith(", although check-in had closed (no power)")


async def test_a_waiver_that_is_not_signed_is_set_aside_at_check_in_by_name(gym: Gym) -> None:
    mia, desk = await gym.member(), await gym.staff("FRONT_DESK")
    session = await gym.session(hours=0.25)
    await gym.owner.done(documents.CHANGE_SESSION, sessionId=session, waiverRequired=True)
    hers = {"sessionId": session, "clientId": mia.id}
    await desk.done(documents.BOOK, **hers)

    asked = await desk.refused(documents.CHECK_IN, **hers)
    here = await desk.done(
        documents.CHECK_IN, **hers, overrides=["WAIVER_REQUIRED"], reason="signs on paper"
    )

    assert asked == "WAIVER_REQUIRED"
    told = await receipt(mia.at, "CHECKED_IN", session, here["position"])
    assert told.endswith(", although the waiver was not signed (signs on paper)")


async def test_members_set_no_rule_of_check_in_aside(gym: Gym) -> None:
    await gym.owner.done(
        documents.PUBLISH_POLICY, preset="FUNCTIONAL", changes={"selfCheckIn": True}
    )
    mia, session = await gym.member(), await gym.session(hours=2)
    booked = await mia.at.done(documents.BOOK, sessionId=session)

    for reason in ("", "I am here"):
        with pytest.raises(Refused, match="FORBIDDEN"):
            await mia.at.do(
                documents.CHECK_IN, sessionId=session, overrides=["CHECK_IN_NOT_OPEN"],
                reason=reason,
            )  # fmt: skip
    alone = await mia.at.refused(documents.CHECK_IN, sessionId=session, reason="I am here")

    assert alone == "CHECK_IN_NOT_OPEN"
    told = await mia.at.ask(documents.RECEIPTS, id=session, atLeast=booked["position"])
    assert [one["decision"] for one in told["receipts"]] == ["RESERVED"]
