"""Commands on the timetable: the catalogue, the gym's policy, and changes of one session.

Rules for ``EventStore.carry_out``, like those in ``sessions``. Whatever a session is changed by
here, its place at the location and its people's ledgers change in the same append.
"""

from chassis.eventstore.store import Unit
from contracts.ids import ClientId, SessionId
from contracts.timetable import (
    AssignRoom,
    ChangeClassType,
    ChangeProgram,
    ChangeSession,
    DefineClassType,
    DefineProgram,
    DiscardDraft,
    DraftSession,
    HoldMoved,
    InstructorSubstituted,
    InstructorUnassigned,
    PublishBookingPolicy,
    PublishDraft,
    RescheduleOutcome,
    RescheduleSession,
    RetireClassType,
    RetireProgram,
    SessionChanged,
    SubstituteInstructor,
    UnassignInstructor,
)
from services.booking import arrivals, deadlines, leniency, placing, seats
from services.booking.domain import (
    catalogue,
    drafts,
    holds,
    policies,
    session_changes,
    session_edits,
    spots,
)
from services.booking.domain.catalogue import class_type, program
from services.booking.domain.class_session import SessionEvent, class_session
from services.booking.domain.client_ledger import LedgerEvent, client_ledger
from services.booking.domain.policies import published_policies
from services.booking.domain.session_edits import Terms
from services.booking.sessions import schedule_session, set_deadlines


def define_program(command: DefineProgram, unit: Unit) -> None:
    state = unit.state(program, command.program_id)
    unit.record(program, command.program_id, catalogue.define_program(state, command))


def change_program(command: ChangeProgram, unit: Unit) -> None:
    state = unit.state(program, command.program_id)
    unit.record(program, command.program_id, catalogue.change_program(state, command))


def retire_program(command: RetireProgram, unit: Unit) -> None:
    state = unit.state(program, command.program_id)
    unit.record(program, command.program_id, catalogue.retire_program(state, command))


def define_class_type(command: DefineClassType, unit: Unit) -> None:
    catalogue.must_be_offered_program(unit.state(program, command.program_id))
    state = unit.state(class_type, command.class_type_id)
    unit.record(class_type, command.class_type_id, catalogue.define_class_type(state, command))


def change_class_type(command: ChangeClassType, unit: Unit) -> None:
    state = unit.state(class_type, command.class_type_id)
    unit.record(class_type, command.class_type_id, catalogue.change_class_type(state, command))


def retire_class_type(command: RetireClassType, unit: Unit) -> None:
    state = unit.state(class_type, command.class_type_id)
    unit.record(class_type, command.class_type_id, catalogue.retire_class_type(state, command))


def publish_booking_policy(command: PublishBookingPolicy, unit: Unit) -> None:
    state = unit.state(published_policies, unit.ctx.gym_id)
    published = policies.publish(state, command, unit.ctx.now)
    unit.record(published_policies, unit.ctx.gym_id, published)


def draft_session(command: DraftSession, unit: Unit) -> None:
    placing.offered(unit, command.class_type_id)
    state = unit.state(class_session, command.session_id)
    unit.record(class_session, command.session_id, drafts.draft(state, command))


def publish_draft(command: PublishDraft, unit: Unit) -> None:
    schedule_session(drafts.plan(unit.state(class_session, command.session_id)), unit)


def discard_draft(command: DiscardDraft, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    unit.record(class_session, command.session_id, drafts.discard(state, command))


def reschedule_session(command: RescheduleSession, unit: Unit) -> RescheduleOutcome:
    session_id = command.session_id
    moved = session_changes.reschedule(
        unit.state(class_session, session_id), session_id, command.starts_at, command.ends_at,
        unit.ctx.now,
    )  # fmt: skip
    return move(unit, session_id, moved)


def move(unit: Unit, session_id: SessionId, moved: list[SessionEvent]) -> RescheduleOutcome:
    """Record that the session moved, with its room, its deadlines and its people's time.

    Nobody is checked in to what begins much later than what they came to.
    """
    if not moved:
        return RescheduleOutcome()
    started_at = unit.state(class_session, session_id).starts_at
    unit.record(class_session, session_id, moved)
    placing.place(unit, session_id)
    unit.forget(deadlines.called_off(session_id))  # it is not closed where it has been placed
    set_deadlines(unit, session_id)
    gains = _moved(unit, session_id)
    seats.gain(unit, gains, freed=[session_id])
    _still_wait(unit, session_id)
    arrivals.leave_behind(unit, session_id, started_at)
    return RescheduleOutcome(
        overlapping=tuple(
            client
            for client, held in gains
            for one in held
            if isinstance(one, HoldMoved) and one.overlaps
        )
    )


def _still_wait(unit: Unit, session_id: SessionId) -> None:
    """Have the ledgers of those in line know it for as long as it lasts."""
    session = unit.state(class_session, session_id)
    ledgers = unit.states(client_ledger, session.waiting)
    for client, ledger in zip(session.waiting, ledgers, strict=True):
        if session_id in ledger.lines:
            stood = holds.stand(ledger, client, session_id, session.starts_at, unit.ctx.now)
            unit.record(client_ledger, client, stood)


def _moved(unit: Unit, session_id: SessionId) -> list[tuple[ClientId, list[LedgerEvent]]]:
    """What it is for the ledgers of those who booked it that it is at this time, and of this kind.

    Who gave their seat up late may yet take it back; until then it counts towards limits.
    """
    session = unit.state(class_session, session_id)
    booked = {**session.late_cancelled, **session.reserved}
    unit.states(client_ledger, booked)
    return [
        (client, holds.move(
            unit.state(client_ledger, client).holds, client, one.reservation_id, session.occasion
        ))
        for client, one in booked.items()
    ]  # fmt: skip


def substitute_instructor(command: SubstituteInstructor, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    changed = session_changes.substitute(
        state, command.session_id, command.instructor_id, unit.ctx.now
    )
    record_instructor(unit, command.session_id, changed)


def unassign_instructor(command: UnassignInstructor, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    changed = session_changes.unassign(state, command.session_id, unit.ctx.now)
    record_instructor(unit, command.session_id, changed)


def record_instructor(unit: Unit, session_id: SessionId, changed: list[SessionEvent]) -> None:
    """Record who gives the class. Who may leave freely now may swap the seat for another."""
    unit.record(class_session, session_id, changed)
    seats.offer(unit, *_asked_again(unit, changed))


def _asked_again(unit: Unit, changed: list[SessionEvent]) -> list[SessionId]:
    """The sessions that passed those over who may leave this one until later now."""
    longer = InstructorSubstituted | InstructorUnassigned | SessionChanged
    free = [
        one.client_id for event in changed if isinstance(event, longer) for one in event.deadlines
    ]
    return [session for ledger in unit.states(client_ledger, free) for session in ledger.missed]


def assign_room(command: AssignRoom, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    changed = session_changes.assign_room(state, command.session_id, command.room_id)
    unit.record(class_session, command.session_id, changed)
    placing.place(unit, command.session_id)


def change_session(command: ChangeSession, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    terms, promised = Terms.of(state), leniency.promised(unit, command.session_id)
    if command.overrides not in (None, state.slot.overrides):
        terms = placing.terms(unit, state.slot.class_type_id, command.overrides)
    changed = session_edits.change(state, command, terms, promised, unit.ctx.now)
    describe(unit, command.session_id, changed)


def describe(unit: Unit, session_id: SessionId, changed: list[SessionEvent]) -> None:
    """Record what the session is now, if that is new, with spots for those without.

    Limits count its seats by its program. Free seats are the line's, and who may leave freely now
    may swap the seat for another.
    """
    if not changed:
        return
    program_before = unit.state(class_session, session_id).slot.program_id
    session = unit.record(class_session, session_id, changed)
    unit.record(class_session, session_id, spots.seat_the_spotless(session, session_id))
    set_deadlines(unit, session_id)
    freed = [session_id, *_asked_again(unit, changed)]
    is_another = session.slot.program_id != program_before
    seats.gain(unit, _moved(unit, session_id) if is_another else (), freed=freed)
