"""What booking does because something happened elsewhere: event in, command out."""

from datetime import datetime

from chassis.hears import Hears
from contracts.access import AccessGranted
from contracts.booking import BarErasedClient, CheckInAtDoor, OpenLedger
from contracts.envelope import Command, Envelope, Event
from contracts.members import (
    ClientRegistered,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    PersonalDataErased,
    RoomAdded,
    StaffHired,
    StaffRolesChanged,
)
from contracts.timetable import (
    HearClosure,
    HearClosureRemoved,
    HearGym,
    HearInstructor,
    HearLocation,
    HearRoom,
)


def _then(envelope: Envelope, _: datetime) -> datetime:
    """When it happened, however late we hear of it."""
    return envelope.occurred_at


def _arrival(event: AccessGranted, _: int) -> Command | None:
    if event.client_id is None:
        return None
    return CheckInAtDoor(
        client_id=event.client_id, location_id=event.location_id, session_id=event.session_id
    )


HEARS: dict[type[Event], Hears] = {
    ClientRegistered: Hears(
        "members", "booking_open_ledger", lambda e, _: OpenLedger(client_id=e.client_id),
    ),
    PersonalDataErased: Hears(
        "members", "booking_bar_erased", lambda e, _: BarErasedClient(client_id=e.client_id),
    ),
    LocationOpened: Hears(
        "members", "booking_location_opened",
        lambda e, _: HearLocation(location_id=e.location_id, time_zone=e.time_zone),
    ),
    GymRegistered: Hears(
        "members", "booking_gym_registered",
        lambda e, _: HearGym(gym_id=e.gym_id, currency=e.currency),
    ),
    LocationClosureAdded: Hears(
        "members", "booking_location_closed",
        lambda e, _: HearClosure(
            closure_id=e.closure_id, location_id=e.location_id, time_zone=e.time_zone,
            from_date=e.from_date, until_date=e.until_date, reason=e.reason,
        ),
    ),
    LocationClosureRemoved: Hears(
        "members", "booking_location_not_closed",
        lambda e, _: HearClosureRemoved(closure_id=e.closure_id, location_id=e.location_id),
    ),
    RoomAdded: Hears(
        "members", "booking_room_added",
        lambda e, _: HearRoom(room_id=e.room_id, location_id=e.location_id),
    ),
    StaffHired: Hears(
        "members", "booking_staff_hired",
        lambda e, v: HearInstructor(staff_id=e.staff_id, works=True, version=v),
    ),
    StaffRolesChanged: Hears(
        "members", "booking_staff_roles_changed",
        lambda e, v: HearInstructor(staff_id=e.staff_id, works=bool(e.roles), version=v),
    ),
    AccessGranted: Hears("access", "booking_door_check_in", _arrival, _then),
}  # fmt: skip
