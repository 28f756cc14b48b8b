"""Organisation: the gym, its locations and rooms.

Tables     ``gyms``, ``locations``, ``rooms``, one row each
Rebuild    from EVT_MEMBERS' beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.envelope import Envelope
from contracts.ids import GymId, LocationId, RoomId
from contracts.members import GymOwnersChanged, GymRegistered, LocationOpened, RoomAdded
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
    tables: tuple[str, ...] = ("gyms", "locations", "rooms")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        gyms: dict[GymId, tuple[Any, ...]] = {}
        versions: dict[GymId, tuple[int, int]] = {}
        locations, rooms = [], []
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
                case GymOwnersChanged():
                    versions[gym] = at
                case _:
                    continue
            changed.add(gym)
        old = [(gym, *at) for gym, at in versions.items() if gym not in gyms]
        for statement, rows in (
            (GYMS, [(*row, *versions[gym]) for gym, row in gyms.items()]),
            (GYM_VERSIONS, old), (LOCATIONS, locations), (ROOMS, rooms),
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
