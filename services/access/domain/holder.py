"""Holder: a client or staff member at our doors, what lets them in and what keeps them out.

Keeps      a grant is valid in [valid_from, valid_until] and nowhere else; the erased are let in by
           nothing
Rules      here the grants the desk gives; in ``class_seats`` those of classes, in ``hearing`` what
           members and booking tell of somebody; what a door makes of all that is in ``entry``
Stream     ``holder-{client_id}`` or ``holder-{staff_id}``; class grants are written ahead of time
Source     docs/rules.md, Doors
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from chassis.decider import Aggregate, Refused
from contracts.access import (
    AccessCode,
    AccessGrantKind,
    BanHeard,
    ClientHeard,
    EndEntryGrant,
    GrantClosed,
    GrantEntry,
    GrantMoved,
    GrantOpened,
    HolderEquipped,
    Impediment,
    ImpedimentCleared,
    ImpedimentSet,
    OpenHours,
    SetImpediment,
    StaffHeard,
    WaiverHeard,
)
from contracts.ids import CredentialId, LocationId, SessionId
from services.access.domain.door import must_be_hours, within

HolderEvent: TypeAlias = (
    GrantOpened
    | GrantMoved
    | GrantClosed
    | ImpedimentSet
    | ImpedimentCleared
    | ClientHeard
    | StaffHeard
    | HolderEquipped
    | BanHeard
    | WaiverHeard
)

EVER = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grant:
    """What lets somebody in, when and where."""

    kind: AccessGrantKind
    valid_from: datetime  # UTC
    valid_until: datetime  # UTC; FOREVER until it is ended
    location_id: LocationId | None = None  # None: everywhere
    session_id: SessionId | None = None
    waiver_required: bool = False
    location_ids: tuple[LocationId, ...] = ()  # empty: everywhere
    hours: tuple[OpenHours, ...] = ()  # empty: always
    time_zone: str = "UTC"  # of the hours

    def is_valid(self, now: datetime) -> bool:
        return self.valid_from <= now <= self.valid_until

    def is_of(self, where: LocationId | None) -> bool:
        """Whether it is good for the doors of that location."""
        return self.location_id in (None, where) and (
            not self.location_ids or where in self.location_ids
        )

    def is_in_hours(self, now: datetime) -> bool:
        return within(self.hours, self.time_zone, now)


@dataclass(frozen=True, slots=True)
class Holder:
    """What the past has made of somebody at our doors."""

    is_known: bool = False  # as a client
    is_erased: bool = False
    works: bool = False
    heard_version: int = 0  # of a staff member's stream in members
    grants: Mapping[UUID, Grant] = field(default_factory=dict)
    impediments: frozenset[Impediment] = frozenset()
    had_reservation: bool = False
    credentials: tuple[CredentialId, ...] = ()
    banned_until: datetime = EVER  # UTC, by somebody at the gym; FOREVER until it is lifted
    ban_version: int = 0  # of the client's ledger in booking
    has_signed: bool = False  # the waiver


def _evolve(state: Holder, event: HolderEvent) -> Holder:
    match event:
        case GrantOpened() | GrantMoved() | GrantClosed():
            return _granted(state, event)
        case ImpedimentSet():
            return replace(state, impediments=state.impediments | {event.impediment})
        case ImpedimentCleared():
            return replace(state, impediments=state.impediments - {event.impediment})
        case HolderEquipped():
            return replace(state, credentials=(*state.credentials, event.credential_id))
        case _:
            return _heard(state, event)


def _heard(state: Holder, event: ClientHeard | StaffHeard | BanHeard | WaiverHeard) -> Holder:
    match event:
        case ClientHeard():
            return replace(state, is_known=True, is_erased=state.is_erased or event.erased)
        case BanHeard():
            until = (event.until or FOREVER) if event.banned else EVER
            return replace(state, banned_until=until, ban_version=event.version)
        case WaiverHeard():
            return replace(state, has_signed=True)
        case StaffHeard():
            return replace(state, works=event.works, heard_version=event.version)


def _granted(state: Holder, event: GrantOpened | GrantMoved | GrantClosed) -> Holder:
    match event:
        case GrantOpened():
            return _opened(state, event)
        case GrantMoved():
            moved = replace(
                state.grants[event.grant_id], valid_from=event.valid_from,
                valid_until=event.valid_until, location_id=event.location_id,
                waiver_required=event.waiver_required,
            )  # fmt: skip
            return replace(state, grants={**state.grants, event.grant_id: moved})
        case GrantClosed():
            return _closed(state, event)


def _opened(state: Holder, event: GrantOpened) -> Holder:
    """Class grants that are over are forgotten here, so that regulars' streams stay light."""
    kept = {
        grant_id: grant for grant_id, grant in state.grants.items()
        if grant.kind is not AccessGrantKind.CLASS or grant.valid_until >= event.given_at
    }  # fmt: skip
    kept[event.grant_id] = Grant(
        event.kind, event.valid_from, event.valid_until or FOREVER, event.location_id,
        event.session_id, event.waiver_required, event.location_ids, event.hours, event.time_zone,
    )  # fmt: skip
    is_class = event.kind is AccessGrantKind.CLASS
    return replace(state, grants=kept, had_reservation=state.had_reservation or is_class)


def _closed(state: Holder, event: GrantClosed) -> Holder:
    """An ended membership is remembered, and that there was a reservation: they are reasons."""
    rest = {i: grant for i, grant in state.grants.items() if i != event.grant_id}
    grant = state.grants.get(event.grant_id)
    if grant is None or grant.kind is not AccessGrantKind.MEMBERSHIP:
        return replace(state, grants=rest, had_reservation=True)
    ended = replace(grant, valid_until=min(grant.valid_until, event.closed_at))
    return replace(state, grants={**rest, event.grant_id: ended})


holder: Aggregate[Holder, HolderEvent] = Aggregate("holder", Holder(), _evolve)


def open_grant(state: Holder, command: GrantEntry, now: datetime) -> list[HolderEvent]:
    """Let the client enter, in the doors' hours."""
    must_be_client(state)
    must_be_hours(command.hours, command.time_zone)
    if command.grant_id in state.grants:
        raise Refused(AccessCode.ALREADY_GRANTED, "This grant was given.", field="grant_id")
    valid_from = command.valid_from or now
    if command.valid_until is not None and command.valid_until <= valid_from:
        raise Refused(
            AccessCode.ENDS_BEFORE_IT_STARTS, "A grant ends after it starts.", field="valid_until"
        )
    return [
        GrantOpened(
            client_id=command.client_id, grant_id=command.grant_id,
            kind=AccessGrantKind.MEMBERSHIP, valid_from=valid_from,
            valid_until=command.valid_until, given_at=now, location_ids=command.location_ids,
            hours=command.hours, time_zone=command.time_zone,
        )
    ]  # fmt: skip


def end_entry_grant(state: Holder, command: EndEntryGrant, now: datetime) -> list[HolderEvent]:
    """The client may no longer enter by this grant. Idempotent."""
    grant = state.grants.get(command.grant_id)
    if grant is None or grant.kind is not AccessGrantKind.MEMBERSHIP:
        raise Refused(AccessCode.GRANT_NOT_FOUND, "There is no such grant.", field="grant_id")
    if grant.valid_until <= now:
        return []
    return [GrantClosed(client_id=command.client_id, grant_id=command.grant_id, closed_at=now)]


def set_impediment(state: Holder, command: SetImpediment) -> list[HolderEvent]:
    """Keep the client out for this reason, or no longer. Idempotent."""
    must_be_client(state)
    if command.present == (command.impediment in state.impediments):
        return []
    kind = ImpedimentSet if command.present else ImpedimentCleared
    return [kind(client_id=command.client_id, impediment=command.impediment)]


def must_be_client(state: Holder) -> None:
    """Raises ``Refused`` unless members told of the client."""
    if not state.is_known or state.is_erased:
        raise _no_such_client()


def must_be_somebody(state: Holder) -> None:
    """Raises ``Refused`` unless members told of the client, erased or not, or booking of a seat."""
    if not state.is_known and not state.had_reservation:
        raise _no_such_client()


def _no_such_client() -> Refused:
    return Refused(AccessCode.CLIENT_NOT_FOUND, "There is no such client.", field="client_id")


def must_work_here(state: Holder) -> None:
    """Raises ``Refused`` unless members told that they work here."""
    if not state.works:
        raise Refused(
            AccessCode.STAFF_NOT_FOUND, "There is no such staff member.", field="staff_id"
        )
