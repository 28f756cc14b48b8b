"""What access does because something happened in booking or members: event in, command out."""

from collections.abc import Callable
from typing import Any

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore
from chassis.streams import event_stream
from contracts.access import (
    HearBan,
    HearClass,
    HearClient,
    HearClosure,
    HearClosureRemoved,
    HearLocation,
    HearReservation,
    HearStaff,
    HearWaiver,
    HearWaiverRule,
)
from contracts.booking import (
    BookingBanImposed,
    BookingBanLifted,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
    SessionScheduled,
    WaiverRecorded,
)
from contracts.envelope import Command, Envelope, Event
from contracts.members import (
    ClientRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    PersonalDataErased,
    StaffHired,
    StaffRolesChanged,
)
from contracts.timetable import SessionChanged, SessionRescheduled
from services.access import api

ACTOR = "system:access"

Hearing = Callable[[Any, int], Command | None]
"""From an event and its stream's version to what we are to hear; ``None``: nothing new to us."""


def session_is(event: Any, version: int) -> Command:
    """A session's times; only where it was scheduled tells place and waiver."""
    return HearClass(
        session_id=event.session_id, starts_at=event.starts_at, ends_at=event.ends_at,
        location_id=getattr(event, "location_id", None), version=version,
        waiver_required=getattr(event, "waiver_required", None),
    )  # fmt: skip


def banned_is(event: BookingBanImposed, version: int) -> Command | None:
    """A ban the rules impose is of booking alone: what they paid for they may still use.

    Nor does it end a ban that somebody imposed.
    """
    if event.cause is not None:
        return None
    return HearBan(client_id=event.client_id, banned=True, until=event.until, version=version)


def lifted_is(event: BookingBanLifted, version: int) -> Command | None:
    """Nobody's ban is on any more, unless the rules lifted theirs beside one that stays."""
    if event.remaining is not None:
        return None
    return HearBan(client_id=event.client_id, banned=False, version=version)


def seat_is(event: Any, version: int, *, stands: bool) -> Command:
    """A reservation that stands, or no longer does."""
    return HearReservation(
        session_id=event.session_id, client_id=event.client_id,
        reservation_id=event.reservation_id, stands=stands, version=version,
    )  # fmt: skip


HEARS: dict[type[Event], tuple[str, str, Hearing]] = {
    SessionScheduled: ("booking", "access_session_scheduled", session_is),
    SessionRescheduled: ("booking", "access_session_rescheduled", session_is),
    ReservationMade: (
        "booking", "access_reservation_made", lambda e, v: seat_is(e, v, stands=True),
    ),
    ReservationReinstated: (
        "booking", "access_reservation_reinstated", lambda e, v: seat_is(e, v, stands=True),
    ),
    ReservationCancelled: (
        "booking", "access_reservation_cancelled", lambda e, v: seat_is(e, v, stands=False),
    ),
    SessionChanged: (
        "booking", "access_session_changed",
        lambda e, v: HearWaiverRule(
            session_id=e.session_id, required=e.waiver_required, version=v
        ),
    ),
    BookingBanImposed: ("booking", "access_ban_imposed", banned_is),
    BookingBanLifted: ("booking", "access_ban_lifted", lifted_is),
    WaiverRecorded: (
        "booking", "access_waiver_recorded", lambda e, _: HearWaiver(client_id=e.client_id),
    ),
    ClientRegistered: (
        "members", "access_client_registered", lambda e, _: HearClient(client_id=e.client_id),
    ),
    PersonalDataErased: (
        "members", "access_client_erased",
        lambda e, _: HearClient(client_id=e.client_id, erased=True),
    ),
    LocationClosureAdded: (
        "members", "access_location_closed",
        lambda e, _: HearClosure(
            closure_id=e.closure_id, location_id=e.location_id, time_zone=e.time_zone,
            from_date=e.from_date, until_date=e.until_date, reason=e.reason,
        ),
    ),
    LocationClosureRemoved: (
        "members", "access_location_not_closed",
        lambda e, _: HearClosureRemoved(closure_id=e.closure_id, location_id=e.location_id),
    ),
    LocationOpened: (
        "members", "access_location_opened",
        lambda e, _: HearLocation(location_id=e.location_id, time_zone=e.time_zone),
    ),
    StaffHired: (
        "members", "access_staff_hired",
        lambda e, v: HearStaff(staff_id=e.staff_id, works=True, version=v),
    ),
    StaffRolesChanged: (
        "members", "access_staff_roles_changed",
        lambda e, v: HearStaff(staff_id=e.staff_id, works=bool(e.roles), version=v),
    ),
}  # fmt: skip
"""Event -> the context it is of, the durable consumer's name, and what we are to hear."""


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""
    for kind, (context, name, hearing) in HEARS.items():

        async def hear(envelope: Envelope, hearing: Hearing = hearing) -> None:
            command = hearing(envelope.event, envelope.version)
            if command is None:
                return
            ctx = Context.because(envelope, ACTOR, clock.now())
            await store.carry_out(command, ctx, api.CAUSED[type(command)])

        desk.reaction(kind, hear, name=name, stream=event_stream(context))
