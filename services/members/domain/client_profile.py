"""Client profile: tags, notes, alerts, and who looks after a client. All of it sealed text.

Keeps      each tag once; one alert of each level; nothing about somebody erased
Stream     the client's own, ``client-{client_id}``
Source     docs/rules.md, People
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.decider import Refused
from contracts.ids import NoteId, StaffId
from contracts.members import (
    AlertCleared,
    AlertLevel,
    AlertSet,
    MembersCode,
    NoteAdded,
    Sealed,
    StaffAssigned,
    TagAdded,
    TagRemoved,
)
from services.members.domain.client import Client, ClientEvent, must_be_served

MOST_TAGS = 50


def add_tag(state: Client, tag_id: UUID, tag: Sealed) -> Sequence[ClientEvent]:
    """The client is tagged; nothing when they are already."""
    client_id = must_be_served(state)
    if tag_id in state.tags:
        return []
    if len(state.tags) >= MOST_TAGS:
        raise Refused(
            MembersCode.TOO_MANY_TAGS, f"A client has at most {MOST_TAGS} tags.", field="tag"
        )
    return [TagAdded(client_id=client_id, tag_id=tag_id, tag=tag)]


def remove_tag(state: Client, tag_id: UUID) -> Sequence[ClientEvent]:
    """The client is not tagged so; nothing when they were not."""
    client_id = must_be_served(state)
    return [TagRemoved(client_id=client_id, tag_id=tag_id)] if tag_id in state.tags else []


def add_note(state: Client, note_id: NoteId, note: Sealed) -> Sequence[ClientEvent]:
    """Another note; notes are never changed."""
    client_id = must_be_served(state)
    if note_id in state.notes:
        raise Refused(MembersCode.NOTE_ALREADY_ADDED, "This note is already there.")
    return [NoteAdded(client_id=client_id, note_id=note_id, note=note)]


def set_alert(state: Client, level: AlertLevel, alert: Sealed) -> Sequence[ClientEvent]:
    """The client's alert of this level, instead of an earlier one."""
    return [AlertSet(client_id=must_be_served(state), level=level, alert=alert)]


def clear_alert(state: Client, level: AlertLevel) -> Sequence[ClientEvent]:
    """No alert of this level; nothing when there was none."""
    client_id = must_be_served(state)
    return [AlertCleared(client_id=client_id, level=level)] if level in state.alerts else []


def assign_staff(state: Client, staff_id: StaffId | None) -> Sequence[ClientEvent]:
    """Who looks after the client; nothing when it is so already."""
    client_id = must_be_served(state)
    if staff_id == state.looked_after_by:
        return []
    return [StaffAssigned(client_id=client_id, staff_id=staff_id)]
