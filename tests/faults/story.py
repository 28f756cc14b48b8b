"""One day of one client through all services: where she came, where she did not, what that cost.

Mia enters by the door and is checked in by it. She misses the class after that one: a fee, which is
due when the day to waive it is over, on her invoice; then the books are corrected, and it is taken
back.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg

from tests.world import documents, doors
from tests.world.fees import unlimited
from tests.world.gym import Gym, move_clock
from tests.world.system import System
from tests.world.waiting import until

SOON = 0.1  # hours to the class: inside the door's window and the check-in's
CLASS_IS_OVER = timedelta(minutes=70)
"""And the next has begun."""
WITHIN = 60.0  # seconds from a cause in one service to its effect in another
FEE = {"minor": 1500, "currency": "EUR"}
POLICY = {"noShowFee": FEE, "freePasses": 0, "feeWaiveHours": 24}

Books = dict[str, int]
"""Event type, without its version -> how many of the gym's."""

EFFECTS: Books = {
    "access.access_granted": 1,
    "booking.checked_in": 1,
    "booking.reservation_made": 2,
    "booking.credit_held": 2,
    "booking.marked_no_show": 1,
    "booking.attendance_finalized": 2,
    "booking.credit_consumed": 1,
    "booking.credit_forfeited": 1,
    "booking.violation_recorded": 1,
    "booking.fee_assessed": 1,
    "booking.fee_due": 1,
    "billing.invoice_drafted": 1,
    "billing.invoice_line_added": 1,
    "booking.attendance_corrected": 1,
    "booking.violation_cleared": 1,
    "booking.fee_reversed": 1,
    "billing.invoice_line_reversed": 1,
}
"""What the day leaves behind, whatever happens meanwhile."""

_COUNT = r"""
SELECT regexp_replace(type, '\.v\d+$', '') AS type, count(*) FROM es.events
 WHERE gym_id = $1 GROUP BY 1
"""


class Story:
    """The day, step by step."""

    def __init__(self, system: System, gym: Gym) -> None:
        self.system, self.gym = system, gym
        self.steps: tuple[Callable[[], Awaitable[None]], ...] = (
            self.book, self.enter, self.close, self.wait_a_day, self.correct,
        )  # fmt: skip
        """In their order, once everything is ``prepared``."""

    async def prepare(self) -> None:
        """Two classes, the first about to begin, behind a door; a fee for who misses one."""
        owner = self.gym.owner
        await owner.done(documents.PUBLISH_POLICY, preset="FUNCTIONAL", changes=POLICY)
        told = await owner.done(doors.ADD_DOOR, locationId=self.gym.location, name="Front")
        self.door = told["door"]["id"]
        self.mia = await unlimited(self.gym)
        self.comes = await self.gym.session(hours=SOON)
        self.misses = await self.gym.session(hours=SOON + 1)

    async def book(self) -> None:
        await self.mia.at.done(documents.BOOK, sessionId=self.comes)
        await self.gym.owner.done(documents.BOOK, sessionId=self.misses, clientId=self.mia.id)

    async def enter(self) -> None:
        """Mia comes; the door may not have heard of her seat at once."""

        async def opens() -> bool:
            told = await self.mia.at.done(doors.ENTER, doorId=self.door)
            return bool(told["entry"]["result"] == "GRANTED")

        await until(opens, WITHIN)

    async def close(self) -> None:
        """The door has told who came; one class is over, one has begun, and both are closed."""
        await self.until_there_are("booking.checked_in")
        await self.later(CLASS_IS_OVER)
        for session in (self.comes, self.misses):
            await self.gym.owner.done(documents.FINALIZE, sessionId=session)

    async def wait_a_day(self) -> None:
        """Nobody waives the fee."""
        await self.later(timedelta(hours=24))

    async def correct(self) -> None:
        """Mia was in the other one too after all."""
        await self.until_there_are("billing.invoice_line_added")
        await self.gym.owner.done(
            documents.CORRECT, sessionId=self.misses, clientId=self.mia.id, becomes="ATTENDED",
            reason="was there",
        )  # fmt: skip

    async def later(self, by: timedelta) -> None:
        """Move everybody's clock; who was signed in signs in again."""
        move_clock(self.system.installation.clock_file, by)
        for person in self.gym.people:
            await person.sign_in(self.gym.slug, person.email)

    async def until_there_are(self, *types: str) -> None:
        """Until there are as many events of ``types`` as the day makes."""

        async def there() -> bool:
            books = await self.books()
            return all(books.get(one, 0) >= EFFECTS[one] for one in types)

        await until(there, WITHIN)

    async def books(self) -> Books:
        """What the stores hold of the gym."""
        found, gym = Counter[str](), self.gym.id
        for service in ("booking", "billing", "access"):
            dsn = self.system.installation.dsn("auditor", f"b2b_{service}")
            try:
                db = await asyncpg.connect(dsn)
            except (OSError, asyncpg.PostgresError):
                return {}  # the server is coming back
            try:
                found.update({row["type"]: row["count"] for row in await db.fetch(_COUNT, gym)})
            finally:
                await db.close()
        return dict(found)

    async def effects(self) -> Books:
        """Those of ``books`` that are the day's, once the last of them is there."""
        await self.until_there_are("billing.invoice_line_reversed")
        books = await self.books()
        return {one: books.get(one, 0) for one in EFFECTS}
