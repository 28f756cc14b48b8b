"""A session's place at its location: taken, moved and given up together with the session."""

from chassis.eventstore.store import Unit
from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.ids import ClassTypeId, LocationId, SessionId
from contracts.timetable import Placement
from services.booking.domain import policies, rooms
from services.booking.domain.catalogue import ClassType, class_type, must_be_offered
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.policies import published_policies
from services.booking.domain.rooms import location_calendar
from services.booking.domain.session_edits import Terms


def in_force(unit: Unit) -> BookingPolicy:
    """The gym's booking policy at this moment."""
    return unit.state(published_policies, unit.ctx.gym_id).at(unit.ctx.now)


def offered(unit: Unit, wanted: ClassTypeId | None) -> ClassType | None:
    """The class type to plan with. Raises ``Refused`` unless the gym offers it."""
    if wanted is None:
        return None
    found = unit.state(class_type, wanted)
    must_be_offered(found)
    return found


def terms(unit: Unit, kind: ClassTypeId | None, overrides: PolicyOverrides) -> Terms:
    """What a session of that class type is held under when it is planned now."""
    gyms = in_force(unit)
    found = ClassType() if kind is None else unit.state(class_type, kind)
    own = policies.overridden(found.policy(gyms), overrides)
    return Terms(kind, found.program_id, own, gyms.version, overrides, found.overrides)


def placement(session_id: SessionId, session: ClassSession) -> Placement:
    """When and where the session takes place."""
    return Placement(
        session_id=session_id, room_id=session.slot.room_id, starts_at=session.starts_at,
        ends_at=session.ends_at,
    )  # fmt: skip


def must_be_local(unit: Unit, location_id: LocationId, time_zone: str) -> None:
    """Raise ``Refused`` when the location is known to be in another time zone."""
    rooms.must_be_local(unit.state(location_calendar, location_id), time_zone)


def place(unit: Unit, session_id: SessionId) -> None:
    """Take the room the session has now. Raises ``Refused`` when it cannot be had."""
    session = unit.state(class_session, session_id)
    location_id = session.slot.location_id
    if location_id is not None:
        wanted, calendar = (
            placement(session_id, session),
            unit.state(location_calendar, location_id),
        )
        rooms.must_be_possible(calendar, wanted)
        placed = rooms.place(calendar, location_id, [wanted], unit.ctx.now)
        unit.record(location_calendar, location_id, placed)


def lift(unit: Unit, session_id: SessionId) -> None:
    """Give up the room of a session that was called off."""
    location_id = unit.state(class_session, session_id).slot.location_id
    if location_id is not None:
        calendar = unit.state(location_calendar, location_id)
        unit.record(location_calendar, location_id, rooms.lift(calendar, location_id, [session_id]))
