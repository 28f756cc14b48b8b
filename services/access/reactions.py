"""What access does because something happened in booking or members: event in, command out."""

from typing import Any

from chassis.hears import Hears
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
from contracts.envelope import Command, Event
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


HEARS: dict[type[Event], Hears] = {
    SessionScheduled: Hears("booking", "access_session_scheduled", session_is),
    SessionRescheduled: Hears("booking", "access_session_rescheduled", session_is),
    ReservationMade: Hears(
        "booking", "access_reservation_made", lambda e, v: seat_is(e, v, stands=True),
    ),
    ReservationReinstated: Hears(
        "booking", "access_reservation_reinstated", lambda e, v: seat_is(e, v, stands=True),
    ),
    ReservationCancelled: Hears(
        "booking", "access_reservation_cancelled", lambda e, v: seat_is(e, v, stands=False),
    ),
    SessionChanged: Hears(
        "booking", "access_session_changed",
        lambda e, v: HearWaiverRule(
            session_id=e.session_id, required=e.waiver_required, version=v
        ),
    ),
    BookingBanImposed: Hears("booking", "access_ban_imposed", banned_is),
    BookingBanLifted: Hears("booking", "access_ban_lifted", lifted_is),
    WaiverRecorded: Hears(
        "booking", "access_waiver_recorded", lambda e, _: HearWaiver(client_id=e.client_id),
    ),
    ClientRegistered: Hears(
        "members", "access_client_registered", lambda e, _: HearClient(client_id=e.client_id),
    ),
    PersonalDataErased: Hears(
        "members", "access_client_erased",
        lambda e, _: HearClient(client_id=e.client_id, erased=True),
    ),
    LocationClosureAdded: Hears(
        "members", "access_location_closed",
        lambda e, _: HearClosure(
            closure_id=e.closure_id, location_id=e.location_id, time_zone=e.time_zone,
            from_date=e.from_date, until_date=e.until_date, reason=e.reason,
        ),
    ),
    LocationClosureRemoved: Hears(
        "members", "access_location_not_closed",
        lambda e, _: HearClosureRemoved(closure_id=e.closure_id, location_id=e.location_id),
    ),
    LocationOpened: Hears(
        "members", "access_location_opened",
        lambda e, _: HearLocation(location_id=e.location_id, time_zone=e.time_zone),
    ),
    StaffHired: Hears(
        "members", "access_staff_hired",
        lambda e, v: HearStaff(staff_id=e.staff_id, works=True, version=v),
    ),
    StaffRolesChanged: Hears(
        "members", "access_staff_roles_changed",
        lambda e, v: HearStaff(staff_id=e.staff_id, works=bool(e.roles), version=v),
    ),
}  # fmt: skip
