"""A manager's day with the timetable, through GraphQL: policy, series, changes, closure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.ids import new_id
from tests.world import documents
from tests.world.gym import Gym
from tests.world.waiting import until

BERLIN = ZoneInfo("Europe/Berlin")
LONG = 60.0  # seconds until a screen must show what booking had to hear of first
SOON = 15.0  # seconds, long before a screen that heard nothing looks again by itself


def days(gym: Gym) -> list[date]:
    """The next four weeks' dates of the weekday after tomorrow, there."""
    first = gym.since.astimezone(BERLIN).date() + timedelta(days=2)
    return [first + timedelta(weeks=week) for week in range(4)]


def at(day: date, hour: int) -> str:
    local = datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def series(gym: Gym, **pattern: Any) -> dict[str, Any]:
    """Spin every week at nine, of a class type with hours of its own."""
    program = await gym.owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    kind = await gym.owner.done(
        documents.DEFINE_CLASS_TYPE, programId=program["programId"], name="Spin", minutes=45,
        capacity=9,
    )  # fmt: skip
    weekly = {
        "classTypeId": kind["classTypeId"], "weekdays": [days(gym)[0].isoweekday()],
        "startsAt": "09:00",
    }  # fmt: skip
    told = await gym.owner.done(
        documents.CREATE_SCHEDULE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate=days(gym)[0].isoformat(), pattern=weekly | pattern,
    )  # fmt: skip
    return told | {"pattern": weekly, "programId": program["programId"]}


async def test_a_weekly_release_opens_a_week_of_classes_in_one_instant(gym: Gym) -> None:
    owner = gym.owner
    unheard = await owner.do(documents.PUBLISH_POLICY, preset="BOUTIQUE", changes={
        "opensWeeklyOn": 8,
    })  # fmt: skip
    await owner.done(documents.PUBLISH_POLICY, preset="BOUTIQUE", changes={"opensWeeklyOn": 1})
    first = days(gym)[0]
    every_day = await series(gym, weekdays=[1, 2, 3, 4, 5, 6, 7])
    classes = [
        await owner.ask(documents.OPENING, id=one, atLeast=every_day["position"])
        for one in every_day["placedSessionIds"][:14]
    ]
    opening = {date.fromisoformat(one["startsAt"][:10]): one["bookingOpensAt"] for one in classes}
    monday = first + timedelta(days=(1 - first.isoweekday()) % 7)

    (error,) = unheard["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", "opensWeeklyOn")
    week = [monday + timedelta(days=day) for day in range(7)]
    assert {opening[day] for day in week} == {at(monday - timedelta(days=7), 12)}


async def test_a_draft_is_the_managers_until_it_is_published(gym: Gym, other_gym: Gym) -> None:
    owner, mia = gym.owner, await gym.member("Mia")
    begins = gym.clock.now() + timedelta(days=2)
    plan = {
        "title": "Spin", "locationId": gym.location, "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Berlin",
        "capacity": 9,
    }  # fmt: skip
    async with owner.watching(documents.DRAFTS_CHANGED) as screen:
        session = (await owner.done(documents.DRAFT, **plan))["sessionId"]
        other = (await owner.done(documents.DRAFT, **plan | {"title": "Ride"}))["sessionId"]
        again = await owner.done(documents.DRAFT, **plan | {"capacity": 6}, sessionId=session)
        await screen.shows(
            lambda frame: (
                {(one["id"], one["capacity"]) for one in frame["drafts"]}
                == {(session, 6), (other, 9)}
            )
        )
        unseen = await mia.at.ask(documents.OPENING, id=session, atLeast=again["position"])
        unbooked = await mia.at.refused(documents.BOOK, sessionId=session)
        strange = await other_gym.owner.refused(documents.PUBLISH_DRAFT, sessionId=session)
        await owner.done(documents.DISCARD_DRAFT, sessionId=other)
        published = await owner.done(documents.PUBLISH_DRAFT, sessionId=session)
        await screen.shows(lambda frame: frame["drafts"] == [])
    booked = await mia.at.done(documents.BOOK, sessionId=session)

    assert unseen is None
    assert (unbooked, strange) == ("SESSION_NOT_FOUND", "SESSION_NOT_FOUND")
    assert published["session"] == {"title": "Spin", "status": "SCHEDULED"}
    assert booked["reservation"]["status"] == "RESERVED"
    assert await owner.refused(documents.DISCARD_DRAFT, sessionId=session) == "ALREADY_SCHEDULED"
    assert await owner.refused(documents.PUBLISH_DRAFT, sessionId=other) == "SESSION_NOT_FOUND"


async def test_a_series_is_published_planned_moved_and_kept_out_of_a_closure(gym: Gym) -> None:
    owner = gym.owner
    published = await owner.done(
        documents.PUBLISH_POLICY, preset="BOUTIQUE", changes={"waitlistMax": 3}
    )
    policy = await owner.ask(documents.POLICY, atLeast=published["position"])
    assert policy == {
        "preset": "BOUTIQUE", "policy": {"version": 2, "lateCancelMinutes": 720},
    }  # fmt: skip

    made = await series(gym)
    ids = made["placedSessionIds"]
    assert len(ids) == 4
    shown = await owner.ask(documents.PLANNED, id=ids[1], atLeast=made["position"])
    assert shown == {
        "title": "Spin", "startsAt": at(days(gym)[1], 9), "status": "SCHEDULED",
        "cancelReason": None, "capacity": 9, "roomId": None, "programName": "Cycling",
        "classTypeName": "Spin", "scheduleId": made["scheduleId"],
    }  # fmt: skip

    async with owner.watching(documents.SCHEDULES_CHANGED) as screen:
        await screen.shows(lambda frame: frame["schedules"][0]["pattern"]["startsAt"] == "09:00")
        changed = await owner.done(
            documents.CHANGE_SCHEDULE, scheduleId=made["scheduleId"],
            fromDate=days(gym)[2].isoformat(), pattern=made["pattern"] | {"startsAt": "10:00"},
        )  # fmt: skip
        await screen.shows(lambda frame: frame["schedules"][0]["pattern"]["startsAt"] == "10:00")
    before, after = [
        await owner.ask(documents.PLANNED, id=one, atLeast=changed["position"]) for one in ids[1:3]
    ]
    assert before["startsAt"] == at(days(gym)[1], 9)
    assert after["startsAt"] == at(days(gym)[2], 10)

    closed = await owner.done(
        documents.ADD_CLOSURE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate=days(gym)[3].isoformat(), untilDate=days(gym)[3].isoformat(), reason="painting",
    )  # fmt: skip
    assert closed["cancelledSessionIds"] == [ids[3]]
    span = {"from": at(days(gym)[3], 0), "to": at(days(gym)[3], 23)}
    async with owner.watching(documents.CALENDAR_CHANGED, **span) as screen:
        await screen.shows(
            lambda frame: [one["status"] for one in frame["sessions"]] == ["CANCELLED"]
        )
    assert await owner.refused(documents.REINSTATE, sessionId=ids[3]) == "LOCATION_CLOSED"
    opened = await owner.done(
        documents.REMOVE_CLOSURE, closureId=closed["closureId"], locationId=gym.location
    )
    assert await owner.ask(documents.CLOSURES, atLeast=opened["position"]) == []
    back = await owner.done(documents.REINSTATE, sessionId=ids[3])
    assert back["session"]["status"] == "SCHEDULED"


async def test_screens_show_what_a_program_and_a_class_type_are_called_from_now_on(
    gym: Gym,
) -> None:
    made = await series(gym)
    asked = {"id": made["placedSessionIds"][0]}
    span = {"from": at(days(gym)[0], 0), "to": at(days(gym)[0], 23)}

    async with (
        gym.owner.watching(documents.CALENDAR_CHANGED, **span) as calendar,
        gym.owner.watching(documents.SESSION_CHANGED, **asked) as session,
    ):
        await calendar.shows(lambda frame: frame["sessions"][0]["programName"] == "Cycling")
        await session.shows(lambda frame: frame["session"]["classTypeName"] == "Spin")
        await gym.owner.done(
            documents.CHANGE_PROGRAM, programId=made["programId"], name="Indoor cycling"
        )
        await calendar.shows(
            lambda frame: frame["sessions"][0]["programName"] == "Indoor cycling", within=SOON
        )
        await gym.owner.done(
            documents.CHANGE_CLASS_TYPE, classTypeId=made["pattern"]["classTypeId"], name="Ride",
            minutes=45, capacity=9,
        )  # fmt: skip
        await session.shows(lambda frame: frame["session"]["classTypeName"] == "Ride", within=SOON)


async def test_a_session_may_have_a_fee_and_a_check_in_of_its_own(gym: Gym) -> None:
    starts_at = gym.clock.now() + timedelta(hours=24)
    plan = {
        "title": "Gala", "locationId": gym.location, "startsAt": starts_at.isoformat(),
        "endsAt": (starts_at + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Berlin",
        "capacity": 9,
    }  # fmt: skip
    yen = {"noShowFee": {"minor": 900, "currency": "JPY"}}
    assert await gym.owner.refused(documents.SCHEDULE, **plan, overrides=yen) == "OTHER_CURRENCY"
    own = {"lateCancelMinutes": 600, "noShowFee": {"minor": 900, "currency": "EUR"}}
    put = await gym.owner.done(documents.SCHEDULE, **plan, overrides=own)
    mia = await gym.member()
    booked = await mia.at.done(documents.BOOK, sessionId=put["sessionId"])
    free_until = datetime.fromisoformat(booked["reservation"]["freeUntil"])
    assert abs(free_until - (starts_at - timedelta(minutes=600))) < timedelta(seconds=1)
    same = {"sessionId": put["sessionId"]}
    assert await gym.owner.refused(
        documents.CHANGE_SESSION, **same, overrides=yen
    ) == "OTHER_CURRENCY"  # fmt: skip
    await gym.owner.done(documents.CHANGE_SESSION, **same, overrides={"lateCancelMinutes": 60})
    ben = await gym.member("Ben")
    booked = await ben.at.done(documents.BOOK, sessionId=put["sessionId"])
    free_until = datetime.fromisoformat(booked["reservation"]["freeUntil"])
    assert abs(free_until - (starts_at - timedelta(minutes=60))) < timedelta(seconds=1)


async def test_a_moved_session_lets_its_people_leave_freely_and_holds_its_room_alone(
    gym: Gym,
) -> None:
    owner, mia = gym.owner, await gym.member()
    room = await owner.done(documents.ADD_ROOM, locationId=gym.location, name="Red", capacity=9)
    sam, kim = [
        (await owner.done(
            documents.HIRE, name=name, email=f"{name}-{gym.slug}@x.test", roles=["TRAINER"]
        ))["staffMember"]["id"]
        for name in ("Sam", "Kim")
    ]  # fmt: skip
    red = {"roomId": room["room"]["id"]}
    first = (await series(gym, instructorId=sam, **red))["placedSessionIds"][0]
    other = (await series(gym, startsAt="11:00", **red))["placedSessionIds"][0]
    await mia.at.done(documents.BOOK, sessionId=first)

    onto = {"startsAt": at(days(gym)[0], 11), "endsAt": at(days(gym)[0], 12)}
    assert await owner.refused(documents.RESCHEDULE, sessionId=first, **onto) == "ROOM_TAKEN"
    free = {"startsAt": at(days(gym)[0], 13), "endsAt": at(days(gym)[0], 14)}
    moved = await owner.done(documents.RESCHEDULE, sessionId=first, **free)
    assert moved["session"]["startsAt"] == free["startsAt"]
    assert moved["session"]["freeCancelUntil"] is not None

    swapped = await owner.done(documents.SUBSTITUTE, sessionId=first, instructorId=kim)
    assert swapped["session"] == {"instructorId": kim, "originalInstructorId": sam}
    alone = await owner.done(documents.UNASSIGN, sessionId=first)
    assert alone["session"] == {"instructorId": None, "originalInstructorId": sam}
    assert await owner.refused(documents.REINSTATE, sessionId=first) == "SESSION_NOT_CANCELLED"
    await owner.done(documents.CANCEL_SESSION, sessionId=other, reason="rain")
    back = await owner.done(documents.REINSTATE, sessionId=other)
    assert back["session"]["status"] == "SCHEDULED"
    left = await mia.at.done(documents.CANCEL, sessionId=first)
    assert left["reservation"]["status"] == "CANCELLED_EARLY"


async def test_a_file_of_another_system_is_imported_but_for_what_it_cannot_say(gym: Gym) -> None:
    first = days(gym)[0]
    good = (
        "BEGIN:VEVENT", "UID:good", "SUMMARY:Spin, early",
        f"DTSTART;TZID=Europe/Berlin:{first:%Y%m%d}T070000", "DURATION:PT45M",
        "RRULE:FREQ=WEEKLY;COUNT=3", f"EXDATE;TZID=Europe/Berlin:{days(gym)[1]:%Y%m%d}T070000",
        "END:VEVENT",
    )  # fmt: skip
    bad = ("BEGIN:VEVENT", "UID:bad", "SUMMARY:Party", "DTSTART:someday", "END:VEVENT")
    padding = ("X-NOTE:" + "x" * 60,) * 3_500
    ics = "\r\n".join(("BEGIN:VCALENDAR", *padding, *good, *bad, "END:VCALENDAR"))

    told = await gym.owner.done(
        documents.IMPORT, locationId=gym.location, timeZone="Europe/Berlin", capacity=9, ics=ics
    )

    assert [(one["uid"], one["line"]) for one in told["imported"]] == [("good", 3_502)]
    assert [(one["uid"], one["line"]) for one in told["rejected"]] == [("bad", 3_510)]
    span = {"from": at(first, 0), "to": at(days(gym)[3], 23)}
    async with gym.owner.watching(documents.CALENDAR_CHANGED, **span) as screen:
        await screen.shows(lambda frame: len(frame["sessions"]) == 2)
    assert await gym.owner.refused(
        documents.IMPORT, locationId=gym.location, timeZone="Europe/Berlin", ics="hello"
    ) == "UNREADABLE_CALENDAR"  # fmt: skip


async def test_a_series_said_anew_reaches_its_sessions_but_for_what_one_was_given_alone(
    gym: Gym,
) -> None:
    owner, mia = gym.owner, await gym.member()
    made = await series(gym, capacity=2, spots=["a", "b"])
    first, second, *_ = made["placedSessionIds"]
    await mia.at.done(documents.BOOK, sessionId=first, spot="b")
    alone = await owner.done(documents.CHANGE_SESSION, sessionId=second, title="Party ride")
    assert alone["session"]["title"] == "Party ride"

    smaller = made["pattern"] | {"capacity": 1, "spots": ["a"]}
    whole = {"scheduleId": made["scheduleId"], "fromDate": days(gym)[0].isoformat()}
    told = await owner.do(documents.CHANGE_SCHEDULE, **whole, pattern=smaller)
    assert [(one["code"], one["field"], one["details"]) for one in told["userErrors"]] == [
        ("SPOTS_IN_USE", "spots", {"sessions": [{"sessionId": first, "spots": ["b"]}]})
    ]
    bigger = made["pattern"] | {
        "title": "Ride", "capacity": 3, "onlineCapacity": 2, "spots": ["a", "b", "c"],
        "waiverRequired": True,
    }  # fmt: skip
    changed = await owner.done(documents.CHANGE_SCHEDULE, **whole, pattern=bigger)
    assert changed["kept"] == [{"sessionId": second, "parts": ["TITLE"]}]
    shown = [
        await owner.ask(documents.FURNISHED, id=one, atLeast=changed["position"])
        for one in (first, second)
    ]
    same = {"capacity": 3, "onlineCapacity": 2, "spots": ["a", "b", "c"], "waiverRequired": True}
    assert shown == [{"title": "Ride"} | same, {"title": "Party ride"} | same]


async def test_a_series_is_in_the_time_zone_of_its_location(gym: Gym) -> None:
    wrong: dict[str, Any] = {
        "locationId": gym.location, "timeZone": "America/New_York",
        "fromDate": days(gym)[0].isoformat(),
        "pattern": {
            "title": "Spin", "weekdays": [1], "startsAt": "09:00", "minutes": 45, "capacity": 9,
        },
    }  # fmt: skip

    async def refused() -> bool | None:
        told = await gym.owner.do(documents.CREATE_SCHEDULE, **wrong)
        return [one["code"] for one in told["userErrors"]] == ["OTHER_TIME_ZONE"] or None

    assert await until(refused, LONG)


async def test_one_key_closes_a_location_and_another_ones_timetable(gym: Gym) -> None:
    """Two services have it in their hands, and each does what it was asked."""
    opened = await gym.owner.done(documents.OPEN, name="Attic", timeZone="Europe/Berlin")
    attic, day = opened["location"]["id"], days(gym)[0].isoformat()
    both = {"idempotencyKey": str(new_id()), "fromDate": day, "untilDate": day, "reason": "works"}

    await gym.owner.done(documents.CLOSE_LOCATION, locationId=gym.location, **both)

    async def closed() -> bool:
        told = await gym.owner.do(
            documents.ADD_CLOSURE, locationId=attic, timeZone="Europe/Berlin", **both
        )
        return not told["userErrors"]

    async def shown() -> bool:
        closures = await gym.owner.ask(documents.CLOSURES)
        return [one["reason"] for one in closures] == ["works", "works"]

    await until(closed, LONG)  # once booking has heard of the attic
    await until(shown, LONG)


async def test_a_location_that_is_closed_calls_its_classes_off_until_it_is_open_again(
    gym: Gym,
) -> None:
    mia = await gym.member()
    session = await gym.session(hours=48)
    await mia.at.done(documents.BOOK, sessionId=session)
    planned = await gym.owner.ask(documents.PLANNED, id=session)
    day = datetime.fromisoformat(planned["startsAt"]).astimezone(BERLIN).date().isoformat()
    async with mia.at.watching(documents.MINE_CHANGED) as screen:
        closed = await gym.owner.done(
            documents.CLOSE_LOCATION, locationId=gym.location, fromDate=day, untilDate=day,
            reason="works",
        )  # fmt: skip
        await screen.shows(
            lambda f: all(b["reservation"]["status"] == "SESSION_CANCELLED" for b in f["bookings"]),
            within=LONG,
        )

    async def told() -> bool:  # by another read model than the bookings'
        return bool((await gym.owner.ask(documents.PLANNED, id=session))["cancelReason"] == "works")

    await until(told, LONG)
    assert await gym.owner.refused(documents.REINSTATE, sessionId=session) == "LOCATION_CLOSED"
    await gym.owner.done(documents.OPEN_LOCATION_AGAIN, closureId=closed["closure"]["id"])

    async def back() -> bool:  # once booking has heard of it
        told = await gym.owner.do(documents.REINSTATE, sessionId=session)
        return not told["userErrors"]

    await until(back, LONG)
    again = await mia.at.done(documents.BOOK, sessionId=session)
    assert again["reservation"]["status"] == "RESERVED"
