"""What a sign-in is worth is known within a minute, at little asking, and members may be away."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from annotated_types import Le

from chassis.auth import Principal
from chassis.bus.asker import Unavailable
from chassis.clock import FixedClock
from contracts.ids import GymId, new_id
from gateway import standings
from gateway.settings import Settings
from gateway.standings import AWAY, FRESH, PROMISED, STALE, Roles, Standings, Unclear

TRAINER, OWNER = frozenset({"trainer"}), frozenset({"owner"})
SOON, LATER = timedelta(seconds=FRESH + 1), timedelta(seconds=STALE + 1)
GYM = GymId(new_id())
LONGEST = next(
    float(str(limit.le))
    for limit in Settings.model_fields["recheck_seconds"].metadata
    if isinstance(limit, Le)
)
"""Seconds between two looks at an open connection, at most."""


class Members:
    """Knows who stands; counts what it is asked."""

    def __init__(self) -> None:
        self.roles: dict[UUID, Roles] = {}
        self.asked: list[tuple[GymId, set[UUID]]] = []
        self.is_away = False
        self.fault: Exception | None = None
        """What becomes of an answer of another version."""
        self.being_asked, self.answering = asyncio.Event(), asyncio.Event()
        self.answering.set()

    async def answer(self, gym_id: GymId, sign_ins: Mapping[UUID, str]) -> Mapping[UUID, Roles]:
        self.asked.append((gym_id, set(sign_ins)))
        self.being_asked.set()
        await self.answering.wait()
        if self.is_away:
            raise Unavailable("members.sign_ins_standing", outcome_unknown=False)
        if self.fault:
            raise self.fault
        return {one: self.roles[one] for one in sign_ins if one in self.roles}


@pytest.fixture
def members() -> Members:
    return Members()


@pytest.fixture
def known(members: Members, clock: FixedClock) -> Standings:
    return Standings(members.answer, clock)


def signed_in(members: Members, clock: FixedClock, gym_id: GymId = GYM) -> Principal:
    now, sign_in = clock.now(), new_id()
    members.roles[sign_in] = OWNER
    return Principal(gym_id, f"staff:{new_id()}", OWNER, sign_in, now, now + timedelta(minutes=10))


async def settled(known: Standings) -> None:
    while known._asking:
        await asyncio.wait(known._asking.values())


async def test_a_fresh_token_is_believed_without_asking(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)

    assert await known.roles(olga) == OWNER
    assert members.asked == []


@pytest.mark.parametrize("later", [LATER, -LATER], ids=["old", "of the future"])
async def test_who_signed_out_is_nobody_once_the_answer_is_a_minute_old(
    known: Standings, members: Members, clock: FixedClock, later: timedelta
) -> None:
    """Or the clock was put back by as much: then nobody knows how old it is."""
    olga = signed_in(members, clock)
    await known.roles(olga)
    del members.roles[olga.sign_in_id]  # type: ignore[arg-type]

    clock.advance(later)

    assert await known.roles(olga) == frozenset()


@pytest.mark.parametrize("every", [1.0, 7.0, 12.5, 17.0, 20.0])
async def test_who_signed_out_is_off_an_open_connection_within_the_minute_promised(
    members: Members, clock: FixedClock, every: float
) -> None:
    """However often connections are looked at, and wherever the answer's age falls between."""
    assert every <= LONGEST
    latest = 0.0
    for phase in range(int(every)):
        known, olga = Standings(members.answer, clock), signed_in(members, clock)
        del members.roles[olga.sign_in_id]  # type: ignore[arg-type]
        passed = phase + 0.001
        clock.advance(timedelta(seconds=passed))
        while await known.roles(olga):
            await settled(known)
            passed += every
            clock.advance(timedelta(seconds=every))
        latest = max(latest, passed)

    assert latest <= STALE + LONGEST < PROMISED, "and 5 s are left for slow answers"


async def test_nobody_waits_for_an_answer_that_is_only_a_little_old(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)
    await known.roles(olga)
    members.roles[olga.sign_in_id] = TRAINER  # type: ignore[index]
    members.answering.clear()

    clock.advance(SOON)
    assert await known.roles(olga) == OWNER

    members.answering.set()
    await settled(known)
    assert await known.roles(olga) == TRAINER


async def test_a_token_this_process_never_saw_is_asked_about(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)
    del members.roles[olga.sign_in_id]  # type: ignore[arg-type]
    clock.advance(LATER)

    assert await known.roles(olga) == frozenset()


async def test_newer_tokens_say_more_than_older_answers(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)
    await known.roles(olga)
    clock.advance(timedelta(seconds=5))

    promoted = replace(olga, roles=TRAINER, proved_at=clock.now())

    assert await known.roles(promoted) == TRAINER
    assert await known.roles(olga) == TRAINER


async def test_a_crowd_is_asked_about_in_few_questions(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    other = GymId(new_id())
    crowd = [signed_in(members, clock) for _ in range(standings.AT_ONCE + 100)]
    crowd.append(signed_in(members, clock, other))
    clock.advance(LATER)

    told = await asyncio.gather(*(known.roles(one) for one in crowd))

    assert told == [OWNER] * len(crowd)
    assert sorted(len(sign_ins) for _, sign_ins in members.asked) == [1, 100, standings.AT_ONCE]
    assert all(len(sign_ins) == 1 for gym, sign_ins in members.asked if gym == other)


async def test_what_was_last_known_holds_while_members_is_away(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)
    members.is_away = True
    clock.advance(LATER)
    assert [await known.roles(olga) for _ in range(3)] == [OWNER] * 3
    assert len(members.asked) == 1, "and it is not asked at every request"

    members.is_away = False
    members.roles[olga.sign_in_id] = TRAINER  # type: ignore[index]
    clock.advance(timedelta(seconds=AWAY))
    assert await known.roles(olga) == TRAINER


async def test_an_answer_that_cannot_be_understood_is_none_and_keeps_nobody_waiting(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga = signed_in(members, clock)
    clock.advance(LATER)

    members.fault = KeyError("roles")
    async with asyncio.timeout(30):
        assert await known.roles(olga) == OWNER

    members.fault = None
    del members.roles[olga.sign_in_id]  # type: ignore[arg-type]
    clock.advance(timedelta(seconds=AWAY))
    async with asyncio.timeout(30):
        assert await known.roles(olga) == frozenset(), "the gym is asked about again"


@pytest.mark.parametrize(
    "fault",
    [KeyError("roles"), Unclear("members.sign_ins_standing", outcome_unknown=False)],
    ids=["not understood", "failed"],
)
async def test_a_gym_whose_answer_is_of_no_use_keeps_no_other_from_being_asked_about(
    known: Standings, members: Members, clock: FixedClock, fault: Exception
) -> None:
    olga, theirs = signed_in(members, clock), signed_in(members, clock, GymId(new_id()))
    clock.advance(LATER)
    members.fault = fault
    assert await known.roles(olga) == OWNER

    members.fault = None
    del members.roles[theirs.sign_in_id]  # type: ignore[arg-type]

    assert await known.roles(theirs) == frozenset()
    assert await known.roles(olga) == OWNER
    assert len(members.asked) == 2, "and it is not asked about at every request itself"


async def test_nobody_waits_for_a_question_that_is_not_asked_any_more(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    olga, pete = signed_in(members, clock), signed_in(members, clock)
    clock.advance(LATER)
    members.answering.clear()

    async with asyncio.timeout(30):
        first = asyncio.create_task(known.roles(olga))
        await members.being_asked.wait()
        second = asyncio.create_task(known.roles(pete))
        await asyncio.sleep(0)
        assert [set(one.sign_ins) for one in known._open[GYM]] == [{pete.sign_in_id}]
        known._asking[GYM].cancel()

        assert [await first, await second] == [OWNER, OWNER]
    assert known._asking == known._open == {}


async def test_strangers_do_not_fill_the_memory(
    known: Standings, members: Members, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "KEPT", 3)

    for _ in range(10):
        await known.roles(signed_in(members, clock))

    assert len(known._known) == 3


async def test_who_has_no_sign_in_with_us_is_not_asked_about(
    known: Standings, members: Members, clock: FixedClock
) -> None:
    external = replace(signed_in(members, clock), sign_in_id=None)
    clock.advance(LATER)

    assert await known.roles(external) == OWNER
    assert members.asked == []
