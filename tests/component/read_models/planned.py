"""A timetable as it was planned, said anew and closed: events of it."""

from collections.abc import Sequence
from datetime import date, timedelta

from chassis.projection import ReadModel
from chassis.tenancy import Pool
from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.envelope import Event
from contracts.ids import (
    ClassTypeId,
    ClosureId,
    GymId,
    LocationId,
    ProgramId,
    RoomId,
    ScheduleId,
    StaffId,
    new_id,
)
from contracts.timetable import (
    BookingPolicyPublished,
    ClassTypeChanged,
    ClassTypeDefined,
    ClosureAdded,
    OccurrencesPlaced,
    Pattern,
    Preset,
    ProgramChanged,
    ProgramDefined,
    ScheduleChanged,
    ScheduleCreated,
)
from tests.component.read_models.folding import put
from tests.conftest import NOON
from tests.envelopes import Recording

HOUR = timedelta(hours=1)
PROGRAM, SPIN, SERIES = ProgramId(new_id()), ClassTypeId(new_id()), ScheduleId(new_id())
HALL, RED = LocationId(new_id()), RoomId(new_id())
SAM, KIM, LEE = (StaffId(new_id()) for _ in range(3))
DAY = date(2027, 3, 1)
PAINTING = ClosureId(new_id())


async def tell(pool: Pool, model: ReadModel, gym_id: GymId, *batches: Sequence[Event]) -> None:
    recording = Recording(gym_id)
    for batch in batches:
        await put(pool, model, recording.of("any", gym_id, *batch))


def pattern(**other: object) -> Pattern:
    usual = {"title": "Spin", "weekdays": (1,), "starts_at": "09:00", "minutes": 60, "capacity": 9}
    return Pattern.model_validate(usual | other)


CATALOGUE: list[Event] = [
    ProgramDefined(program_id=PROGRAM, name="Cycling", description=""),
    ProgramChanged(program_id=PROGRAM, name="Ride", description="indoors"),
    ClassTypeDefined(
        class_type_id=SPIN, program_id=PROGRAM, name="Spin", description="", minutes=45,
        capacity=12, overrides=PolicyOverrides(late_cancel_minutes=360),
    ),
    ClassTypeChanged(
        class_type_id=SPIN, name="Spin", description="fast", minutes=60, capacity=10,
        overrides=PolicyOverrides(waitlist_max=3),
    ),
    BookingPolicyPublished(
        version=2, effective_from=NOON, policy=BookingPolicy(version=2), preset=Preset.BOUTIQUE
    ),
    ScheduleCreated(
        schedule_id=SERIES, location_id=HALL, time_zone="Europe/Berlin", pattern=pattern(),
        from_date=DAY, until_date=None, except_dates=(date(2027, 3, 8),),
    ),
    OccurrencesPlaced(schedule_id=SERIES, placed=(), until=date(2027, 3, 29)),
    ScheduleChanged(schedule_id=SERIES, from_date=date(2027, 3, 15), pattern=pattern(capacity=20)),
    ClosureAdded(
        closure_id=PAINTING, location_id=HALL, from_date=DAY, until_date=DAY,
        starts_at=NOON, ends_at=NOON + 24 * HOUR, reason="painting",
    ),
]  # fmt: skip
