"""Staff: hired, given roles, qualified, assigned to clients."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    ClientId,
    StaffId,
)
from contracts.members.words import Email, Name, Password, Sealed, Tag
from contracts.permissions import Role
from contracts.times import Day


class Skill(BaseModel):
    """What a staff member is to be qualified for: a class type or something said freely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    class_type_id: ClassTypeId | None = None
    label: Tag | None = None
    expires_on: Day | None = None
    """The last day it is good for; ``None``: it does not expire."""

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.class_type_id is None) == (self.label is None):
            raise ValueError("name a class type or a label, not both")
        return self


class Qualification(BaseModel):
    """A ``Skill`` as it is stored: what was said freely is personal."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    class_type_id: ClassTypeId | None = None
    label: Sealed | None = None
    expires_on: date | None = None


class HireStaff(Command):
    """Give a person roles at the gym. With a password they can sign in at once."""

    command_type = "members.hire_staff"
    staff_id: StaffId
    name: Name
    email: Email
    roles: tuple[Role, ...] = Field(min_length=1)
    password: Password | None = None


class ChangeStaffRoles(Command):
    """Give a staff member other roles; none ends their employment."""

    command_type = "members.change_staff_roles"
    staff_id: StaffId
    roles: tuple[Role, ...]


class SetStaffQualifications(Command):
    """What the staff member may teach or do, all of it: what is left out is gone."""

    command_type = "members.set_staff_qualifications"
    staff_id: StaffId
    qualifications: tuple[Skill, ...] = Field(max_length=50)


class AssignStaff(Command):
    """A staff member looks after the client; nobody in particular without one."""

    command_type = "members.assign_staff"
    client_id: ClientId
    staff_id: StaffId | None = None


class StaffHired(Event):
    """A person works for the gym."""

    event_type = "members.staff_hired.v1"
    staff_id: StaffId
    name: Sealed
    email: Sealed
    roles: tuple[Role, ...]


class StaffRolesChanged(Event):
    """A staff member has these roles now; none means they left."""

    event_type = "members.staff_roles_changed.v1"
    staff_id: StaffId
    roles: tuple[Role, ...]


class StaffQualificationsSet(Event):
    """What the staff member may teach or do, all of it."""

    event_type = "members.staff_qualifications_set.v1"
    staff_id: StaffId
    qualifications: tuple[Qualification, ...]


class StaffAssigned(Event):
    """A staff member looks after the client; ``None``: nobody in particular."""

    event_type = "members.staff_assigned.v1"
    client_id: ClientId
    staff_id: StaffId | None = None
