"""Organisation: the gym, its locations with their hours and closures, and rooms.

Tables     ``gyms``, ``locations``, ``rooms``, ``location_closures``, one row each;
           ``opening_hours``, one row a span
Rebuild    from EVT_MEMBERS' beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.envelope import Envelope
from contracts.ids import ClosureId, GymId, LocationId, RoomId
from contracts.members import (
    GymOwnersChanged,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    OpeningHoursSet,
    RoomAdded,
)
from services.projections.reading import ask
from services.projections.sessions import columns

GYMS = """
INSERT INTO gyms (gym_id, slug, name, time_zone, currency, version, position)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
                     $7::bigint[])
"""
GYM_VERSIONS = """
UPDATE gyms g SET version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS u (gym_id, version, position)
 WHERE g.gym_id = u.gym_id
"""
LOCATIONS = """
INSERT INTO locations (gym_id, location_id, name, time_zone, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[])
"""
ROOMS = """
INSERT INTO rooms (gym_id, room_id, location_id, name, capacity, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::int[],
                     $7::bigint[])
"""
CLOSURES = """
INSERT INTO location_closures (gym_id, location_id, closure_id, from_date, until_date, reason,
                               version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::date[], $6::text[],
                     $7::int[], $8::bigint[])
"""
NO_CLOSURES = """
DELETE FROM location_closures c
 USING unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (gym, location, closure)
 WHERE c.gym_id = u.gym AND c.location_id = u.location AND c.closure_id = u.closure
"""
NO_HOURS = """
DELETE FROM opening_hours h USING unnest($1::uuid[], $2::uuid[]) AS u (gym, location)
 WHERE h.gym_id = u.gym AND h.location_id = u.location
"""
HOURS = """
INSERT INTO opening_hours (gym_id, location_id, place, weekday, opens, closes)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::text[])
"""


@dataclass(slots=True)
class _Closures:
    """Rows of one batch; what was removed was added before."""

    added: list[tuple[Any, ...]] = field(default_factory=list)
    removed: list[tuple[Any, ...]] = field(default_factory=list)

    def hear(self, one: Envelope, event: LocationClosureAdded | LocationClosureRemoved) -> None:
        key = (one.gym_id, event.location_id, event.closure_id)
        if isinstance(event, LocationClosureRemoved):
            self.removed.append(key)
        else:
            days = (event.from_date, event.until_date)
            self.added.append((*key, *days, event.reason, one.version, one.position))


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Open by the wall clock; ``closes`` at or before ``opens`` is the next day's."""

    location_id: LocationId
    weekday: int
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Closure:
    """Local days on which a location is closed, the last included."""

    location_id: LocationId
    closure_id: ClosureId
    from_date: date
    until_date: date
    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a location; capacity counts people."""

    room_id: RoomId
    location_id: LocationId
    name: str
    capacity: int
    version: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place where the gym gives classes."""

    location_id: LocationId
    name: str
    time_zone: str
    version: int


@dataclass(frozen=True, slots=True)
class Organisation:
    """The gym with its places, oldest first."""

    slug: str
    name: str
    time_zone: str
    currency: str
    version: int
    locations: list[Location]
    rooms: list[Room]


@dataclass(frozen=True, slots=True)
class OrganisationModel:
    """Written by the projector."""

    name: str = "organisation"
    source: str = "EVT_MEMBERS"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = (
        "gyms", "locations", "rooms", "opening_hours", "location_closures",
    )  # fmt: skip

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        gyms: dict[GymId, tuple[Any, ...]] = {}
        versions: dict[GymId, tuple[int, int]] = {}
        locations, rooms, closures = [], [], _Closures()
        hours: dict[tuple[GymId, LocationId], OpeningHoursSet] = {}
        changed: set[GymId] = set()
        for envelope in events:
            gym, at = envelope.gym_id, (envelope.version, envelope.position)
            match envelope.event:
                case GymRegistered() as e:
                    gyms[gym] = (gym, e.slug, e.name, e.time_zone, e.currency)
                    versions[gym] = at
                case LocationOpened() as e:
                    locations.append((gym, e.location_id, e.name, e.time_zone, *at))
                    versions[gym] = at
                case RoomAdded() as e:
                    rooms.append((gym, e.room_id, e.location_id, e.name, e.capacity, *at))
                    versions[gym] = at
                case OpeningHoursSet() as e:
                    hours[gym, e.location_id] = e
                    versions[gym] = at
                case LocationClosureAdded() | LocationClosureRemoved() as e:
                    closures.hear(envelope, e)
                    versions[gym] = at
                case GymOwnersChanged():
                    versions[gym] = at
                case _:
                    continue
            changed.add(gym)
        old = [(gym, *at) for gym, at in versions.items() if gym not in gyms]
        for statement, rows in (
            (GYMS, [(*row, *versions[gym]) for gym, row in gyms.items()]),
            (GYM_VERSIONS, old), (LOCATIONS, locations), (ROOMS, rooms),
            (CLOSURES, closures.added), (NO_CLOSURES, closures.removed),
            (NO_HOURS, list(hours)), (HOURS, _spans(hours)),
        ):  # fmt: skip
            if rows:
                await db.execute(statement, *columns(rows))
        return [(gym, str(gym)) for gym in changed]


MODEL = OrganisationModel()


async def of_gym(pool: Pool, gym_id: GymId) -> tuple[int, Organisation | None]:
    """The gym and the position in members' store it reflects; ``None`` while it is not there."""
    as_of, rows = await ask(pool, "organisation", gym_id)
    if not rows or rows[0][1] is None:
        return as_of, None
    row = tuple(rows[0])
    places = [Location(*each) for each in zip(*row[6:10], strict=True)] if row[6] else []
    rooms = [Room(*each) for each in zip(*row[10:15], strict=True)] if row[10] else []
    slug, name, time_zone, currency, version = row[1:6]
    return as_of, Organisation(slug, name, time_zone, currency, version, places, rooms)


async def hours_of(pool: Pool, gym_id: GymId) -> tuple[int, list[OpenSpan]]:
    """Opening hours of all the gym's locations, each in the order of the week."""
    as_of, rows = await ask(pool, "opening_hours", gym_id)
    return as_of, [OpenSpan(*row[1:5]) for row in rows if row[1] is not None]


async def closures_of(pool: Pool, gym_id: GymId, begin: date) -> tuple[int, list[Closure]]:
    """Closures that end on ``begin`` or later, first to begin first."""
    as_of, rows = await ask(pool, "location_closures_of", gym_id, begin)
    return as_of, [Closure(*row[1:7]) for row in rows if row[1] is not None]


def _spans(hours: dict[tuple[GymId, LocationId], OpeningHoursSet]) -> list[tuple[Any, ...]]:
    return [
        (*key, place, span.weekday, span.opens, span.closes)
        for key, event in hours.items()
        for place, span in enumerate(event.hours, start=1)
    ]
