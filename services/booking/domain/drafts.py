"""Drafts: sessions that are planned and on nobody's calendar yet.

A draft takes no room, opens no booking and has no rules: those are of the moment it is published.
To everybody who would book, check in or change it, it is not there.
"""

from chassis.decider import Refused
from contracts.booking import BookingCode, ScheduleSession, SessionPlan
from contracts.timetable import DiscardDraft, DraftSession, SessionDraftDiscarded, SessionDrafted
from services.booking.domain import timetable
from services.booking.domain.class_session import ClassSession, SessionEvent, Stage

WHOLE = set(SessionPlan.model_fields)


def draft(state: ClassSession, command: DraftSession) -> list[SessionEvent]:
    """Plan the session so; nothing when it is planned so already."""
    if state.stage not in {Stage.ABSENT, Stage.DRAFT}:
        raise _not_a_draft()
    timetable.must_be_a_plan(command)
    drafted = SessionDrafted(**command.model_dump(include=WHOLE))
    return [] if drafted == state.draft else [drafted]


def plan(state: ClassSession) -> ScheduleSession:
    """What publishing the draft puts on the calendar."""
    return ScheduleSession(**must_be_a_draft(state).model_dump(include=WHOLE))


def discard(state: ClassSession, command: DiscardDraft) -> list[SessionEvent]:
    """Plan the session no longer."""
    must_be_a_draft(state)
    return [SessionDraftDiscarded(session_id=command.session_id)]


def must_be_a_draft(state: ClassSession) -> SessionPlan:
    """What is planned. Raises ``Refused`` when there is no such draft, or no longer."""
    if state.draft is not None:
        return state.draft
    if state.stage is Stage.ABSENT:
        raise Refused(BookingCode.SESSION_NOT_FOUND, "There is no such draft.", field="session_id")
    raise _not_a_draft()


def _not_a_draft() -> Refused:
    return Refused(
        BookingCode.ALREADY_SCHEDULED, "The session is on the calendar.", field="session_id"
    )
