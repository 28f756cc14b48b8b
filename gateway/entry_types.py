"""What an entry is in GraphQL: what a door decided, for whom, and on which facts."""

from datetime import datetime
from enum import Enum

import strawberry

from contracts import access
from contracts.access import DenialReason, EntryOutcome
from contracts.ids import DoorId
from gateway import ids
from services.projections import entries

strawberry.enum(
    DenialReason, description="Why a door stays shut: the first that holds, in this order."
)


EARLY = {
    DenialReason.NO_GRANT, DenialReason.NO_RESERVATION, DenialReason.MEMBERSHIP_ENDED,
    DenialReason.OUTSIDE_HOURS,
}  # fmt: skip
"""Nothing but the hour keeps them out."""


@strawberry.enum(description="What a door did.")
class EntryResult(Enum):
    GRANTED = "granted"
    DENIED = "denied"


@strawberry.type(description="What a door decided on.")
class EntryFacts:
    credential: str | None = strawberry.field(description="Its status; null: none was shown.")
    next_grant_from: datetime | None = strawberry.field(
        description="When the next grant at this door becomes valid."
    )
    last_grant_until: datetime | None = strawberry.field(description="When the last one ended.")
    lockdown: str | None = strawberry.field(description="Why doors are locked.")
    banned_until: datetime | None = strawberry.field(
        description="Null without a ban, or for one without an end."
    )
    closed_until: datetime | None = strawberry.field(
        description="When the location opens again that is closed this day."
    )
    closed_for: str | None = strawberry.field(description="Why it is closed.")


@strawberry.type(description="What a door decided, and for whom.")
class Entry:
    id: strawberry.ID
    door_id: strawberry.ID
    at: datetime | None = strawberry.field(description="Null in the answer of a mutation.")
    result: EntryResult
    reason: DenialReason | None = strawberry.field(description="Null when the door opened.")
    client_id: strawberry.ID | None
    client_name: str | None = strawberry.field(description="Null until known, or asked at once.")
    staff_id: strawberry.ID | None
    staff_name: str | None
    session_id: strawberry.ID | None = strawberry.field(
        description="Of the class that let them in."
    )
    with_credential: bool
    facts: EntryFacts = strawberry.field(description="What it was decided on.")


def decided(door_id: DoorId, told: EntryOutcome, *, with_token: bool) -> Entry:
    """The answer of the door itself; names and the moment are for the log."""
    return Entry(
        id=ids.shown("ent", told.entry_id),
        door_id=ids.shown("door", door_id),
        at=None,
        result=EntryResult.GRANTED if told.granted else EntryResult.DENIED,
        reason=told.reason,
        client_id=ids.shown_or_null("cli", told.client_id),
        client_name=None,
        staff_id=None,
        staff_name=None,
        session_id=ids.shown_or_null("ses", told.session_id),
        with_credential=with_token,
        facts=_facts(told.facts),
    )


def opens_at(told: EntryOutcome) -> datetime | None:
    """When the door opens for who was too early; ``None`` where a grant alone would not open it."""
    at, closed_until = told.facts.next_grant_from, told.facts.closed_until
    if at is None or told.reason not in EARLY or (closed_until is not None and at < closed_until):
        return None
    return at


def shown(row: entries.Entry) -> Entry:
    """The entry as the log shows it."""
    return Entry(
        id=ids.shown("ent", row.entry_id),
        door_id=ids.shown("door", row.door_id),
        at=row.at,
        result=EntryResult.DENIED if row.reason else EntryResult.GRANTED,
        reason=DenialReason(row.reason) if row.reason else None,
        client_id=ids.shown_or_null("cli", row.client_id),
        client_name=row.client_name,
        staff_id=ids.shown_or_null("stf", row.staff_id),
        staff_name=row.staff_name,
        session_id=ids.shown_or_null("ses", row.session_id),
        with_credential=row.with_credential,
        facts=_facts(row.facts),
    )


def _facts(told: access.EntryFacts) -> EntryFacts:
    return EntryFacts(**told.model_dump())
