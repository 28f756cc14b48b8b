"""Commands on a session: put on the calendar with its deadlines, resized, called off."""

from dataclasses import replace

from chassis.eventstore.store import Unit
from contracts.booking import (
    CancelSession,
    ChangeCapacity,
    CreditReleased,
    ScheduleSession,
)
from contracts.ids import SessionId
from services.booking import closing, deadlines, placing, seats, starting, waitlists
from services.booking.domain import holds, policies, timetable
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger


def schedule_session(command: ScheduleSession, unit: Unit) -> None:
    placing.must_be_local(unit, command.location_id, command.time_zone)
    placing.offered(unit, command.class_type_id)
    session_id, own = command.session_id, command.policy
    terms = placing.terms(unit, command.class_type_id, command.overrides)
    if own is not None:
        terms = replace(terms, policy=policies.overridden(own, command.overrides))
    state = unit.state(class_session, session_id)
    scheduled = timetable.schedule(state, command, unit.ctx.now, terms=terms)
    unit.record(class_session, session_id, scheduled)
    placing.place(unit, session_id)
    set_deadlines(unit, session_id)


def set_deadlines(unit: Unit, session_id: SessionId) -> None:
    """Have the line dissolve and the books close when the session's times say so."""
    waitlists.close_at_start(unit, session_id)
    closing.in_time(unit, session_id)
    waitlists.keep_offers_in_phase(unit, session_id)
    waitlists.tell_of_claims(unit, session_id)


def change_capacity(command: ChangeCapacity, unit: Unit) -> None:
    state = starting.counted(unit, command.session_id)
    unit.record(class_session, command.session_id, timetable.change_capacity(state, command))
    seats.offer(unit, command.session_id)


def cancel_session(command: CancelSession, unit: Unit) -> None:
    """Call it off: its room is free, its deadlines are gone, and every seat is undone for nothing.

    Late cancels too. Raises ``Refused`` unless the session is on (B2).
    """
    before = unit.state(class_session, command.session_id)
    unit.record(class_session, command.session_id, timetable.cancel_session(before, command))
    placing.lift(unit, command.session_id)
    unit.forget(deadlines.waitlist_closes(command.session_id))
    unit.forget(deadlines.attendance_closes(command.session_id))
    unit.forget(deadlines.unrecorded_excused(command.session_id))
    undone = {**before.late_cancelled, **before.reserved}
    unit.states(client_ledger, undone)
    seats.gain(unit, (
        (client, holds.settle(
            unit.state(client_ledger, client), client, one.reservation_id, CreditReleased
        ))
        for client, one in undone.items()
    ))  # fmt: skip
