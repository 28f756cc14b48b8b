"""States that come by themselves, or seldom, as screens show them."""

from datetime import timedelta
from typing import Any

from deploy.local.installation import Installation
from tests.world import documents, fees
from tests.world.gym import Gym
from tests.world.waiting import until

LONG = 60.0  # seconds until the clock's worker has been there, and screens show it
OVERDUE = timedelta(hours=4)
"""From before a class until its books close by themselves: an hour of it, and two."""


async def test_a_class_nobody_took_attendance_of_asks_for_it(
    gym: Gym, running: Installation
) -> None:
    mia, session = await gym.member(), await gym.session(hours=0.5)
    await mia.at.done(documents.BOOK, sessionId=session)

    await fees.later(gym, running, OVERDUE)

    async def status() -> str | None:
        """What it shows once it is more than over."""
        shown: str = (await gym.owner.ask(documents.SESSION, id=session))["status"]
        return None if shown == "COMPLETED" else shown

    assert await until(status, LONG) == "UNRECORDED"
    (seat,) = (await gym.owner.ask(documents.ROSTER, id=session))["reservations"]
    assert seat["status"] == "RESERVED", "nobody is penalized"
    closed = await gym.owner.done(documents.FINALIZE, sessionId=session)
    assert closed["session"]["status"] == "FINALIZED"


async def test_a_miss_costs_a_credit_or_a_fee_and_a_correction_takes_either_back(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, leo = await gym.member(), await fees.unlimited(gym, "Leo")
    class_ = await fees.missed(gym, running, mia, leo)

    async def statuses(at_least: str) -> dict[str, str]:
        shown = await gym.owner.ask(fees.OF_SESSION, id=class_.session, atLeast=at_least)
        return {one["clientName"]: one["status"] for one in shown["penalties"]}

    missed = await statuses(class_.position)
    for one in (mia, leo):
        corrected = await gym.owner.done(
            documents.CORRECT, sessionId=class_.session, clientId=one.id, becomes="ATTENDED",
            reason="was there",
        )  # fmt: skip

    assert missed == {"Mia": "NO_FEE", "Leo": "PENDING"}
    assert await statuses(corrected["position"]) == {"Mia": "CLEARED", "Leo": "REVERSED"}


async def test_the_first_miss_is_forgiven_by_a_free_pass(gym: Gym, running: Installation) -> None:
    await fees.with_fees(gym, freePasses=1)
    mia = await fees.unlimited(gym)
    class_ = await fees.missed(gym, running, mia)

    (case,) = (await mia.at.ask(fees.MY_PENALTIES, atLeast=class_.position))["nodes"]

    assert (case["status"], case["forgiven"]) == ("FORGIVEN", "FREE_PASS")


async def test_a_grant_is_put_on_hold_resumed_past_due_and_ended(gym: Gym) -> None:
    owner, client = gym.owner, await gym.client("Mia", pack=0)
    given = await owner.done(documents.GRANT, clientId=client, credits=5)
    grant: dict[str, Any] = {"clientId": client, "grantId": given["grant"]["id"]}

    async with owner.watching(documents.GRANTS_CHANGED, clientId=client) as ledger:
        await ledger.shows(lambda f: _statuses(f) == ["ACTIVE"])
        await owner.done(documents.SUSPEND, **grant, because="HOLD")
        await ledger.shows(lambda f: _statuses(f) == ["HOLD"])
        await owner.done(documents.RESUME, **grant)
        await ledger.shows(lambda f: _statuses(f) == ["ACTIVE"])
        await owner.done(documents.SUSPEND, **grant, because="PAST_DUE")
        await ledger.shows(lambda f: _statuses(f) == ["PAST_DUE"])
        await owner.done(documents.END, **grant)
        await ledger.shows(lambda f: _statuses(f) == ["ENDED"])


def _statuses(frame: dict[str, Any]) -> list[str]:
    return [one["status"] for one in frame["ledger"]["grants"]] if frame["ledger"] else []
