"""Closures of the timetable, as they are read; ``timetable`` writes them."""

from dataclasses import dataclass
from datetime import date

from chassis.tenancy import Pool
from contracts.ids import ClosureId, GymId, LocationId
from services.projections.reading import ask


@dataclass(frozen=True, slots=True)
class Closure:
    closure_id: ClosureId
    location_id: LocationId
    from_date: date
    until_date: date
    reason: str
    version: int


async def of_location(
    pool: Pool, gym_id: GymId, location_id: LocationId | None
) -> tuple[int, list[Closure]]:
    """All closures, or a location's, by their first day."""
    as_of, rows = await ask(pool, "closures_of", gym_id, location_id)
    return as_of, [Closure(*tuple(row)[1:]) for row in rows if row[1] is not None]
