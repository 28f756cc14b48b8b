"""What people of one gym, or with fewer rights, must not see or do."""

import pytest

from contracts.ids import new_id
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import Person, Refused


async def test_another_gyms_things_look_like_things_that_are_not_there(
    gym: Gym, other_gym: Gym
) -> None:
    mia, session = await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    stranger, nothing = other_gym.owner, "ses_" + new_id().hex

    for unseen in (session, nothing):
        assert await stranger.ask(documents.SESSION, id=unseen) is None
        assert await stranger.ask(documents.ROSTER, id=unseen) is None
    assert await stranger.ask(documents.CLIENT, id=mia.id) is None
    assert (await stranger.ask(documents.CLIENTS, search="Mia"))["nodes"] == []
    theirs = await other_gym.member()
    codes = {await theirs.at.refused(documents.BOOK, sessionId=each) for each in (session, nothing)}
    assert codes == {"SESSION_NOT_FOUND"}
    assert await stranger.refused(documents.GRANT, clientId=mia.id, credits=1) == "CLIENT_NOT_FOUND"
    seen = await gym.owner.ask(documents.ROSTER, id=session, atLeast=booked["position"])
    assert [r["clientId"] for r in seen["reservations"]] == [mia.id]


async def test_another_gyms_changes_reach_no_screen(gym: Gym, other_gym: Gym) -> None:
    mia, session = await gym.member(), await gym.session()
    theirs, their_session = await other_gym.member(), await other_gym.session()

    async with (
        other_gym.owner.watching(documents.ROSTER_CHANGED, id=session) as spying,
        other_gym.owner.watching(documents.ROSTER_CHANGED, id=their_session) as own,
    ):
        assert (await spying.shows(lambda _: True))["roster"] is None
        await mia.at.done(documents.BOOK, sessionId=session)
        await theirs.at.done(documents.BOOK, sessionId=their_session)
        await own.shows(lambda f: f["roster"] and f["roster"]["reservations"])
        with pytest.raises(TimeoutError):
            await spying.shows(lambda _: True, within=0.3)


async def test_members_see_and_do_only_what_is_theirs(gym: Gym) -> None:
    mia, leo, session = await gym.member(), await gym.member("Leo"), await gym.session()
    forbidden = [
        mia.at.ask(documents.ROSTER, id=session),
        mia.at.ask(documents.CLIENTS, search="Leo"),
        mia.at.ask(documents.LEDGER, clientId=leo.id),
        mia.at.do(documents.BOOK, sessionId=session, clientId=leo.id),
        mia.at.do(documents.CANCEL_SESSION, sessionId=session, reason="rain"),
        mia.at.do(documents.GRANT, clientId=mia.id, credits=5),
    ]

    for attempt in forbidden:
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.code == "FORBIDDEN"
    assert (await mia.at.ask(documents.LEDGER))["available"] == 5
    checked_in = await mia.at.do(documents.CHECK_IN, sessionId=session)
    assert [error["code"] for error in checked_in["userErrors"]] == ["SELF_CHECK_IN_OFF"]


async def test_trainers_run_classes_but_neither_grant_nor_schedule(gym: Gym) -> None:
    mia, trainer = await gym.member(), await gym.staff("TRAINER")

    with pytest.raises(Refused) as granting:
        await trainer.do(documents.GRANT, clientId=mia.id, credits=5)
    with pytest.raises(Refused) as hiring:
        await trainer.do(documents.HIRE, name="X", email="x@x.test", roles=["ADMIN"])

    assert {granting.value.code, hiring.value.code} == {"FORBIDDEN"}


async def test_without_a_token_one_may_sign_in_and_nothing_else(gym: Gym, url: str) -> None:
    nobody, forger = Person(url), Person(url, token="not.a.token")
    gym.people += [nobody, forger]
    session = await gym.session()

    with pytest.raises(Refused) as unknown:
        await nobody.ask(documents.SESSION, id=session)
    with pytest.raises(Refused) as forged:
        await forger.ask(documents.SESSION, id=session)

    assert {unknown.value.code, forged.value.code} == {"UNAUTHENTICATED"}


@pytest.mark.parametrize("malformed", ["", "ses_", "cli_" + "0" * 32, "ses_" + "z" * 32])
async def test_a_malformed_id_is_named(gym: Gym, malformed: str) -> None:
    with pytest.raises(Refused) as asked:
        await gym.owner.ask(documents.SESSION, id=malformed)
    told = await gym.owner.do(documents.CANCEL_SESSION, sessionId=malformed, reason="rain")

    assert asked.value.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}
    assert [(e["code"], e["field"]) for e in told["userErrors"]] == [("INVALID_INPUT", "sessionId")]
