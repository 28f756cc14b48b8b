"""Deciding at a door: who stands there, what is known of them, and what is recorded."""

from uuid import UUID

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.access import (
    AccessCode,
    AccessDenied,
    AccessGranted,
    DenialReason,
    EntryOutcome,
    RequestEntry,
)
from contracts.ids import ClientId, CredentialId, LocationId, StaffId
from contracts.permissions import allows
from services.access.domain import door as doors
from services.access.domain.credential import Status, credential, token, token_id
from services.access.domain.door import door, premises
from services.access.domain.entry import Arrival, Decision, EntryEvent, Shut, decide, entry
from services.access.domain.holder import Holder, holder, must_be_somebody

READ_TOKEN = "access.read_token"  # noqa: S105 - the right to say whose card a reader read


def request_entry(command: RequestEntry, unit: Unit) -> EntryOutcome:
    """Decide on what is known here and now; the decision is recorded either way.

    Raises ``Refused``: ``ALREADY_REQUESTED``, ``DOOR_NOT_FOUND``, ``WHO_IS_UNCLEAR``, ``FORBIDDEN``
    of a token, and ``CLIENT_NOT_FOUND`` when staff names who is no client of the gym.
    """
    if unit.state(entry, command.entry_id):
        raise Refused(AccessCode.ALREADY_REQUESTED, "This was decided.", field="entry_id")
    at = unit.state(door, command.door_id)
    location_id = doors.location_of(at)
    arrival, shown = _who(command, unit)
    who = arrival.client_id or arrival.staff_id
    person = unit.state(holder, who) if who is not None else Holder()
    if command.client_id is not None and unit.ctx.actor != f"client:{command.client_id}":
        must_be_somebody(person)
    whole, here = unit.states(premises, [unit.ctx.gym_id, location_id])
    lockdown = whole.lockdown if whole.lockdown is not None else here.lockdown
    shut = Shut(lockdown, here.closed_at(unit.ctx.now))
    decision = decide(arrival, person, at, shut, unit.ctx.now)
    decided = _decided(command, location_id, arrival, shown, decision)
    unit.record(entry, command.entry_id, [decided])
    return EntryOutcome(
        entry_id=command.entry_id, granted=decision.reason is None, reason=decision.reason,
        client_id=arrival.client_id, facts=decision.facts,
        session_id=decision.grant.session_id if decision.grant else None,
    )  # fmt: skip


def _who(command: RequestEntry, unit: Unit) -> tuple[Arrival, CredentialId | None]:
    """Whose token it is; the client named; or the staff member who asks."""
    if command.token_digest is not None:
        if command.client_id is not None:
            raise Refused(
                AccessCode.WHO_IS_UNCLEAR, "Show a credential or name a client.", field="client_id"
            )
        return _of_token(command.token_digest, unit)
    if command.client_id is not None:
        return Arrival(command.client_id, None, None), None
    kind, _, text = unit.ctx.actor.partition(":")
    if kind != "staff":
        raise Refused(
            AccessCode.WHO_IS_UNCLEAR, "Show a credential or name a client.", field="client_id"
        )
    return Arrival(None, StaffId(UUID(text)), None), None


def _of_token(digest: str, unit: Unit) -> tuple[Arrival, CredentialId | None]:
    if not allows(READ_TOKEN, unit.ctx.roles):
        raise Refused(AccessCode.FORBIDDEN, "Readers belong to the front desk.")
    shown = unit.state(token, token_id(digest))
    if shown is None:
        return Arrival(None, None, Status.ABSENT), None
    found = unit.state(credential, shown)
    return Arrival(found.client_id, found.staff_id, found.status), shown


def _decided(
    command: RequestEntry,
    location_id: LocationId,
    arrival: Arrival,
    shown: CredentialId | None,
    decision: Decision,
) -> EntryEvent:
    client_id: ClientId | None = arrival.client_id
    if decision.grant is None or decision.grant_id is None:
        return AccessDenied(
            entry_id=command.entry_id, door_id=command.door_id, location_id=location_id,
            client_id=client_id, staff_id=arrival.staff_id, credential_id=shown,
            reason=decision.reason or DenialReason.NO_GRANT, facts=decision.facts,
        )  # fmt: skip
    return AccessGranted(
        entry_id=command.entry_id, door_id=command.door_id, location_id=location_id,
        client_id=client_id, staff_id=arrival.staff_id, credential_id=shown,
        grant_kind=decision.grant.kind, grant_id=decision.grant_id,
        session_id=decision.grant.session_id, facts=decision.facts,
    )  # fmt: skip
