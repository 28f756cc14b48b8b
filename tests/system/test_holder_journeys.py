"""The desk lets people in, keeps them out and looks at both; members look at their own."""

from datetime import datetime, timedelta

import pytest

from tests.world import documents
from tests.world.doors import (
    ACCESS,
    ACCESS_CHANGED,
    END_ENTRY_GRANT,
    GRANT_ENTRY,
    IMPEDE,
    LONG,
    known,
)
from tests.world.gym import Gym
from tests.world.people import Refused


async def test_the_desk_ends_a_grant_it_has_listed_and_members_see_their_own(gym: Gym) -> None:
    desk, mia, leo = await gym.staff("FRONT_DESK"), await gym.member(), await gym.member("Leo")
    await known(desk, mia.id)
    peak = {"weekday": 6, "opens": "09:00", "closes": "16:00"}
    given = await desk.done(
        GRANT_ENTRY, clientId=mia.id, locationIds=[gym.location], hours=[peak],
        timeZone="Europe/Berlin",
    )  # fmt: skip
    kept_out = await desk.done(IMPEDE, clientId=mia.id, impediment="ON_HOLD")

    seen = await desk.ask(ACCESS, clientId=mia.id, atLeast=kept_out["position"])
    hers, his = await mia.at.ask(ACCESS), await leo.at.ask(ACCESS, clientId=leo.id)
    with pytest.raises(Refused) as refused:
        await leo.at.ask(ACCESS, clientId=mia.id)

    (grant,) = seen["entryGrants"]
    assert (grant["id"], grant["validUntil"]) == (given["entryGrantId"], None)
    assert grant["locationIds"] == [gym.location]
    assert (grant["hours"], grant["timeZone"]) == ([peak], "Europe/Berlin")
    assert seen["impediments"] == ["ON_HOLD"]
    assert hers == seen
    assert his == {"entryGrants": [], "impediments": [], "bannedUntil": None}
    assert refused.value.code == "FORBIDDEN"

    async with mia.at.watching(ACCESS_CHANGED) as screen:
        await screen.shows(lambda f: f["access"] == seen)
        await desk.done(END_ENTRY_GRANT, clientId=mia.id, entryGrantId=grant["id"])
        await desk.done(IMPEDE, clientId=mia.id, impediment="ON_HOLD", present=False)
        await screen.shows(lambda f: f["access"] == his)


async def test_the_desk_sees_whom_somebody_banned_until_it_is_lifted(gym: Gym) -> None:
    desk, mia = await gym.staff("FRONT_DESK"), await gym.member()

    async with desk.watching(ACCESS_CHANGED, clientId=mia.id) as screen:
        await screen.shows(lambda f: f["access"]["bannedUntil"] is None)
        await gym.owner.done(documents.BAN, clientId=mia.id, reason="threats")
        banned = await screen.shows(lambda f: f["access"]["bannedUntil"] is not None, LONG)
        await gym.owner.done(documents.LIFT_BAN, clientId=mia.id)
        await screen.shows(lambda f: f["access"]["bannedUntil"] is None, LONG)

    assert datetime.fromisoformat(banned["access"]["bannedUntil"]).year == 9999
    assert banned["access"]["impediments"] == []


async def test_a_grant_that_is_over_is_listed_no_longer(gym: Gym) -> None:
    mia = await gym.member()
    await known(gym.owner, mia.id)
    now, day = gym.clock.now(), timedelta(days=1)
    spans = [(now - 2 * day, now - day), (now - day, now + day), (now + day, None)]
    for begins, ends in spans:
        told = await gym.owner.done(
            GRANT_ENTRY, clientId=mia.id, validFrom=begins.isoformat(),
            validUntil=ends.isoformat() if ends else None,
        )  # fmt: skip

    shown = await gym.owner.ask(ACCESS, clientId=mia.id, atLeast=told["position"])

    found = [datetime.fromisoformat(one["validFrom"]) for one in shown["entryGrants"]]
    assert found == [begins for begins, _ in spans[1:]]
