"""Clients: registered, reached, described, and forgotten on request."""

from enum import StrEnum
from uuid import UUID

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    NoteId,
)
from contracts.members.words import Email, Name, Password, Phone, Prose, Sealed, Short, Tag


class AlertLevel(StrEnum):
    """How loud an alert is. A client has at most one of each."""

    RED = "red"
    YELLOW = "yellow"


class RegisterClient(Command):
    """Take a person on as a client. With an e-mail and a password they can sign in."""

    command_type = "members.register_client"
    client_id: ClientId
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    password: Password | None = None


class ChangeClientContact(Command):
    """The client's name, e-mail and phone are these now."""

    command_type = "members.change_client_contact"
    client_id: ClientId
    name: Name
    email: Email | None = None
    phone: Phone | None = None


class AddTag(Command):
    """Tag the client; a tag they have already, letter case aside, stays as it is."""

    command_type = "members.add_tag"
    client_id: ClientId
    tag: Tag


class RemoveTag(Command):
    """Take a tag off the client."""

    command_type = "members.remove_tag"
    client_id: ClientId
    tag: Tag


class AddNote(Command):
    """Keep a note about the client, in the name of who writes it."""

    command_type = "members.add_note"
    client_id: ClientId
    note_id: NoteId
    text: Prose


class SetAlert(Command):
    """Show this wherever the client is shown, instead of an earlier alert of the level."""

    command_type = "members.set_alert"
    client_id: ClientId
    level: AlertLevel
    text: Short


class ClearAlert(Command):
    """The client's alert of this level is no longer true."""

    command_type = "members.clear_alert"
    client_id: ClientId
    level: AlertLevel


class EraseClient(Command):
    """Destroy the person's key: everything personal about them becomes unreadable."""

    command_type = "members.erase_client"
    client_id: ClientId


class ClientRegistered(Event):
    """The gym has another client."""

    event_type = "members.client_registered.v1"
    client_id: ClientId
    name: Sealed
    email: Sealed | None = None
    phone: Sealed | None = None


class ClientContactChanged(Event):
    """A client's name, e-mail and phone are these now."""

    event_type = "members.client_contact_changed.v1"
    client_id: ClientId
    name: Sealed
    email: Sealed | None = None
    phone: Sealed | None = None


class TagAdded(Event):
    """The client is tagged."""

    event_type = "members.tag_added.v1"
    client_id: ClientId
    tag_id: UUID
    """A keyed hash of the tag, of this client only; as lost as the tag once they are erased."""
    tag: Sealed


class TagRemoved(Event):
    """The client is not tagged so any more."""

    event_type = "members.tag_removed.v1"
    client_id: ClientId
    tag_id: UUID


class NoteAdded(Event):
    """Somebody noted something about the client; the envelope tells who and when."""

    event_type = "members.note_added.v1"
    client_id: ClientId
    note_id: NoteId
    note: Sealed


class AlertSet(Event):
    """The client has this alert of the level, and no other."""

    event_type = "members.alert_set.v1"
    client_id: ClientId
    level: AlertLevel
    alert: Sealed


class AlertCleared(Event):
    """The client has no alert of the level any more."""

    event_type = "members.alert_cleared.v1"
    client_id: ClientId
    level: AlertLevel


class PersonalDataErased(Event):
    """The person's key is destroyed; read models and caches must forget them."""

    event_type = "members.personal_data_erased.v1"
    client_id: ClientId
