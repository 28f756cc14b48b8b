"""Profiles through commands, on real databases: what is kept, and in which form."""

from datetime import date
from uuid import UUID

import asyncpg
import pytest

from chassis.decider import Refused
from contracts.ids import ClassTypeId, ClientId, NoteId, StaffId, new_id
from contracts.members import (
    AddNote,
    AddTag,
    AlertLevel,
    AssignStaff,
    EraseClient,
    MembersCode,
    RemoveTag,
    SetAlert,
    SetStaffQualifications,
    Skill,
)
from contracts.permissions import Role
from services.members.commands import clients, profiles, staff
from services.members.domain.client import client
from tests.component.members.house import House

SECRETS = ("VIP guest", "likes rowing", "asthma", "First aid")


async def test_a_tag_is_one_however_it_is_spelled(house: House) -> None:
    gym = await house.gym()
    ann = (await house.client(gym.gym_id)).client_id

    for tag in ("VIP", " vip", "Vip "):
        asked = AddTag(client_id=ann, tag=tag)
        await profiles.add_tag(house.parts, asked, house.asks(gym.gym_id, Role.FRONT_DESK))
    state, version = await house.store.read(gym.gym_id, client, ann)
    asked_off = RemoveTag(client_id=ann, tag="viP")
    await profiles.remove_tag(house.parts, asked_off, house.asks(gym.gym_id, Role.FRONT_DESK))
    untagged, _ = await house.store.read(gym.gym_id, client, ann)

    assert (len(state.tags), version) == (1, 2)
    assert untagged.tags == frozenset()


async def test_two_clients_with_one_tag_cannot_be_told_to_have_the_same(house: House) -> None:
    gym = await house.gym()
    marks: set[UUID] = set()
    for email in ("a@example.com", "b@example.com"):
        person = (await house.client(gym.gym_id, email=email)).client_id
        asked = AddTag(client_id=person, tag="VIP")
        await profiles.add_tag(house.parts, asked, house.asks(gym.gym_id, Role.OWNER))
        state, _ = await house.store.read(gym.gym_id, client, person)
        marks |= state.tags

    assert len(marks) == 2


async def test_what_is_noted_is_stored_sealed_only(house: House) -> None:
    gym = await house.gym()
    ann = (await house.client(gym.gym_id)).client_id
    tom = (await house.staff(gym.gym_id, Role.TRAINER)).staff_id
    asks = house.asks
    at_desk = (gym.gym_id, Role.FRONT_DESK)
    note = AddNote(client_id=ann, note_id=NoteId(new_id()), text="likes rowing")
    alert = SetAlert(client_id=ann, level=AlertLevel.RED, text="asthma")
    skills = (
        Skill(label="First aid", expires_on=date(2028, 1, 1)),
        Skill(class_type_id=ClassTypeId(new_id())),
    )

    await profiles.add_tag(house.parts, AddTag(client_id=ann, tag="VIP guest"), asks(*at_desk))
    await profiles.add_note(house.parts, note, asks(*at_desk))
    await profiles.set_alert(house.parts, alert, asks(*at_desk))
    await staff.set_qualifications(
        house.parts, SetStaffQualifications(staff_id=tom, qualifications=skills),
        asks(gym.gym_id, Role.OWNER),
    )  # fmt: skip

    admin = await asyncpg.connect(house.admin_dsn)
    stored = await admin.fetch("SELECT data, meta FROM es.events WHERE gym_id = $1", gym.gym_id)
    await admin.close()
    everything = b"\n".join(bytes(row["data"]) + bytes(row["meta"] or b"") for row in stored)
    assert b"qualification" in everything
    assert [secret for secret in SECRETS if secret.encode() in everything] == []


async def test_nothing_is_noted_about_nobody_or_the_erased(house: House) -> None:
    gym = await house.gym()
    ann, nobody = (await house.client(gym.gym_id)).client_id, ClientId(new_id())
    ctx = house.asks(gym.gym_id, Role.OWNER)
    await clients.erase_client(house.parts, EraseClient(client_id=ann), ctx)

    for person, code in ((ann, MembersCode.CLIENT_ERASED), (nobody, MembersCode.CLIENT_NOT_FOUND)):
        asked = AddTag(client_id=person, tag="VIP")
        with pytest.raises(Refused) as refused:
            await profiles.add_tag(house.parts, asked, house.asks(gym.gym_id, Role.OWNER))
        assert refused.value.code == code
    assert await house.parts.vault.keys(gym.gym_id, [nobody]) == {}


async def test_only_who_works_here_looks_after_clients(house: House) -> None:
    gym = await house.gym()
    ann = (await house.client(gym.gym_id)).client_id
    tom = (await house.staff(gym.gym_id, Role.TRAINER)).staff_id

    async def assign(someone: StaffId) -> None:
        asked = AssignStaff(client_id=ann, staff_id=someone)
        await profiles.assign_staff(house.parts, asked, house.asks(gym.gym_id, Role.OWNER))

    await assign(tom)
    with pytest.raises(Refused) as refused:
        await assign(StaffId(new_id()))

    assert refused.value.code == MembersCode.STAFF_NOT_FOUND
    state, _ = await house.store.read(gym.gym_id, client, ann)
    assert state.looked_after_by == tom
