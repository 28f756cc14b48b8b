"""Which rule carries out which command on the timetable."""

from chassis.eventstore.store import Rules
from contracts.booking import CancelSession
from contracts.timetable import (
    AddClosure,
    AssignRoom,
    ChangeClassType,
    ChangeProgram,
    ChangeScheduleFrom,
    ChangeSession,
    CreateSchedule,
    DefineClassType,
    DefineProgram,
    DiscardDraft,
    DraftSession,
    EndSchedule,
    HearClosure,
    HearClosureRemoved,
    HearGym,
    HearInstructor,
    HearLocation,
    HearRoom,
    PlaceOccurrences,
    PublishBookingPolicy,
    PublishDraft,
    ReinstateSession,
    RemoveClosure,
    RescheduleSession,
    RetireClassType,
    RetireProgram,
    SubstituteInstructor,
    UnassignInstructor,
)
from services.booking import (
    closures,
    hearings,
    reinstating,
    schedules,
    sessions,
    timetable_commands,
)

ASKED: Rules = {
    DefineProgram: timetable_commands.define_program,
    ChangeProgram: timetable_commands.change_program,
    RetireProgram: timetable_commands.retire_program,
    DefineClassType: timetable_commands.define_class_type,
    ChangeClassType: timetable_commands.change_class_type,
    RetireClassType: timetable_commands.retire_class_type,
    PublishBookingPolicy: timetable_commands.publish_booking_policy,
    DraftSession: timetable_commands.draft_session,
    PublishDraft: timetable_commands.publish_draft,
    DiscardDraft: timetable_commands.discard_draft,
    RescheduleSession: timetable_commands.reschedule_session,
    SubstituteInstructor: timetable_commands.substitute_instructor,
    UnassignInstructor: timetable_commands.unassign_instructor,
    AssignRoom: timetable_commands.assign_room,
    ChangeSession: timetable_commands.change_session,
    ReinstateSession: reinstating.reinstate_session,
    AddClosure: closures.add_closure,
    RemoveClosure: closures.remove_closure,
    CreateSchedule: schedules.create_schedule,
    ChangeScheduleFrom: schedules.change_schedule_from,
    EndSchedule: schedules.end_schedule,
}
"""What others ask of the timetable, over the bus."""

DUE: Rules = {
    PlaceOccurrences: schedules.place_occurrences,
    CancelSession: sessions.cancel_session,
}
"""What the clock asks: more dates of a series, and sessions a closure calls off."""

CAUSED: Rules = {
    HearLocation: hearings.hear_location,
    HearRoom: hearings.hear_room,
    HearInstructor: hearings.hear_instructor,
    HearGym: hearings.hear_gym,
    HearClosure: closures.hear_closure,
    HearClosureRemoved: closures.hear_closure_removed,
}
"""What other services' events ask."""
