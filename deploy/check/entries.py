"""Doors opened only for whom something let in just then (I12).

An entry rests on what access had heard of somebody when it was decided, and in one append: so what
stands before it in access' store is what counts, not when booking or members said it (ADR 17). That
a class let them in must be true in booking's store as well: the seat is theirs.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from contracts import access as a
from contracts import booking as b
from deploy.check import history
from deploy.check.history import StreamKey
from deploy.check.verdict import Moment, Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

_Seat: TypeAlias = tuple[UUID | None, UUID | None, UUID]
"""Session, client, reservation."""
AT_ONCE = 500  # entries
SEATED = (b.ReservationMade, b.ReservationReinstated)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """A door that opened."""

    gym_id: UUID
    position: int
    at: datetime
    """UTC, by the clock of the door."""
    told: a.AccessGranted

    @property
    def person(self) -> StreamKey:
        """The stream of who came in."""
        who = self.told.client_id or self.told.staff_id
        return StreamKey(self.gym_id, "holder", who or self.told.entry_id)

    @property
    def session(self) -> StreamKey | None:
        """The stream of the class that let them in, in booking."""
        session = self.told.session_id
        return StreamKey(self.gym_id, "session", session) if session else None


@dataclass(slots=True)
class Person:
    """What access had heard of somebody, up to an entry."""

    grants: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    """Grant -> the first and the last instant it is good for."""
    works: bool = False
    erased: bool = False
    banned_until: datetime = _NEVER
    impediments: set[a.Impediment] = field(default_factory=set)

    def see(self, event: object) -> None:
        """The next event of the person's stream."""
        match event:
            case a.GrantOpened() | a.GrantMoved():
                until = event.valid_until or _FOREVER
                self.grants[event.grant_id] = event.valid_from, until
            case a.GrantClosed():
                since, until = self.grants.get(event.grant_id, (_FOREVER, _NEVER))
                self.grants[event.grant_id] = since, min(until, event.closed_at)
            case a.ImpedimentSet():
                self.impediments.add(event.impediment)
            case a.ImpedimentCleared():
                self.impediments.discard(event.impediment)
            case a.BanHeard():
                self.banned_until = (event.until or _FOREVER) if event.banned else _NEVER
            case a.StaffHeard():
                self.works = event.works
            case a.ClientHeard():
                self.erased = self.erased or event.erased

    def trouble(self, entry: Entry) -> str:
        """Why the door should have stayed shut; empty when it was right to open."""
        if self.erased or entry.at < self.banned_until:
            return "erased or banned"
        if entry.told.grant_kind is a.AccessGrantKind.STAFF:
            return "" if self.works else "does not work there"
        if self.impediments:
            return f"kept out for {min(self.impediments)}"
        since, until = self.grants.get(entry.told.grant_id, (_FOREVER, _NEVER))
        return "" if since <= entry.at <= until else f"grant {entry.told.grant_id} is not good then"


class Entries:
    """The entries of all gyms: each is looked at once, and again while it offends."""

    def __init__(self, stores: dict[str, "_Db"]) -> None:
        self._stores = stores
        self._news: list[Entry] = []
        self._wrong: dict[UUID, tuple[Entry, str]] = {}
        self._looked_at = 0

    def hear(self, context: str, row: asyncpg.Record) -> None:
        """Take note of an entry."""
        if context == "access" and row["type"] == a.AccessGranted.event_type:
            at = datetime.fromisoformat(orjson.loads(row["meta"])["occurred_at"])
            told = a.AccessGranted.model_validate_json(row["data"])
            self._news.append(Entry(row["gym_id"], row["pos"], at, told))

    @property
    def is_full(self) -> bool:
        """Whether it is time to ``look``, for the memory that notes take."""
        return len(self._news) >= AT_ONCE

    async def look(self, moment: Moment) -> None:
        """Look at what is new. Time changes nothing: what let them in was there before."""
        del moment
        news, self._news = self._news, []
        self._looked_at += len(news)
        await self._weigh(news)

    async def look_again(self, moment: Moment) -> None:
        """Look at some of those that offended; at others the next time."""
        del moment
        await self._weigh([entry for entry, _ in islice(self._wrong.values(), AT_ONCE)])

    async def _weigh(self, entries: list[Entry]) -> None:
        troubles = await self._at_the_door(entries)
        seats = await self._seats(entries)
        for entry in entries:
            self._wrong.pop(entry.told.entry_id, None)
            trouble = troubles[entry.told.entry_id]
            seat = entry.told.session_id, entry.told.client_id, entry.told.grant_id
            if not trouble and entry.session is not None and seat not in seats:
                trouble = f"no seat {entry.told.grant_id} was ever theirs"
            if trouble:
                self._wrong[entry.told.entry_id] = entry, trouble

    async def _at_the_door(self, entries: list[Entry]) -> dict[UUID, str]:
        """Entry -> why the door should have stayed shut, by what access had heard until then."""
        waiting: dict[StreamKey, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: one.position, reverse=True):
            waiting[entry.person].append(entry)
        persons = {key: Person() for key in waiting}
        found: dict[UUID, str] = {}
        async for rows in history.of(self._stores["access"], persons):
            for row in rows:
                key = history.key_of(row)
                while waiting[key] and waiting[key][-1].position < row["pos"]:
                    entry = waiting[key].pop()
                    found[entry.told.entry_id] = persons[key].trouble(entry)
                persons[key].see(history.seen("access", row).event)
        for key, rest in waiting.items():
            found |= {entry.told.entry_id: persons[key].trouble(entry) for entry in rest}
        return found

    async def _seats(self, entries: list[Entry]) -> set[_Seat]:
        """Whose seats there ever were in the classes that let somebody in."""
        sessions = {entry.session for entry in entries if entry.session is not None}
        found: set[_Seat] = set()
        async for rows in history.of(self._stores["booking"], sessions):
            for row in rows:
                event: Any = history.seen("booking", row).event
                if isinstance(event, SEATED):
                    found.add((row["stream_id"], event.client_id, event.reservation_id))
        return found

    def verdicts(self) -> list[Verdict]:
        """What is known now; what was looked at is counted anew."""
        verdict = Verdict("I12", "a door opens for whom something lets in", "entries")
        verdict.looked_at, self._looked_at = self._looked_at, 0
        for entry, trouble in self._wrong.values():
            verdict.accuse(f"gym {entry.gym_id} entry {entry.told.entry_id}: {trouble}")
        return [verdict]
