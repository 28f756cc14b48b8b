"""Access's way in: every command it serves, and how one is carried out."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.eventstore.store import Done, EventStore, Rule, Rules
from contracts.access import (
    ActivateCredential,
    AddDoor,
    EndEntryGrant,
    EndLockdown,
    GrantEntry,
    HearBan,
    HearClass,
    HearClient,
    HearClosure,
    HearClosureRemoved,
    HearLocation,
    HearReservation,
    HearStaff,
    HearWaiver,
    HearWaiverRule,
    IssueCredential,
    ReinstateCredential,
    RequestEntry,
    RevokeCredential,
    SetDoorSchedule,
    SetImpediment,
    StartLockdown,
    SuspendCredential,
)
from contracts.envelope import Command
from contracts.members import GymReferences, KnownReferences
from services.access import commands, entries, references
from services.access.references import NotHeard

C = TypeVar("C", bound=Command)

ASKED: Rules = {
    AddDoor: commands.add_door,
    SetDoorSchedule: commands.set_door_schedule,
    StartLockdown: commands.start_lockdown,
    EndLockdown: commands.end_lockdown,
    IssueCredential: commands.issue_credential,
    ActivateCredential: commands.activate_credential,
    SuspendCredential: commands.suspend_credential,
    ReinstateCredential: commands.reinstate_credential,
    RevokeCredential: commands.revoke_credential,
    GrantEntry: commands.grant_entry,
    EndEntryGrant: commands.end_entry_grant,
    SetImpediment: commands.set_impediment,
    RequestEntry: entries.request_entry,
}
"""What others ask of access, over the bus."""

CAUSED: Rules = {
    HearClass: commands.hear_class,
    HearReservation: commands.hear_reservation,
    HearClient: commands.hear_client,
    HearStaff: commands.hear_staff,
    HearLocation: commands.hear_location,
    HearClosure: commands.hear_closure,
    HearClosureRemoved: commands.hear_closure_removed,
    HearWaiverRule: commands.hear_waiver_rule,
    HearBan: commands.hear_ban,
    HearWaiver: commands.hear_waiver,
}
"""What other services' events ask."""

RULES: Rules = {**ASKED, **CAUSED}


class Acquaintance(Protocol):
    """Whoever keeps the places of the gym of ``ctx``."""

    async def have(self, asked: GymReferences, ctx: Context) -> KnownReferences:
        """Which of these the gym has."""


def attach(desk: Desk, store: EventStore, members: Acquaintance) -> None:
    """Register every command with the desk."""
    for kind, rule in ASKED.items():
        desk.command(kind, handler(references.checked(kind, rule), store, members))


def handler(
    rule: Rule[C], store: EventStore, members: Acquaintance
) -> Callable[[C, Context], Awaitable[Done]]:
    """Carries out ``rule``; a location that only members knows of yet, it hears of first."""

    async def handle(command: C, ctx: Context) -> Done:
        try:
            return await store.carry_out(command, ctx, rule)
        except NotHeard as missing:
            named = missing.locations
        known = await members.have(GymReferences(location_ids=named), ctx)
        references.must_be_known(command, named, known)
        return await store.carry_out(command, ctx, references.hearing(known, rule))

    return handle
