"""Opening hours and closures of locations, by the wall clock and the calendar there.

A span may end the next day, Sunday's on Monday; spans that touch are fine, spans that overlap are
a mistake. A closure is whole local days, whatever hours the location has.
Stream     the gym's own, ``gym-{gym_id}``
"""

from collections.abc import Sequence
from itertools import pairwise

from chassis.decider import Refused
from contracts.members import (
    AddLocationClosure,
    LocationClosureAdded,
    LocationClosureRemoved,
    MembersCode,
    OpeningHoursSet,
    OpeningSpan,
    RemoveLocationClosure,
    SetOpeningHours,
)
from services.members.domain.gym import Gym, GymEvent, zone_of

DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes by the wall clock


def set_hours(state: Gym, command: SetOpeningHours) -> Sequence[GymEvent]:
    """The location's week, all of it, in the order of the week."""
    zone_of(state, command.location_id)
    hours = sorted(command.hours, key=lambda span: _minutes(span)[0])
    _must_not_overlap(hours)
    return [OpeningHoursSet(location_id=command.location_id, hours=tuple(hours))]


def add_closure(state: Gym, command: AddLocationClosure) -> Sequence[GymEvent]:
    """The location is closed on these days."""
    zone = zone_of(state, command.location_id)
    if command.closure_id in state.closures:
        raise Refused(MembersCode.CLOSURE_ALREADY_ADDED, "This closure is already there.")
    if command.until_date < command.from_date:
        raise Refused(
            MembersCode.ENDS_BEFORE_IT_STARTS, "A closure ends on or after its first day.",
            field="until_date",
        )  # fmt: skip
    return [
        LocationClosureAdded(
            location_id=command.location_id, closure_id=command.closure_id,
            from_date=command.from_date, until_date=command.until_date, time_zone=zone,
            reason=command.reason,
        )
    ]  # fmt: skip


def remove_closure(state: Gym, command: RemoveLocationClosure) -> Sequence[GymEvent]:
    """The location is open on these days after all; nothing when that was said."""
    if command.closure_id not in state.closures:
        raise Refused(
            MembersCode.CLOSURE_NOT_FOUND, "There is no such closure.", field="closure_id"
        )
    where = state.closures[command.closure_id]
    if where is None:
        return []
    return [LocationClosureRemoved(location_id=where, closure_id=command.closure_id)]


def _minutes(span: OpeningSpan) -> tuple[int, int]:
    """Begin and end in minutes since Monday's midnight; the end may lie in the next week."""
    begins = (span.weekday - 1) * DAY + _clock(span.opens)
    ends = (span.weekday - 1) * DAY + _clock(span.closes)
    return begins, ends if ends > begins else ends + DAY


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _must_not_overlap(hours: Sequence[OpeningSpan]) -> None:
    spans = [_minutes(span) for span in hours]
    for (_, ends), (begins, _) in pairwise(spans):
        if ends > begins:
            raise _overlap()
    if spans and spans[-1][1] - WEEK > spans[0][0]:
        raise _overlap()


def _overlap() -> Refused:
    return Refused(MembersCode.HOURS_OVERLAP, "Two spans of opening hours overlap.", field="hours")
