"""A location: its clocks, the days it is closed, the sessions placed and lifted there."""

from datetime import date

from pydantic import AwareDatetime

from contracts.envelope import Command, Event
from contracts.ids import (
    ClosureId,
    LocationId,
    SessionId,
)
from contracts.times import Day
from contracts.timetable.policies import Value
from contracts.timetable.schedules import Placement
from contracts.timetable.words import Reason, ZoneName


class AddClosure(Command):
    """No class takes place at the location on these days, the last included."""

    command_type = "booking.add_closure"
    closure_id: ClosureId
    location_id: LocationId
    time_zone: ZoneName
    from_date: Day
    until_date: Day
    reason: Reason


class RemoveClosure(Command):
    """The timetable is open on these days after all.

    Sessions it called off stay called off: they are reinstated one by one. Series place the dates
    they come to from then on; those they have passed over stay out until the series is said anew
    from such a day. A location that is closed itself is opened where it was closed, in members.
    """

    command_type = "booking.remove_closure"
    closure_id: ClosureId
    location_id: LocationId


class ClosureOutcome(Value):
    """Which sessions are being called off."""

    cancelled: tuple[SessionId, ...] = ()


class SessionsPlaced(Event):
    """Sessions take place at the location then, and have these rooms to themselves."""

    event_type = "booking.sessions_placed.v1"
    location_id: LocationId
    placed: tuple[Placement, ...]
    decided_at: AwareDatetime


class SessionsLifted(Event):
    """These sessions do not take place at the location any more."""

    event_type = "booking.sessions_lifted.v1"
    location_id: LocationId
    session_ids: tuple[SessionId, ...]


class ClosureAdded(Event):
    """The location's timetable is closed from one day's first moment to another's last."""

    event_type = "booking.closure_added.v1"
    closure_id: ClosureId
    location_id: LocationId
    from_date: date
    until_date: date
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str
    of_location: bool = False
    """Whether members told it: nobody comes in then."""


class ClosureRemoved(Event):
    """The location's timetable is open on these days after all; what was called off stays so."""

    event_type = "booking.closure_removed.v1"
    closure_id: ClosureId
    location_id: LocationId


class HearLocation(Command):
    """Members tells that a location was opened, and where its clocks are."""

    command_type = "booking.hear_location"
    location_id: LocationId
    time_zone: str


class LocationHeard(Event):
    """The location's sessions, series and closures are in this time zone, for good."""

    event_type = "booking.location_heard.v1"
    location_id: LocationId
    time_zone: str
