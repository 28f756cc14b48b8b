"""LocationCalendar: which session has which room of a location when, and when nobody comes in.

Keeps      a room holds one session at a time; nothing is put on the calendar while the location is
           closed
Stream     ``location-{location_id}``; all sessions of a location are placed here, so that two
           people who want one room meet on one stream, whichever process serves them
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.ids import ClosureId, LocationId, SessionId
from contracts.timetable import (
    AddClosure,
    ClosureAdded,
    ClosureRemoved,
    HearClosureRemoved,
    HearLocation,
    LocationHeard,
    Placement,
    RemoveClosure,
    SessionsLifted,
    SessionsPlaced,
    TimetableCode,
)
from services.booking.domain import booking_policy, recurrence

ClosureEvent: TypeAlias = ClosureAdded | ClosureRemoved
LocationEvent: TypeAlias = SessionsPlaced | SessionsLifted | ClosureEvent | LocationHeard


@dataclass(frozen=True, slots=True)
class Closed:
    """A span in which the location is closed. Instants are UTC, the end is not in it."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    closure_id: ClosureId
    of_location: bool = False  # members told it: nobody comes in


@dataclass(frozen=True, slots=True)
class LocationCalendar:
    """What the past has made of the location; sessions that were over are forgotten."""

    placed: Mapping[SessionId, Placement] = field(default_factory=dict)
    closures: tuple[Closed, ...] = ()
    removed: tuple[ClosureId, ...] = ()  # heard of or not: they never close anything again
    time_zone: str | None = None  # IANA; None: not heard yet

    def closed_at(self, at: datetime) -> Closed | None:
        """The closure ``at`` falls into."""
        return next((one for one in self.closures if one.starts_at <= at < one.ends_at), None)

    def in_the_way(self, wanted: Placement) -> SessionId | None:
        """The session that has the wanted room at that time."""
        if wanted.room_id is None:
            return None
        return next(
            (
                one.session_id
                for one in self.placed.values()
                if one.room_id == wanted.room_id and one.session_id != wanted.session_id
                and one.starts_at < wanted.ends_at and wanted.starts_at < one.ends_at
            ),
            None,
        )  # fmt: skip

    def within(self, starts_at: datetime, ends_at: datetime) -> list[SessionId]:
        """The sessions that start in [starts_at, ends_at), earliest first."""
        found = [one for one in self.placed.values() if starts_at <= one.starts_at < ends_at]
        return [one.session_id for one in sorted(found, key=lambda one: one.starts_at)]


def evolve(state: LocationCalendar, event: LocationEvent) -> LocationCalendar:
    match event:
        case SessionsPlaced():
            ahead = {k: one for k, one in state.placed.items() if one.ends_at > event.decided_at}
            new = {one.session_id: one for one in event.placed}
            return replace(state, placed={**ahead, **new})
        case SessionsLifted():
            gone = set(event.session_ids)
            kept = {k: one for k, one in state.placed.items() if k not in gone}
            return replace(state, placed=kept)
        case ClosureAdded():
            closed = Closed(
                event.starts_at, event.ends_at, event.reason, event.closure_id, event.of_location
            )
            return replace(state, closures=(*state.closures, closed))
        case ClosureRemoved(closure_id=gone):
            left = tuple(one for one in state.closures if one.closure_id != gone)
            return replace(state, closures=left, removed=(*state.removed, gone))
        case LocationHeard():
            return replace(state, time_zone=event.time_zone)
    assert_never(event)


location_calendar: Aggregate[LocationCalendar, LocationEvent] = Aggregate(
    "location", LocationCalendar(), evolve, snapshot_every=200
)


def hear(state: LocationCalendar, command: HearLocation) -> list[LocationEvent]:
    """Where the location's clocks are. What was heard first counts: a location does not move."""
    if state.time_zone is not None:
        return []
    return [LocationHeard(location_id=command.location_id, time_zone=command.time_zone)]


def must_be_local(state: LocationCalendar, time_zone: str) -> None:
    """Raise ``Refused(OTHER_TIME_ZONE)`` when the location's clocks are known to be elsewhere."""
    if state.time_zone not in (None, time_zone):
        raise Refused(
            TimetableCode.OTHER_TIME_ZONE, "The location is in another time zone.",
            field="time_zone", time_zone=state.time_zone,
        )  # fmt: skip


def must_be_possible(state: LocationCalendar, wanted: Placement) -> None:
    """Raise ``Refused`` when the location is closed then or the room is taken."""
    closed = state.closed_at(wanted.starts_at)
    if closed is not None:
        raise Refused(
            TimetableCode.LOCATION_CLOSED, "The location is closed then.", field="starts_at",
            reason=closed.reason, until=closed.ends_at.isoformat(),
        )  # fmt: skip
    taken_by = state.in_the_way(wanted)
    if taken_by is not None:
        raise Refused(
            TimetableCode.ROOM_TAKEN, "The room is taken at that time.", field="room_id",
            session_id=str(taken_by), starts_at=wanted.starts_at.isoformat(),
        )  # fmt: skip


def place(
    state: LocationCalendar, location_id: LocationId, wanted: Iterable[Placement], now: datetime
) -> list[LocationEvent]:
    """Take the rooms for these sessions; nothing for those that have just that already."""
    new = tuple(one for one in wanted if state.placed.get(one.session_id) != one)
    if not new:
        return []
    return [SessionsPlaced(location_id=location_id, placed=new, decided_at=now)]


def lift(
    state: LocationCalendar, location_id: LocationId, sessions: Iterable[SessionId]
) -> list[LocationEvent]:
    """Give up what these sessions had."""
    known = tuple(one for one in sessions if one in state.placed)
    return [SessionsLifted(location_id=location_id, session_ids=known)] if known else []


def add_closure(
    state: LocationCalendar, command: AddClosure, now: datetime, *, of_location: bool = False
) -> list[LocationEvent]:
    """Close the location from the first moment of one local day to the last of another.

    Nothing when that is said already: by this closure or, of the timetable alone, by another.
    """
    local = booking_policy.zone(command.time_zone)
    if command.until_date < command.from_date:
        raise Refused(
            TimetableCode.ENDS_BEFORE_IT_BEGINS, "A closure ends on or after its first day.",
            field="until_date",
        )  # fmt: skip
    ends_at = recurrence.midnight(command.until_date + recurrence.DAY, local)
    if ends_at <= now:
        raise Refused(
            TimetableCode.ENDS_BEFORE_IT_BEGINS, "The closure would be over.", field="until_date",
            now=now.isoformat(),
        )  # fmt: skip
    starts_at = recurrence.midnight(command.from_date, local)
    if _is_said(state, command, starts_at, ends_at, of_location=of_location):
        return []
    return [
        ClosureAdded(
            closure_id=command.closure_id, location_id=command.location_id,
            from_date=command.from_date, until_date=command.until_date, starts_at=starts_at,
            ends_at=ends_at, reason=command.reason, of_location=of_location,
        )
    ]  # fmt: skip


def _is_said(
    state: LocationCalendar, command: AddClosure, starts_at: datetime, ends_at: datetime, *,
    of_location: bool,
) -> bool:  # fmt: skip
    ids = {*state.removed, *(one.closure_id for one in state.closures)}
    same = (starts_at, ends_at, command.reason)
    spans = [(one.starts_at, one.ends_at, one.reason) for one in state.closures]
    return command.closure_id in ids or (same in spans and not of_location)


def remove_closure(state: LocationCalendar, command: RemoveClosure) -> list[LocationEvent]:
    """Open the timetable again; what was called off stays so. Nothing when it was removed."""
    closure_id = command.closure_id
    if closure_id in state.removed:
        return []
    found = next((one for one in state.closures if one.closure_id == closure_id), None)
    if found is None:
        raise Refused(
            TimetableCode.CLOSURE_NOT_FOUND, "There is no such closure.", field="closure_id"
        )
    if found.of_location:
        raise Refused(
            TimetableCode.LOCATION_CLOSED, "The location itself is closed then.",
            field="closure_id", reason=found.reason,
        )  # fmt: skip
    return [ClosureRemoved(closure_id=closure_id, location_id=command.location_id)]


def hear_closure_removed(
    state: LocationCalendar, command: HearClosureRemoved
) -> list[LocationEvent]:
    """The location is open then after all; also when that it was closed is heard later."""
    if command.closure_id in state.removed:
        return []
    return [ClosureRemoved(closure_id=command.closure_id, location_id=command.location_id)]
