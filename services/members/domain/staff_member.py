"""StaffMember: a person who works for the gym, and what they may do there.

Keeps      roles are staff roles, each once; no roles means they left
Stream     ``staff_member-{staff_id}``
Source     docs/rules.md, People
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.ids import StaffId
from contracts.members import (
    MembersCode,
    Qualification,
    Sealed,
    StaffHired,
    StaffIdentityLinked,
    StaffQualificationsSet,
    StaffRolesChanged,
)
from contracts.permissions import STAFF, Role

StaffEvent: TypeAlias = (
    StaffHired | StaffRolesChanged | StaffIdentityLinked | StaffQualificationsSet
)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """What the past has made of the staff member."""

    staff_id: StaffId | None = None  # None until hired
    roles: tuple[Role, ...] = ()


def evolve(state: StaffMember, event: StaffEvent) -> StaffMember:
    match event:
        case StaffHired():
            return replace(state, staff_id=event.staff_id, roles=event.roles)
        case StaffRolesChanged(roles=roles):
            return replace(state, roles=roles)
        case StaffIdentityLinked() | StaffQualificationsSet():
            return state
    assert_never(event)


staff_member: Aggregate[StaffMember, StaffEvent] = Aggregate("staff_member", StaffMember(), evolve)


def hire(
    state: StaffMember, staff_id: StaffId, name: Sealed, email: Sealed, roles: Iterable[Role]
) -> Sequence[StaffEvent]:
    """The person works for the gym."""
    if state.staff_id is not None:
        raise Refused(MembersCode.STAFF_ALREADY_HIRED, "This staff member is already hired.")
    return [StaffHired(staff_id=staff_id, name=name, email=email, roles=_staff_roles(roles))]


def change_roles(state: StaffMember, roles: Iterable[Role]) -> Sequence[StaffEvent]:
    """The staff member has exactly these roles; nothing when they have them already."""
    staff_id = must_be_hired(state)
    wanted = _staff_roles(roles)
    if wanted == state.roles:
        return []
    return [StaffRolesChanged(staff_id=staff_id, roles=wanted)]


def link_identity(state: StaffMember, issuer: str, subject: Sealed) -> Sequence[StaffEvent]:
    """The staff member may come in with this external identity."""
    staff_id = must_be_hired(state)
    return [StaffIdentityLinked(staff_id=staff_id, issuer=issuer, subject=subject)]


def set_qualifications(
    state: StaffMember, qualifications: Iterable[Qualification]
) -> Sequence[StaffEvent]:
    """The staff member is qualified for this, and for nothing else."""
    staff_id = must_be_hired(state)
    return [StaffQualificationsSet(staff_id=staff_id, qualifications=tuple(qualifications))]


def must_be_hired(state: StaffMember) -> StaffId:
    """The id of a staff member who exists, employed or not. Raises ``Refused``."""
    if state.staff_id is None:
        raise Refused(MembersCode.STAFF_NOT_FOUND, "There is no such staff member.")
    return state.staff_id


def _staff_roles(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Each role once, in the order of ``Role``, so that equal sets are equal tuples."""
    wanted = set(roles)
    if alien := wanted - STAFF:
        raise Refused(
            MembersCode.NOT_A_STAFF_ROLE,
            f"Staff cannot be {', '.join(sorted(alien))}.",
            field="roles",
        )
    return tuple(role for role in Role if role in wanted)
