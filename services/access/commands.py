"""From a command to the streams it concerns: what is looked at, in which order, and recorded.

Every function here is a rule for ``EventStore.carry_out``: run on fresh states, again if another
was faster, all or nothing. What is allowed is decided in ``domain``.
"""

from collections.abc import Iterable
from uuid import UUID

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.access import (
    AccessCode,
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
    HolderEquipped,
    IssueCredential,
    ReinstateCredential,
    RevokeCredential,
    SetDoorSchedule,
    SetImpediment,
    StartLockdown,
    SuspendCredential,
    TokenBound,
)
from contracts.ids import LocationId, ReservationId, SessionId
from services.access.domain import class_seats as classes
from services.access.domain import credential as credentials
from services.access.domain import door as doors
from services.access.domain import hearing
from services.access.domain import holder as holders
from services.access.domain.class_seats import class_seats
from services.access.domain.credential import credential, token, token_id
from services.access.domain.door import door, premises
from services.access.domain.holder import holder


def add_door(command: AddDoor, unit: Unit) -> None:
    state = unit.state(door, command.door_id)
    unit.record(door, command.door_id, doors.add_door(state, command))


def set_door_schedule(command: SetDoorSchedule, unit: Unit) -> None:
    state = unit.state(door, command.door_id)
    changed = doors.set_schedule(state, command)
    where = unit.state(premises, doors.location_of(state))
    doors.must_be_local(where, command.time_zone)
    unit.record(door, command.door_id, changed)


def start_lockdown(command: StartLockdown, unit: Unit) -> None:
    where = _premises(unit, command.location_id)
    unit.record(premises, where, doors.start_lockdown(unit.state(premises, where), command))


def end_lockdown(command: EndLockdown, unit: Unit) -> None:
    where = _premises(unit, command.location_id)
    unit.record(premises, where, doors.end_lockdown(unit.state(premises, where), command))


def issue_credential(command: IssueCredential, unit: Unit) -> None:
    if (command.client_id is None) == (command.staff_id is None):
        raise Refused(
            AccessCode.WHO_IS_UNCLEAR, "A credential is a client's or a staff member's.",
            field="client_id",
        )  # fmt: skip
    if command.client_id is not None:
        holders.must_be_client(unit.state(holder, command.client_id))
    elif command.staff_id is not None:
        holders.must_work_here(unit.state(holder, command.staff_id))
    one, named = command.credential_id, token_id(command.token_digest)
    if unit.state(token, named) is not None:
        raise Refused(AccessCode.ALREADY_ISSUED, "This token is in use.", field="token_digest")
    unit.record(credential, one, credentials.issue(unit.state(credential, one), command))
    unit.record(token, named, [TokenBound(credential_id=one)])
    owner = command.client_id or command.staff_id
    if owner is not None:
        equipped = HolderEquipped(
            client_id=command.client_id, staff_id=command.staff_id, credential_id=one
        )
        unit.record(holder, owner, [equipped])


def activate_credential(command: ActivateCredential, unit: Unit) -> None:
    one = command.credential_id
    unit.record(credential, one, credentials.activate(unit.state(credential, one), command))


def suspend_credential(command: SuspendCredential, unit: Unit) -> None:
    one = command.credential_id
    unit.record(credential, one, credentials.suspend(unit.state(credential, one), command))


def reinstate_credential(command: ReinstateCredential, unit: Unit) -> None:
    one = command.credential_id
    unit.record(credential, one, credentials.reinstate(unit.state(credential, one), command))


def revoke_credential(command: RevokeCredential, unit: Unit) -> None:
    one = command.credential_id
    unit.record(credential, one, credentials.revoke(unit.state(credential, one), command))


def grant_entry(command: GrantEntry, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    unit.record(holder, command.client_id, holders.open_grant(state, command, unit.ctx.now))


def end_entry_grant(command: EndEntryGrant, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    unit.record(holder, command.client_id, holders.end_entry_grant(state, command, unit.ctx.now))


def set_impediment(command: SetImpediment, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    unit.record(holder, command.client_id, holders.set_impediment(state, command))


def hear_class(command: HearClass, unit: Unit) -> None:
    session_id = command.session_id
    heard = classes.hear_class(unit.state(class_seats, session_id), command)
    after = unit.record(class_seats, session_id, heard)
    if heard:
        _grant(unit, session_id, after.seats)


def hear_waiver_rule(command: HearWaiverRule, unit: Unit) -> None:
    session_id = command.session_id
    heard = classes.hear_waiver_rule(unit.state(class_seats, session_id), command)
    after = unit.record(class_seats, session_id, heard)
    if heard:
        _grant(unit, session_id, after.seats)


def hear_reservation(command: HearReservation, unit: Unit) -> None:
    session_id = command.session_id
    heard = classes.hear_reservation(unit.state(class_seats, session_id), command)
    unit.record(class_seats, session_id, heard)
    if heard:
        _grant(unit, session_id, [command.reservation_id])


def _grant(unit: Unit, session_id: SessionId, reservations: Iterable[ReservationId]) -> None:
    state = unit.state(class_seats, session_id)
    wanted = {one: state.seats[one].client_id for one in reservations}
    unit.states(holder, wanted.values())
    for reservation_id, client in wanted.items():
        owner = unit.state(holder, client)
        unit.record(
            holder, client,
            classes.grant_of(state, session_id, reservation_id, owner, unit.ctx.now),
        )  # fmt: skip


def hear_client(command: HearClient, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    heard = hearing.hear_client(state, command.client_id, erased=command.erased)
    unit.record(holder, command.client_id, heard)
    if command.erased and heard:
        unit.states(credential, state.credentials)
        for one in state.credentials:
            unit.record(credential, one, credentials.end(unit.state(credential, one), one))


def hear_ban(command: HearBan, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    unit.record(holder, command.client_id, hearing.hear_ban(state, command))


def hear_waiver(command: HearWaiver, unit: Unit) -> None:
    state = unit.state(holder, command.client_id)
    unit.record(holder, command.client_id, hearing.hear_waiver(state, command.client_id))


def hear_location(command: HearLocation, unit: Unit) -> None:
    where = command.location_id
    unit.record(premises, where, doors.hear_location(unit.state(premises, where), command))


def hear_closure(command: HearClosure, unit: Unit) -> None:
    where = command.location_id
    unit.record(premises, where, doors.hear_closure(unit.state(premises, where), command))


def hear_closure_removed(command: HearClosureRemoved, unit: Unit) -> None:
    where = command.location_id
    heard = doors.hear_closure_removed(unit.state(premises, where), command)
    unit.record(premises, where, heard)


def hear_staff(command: HearStaff, unit: Unit) -> None:
    state = unit.state(holder, command.staff_id)
    heard = hearing.hear_staff(
        state, command.staff_id, works=command.works, version=command.version
    )
    unit.record(holder, command.staff_id, heard)


def _premises(unit: Unit, location_id: LocationId | None) -> UUID:
    return location_id or unit.ctx.gym_id
