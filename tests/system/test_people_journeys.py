"""People come, change, and are forgotten; sign-ins begin and end."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.ids import new_id
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import PASSWORD, Refused


async def test_a_client_is_found_and_after_erasure_forgotten(gym: Gym) -> None:
    mia = await gym.member("Mia")
    at = (await gym.owner.done(documents.REGISTER, name="Someone"))["position"]
    found = await gym.owner.ask(documents.CLIENT, id=mia.id, atLeast=at)

    erased = await gym.owner.done(documents.ERASE, clientId=mia.id)

    gone = await gym.owner.ask(documents.CLIENT, id=mia.id, atLeast=erased["position"])
    assert (found["name"], found["email"], found["status"]) == ("Mia", mia.email, "ACTIVE")
    assert gone == {"name": "[erased]", "email": None, "status": "ERASED"}
    assert (await gym.owner.ask(documents.CLIENTS, search="Mia"))["nodes"] == []
    again = await gym.owner.do(documents.SIGN_IN, gym=gym.slug, email=mia.email, password=PASSWORD)
    assert again["userErrors"][0]["code"] == "INVALID_CREDENTIALS"


async def test_erasing_somebody_clears_their_name_from_open_screens(gym: Gym) -> None:
    mia, session = await gym.member("Mia"), await gym.session()
    await mia.at.done(documents.BOOK, sessionId=session)

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: _names(f) == ["Mia"])
        await gym.owner.done(documents.ERASE, clientId=mia.id)
        # Their seat is given up too, and what comes together is shown once.
        await roster.shows(lambda f: _names(f) in (["[erased]"], []))


async def test_text_no_database_can_hold_is_refused(gym: Gym) -> None:
    assert await gym.owner.refused(documents.REGISTER, name="M\0ia") == "INVALID_INPUT"
    with pytest.raises(Refused) as searching:
        await gym.owner.ask(documents.CLIENTS, search="M\0")
    assert searching.value.code == "BAD_USER_INPUT"


async def test_registering_twice_with_one_key_is_one_client(gym: Gym) -> None:
    key = str(new_id())

    first, second = [await gym.owner.do(documents.REGISTER, key=key, name="Mia") for _ in range(2)]

    assert first == second
    assert first["client"]["id"].startswith("cli_")


async def test_an_e_mail_belongs_to_one_person_of_the_gym(gym: Gym, other_gym: Gym) -> None:
    mia = await gym.member("Mia")

    assert await gym.owner.refused(documents.REGISTER, name="M", email=mia.email) == "EMAIL_TAKEN"
    await other_gym.owner.done(documents.REGISTER, name="M", email=mia.email)


async def test_a_refresh_token_works_once_and_not_after_signing_out(gym: Gym) -> None:
    mia = await gym.member()
    told = await mia.at.done(documents.SIGN_IN, gym=gym.slug, email=mia.email, password=PASSWORD)

    fresh = await mia.at.done(documents.REFRESH, refreshToken=told["tokens"]["refreshToken"])
    await mia.at.done(documents.SIGN_OUT, refreshToken=fresh["tokens"]["refreshToken"])

    code = await mia.at.refused(documents.REFRESH, refreshToken=fresh["tokens"]["refreshToken"])
    assert code == "SESSION_EXPIRED"


async def test_a_wrong_password_and_an_unknown_gym_are_told_alike(gym: Gym) -> None:
    mia = await gym.member()
    wrong = {"gym": gym.slug, "email": mia.email, "password": "not this one"}

    answers = [
        await mia.at.do(documents.SIGN_IN, **wrong),
        await mia.at.do(documents.SIGN_IN, **wrong | {"gym": "no-such-gym"}),
        await mia.at.do(documents.SIGN_IN, **wrong | {"email": "nobody@x.test"}),
    ]

    assert answers[0]["userErrors"][0]["code"] == "INVALID_CREDENTIALS"
    assert answers[1:] == answers[:1] * 2


async def test_the_calendar_is_read_page_by_page(gym: Gym) -> None:
    made = [await gym.session(hours=hours) for hours in (30, 26, 28)]
    begin = gym.clock.now()
    span = {"from": begin.isoformat(), "to": (begin + timedelta(days=3)).isoformat()}
    await gym.owner.ask(
        documents.SESSION, id=made[-1],
        atLeast=(await gym.owner.done(documents.GRANT, clientId=(await gym.member()).id,
                                      credits=1))["position"],
    )  # fmt: skip

    seen, after = [], None
    while True:
        page = await gym.owner.ask(documents.CALENDAR, **span, first=2, after=after)
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == [made[1], made[2], made[0]]
    with pytest.raises(Refused) as too_many:
        await gym.owner.ask(documents.CALENDAR, **span, first=101)
    assert too_many.value.code in {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}


async def test_a_watched_calendar_moves_with_its_sessions(gym: Gym) -> None:
    mia, session = await gym.member(), await gym.session()
    begin = gym.clock.now()
    span = {"from": begin.isoformat(), "to": (begin + timedelta(days=3)).isoformat()}

    async with gym.owner.watching(documents.CALENDAR_CHANGED, **span) as calendar:
        await calendar.shows(lambda f: [s["reserved"] for s in f["sessions"]] == [0])
        await mia.at.done(documents.BOOK, sessionId=session)
        await calendar.shows(lambda f: [s["reserved"] for s in f["sessions"]] == [1])
        await gym.owner.done(documents.CANCEL_SESSION, sessionId=session, reason="storm")
        await calendar.shows(lambda f: [s["status"] for s in f["sessions"]] == ["CANCELLED"])


async def test_members_read_and_change_what_the_gym_reaches_them_by_and_no_more(gym: Gym) -> None:
    desk, mia, leo = await gym.staff("FRONT_DESK"), await gym.member(), await gym.member("Leo")
    await desk.done(documents.ADD_TAG, clientId=mia.id, tag="VIP")
    await desk.done(documents.SET_ALERT, clientId=mia.id, level="RED", text="asthma")
    noted = await desk.done(documents.ADD_NOTE, clientId=mia.id, text="complains")
    assert (await desk.ask(documents.OWN_PROFILE, id=mia.id, atLeast=noted["position"]))["tags"]

    async with mia.at.watching(documents.OWN_PROFILE_CHANGED, id=mia.id) as screen:
        await screen.shows(lambda f: f["client"] == {"name": "Mia", "phone": None, "tags": None})
        told = await mia.at.done(
            documents.CHANGE_CONTACT, clientId=mia.id, name="Mia", email=mia.email, phone="+49301"
        )
        await screen.shows(lambda f: f["client"]["phone"] == "+49301")
    hers = await mia.at.ask(documents.OWN_PROFILE, id=mia.id, atLeast=told["position"])

    assert (hers["id"], hers["name"], hers["email"], hers["phone"]) == (
        mia.id, "Mia", mia.email, "+49301",
    )  # fmt: skip
    kept = {"tags": None, "alerts": None, "notes": None, "assignedStaffId": None}
    assert hers | kept == hers
    for other in (leo.id, f"cli_{new_id().hex}"):
        with pytest.raises(Refused) as refused:
            await mia.at.ask(documents.OWN_PROFILE, id=other)
        assert refused.value.code == "FORBIDDEN"


def _names(frame: dict[str, Any]) -> list[str]:
    return [each["clientName"] for each in frame["roster"]["reservations"]]
