"""What access has heard of classes, reservations, clients and staff."""

from datetime import date

from pydantic import AwareDatetime

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    ClosureId,
    LocationId,
    ReservationId,
    SessionId,
    StaffId,
)


class HearClass(Command):
    """Booking tells when a session is. ``version`` is that of its stream: the newest counts."""

    command_type = "access.hear_class"
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: LocationId | None = None
    """``None``: where it was."""
    waiver_required: bool | None = None
    """``None``: as it was."""
    version: int


class HearWaiverRule(Command):
    """Booking tells whether a session asks for the waiver. ``version`` as above."""

    command_type = "access.hear_waiver_rule"
    session_id: SessionId
    required: bool
    version: int


class HearReservation(Command):
    """Booking tells whether a reservation stands. ``version`` is that of the session's stream."""

    command_type = "access.hear_reservation"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    stands: bool
    version: int


class HearClient(Command):
    """Members tells that a client is known, or erased."""

    command_type = "access.hear_client"
    client_id: ClientId
    erased: bool = False


class HearBan(Command):
    """Booking tells whether somebody banned the client. ``version`` is that of the ledger."""

    command_type = "access.hear_ban"
    client_id: ClientId
    banned: bool
    until: AwareDatetime | None = None
    """``None``: until it is lifted."""
    version: int


class HearWaiver(Command):
    """Booking tells that the client accepted the waiver."""

    command_type = "access.hear_waiver"
    client_id: ClientId


class HearStaff(Command):
    """Members tells whether somebody works here. ``version`` is that of their stream."""

    command_type = "access.hear_staff"
    staff_id: StaffId
    works: bool
    version: int


class HearLocation(Command):
    """Members tells that the gym has a location, and where its clocks are."""

    command_type = "access.hear_location"
    location_id: LocationId
    time_zone: str


class HearClosure(Command):
    """Members tells that a location is closed on these days, the last included."""

    command_type = "access.hear_closure"
    closure_id: ClosureId
    location_id: LocationId
    time_zone: str
    from_date: date
    until_date: date
    reason: str


class HearClosureRemoved(Command):
    """Members tells that a location is not closed on these days after all."""

    command_type = "access.hear_closure_removed"
    closure_id: ClosureId
    location_id: LocationId


class ClosureHeard(Event):
    """The location is closed in [starts_at, ends_at): clients stay outside."""

    event_type = "access.closure_heard.v1"
    closure_id: ClosureId
    location_id: LocationId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str


class ClosureRemovalHeard(Event):
    """The location is not closed then after all: its doors open as ever."""

    event_type = "access.closure_removal_heard.v1"
    closure_id: ClosureId
    location_id: LocationId


class LocationKnown(Event):
    """The gym has this location; what happens there is in this time zone."""

    event_type = "access.location_known.v1"
    location_id: LocationId
    time_zone: str


class ClientHeard(Event):
    """The gym knows the client, or has erased them."""

    event_type = "access.client_heard.v1"
    client_id: ClientId
    erased: bool


class StaffHeard(Event):
    """Somebody works here, or no longer does. Who does may enter always."""

    event_type = "access.staff_heard.v1"
    staff_id: StaffId
    works: bool
    version: int
    """Of their stream in members."""


class ClassHeard(Event):
    """When and where a session is."""

    event_type = "access.class_heard.v1"
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: LocationId | None
    version: int
    """Of its stream in booking."""


class ReservationHeard(Event):
    """A reservation of the session stands, or no longer does."""

    event_type = "access.reservation_heard.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    stands: bool
    version: int
    """Of the session's stream in booking."""


class ClassWaiverHeard(Event):
    """Whether the session asks for the waiver."""

    event_type = "access.class_waiver_heard.v1"
    session_id: SessionId
    required: bool
    version: int
    """Of the session's stream in booking."""


class BanHeard(Event):
    """Somebody banned the client, or lifted that. Bans by rules are of booking alone."""

    event_type = "access.ban_heard.v1"
    client_id: ClientId
    banned: bool
    until: AwareDatetime | None
    """``None``: until it is lifted."""
    version: int
    """Of the client's ledger in booking."""


class WaiverHeard(Event):
    """The client accepted the waiver."""

    event_type = "access.waiver_heard.v1"
    client_id: ClientId
