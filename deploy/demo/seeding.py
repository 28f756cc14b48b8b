"""Makes the demo gyms live: their diaries carried out day by day on a running installation."""

import base64
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import nats
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import MovableClock
from deploy.demo.acts import Act
from deploy.demo.counter import Counter
from deploy.demo.diary import diary
from deploy.demo.guide import guide
from deploy.demo.gyms import GYMS
from deploy.demo.marks import Marks
from deploy.demo.reacting import reacting
from deploy.demo.settling import Settling
from deploy.demo.timeline import Timeline
from deploy.local.access import Access

SEED = "back2back"
TOGETHER = timedelta(minutes=16)
"""Moments of the two gyms so close together are one: fewer stops of the clock."""
TELL_EVERY = 3.0  # seconds

Say = Callable[[str], None]
Days = Iterator[tuple[datetime, list[Act]]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a past the gyms get."""

    days: int = 90
    clients: int = 300
    """In all gyms together."""
    seed: str = SEED
    """What chance draws their lives from."""


@dataclass(frozen=True, slots=True)
class Made:
    """What there was to do, and how long it took."""

    days: int
    commands: int
    refused: int
    """Of the commands; as in life, some come too late or want what is gone."""
    stops: int
    """Of the clock."""
    seconds: float


async def go_on(installation: Access, say: Say, size: Size, *, ahead: bool = False) -> None:
    """Make the demo gyms, or what is missing of them, until screens show them.

    ``ahead``: screens come later. Raises ``Trouble``. One that was begun is finished as it was
    begun: commands that were carried out are answered, not carried out, again.
    """
    marks = Marks(installation.data, installation.clock_file)
    if not marks.is_made:
        marks.mend_clock()
        begun = marks.begun
        if begun is None:
            present = MovableClock(installation.clock_file).now()
            begun = marks.begin(present, size.days, size.clients, size.seed)
        else:
            say(f"going on with the demo gyms begun at {begun.present[:16]} UTC")
        await live(
            installation, say, Size(begun.days, begun.clients, begun.seed), present=begun.until
        )
        marks.finish(guide(begun.until.date()))
    if not ahead:
        await shown(installation, say)
        say("the demo gyms are there")


async def shown(installation: Access, say: Say) -> None:
    """Return when every screen shows all that has happened. Raises ``Trouble``."""
    async with _bus(installation) as bus:
        await Settling(installation, *bus).everything(say)


async def live(installation: Access, say: Say, size: Size, *, present: datetime) -> Made:
    """Let the demo gyms live on what runs there, up to ``present``. Raises ``Trouble``.

    All processes' clock goes back and comes up to where it was found; leave the installation alone
    meanwhile. The same ``size`` and ``present`` make the same gyms.
    """
    began = time.monotonic()
    deadlines = (installation.dsn(f"{one}_relay", f"b2b_{one}") for one in ("booking", "billing"))
    async with _bus(installation) as (client, asker, clock):
        counter = Counter(asker, clock, size.seed)
        async with (
            reacting(installation, client) as settled,
            Timeline(installation.clock_file, settled, *deadlines) as timeline,
        ):
            await _live(timeline, counter, moments(size, present), _Progress(say, size, present))
            stops = timeline.stops
    refused = sum(n for (_, outcome), n in counter.told.items() if outcome != "done")
    commands = counter.told.total()
    made = Made(size.days, commands, refused, stops, time.monotonic() - began)
    say(f"demo: {made.days} days, {commands:,} commands in {made.seconds:.0f} s")
    return made


@asynccontextmanager
async def _bus(installation: Access) -> AsyncIterator[tuple[Client, Asker, MovableClock]]:
    key = base64.b64decode(installation.environment("gateway")["CALLER_KEY"])
    clock = MovableClock(installation.clock_file)
    client = await nats.connect(**installation.nats_login("developer"), connect_timeout=5)
    try:
        yield client, Asker(client, key=key, clock=clock), clock
    finally:
        await client.close()


def moments(size: Size, present: datetime) -> Days:
    """Everything both gyms do up to ``present``, moment by moment. Pure."""
    begins = datetime(present.year, present.month, present.day, tzinfo=UTC)
    begins -= timedelta(days=size.days)
    acts = [
        act for gym in GYMS
        for act in diary(gym, size.clients // len(GYMS), size.seed, begins, present)
    ]  # fmt: skip
    shared = _shared(sorted({act.at for act in acts}))
    acts.sort(key=lambda act: (shared[act.at], act.wave))
    for at, together in groupby(acts, key=lambda act: shared[act.at]):
        yield at, list(together)


def _shared(times: Sequence[datetime]) -> dict[datetime, datetime]:
    found: dict[datetime, datetime] = {}
    first: datetime | None = None
    for at in times:
        if first is None or at - first > TOGETHER:
            first = at
        found[at] = first
    return found


async def _live(timeline: Timeline, counter: Counter, days: Days, progress: "_Progress") -> None:
    for nth, (at, acts) in enumerate(days):
        await (timeline.go_to(at) if nth else timeline.begin_at(at))
        await counter.carry_out(acts)
        progress.tell(at, counter.told.total())
    await timeline.go_to(timeline.present)


class _Progress:
    """A line now and then."""

    def __init__(self, say: Say, size: Size, present: datetime) -> None:
        self._say, self._days, self._present = say, size.days, present
        self._said_at = self._began = time.monotonic()

    def tell(self, at: datetime, commands: int) -> None:
        now = time.monotonic()
        if now - self._said_at >= TELL_EVERY:
            self._said_at = now
            day = self._days - (self._present - at).days
            spent = now - self._began
            self._say(f"demo: day {day} of {self._days}, {commands:,} commands, {spent:.0f} s")
