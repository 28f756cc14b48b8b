"""A session that is only planned: on nobody's calendar until it is published."""

from contracts.booking import SessionPlan
from contracts.envelope import Command, Event
from contracts.ids import SessionId


class DraftSession(Command, SessionPlan):
    """Plan a session, or plan a draft anew. Nothing of it is decided or shown to members yet."""

    command_type = "booking.draft_session"


class PublishDraft(Command):
    """Put the session on the calendar as it was planned, under the rules of this moment."""

    command_type = "booking.publish_draft"
    session_id: SessionId


class DiscardDraft(Command):
    """Plan the session no longer."""

    command_type = "booking.discard_draft"
    session_id: SessionId


class SessionDrafted(Event, SessionPlan):
    """A session is planned so; of several the last counts."""

    event_type = "booking.session_drafted.v1"


class SessionDraftDiscarded(Event):
    """The session is planned no longer."""

    event_type = "booking.session_draft_discarded.v1"
    session_id: SessionId
