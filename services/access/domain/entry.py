"""Entry: what a door decides, in the order of the checks; and the record of each decision.

Keeps      the first check that fails is the reason; what is granted rests on a grant valid now
Stream     ``entry-{entry_id}``, one event each
Source     docs/rules.md, Doors
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from chassis.decider import Aggregate
from contracts.access import (
    AccessDenied,
    AccessGranted,
    AccessGrantKind,
    DenialReason,
    EntryFacts,
    Impediment,
)
from contracts.ids import ClientId, LocationId, StaffId
from services.access.domain.class_seats import BEFORE
from services.access.domain.credential import Status
from services.access.domain.door import Closed, Door
from services.access.domain.holder import EVER, FOREVER, Grant, Holder

EntryEvent: TypeAlias = AccessGranted | AccessDenied

entry: Aggregate[bool, EntryEvent] = Aggregate("entry", initial=False, evolve=lambda _, __: True)
"""Whether the decision was made."""

_SHUT_OUT = (
    (Impediment.WAIVER_MISSING, DenialReason.WAIVER_MISSING),
    (Impediment.ON_HOLD, DenialReason.ON_HOLD),
    (Impediment.PAST_DUE, DenialReason.PAST_DUE),
)
"""With one of these, no grant counts."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who stands where. Without a client or staff member: the token belongs to nobody."""

    client_id: ClientId | None
    staff_id: StaffId | None
    shown: Status | None
    """The credential's status; ``None`` when none was shown."""


@dataclass(frozen=True, slots=True)
class Shut:
    """What keeps the doors of a place shut just now."""

    lockdown: str | None = None
    """Why they are locked."""
    closed: Closed | None = None
    """The closure this day falls into: no client is to come in."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The grant the door opens for, or why it stays shut."""

    grant_id: UUID | None = None
    grant: Grant | None = None
    reason: DenialReason | None = None
    facts: EntryFacts = field(default_factory=EntryFacts)


def decide(arrival: Arrival, person: Holder, at: Door, shut: Shut, now: datetime) -> Decision:
    """Whether the door opens for them now."""
    facts = _facts(arrival, person, at.location_id, shut, now)
    found = _grant(arrival, person, at.location_id, now)
    reason = (
        _credential(arrival, person)
        or (DenialReason.LOCKDOWN if shut.lockdown is not None else None)
        or _person(person, now)
        or _hours(arrival, at, shut, now)
        or _shut_out(arrival, person)
    )
    if reason is not None:
        return Decision(reason=reason, facts=facts)
    if found is None:
        return Decision(reason=_missing(person, at.location_id, now), facts=facts)
    return Decision(*found, facts=facts)


def _credential(arrival: Arrival, person: Holder) -> DenialReason | None:
    """A revoked credential is none; neither is one of somebody erased."""
    match arrival.shown:
        case None | Status.ACTIVE:
            return DenialReason.UNKNOWN_CREDENTIAL if person.is_erased else None
        case Status.PENDING | Status.SUSPENDED:
            return DenialReason.CREDENTIAL_SUSPENDED
        case _:
            return DenialReason.UNKNOWN_CREDENTIAL


def _person(person: Holder, now: datetime) -> DenialReason | None:
    """Whoever somebody banned stays outside, even with a seat taken before."""
    banned = Impediment.BANNED in person.impediments or now < person.banned_until
    return DenialReason.BANNED if banned else None


def _hours(arrival: Arrival, at: Door, shut: Shut, now: datetime) -> DenialReason | None:
    """Staff open up before the doors' hours, and work on closed days."""
    is_shut = shut.closed is not None or not at.is_open(now)
    return DenialReason.OUTSIDE_HOURS if is_shut and arrival.staff_id is None else None


def _shut_out(arrival: Arrival, person: Holder) -> DenialReason | None:
    if arrival.staff_id is not None:
        return None
    return next((reason for one, reason in _SHUT_OUT if one in person.impediments), None)


def _missing(person: Holder, where: LocationId | None, now: datetime) -> DenialReason:
    """Why no grant is valid, by the one that comes nearest, or the most that was ever granted."""
    near = [one for one in person.grants.values() if one.is_valid(now) and one.is_of(where)]
    if any(not one.is_in_hours(now) for one in near):
        return DenialReason.OUTSIDE_HOURS
    if near:
        return DenialReason.WAIVER_MISSING
    if any(
        grant.kind is AccessGrantKind.MEMBERSHIP and grant.valid_until < now
        for grant in person.grants.values()
    ):
        return DenialReason.MEMBERSHIP_ENDED
    return DenialReason.NO_RESERVATION if person.had_reservation else DenialReason.NO_GRANT


def _grant(
    arrival: Arrival, person: Holder, where: LocationId | None, now: datetime
) -> tuple[UUID, Grant] | None:
    """A grant valid here and now: of classes before others, of the class that starts nearest."""
    if arrival.staff_id is not None:
        always = Grant(AccessGrantKind.STAFF, EVER, FOREVER)
        return (arrival.staff_id, always) if person.works else None
    valid = [
        (grant.session_id is not None, -abs(_begins(grant) - now), grant.valid_from, grant_id)
        for grant_id, grant in person.grants.items()
        if grant.is_valid(now) and grant.is_of(where) and grant.is_in_hours(now)
        and (person.has_signed or not grant.waiver_required)
    ]  # fmt: skip
    if not valid:
        return None
    chosen = max(valid)[-1]
    return chosen, person.grants[chosen]


def _begins(grant: Grant) -> datetime:
    """When the class starts whose grant it is; of other grants it tells them apart only."""
    return grant.valid_from + BEFORE if grant.session_id is not None else grant.valid_from


def _facts(
    arrival: Arrival, person: Holder, where: LocationId | None, shut: Shut, now: datetime
) -> EntryFacts:
    here = [grant for grant in person.grants.values() if grant.is_of(where)]
    banned = now < person.banned_until < FOREVER
    return EntryFacts(
        credential=arrival.shown.value if arrival.shown is not None else None,
        next_grant_from=min((g.valid_from for g in here if g.valid_from > now), default=None),
        last_grant_until=max((g.valid_until for g in here if g.valid_until < now), default=None),
        lockdown=shut.lockdown,
        banned_until=person.banned_until if banned else None,
        closed_until=shut.closed.ends_at if shut.closed is not None else None,
        closed_for=shut.closed.reason if shut.closed is not None else None,
    )
