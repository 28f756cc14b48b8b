"""Which classes a demo gym gives on which day, and when people are about. Pure.

People come in a little before each class, and staff locks up after the last: these moments are
the gym's visits, and everything in its diary happens at one of them.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.ids import ScheduleId, SessionId, id_of
from deploy.demo.gyms import DemoGym, Slot
from services.booking.domain.recurrence import session_id

BEFORE = timedelta(minutes=10)
"""So long before a class people come."""
AFTER = timedelta(minutes=25)
"""So long after the last class the lights go out."""
BOOKS_TAKE = timedelta(minutes=20)
"""So long after a class its coach closes its books at the earliest."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Session:
    """One class on one day."""

    id: SessionId
    slot: Slot
    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def visit(self) -> datetime:
        """When people come to it."""
        return self.starts_at - BEFORE


class Calendar:
    """A gym's days from ``begins`` on, the first classes on the day after it."""

    def __init__(self, gym: DemoGym, seed: str, begins: datetime, ends: datetime) -> None:
        """Instants are UTC; no class starts at ``ends`` or later."""
        self.gym, self.begins, self.ends = gym, begins, ends
        self.local = ZoneInfo(gym.zone)
        self._seed = seed

    def id(self, kind: str, name: str) -> UUID:
        """The id of something of this gym: the same for the same seed and beginning."""
        words = f"{self._seed}/{self.gym.slug}/{kind}/{name}".encode()
        return id_of(self.begins, hashlib.sha256(words).digest())

    def schedule_id(self, slot: Slot) -> ScheduleId:
        """The series of ``slot``."""
        return ScheduleId(self.id("schedule", f"{slot.kind} {slot.weekdays} {slot.starts_at}"))

    @cached_property
    def days(self) -> list[date]:
        """Every local day with classes, in order."""
        first = self.begins.astimezone(self.local).date() + DAY
        count = (self.ends.astimezone(self.local).date() - first).days + 1
        return [first + n * DAY for n in range(count)]

    @cached_property
    def sessions(self) -> list[Session]:
        """Every class, the earliest first."""
        found = [
            self._session(slot, day)
            for day in self.days for slot in self.gym.slots if day.isoweekday() in slot.weekdays
        ]  # fmt: skip
        found.sort(key=lambda one: one.starts_at)
        return [one for one in found if one.starts_at < self.ends]

    @cached_property
    def by_slot(self) -> dict[tuple[Slot, date], Session]:
        """The class of a series on a day."""
        return {(one.slot, one.day): one for one in self.sessions}

    @cached_property
    def visits(self) -> list[datetime]:
        """All visits, in order."""
        return sorted({at for day in self._by_day.values() for at in _visits(day)})

    @cached_property
    def _by_day(self) -> dict[date, list[Session]]:
        found: dict[date, list[Session]] = {}
        for one in self.sessions:
            found.setdefault(one.day, []).append(one)
        return found

    def on(self, day: date) -> list[Session]:
        """The classes of ``day``, the earliest first."""
        return self._by_day.get(day, [])

    def visits_on(self, day: date) -> list[datetime]:
        """The visits of ``day``, in order."""
        return _visits(self.on(day))

    def visit_from(self, at: datetime) -> datetime | None:
        """The first visit at ``at`` or later; ``None`` after the last."""
        nth = bisect_left(self.visits, at)
        return self.visits[nth] if nth < len(self.visits) else None

    def _session(self, slot: Slot, day: date) -> Session:
        starts_at = local_instant(day, slot.starts_at, self.local)
        minutes = self.gym.kind(slot.kind).minutes
        one = session_id(self.schedule_id(slot), day, 0)
        return Session(one, slot, day, starts_at, starts_at + timedelta(minutes=minutes))


def local_instant(day: date, at: time, local: ZoneInfo) -> datetime:
    """UTC, when clocks in ``local`` show ``at`` on ``day``."""
    return datetime.combine(day, at, tzinfo=local).astimezone(UTC)


def _visits(sessions: Iterable[Session]) -> list[datetime]:
    several = list(sessions)
    if not several:
        return []
    return [*sorted({one.visit for one in several}), max(one.ends_at for one in several) + AFTER]
