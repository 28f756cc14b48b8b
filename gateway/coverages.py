"""What a grant covers, in GraphQL: programs, locations and hours."""

import strawberry

from contracts.booking import Coverage, Hours
from gateway import ids


@strawberry.input(description="A session starts in [fromTime, untilTime), the location's clock.")
class HoursInput:
    weekdays: list[int] = strawberry.field(
        default_factory=list, description="1 is Monday; empty is every day."
    )
    from_time: str = "00:00"
    until_time: str = "24:00"


@strawberry.input(description="What is empty leaves nothing out.")
class CoverageInput:
    program_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    location_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    hours: list[HoursInput] = strawberry.field(
        default_factory=list, description="Within any of them, such as off-peak."
    )


@strawberry.type(description="A session starts in [fromTime, untilTime), the location's clock.")
class CoveredHours:
    weekdays: list[int] = strawberry.field(description="1 is Monday; empty is every day.")
    from_time: str
    until_time: str


@strawberry.type(description="What a grant pays for. What is empty leaves nothing out.")
class GrantCoverage:
    everything: bool = strawberry.field(description="Every session of the gym.")
    program_ids: list[strawberry.ID]
    location_ids: list[strawberry.ID]
    hours: list[CoveredHours] = strawberry.field(description="Within any of them.")


def shown(coverage: Coverage) -> GrantCoverage:
    """The coverage as clients see it."""
    return GrantCoverage(
        everything=not (coverage.program_ids or coverage.location_ids or coverage.hours),
        program_ids=[ids.shown("prg", one) for one in coverage.program_ids],
        location_ids=[ids.shown("loc", one) for one in coverage.location_ids],
        hours=[
            CoveredHours(
                weekdays=list(one.weekdays), from_time=one.from_time, until_time=one.until_time
            )
            for one in coverage.hours
        ],
    )  # fmt: skip


def asked(coverage: CoverageInput | None) -> Coverage | None:
    """The coverage in booking's words. Raises what a malformed id or time raises."""
    if coverage is None:
        return None
    return Coverage(
        program_ids=tuple(ids.program(one, "coverage.programIds") for one in coverage.program_ids),
        location_ids=tuple(
            ids.location(one, "coverage.locationIds") for one in coverage.location_ids
        ),
        hours=tuple(
            Hours(weekdays=tuple(one.weekdays), from_time=one.from_time, until_time=one.until_time)
            for one in coverage.hours
        ),
    )
