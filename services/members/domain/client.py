"""Client: a person the gym serves. Knows their sealed fields only, never what is in them.

Keeps      an erased client stays erased: nothing personal is recorded about them again
Stream     ``client-{client_id}``
Source     docs/rules.md, People
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never
from uuid import UUID

from chassis.decider import Aggregate, Refused
from contracts.ids import ClientId, NoteId, StaffId
from contracts.members import (
    AlertCleared,
    AlertLevel,
    AlertSet,
    ClientContactChanged,
    ClientIdentityLinked,
    ClientRegistered,
    MembersCode,
    NoteAdded,
    PersonalDataErased,
    Sealed,
    StaffAssigned,
    TagAdded,
    TagRemoved,
)

ProfileEvent: TypeAlias = (
    TagAdded | TagRemoved | NoteAdded | AlertSet | AlertCleared | StaffAssigned
)
ClientEvent: TypeAlias = (
    ClientRegistered | ClientContactChanged | ClientIdentityLinked | ProfileEvent
    | PersonalDataErased
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contact:
    """How the client is called and reached, sealed."""

    name: Sealed
    email: Sealed | None = None
    phone: Sealed | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """What the past has made of the client."""

    client_id: ClientId | None = None  # None until registered
    email: Sealed | None = None
    identities: tuple[tuple[str, Sealed], ...] = ()  # (issuer, subject)
    tags: frozenset[UUID] = frozenset()
    notes: frozenset[NoteId] = frozenset()
    alerts: frozenset[AlertLevel] = frozenset()
    looked_after_by: StaffId | None = None
    erased: bool = False

    @property
    def is_served(self) -> bool:
        """Registered and not erased."""
        return self.client_id is not None and not self.erased


def evolve(state: Client, event: ClientEvent) -> Client:
    match event:
        case ClientRegistered():
            return replace(state, client_id=event.client_id, email=event.email)
        case ClientContactChanged(email=email):
            return replace(state, email=email)
        case ClientIdentityLinked(issuer=issuer, subject=subject):
            return replace(state, identities=(*state.identities, (issuer, subject)))
        case PersonalDataErased():
            return Client(client_id=state.client_id, erased=True)
        case _:
            return _with_profile(state, event)


def _with_profile(state: Client, event: ProfileEvent) -> Client:
    match event:
        case TagAdded(tag_id=tag):
            return replace(state, tags=state.tags | {tag})
        case TagRemoved(tag_id=tag):
            return replace(state, tags=state.tags - {tag})
        case NoteAdded(note_id=note):
            return replace(state, notes=state.notes | {note})
        case AlertSet(level=level):
            return replace(state, alerts=state.alerts | {level})
        case AlertCleared(level=level):
            return replace(state, alerts=state.alerts - {level})
        case StaffAssigned(staff_id=staff):
            return replace(state, looked_after_by=staff)
    assert_never(event)


client: Aggregate[Client, ClientEvent] = Aggregate("client", Client(), evolve)


def register(state: Client, client_id: ClientId, contact: Contact) -> Sequence[ClientEvent]:
    """The gym has another client."""
    if state.erased:
        raise _erased()
    if state.client_id is not None:
        raise Refused(MembersCode.CLIENT_ALREADY_REGISTERED, "This client is already registered.")
    return [
        ClientRegistered(
            client_id=client_id, name=contact.name, email=contact.email, phone=contact.phone
        )
    ]


def change_contact(state: Client, contact: Contact) -> Sequence[ClientEvent]:
    """The client is called and reached like this now."""
    client_id = must_be_served(state)
    return [
        ClientContactChanged(
            client_id=client_id, name=contact.name, email=contact.email, phone=contact.phone
        )
    ]


def link_identity(state: Client, issuer: str, subject: Sealed) -> Sequence[ClientEvent]:
    """The client may come in with this external identity."""
    client_id = must_be_served(state)
    return [ClientIdentityLinked(client_id=client_id, issuer=issuer, subject=subject)]


def erase(state: Client) -> Sequence[ClientEvent]:
    """Everything personal about the client is gone; nothing when it is already."""
    if state.erased:
        return []
    return [PersonalDataErased(client_id=must_be_served(state))]


def must_be_served(state: Client) -> ClientId:
    """The id of a client who is registered and not erased. Raises ``Refused``."""
    if state.erased:
        raise _erased()
    if state.client_id is None:
        raise Refused(MembersCode.CLIENT_NOT_FOUND, "There is no such client.")
    return state.client_id


def _erased() -> Refused:
    return Refused(MembersCode.CLIENT_ERASED, "This client's personal data were erased.")
