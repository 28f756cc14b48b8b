"""A missed class from the closed books to the invoice and back, on everybody's screen."""

from datetime import timedelta
from functools import partial

import pytest

from contracts.ids import new_id
from deploy.local.installation import Installation
from tests.world import documents, fees
from tests.world.gym import Gym, Member
from tests.world.people import Refused
from tests.world.waiting import until

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
LONG = 60.0  # seconds until a screen must show what two services had to hear of first


async def test_a_missed_class_is_pending_a_day_and_then_on_the_invoice(
    gym: Gym, running: Installation
) -> None:
    policy = await fees.with_fees(gym)
    mia, leo = await fees.unlimited(gym), await fees.unlimited(gym, "Leo")
    trainer, desk = await gym.staff("TRAINER"), await gym.staff("FRONT_DESK")
    class_ = await fees.missed(gym, running, mia, leo, closed_by=trainer)

    async with trainer.watching(fees.OF_SESSION_CHANGED, id=class_.session) as roster:
        await roster.shows(lambda f: f["pending"] == 2)
        waived = await desk.done(fees.WAIVE, **class_.of(leo), reason="was ill")
        shown = await roster.shows(lambda f: f["pending"] == 1)
    (mine,) = (await mia.at.ask(fees.MY_PENALTIES, atLeast=class_.position))["nodes"]
    told = await mia.at.ask(documents.RECEIPTS, id=class_.session, atLeast=class_.position)
    (let_off,) = (await leo.at.ask(fees.MY_PENALTIES, atLeast=waived["position"]))["nodes"]
    async with desk.watching(fees.ACCOUNT_CHANGED, clientId=mia.id) as account:
        await account.shows(lambda f: f["balances"] == [])
        await fees.later(gym, running, DAY)
        owes = await account.shows(fees.owes, within=LONG)

    assert {(one["clientName"], one["status"]) for one in shown["penalties"]} == {
        ("Mia", "PENDING"), ("Leo", "WAIVED"),
    }  # fmt: skip
    assert (waived["penalty"]["status"], waived["penalty"]["reason"]) == ("WAIVED", "was ill")
    assert waived["penalty"]["decidedById"].startswith("stf_")
    assert (let_off["status"], let_off["decidedById"]) == ("WAIVED", None)
    assert (mine["kind"], mine["status"], mine["amount"], mine["policyVersion"]) == (
        "NO_SHOW", "PENDING", fees.FEE, policy,
    )  # fmt: skip
    assert mine["facts"]["recentViolations"] == 0
    (assessed,) = [one for one in told["receipts"] if one["decision"] == "FEE_ASSESSED"]
    assert assessed["policyVersion"] == policy
    assert assessed["facts"]["amountMinor"] == fees.FEE["minor"]
    assert assessed["facts"]["freeUntil"]
    assert "15.00 EUR" in assessed["text"]
    (balance,) = owes["balances"]
    assert (balance["owed"], balance["issued"]["minor"]) == (fees.FEE, 0)
    (line,) = balance["draft"]["lines"]
    assert (line["kind"], line["sessionTitle"], line["reservationId"]) == (
        "NO_SHOW", "Spin", class_.reservations[mia.id],
    )  # fmt: skip
    assert (await leo.at.ask(fees.ACCOUNT))["balances"] == []


async def test_a_class_that_is_over_shows_so_until_its_books_are_closed(
    gym: Gym, running: Installation
) -> None:
    session = await gym.session()
    assert (await gym.owner.ask(documents.SESSION, id=session))["status"] == "SCHEDULED"
    await fees.later(gym, running, 2 * DAY)
    assert (await gym.owner.ask(documents.SESSION, id=session))["status"] == "COMPLETED"
    closed = await gym.owner.done(documents.FINALIZE, sessionId=session)
    assert closed["session"]["status"] == "FINALIZED"


async def test_an_issued_invoice_stays_and_a_correction_is_a_credit_on_the_next(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, desk = await fees.unlimited(gym), await gym.staff("FRONT_DESK")
    class_ = await fees.missed(gym, running, mia)
    async with mia.at.watching(fees.ACCOUNT_CHANGED) as account:
        await fees.later(gym, running, DAY)
        (balance,) = (await account.shows(fees.owes, within=LONG))["balances"]
        invoice = {"clientId": mia.id, "invoiceId": balance["draft"]["id"]}
        issued = await desk.done(fees.ISSUE, **invoice)
        await account.shows(lambda f: f["balances"][0]["issued"]["minor"] == fees.FEE["minor"])
        again = await desk.refused(fees.ISSUE, **invoice)
        await desk.done(
            documents.CORRECT, sessionId=class_.session, clientId=mia.id, becomes="ATTENDED",
            reason="came late",
        )  # fmt: skip
        settled = await account.shows(lambda f: f["balances"][0]["owed"]["minor"] == 0, within=LONG)
    drafts = await desk.ask(fees.INVOICES, status="DRAFT")
    mine = (await mia.at.ask(fees.MY_INVOICES))["nodes"]
    # the account and the cases are two read models, each in its own time
    await until(partial(_first_case_is, mia, "REVERSED"), within=LONG)
    credit = settled["balances"][0]["draft"]

    assert again == "INVOICE_ALREADY_ISSUED"
    assert issued["account"]["balances"][0]["draft"] is None
    assert [line["amount"]["minor"] for line in credit["lines"]] == [-1500]
    assert credit["lines"][0]["reversesId"] == balance["draft"]["lines"][0]["id"]
    assert credit["lines"][0]["reason"] == "came late"
    assert [one["id"] for one in mine] == [credit["id"], balance["draft"]["id"]]
    assert [one["status"] for one in mine] == ["DRAFT", "OPEN"]
    assert [(one["id"], one["clientName"]) for one in drafts["nodes"]] == [(credit["id"], "Mia")]
    nothing = {"clientId": mia.id, "invoiceId": credit["id"]}
    assert await desk.refused(fees.ISSUE, **nothing) == "NOTHING_DUE"


async def test_a_member_contests_a_fee_and_the_owner_decides(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, leo, desk = (
        await fees.unlimited(gym), await fees.unlimited(gym, "Leo"), await gym.staff("FRONT_DESK"),
    )  # fmt: skip
    class_ = await fees.missed(gym, running, mia, leo)
    hers, his = ({"reservationId": class_.reservations[one.id]} for one in (mia, leo))

    contested = await mia.at.done(fees.CONTEST, **hers, reason="I was there")
    so_did_he = await leo.at.done(fees.CONTEST, **his, reason="so was I")
    twice = await mia.at.refused(fees.CONTEST, **hers, reason="really")
    of_another = await mia.at.refused(fees.CONTEST, **his, reason="me too")
    open_ = await desk.ask(fees.PENALTIES, first=1, contest="OPEN", atLeast=so_did_he["position"])
    rest = await desk.ask(
        fees.PENALTIES, first=1, contest="OPEN", after=open_["pageInfo"]["endCursor"]
    )
    await fees.later(gym, running, DAY)
    fell = await gym.owner.done(
        fees.RESOLVE, clientId=mia.id, **hers, feeStands=False, reason="seen on camera"
    )
    stood = await gym.owner.done(
        fees.RESOLVE, clientId=leo.id, **his, feeStands=True, reason="nobody saw him"
    )
    over = await gym.owner.refused(
        fees.RESOLVE, clientId=leo.id, **his, feeStands=True, reason="again"
    )

    assert contested["penalty"]["contest"] == "OPEN"
    assert contested["penalty"]["contestReason"] == "I was there"
    assert (twice, of_another, over) == ("ALREADY_CONTESTED", "FEE_NOT_FOUND", "NOT_CONTESTED")
    assert open_["pageInfo"]["hasNextPage"]
    assert {one["clientId"] for page in (open_, rest) for one in page["nodes"]} == {mia.id, leo.id}
    assert (fell["penalty"]["status"], fell["penalty"]["contest"]) == ("WAIVED", "FEE_FALLS")
    assert (stood["penalty"]["status"], stood["penalty"]["contest"]) == ("DUE", "FEE_STANDS")


async def test_the_desks_list_of_pending_fees_and_a_members_own_follow_every_step(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, leo = await fees.unlimited(gym), await fees.unlimited(gym, "Leo")
    desk = await gym.staff("FRONT_DESK")
    async with (
        desk.watching(fees.CHANGED, status="PENDING") as list_,
        mia.at.watching(fees.CHANGED, clientId=mia.id) as own,
    ):
        class_ = await fees.missed(gym, running, mia, leo)
        await list_.shows(lambda f: {c["clientName"] for c in f["penalties"]} == {"Mia", "Leo"})
        await own.shows(lambda f: [c["clientName"] for c in f["penalties"]] == ["Mia"])
        await mia.at.done(
            fees.CONTEST, reservationId=class_.reservations[mia.id], reason="I was there"
        )
        await list_.shows(lambda f: "OPEN" in {c["contest"] for c in f["penalties"]})
        await desk.done(fees.WAIVE, **class_.of(mia), reason="was here")
        left = await list_.shows(lambda f: len(f["penalties"]) == 1)
        shown = await own.shows(lambda f: f["penalties"][0]["contest"] != "OPEN")

    assert ([one["clientName"] for one in left["penalties"]], left["hasMore"]) == (["Leo"], False)
    assert shown["penalties"][0]["decidedById"] is None


async def test_a_fee_is_waived_while_pending_and_contested_within_a_week(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, desk = await fees.unlimited(gym), await gym.staff("FRONT_DESK")
    class_ = await fees.missed(gym, running, mia)
    async with desk.watching(fees.OF_SESSION_CHANGED, id=class_.session) as roster:
        await roster.shows(lambda f: f["pending"] == 1)
        await fees.later(gym, running, DAY)
        await roster.shows(lambda f: f["penalties"][0]["status"] == "DUE", within=LONG)
    too_late = await desk.refused(fees.WAIVE, **class_.of(mia), reason="was ill")
    await fees.later(gym, running, WEEK - DAY)
    closed = await mia.at.refused(
        fees.CONTEST, reservationId=class_.reservations[mia.id], reason="I was there"
    )
    assert (too_late, closed) == ("FEE_NOT_PENDING", "CONTEST_CLOSED")


async def test_books_corrected_to_a_no_show_cost_a_fee_and_too_many_keep_from_booking(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym, banAfterPenalties=1, banDays=3)
    mia, desk = await fees.unlimited(gym), await gym.staff("FRONT_DESK")
    session = await gym.session(hours=0.4)
    await mia.at.done(documents.BOOK, sessionId=session)
    await desk.done(documents.CHECK_IN, sessionId=session, clientId=mia.id)
    await fees.later(gym, running, timedelta(minutes=25))
    await desk.done(documents.FINALIZE, sessionId=session)
    named = {"sessionId": session, "clientId": mia.id, "reason": "it was her sister"}
    corrected = await desk.done(documents.CORRECT, **named, becomes="NO_SHOW")
    (case,) = (await mia.at.ask(fees.MY_PENALTIES, atLeast=corrected["position"]))["nodes"]
    next_one = await gym.session(hours=48)
    banned = await mia.at.refused(documents.BOOK, sessionId=next_one)
    at_the_desk = await desk.refused(documents.BOOK, sessionId=next_one, clientId=mia.id)
    waived = await desk.done(
        fees.WAIVE, clientId=mia.id, reservationId=case["reservationId"], reason="twins"
    )
    booked = await mia.at.done(documents.BOOK, sessionId=next_one)

    assert (case["status"], case["kind"], case["amount"]) == ("PENDING", "NO_SHOW", fees.FEE)
    assert (banned, at_the_desk) == ("BOOKING_BANNED", "BOOKING_BANNED")
    assert waived["penalty"]["status"] == "WAIVED"
    assert booked["reservation"]["status"] == "RESERVED"


async def test_who_is_not_the_desk_sees_their_own_fees_or_those_of_a_roster(
    gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia, leo = await fees.unlimited(gym), await fees.unlimited(gym, "Leo")
    trainer = await gym.staff("TRAINER")
    class_ = await fees.missed(gym, running, mia, leo)

    seen = await trainer.ask(fees.OF_SESSION, id=class_.session, atLeast=class_.position)
    own = await mia.at.ask(fees.PENALTIES, first=9, clientId=mia.id)

    assert (seen["pending"], len(seen["penalties"])) == (2, 2)
    assert [one["clientId"] for one in own["nodes"]] == [mia.id]
    for person, document, asked in (
        (trainer, fees.PENALTIES, {"first": 9}), (trainer, fees.ACCOUNT, {"clientId": mia.id}),
        (trainer, fees.WAIVE, {"input": _key() | class_.of(mia) | {"reason": "x"}}),
        (mia.at, fees.PENALTIES, {"first": 9}),
        (mia.at, fees.PENALTIES, {"first": 9, "clientId": leo.id}),
        (mia.at, fees.ACCOUNT, {"clientId": leo.id}), (mia.at, fees.INVOICES, {}),
        (mia.at, fees.OF_SESSION, {"id": class_.session}),
        (mia.at, fees.WAIVE, {"input": _key() | class_.of(mia) | {"reason": "x"}}),
        (gym.owner, fees.MY_PENALTIES, {}), (gym.owner, fees.MY_INVOICES, {}),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await person.ask(document, **asked)
        assert refused.value.code == "FORBIDDEN", document


async def test_another_gyms_fees_and_invoices_look_like_nobodys(
    gym: Gym, other_gym: Gym, running: Installation
) -> None:
    await fees.with_fees(gym)
    mia = await fees.unlimited(gym)
    class_ = await fees.missed(gym, running, mia)
    async with gym.owner.watching(fees.ACCOUNT_CHANGED, clientId=mia.id) as account:
        await fees.later(gym, running, DAY)
        shown = await account.shows(fees.owes, within=LONG)
    await fees.later(other_gym, running, timedelta())
    stranger, case = other_gym.owner, class_.of(mia)
    invoice = {"clientId": mia.id, "invoiceId": shown["balances"][0]["draft"]["id"]}

    refused = [
        await stranger.refused(fees.WAIVE, **case, reason="x"),
        await stranger.refused(fees.CONTEST, **case, reason="x"),
        await stranger.refused(fees.RESOLVE, **case, feeStands=False, reason="x"),
        await stranger.refused(fees.ISSUE, **invoice),
    ]

    assert refused == ["FEE_NOT_FOUND"] * 3 + ["INVOICE_NOT_FOUND"]
    for asked in ({"first": 9}, {"first": 9, "clientId": mia.id}):
        assert (await stranger.ask(fees.PENALTIES, **asked))["nodes"] == []
    assert (await stranger.ask(fees.OF_SESSION, id=class_.session))["penalties"] == []
    assert (await stranger.ask(fees.ACCOUNT, clientId=mia.id))["balances"] == []
    assert (await stranger.ask(fees.INVOICES, clientId=mia.id))["nodes"] == []
    assert (await gym.owner.ask(fees.ACCOUNT, clientId=mia.id))["balances"] == shown["balances"]


async def _first_case_is(client: Member, status: str) -> bool:
    (case,) = (await client.at.ask(fees.MY_PENALTIES))["nodes"]
    return bool(case["status"] == status)


def _key() -> dict[str, str]:
    return {"idempotencyKey": str(new_id())}
