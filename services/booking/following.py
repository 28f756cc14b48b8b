"""Sessions on the calendar that follow their series, each but for what was said for it alone."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from chassis.eventstore.store import Unit
from contracts.ids import ScheduleId, SessionId
from contracts.timetable import Kept, Pattern, Placement, SessionPart
from services.booking import leniency, placing
from services.booking.domain import session_changes, session_edits, spots
from services.booking.domain.class_schedule import ClassSchedule
from services.booking.domain.class_session import ClassSession, Stage, class_session
from services.booking.domain.rooms import location_calendar
from services.booking.domain.session_edits import Looks, Terms
from services.booking.timetable_commands import describe, move, record_instructor


def wanted(state: ClassSchedule, schedule_id: ScheduleId, day: date) -> Placement:
    """When and where the series has its session of that date."""
    pattern, starts_at = state.pattern_on(day), state.starts_at(day)
    return Placement(
        session_id=state.session_on(schedule_id, day), room_id=pattern.room_id,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=pattern.minutes or 0),
    )  # fmt: skip


def standing(unit: Unit, placed: Mapping[date, SessionId]) -> dict[date, SessionId]:
    """Those of the sessions that are still to come."""
    states = unit.states(class_session, placed.values())
    return {
        day: session_id
        for (day, session_id), one in zip(placed.items(), states, strict=True)
        if one.stage is Stage.SCHEDULED and one.starts_at > unit.ctx.now
    }


def kept(unit: Unit, sessions: Iterable[SessionId]) -> tuple[Kept, ...]:
    """Those of the sessions of which something was said for them alone."""
    own = {one: unit.state(class_session, one).slot.own for one in sessions}
    return tuple(Kept(session_id=one, parts=parts) for one, parts in own.items() if parts)


def keeps_its_date(session: ClassSession) -> bool:
    """Whether a session stays though its series has another weekday now: it was seen to."""
    return bool(session.slot.own)


def follow(
    unit: Unit, state: ClassSchedule, schedule_id: ScheduleId, days: Mapping[date, SessionId]
) -> tuple[date, ...]:
    """Have the sessions of these dates be what the series now says.

    Answers the dates that have no room: somebody else has it, as when they were placed. Raises
    ``Refused(SPOTS_IN_USE)`` naming all sessions whose map would lose somebody's spot.
    """
    lost = {}
    for day, session_id in days.items():
        session = unit.state(class_session, session_id)
        looks = session_edits.wanted_by(session.slot, state.pattern_on(day), Looks.of(session))
        lost[session_id] = spots.lost(session, looks.spots)
    spots.must_not_be_lost(lost)
    roomless: list[date] = []
    for day, session_id in days.items():
        at = wanted(state, schedule_id, day)
        if _stays_without(unit, at):
            roomless.append(day)
            at = at.model_copy(update={"room_id": None})
        _follow(unit, state.pattern_on(day), at)
        _look(unit, state.pattern_on(day), session_id)
    return tuple(roomless)


def _stays_without(unit: Unit, at: Placement) -> bool:
    """Whether a session without a room finds the series' taken, at its own time if it has one."""
    slot = unit.state(class_session, at.session_id).slot
    if slot.room_id is not None or slot.location_id is None or SessionPart.ROOM in slot.own:
        return False
    if SessionPart.TIME in slot.own:
        here = placing.placement(at.session_id, unit.state(class_session, at.session_id))
        at = here.model_copy(update={"room_id": at.room_id})
    return unit.state(location_calendar, slot.location_id).in_the_way(at) is not None


def _follow(unit: Unit, pattern: Pattern, at: Placement) -> None:
    """Be there when, where and with whom the series says."""
    session_id = at.session_id
    session = unit.state(class_session, session_id)
    own = session.slot.own
    moved = [] if SessionPart.TIME in own else session_changes.reschedule(
        session, session_id, at.starts_at, at.ends_at, unit.ctx.now, by_series=True
    )  # fmt: skip
    roomed = [] if SessionPart.ROOM in own else session_changes.assign_room(
        session, session_id, at.room_id, by_series=True
    )  # fmt: skip
    unit.record(class_session, session_id, roomed)
    if moved:
        move(unit, session_id, moved)
    elif roomed:
        placing.place(unit, session_id)
    if SessionPart.INSTRUCTOR not in own:
        assigned = session_changes.substitute(
            unit.state(class_session, session_id), session_id, pattern.instructor_id,
            unit.ctx.now, by_series=True,
        )  # fmt: skip
        record_instructor(unit, session_id, assigned)


def _look(unit: Unit, pattern: Pattern, session_id: SessionId) -> None:
    """Be what the series says. Rules come anew with another class type, or other overrides."""
    session = unit.state(class_session, session_id)
    terms, slot, promised = Terms.of(session), session.slot, leniency.promised(unit, session_id)
    wanted = slot.overrides if SessionPart.RULES in slot.own else pattern.overrides
    if (pattern.class_type_id, wanted) != (slot.class_type_id, slot.overrides):
        terms = placing.terms(unit, pattern.class_type_id, wanted)
    said = session_edits.follow(session, session_id, pattern, terms, promised)
    describe(unit, session_id, said)
