import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from gateway.serve import group
from gateway.serve.answers import Json
from gateway.serve.calls import Call
from gateway.serve.documents import Documents
from gateway.serve.faults import ConsistencyTimeout, Forbidden
from gateway.serve.group import Frame
from gateway.serve.hints import Hints
from gateway.serve.hub import Hub, Leave
from gateway.serve.live import Principal
from gateway.serve.outlet import Outlet
from tests.gateway_serve.generated import CORE
from tests.gateway_serve.library import Place, Position, Room, a_shelf
from tests.gateway_serve.readers import Reader
from tests.world.waiting import until

WATCH = "subscription($after: Position) { shelfChanged(after: $after) { position } }"
TITLES = "subscription { shelfChanged { position shelf { books { title } } } }"
BY_DAYLIGHT = "subscription($after: Position) { shelfByDaylight(after: $after) { position } }"
MINE = "subscription { myViewer { position } }"


@dataclass(eq=False)
class Eyes:
    """A sink that remembers what it was shown."""

    frames: list[Frame] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.woken.set()

    def fail(self, errors: list[Json]) -> None:
        self.errors += errors
        self.woken.set()

    async def seen(self, count: int) -> list[Frame]:
        async with asyncio.timeout(30):
            while len(self.frames) < count and not self.errors:
                self.woken.clear()
                await self.woken.wait()
        return self.frames


class World:
    """A hub over one shelf."""

    def __init__(self, look_every: float = 600) -> None:
        self.hints, self.shelf, self.calls = Hints(), a_shelf(), list[str]()
        self.documents = Documents(CORE)
        self.failures: list[Exception] = []
        self.hub = Hub(self.room, look_every)

    def room(self, who: Principal, call: Call) -> Room:
        return Room(who, self.hints, self.shelf, self.calls, call, self.failures)

    async def join(
        self, eyes: Eyes, query: str = WATCH, who: Reader | None = None, **variables: Any
    ) -> Leave:
        operation = self.documents.find(query, None).operation(None)
        reader = who or Reader("ann")
        return await self.hub.join(operation, variables, reader, eyes, lambda: None)

    async def looked_again(self) -> None:
        """Wait until the view was executed twice more: one look was then done from end to end."""
        before = len(self.calls)

        async def twice() -> bool:
            return len(self.calls) >= before + 2

        await until(twice)

    def move(self) -> int:
        """A change nobody has hinted at yet."""
        number = self.shelf.position.number + 1
        self.shelf.position = Position(Place(number))
        return number

    def change(self) -> int:
        number = self.move()
        self.hints.hint("shelf", number)
        return number


def positions(frames: list[Frame]) -> list[int]:
    told = [orjson.loads(frame.payload)["data"].values() for frame in frames]
    return [int(update["position"]) for (update,) in told]


async def test_a_change_is_executed_once_and_encoded_once_for_everybody() -> None:
    world, crowd = World(), [Eyes() for _ in range(600)]
    for eyes in crowd:
        await world.join(eyes)
    await crowd[-1].seen(1)
    before = len(world.calls)

    world.change()
    for eyes in crowd:
        await eyes.seen(2)

    assert len(world.calls) == before + 1
    assert len({id(eyes.frames[1]) for eyes in crowd}) == 1


async def test_who_joins_later_gets_the_frame_that_is_there() -> None:
    world, first, second = World(), Eyes(), Eyes()
    await world.join(first)
    await first.seen(1)
    calls = len(world.calls)

    await world.join(second)

    assert second.frames == first.frames
    assert len(world.calls) == calls


async def test_a_burst_of_changes_gives_at_most_one_trailing_execution() -> None:
    world, eyes = World(), Eyes()
    await world.join(eyes)
    await eyes.seen(1)
    before = len(world.calls)

    for _ in range(50):
        last = world.change()
    while positions(eyes.frames)[-1] != last:
        await eyes.seen(len(eyes.frames) + 1)

    assert len(world.calls) - before <= 2


async def test_a_repeated_hint_wakes_nobody() -> None:
    world, eyes = World(), Eyes()
    await world.join(eyes)
    await eyes.seen(1)
    number = world.change()
    await eyes.seen(2)
    before = len(world.calls)

    world.hints.hint("shelf", number)
    world.hints.hint("shelf", number - 1)
    await asyncio.sleep(0)

    assert len(world.calls) == before


async def test_a_resync_reads_again_and_shows_only_what_is_new() -> None:
    world, eyes = World(), Eyes()
    await world.join(eyes)
    await eyes.seen(1)

    world.hints.resync()
    world.shelf.position = Position(Place(9))  # the hint was lost
    world.hints.resync()
    await eyes.seen(2)

    assert positions(eyes.frames) == [3, 9]


async def test_a_change_whose_hint_was_lost_is_shown_all_the_same() -> None:
    world, eyes = World(look_every=0.05), Eyes()
    await world.join(eyes, TITLES)
    await eyes.seen(1)

    world.shelf.books[0].title = "Anew"
    world.move()  # and nobody hints, now or later

    assert b"Anew" in (await eyes.seen(2))[1].payload


async def test_who_looks_by_itself_shows_nothing_when_nothing_or_only_the_position_is_new() -> None:
    world, eyes, later = World(look_every=0.01), Eyes(), Eyes()
    await world.join(eyes, TITLES)
    await eyes.seen(1)

    await world.looked_again()
    moved = world.move()
    await world.looked_again()
    await world.join(later, TITLES)

    assert len(eyes.frames) == 1
    [frame] = await later.seen(1)
    assert orjson.loads(frame.payload)["data"]["shelfChanged"]["position"] == str(moved)

    world.change()
    assert len(await eyes.seen(2)) == 2, "a hint's look shows the position too"


async def test_a_client_ahead_of_the_shared_frame_gets_it_renewed() -> None:
    world, first, ahead = World(), Eyes(), Eyes()
    await world.join(first)
    await first.seen(1)
    world.shelf.position = Position(Place(7))  # no hint came yet

    await world.join(ahead, after="5")

    assert positions(await ahead.seen(1)) == [7]
    assert positions(await first.seen(2)) == [3, 7]


async def test_who_has_seen_it_waits_for_the_next() -> None:
    world, eyes, other = World(), Eyes(), Eyes()
    await world.join(other)
    await other.seen(1)
    await world.join(eyes, after="3")
    assert eyes.frames == []

    world.change()

    assert positions(await eyes.seen(1)) == [4]


async def test_who_comes_back_to_more_than_a_position_counts_is_shown_it_unless_older() -> None:
    world, back, ahead = World(), Eyes(), Eyes()

    await world.join(back, BY_DAYLIGHT, after="3")
    await world.join(ahead, BY_DAYLIGHT, after="5")

    assert positions(await back.seen(1)) == [3]
    world.shelf.position = Position(Place(5))
    world.hints.resync()
    assert positions(await ahead.seen(1)) == [5]


async def test_different_scopes_never_share() -> None:
    world, ann, ben = World(), Eyes(), Eyes()
    await world.join(ann, who=Reader("ann", "public"))
    await world.join(ben, who=Reader("ben", "staff"))
    await ann.seen(1)
    await ben.seen(1)

    assert ann.frames[0] is not ben.frames[0]
    assert len(world.hub._groups) == 2


async def test_a_view_without_a_scope_is_the_callers_alone() -> None:
    world = World()
    await world.join(Eyes(), MINE, Reader("ann"))
    await world.join(Eyes(), MINE, Reader("ben"))

    assert len(world.hub._groups) == 2


async def test_the_last_to_leave_ends_the_group_and_its_listening() -> None:
    world, eyes = World(), Eyes()
    leave = await world.join(eyes)
    await eyes.seen(1)
    [group] = world.hub._groups.values()

    leave()
    await group.closed()

    assert world.hub._groups == {}
    assert world.hints._watchers == {}


async def test_a_refusing_resolver_ends_the_operation_with_its_code() -> None:
    world, eyes = World(), Eyes()
    await world.join(eyes, 'subscription { shelfChanged(name: "forbidden") { position } }')
    await eyes.seen(1)

    assert [error["extensions"]["code"] for error in eyes.errors] == ["FORBIDDEN"]
    assert world.hub._groups == {}


async def test_an_outage_is_waited_for_and_a_refusal_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group, "FIRST_PAUSE", 0.01)
    world, eyes = World(), Eyes()
    await world.join(eyes)
    await eyes.seen(1)
    reads = [ConnectionError("the database is away"), ConsistencyTimeout("Not yet.")]
    world.failures = reads

    world.change()
    assert positions(await eyes.seen(2)) == [3, 4]
    assert reads == []

    reads.append(Forbidden("Not any more."))
    world.change()
    await eyes.seen(3)
    assert [error["extensions"]["code"] for error in eyes.errors] == ["FORBIDDEN"]


class Wire:
    """A server's ``send`` that takes data only while it is open."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.open = asyncio.Event()
        self.drained = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.open.wait()
        self.sent.append(message["n"])
        if message["n"] == "last":
            self.drained.set()


async def test_a_slow_client_gets_the_newest_of_each_view_in_order() -> None:
    wire = Wire()
    outlet = Outlet(wire.send, overflow=lambda: None)
    for n in range(100):
        outlet.push({"n": n}, key="view")
    outlet.push({"n": "said"})
    outlet.push({"n": "last"})
    assert wire.sent == []

    wire.open.set()
    async with asyncio.timeout(30):
        await outlet.flushed()

    assert wire.sent == [0, 99, "said", "last"]
    outlet.push({"n": "now"})
    assert wire.sent[-1] == "now"


async def test_a_client_that_takes_nothing_is_given_up() -> None:
    given_up: list[bool] = []
    outlet = Outlet(Wire().send, overflow=lambda: given_up.append(True))

    for n in range(2_000):
        outlet.push({"n": n})

    assert given_up == [True]
    assert outlet.broken
    outlet.close()
