"""Profiles in a real database: what is shown of clients and staff, and forgotten."""

from datetime import date

import pytest

from chassis.tenancy import Pool
from contracts.ids import ClassTypeId, GymId, NoteId, StaffId, new_id
from contracts.members import (
    AlertCleared,
    AlertLevel,
    AlertSet,
    NoteAdded,
    PersonalDataErased,
    Qualification,
    StaffAssigned,
    StaffHired,
    StaffQualificationsSet,
    TagRemoved,
)
from contracts.permissions import Role
from services.projections import directory
from tests.component.read_models.clients import Finder, happens, joins, tagged
from tests.component.read_models.folding import People


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_profile_shows_what_was_noted_and_forgets_it_with_the_client(
    people: People, reader: Pool, find: Finder, gym_id: GymId, at_once: bool
) -> None:
    client, history = joins(people, "Mia Berg", "555 1234")
    tom, tag, gone = StaffId(new_id()), tagged(people, client, "VIP"), tagged(people, client, "x")
    red = AlertSet(client_id=client, level=AlertLevel.RED,
                   alert=people.sealed(client, "alert", "asthma"))  # fmt: skip
    yellow = red.model_copy(update={"level": AlertLevel.YELLOW})
    note = NoteAdded(client_id=client, note_id=NoteId(new_id()),
                     note=people.sealed(client, "note", "likes rowing"))  # fmt: skip
    history += happens(
        people, client, tag, gone, red, yellow, note, StaffAssigned(client_id=client, staff_id=tom),
        TagRemoved(client_id=client, tag_id=gone.tag_id),
        AlertCleared(client_id=client, level=AlertLevel.YELLOW),
    )  # fmt: skip
    for part in [history] if at_once else [[one] for one in history]:
        await people.put(part)

    _, seen = await directory.client(reader, gym_id, client)
    await people.put(happens(people, client, PersonalDataErased(client_id=client)))
    _, erased = await directory.client(reader, gym_id, client)

    assert seen is not None
    assert (seen.tags, seen.assigned_staff_id, seen.version) == (["VIP"], tom, 9)
    assert [(alert.level, alert.text) for alert in seen.alerts] == [("red", "asthma")]
    assert [(n.text, n.author) for n in seen.notes or ()] == [("likes rowing", "system:tests")]
    assert erased is not None
    assert (erased.tags, erased.alerts, erased.notes, erased.phone) == ([], [], [], None)
    assert erased.assigned_staff_id is None
    assert (await find("berg"), await find("1234"), await find(tag="VIP")) == ([], [], [])


async def test_who_was_erased_before_we_read_of_them_has_no_profile(
    people: People, reader: Pool, find: Finder, gym_id: GymId
) -> None:
    client, history = joins(people, "Mia Berg")
    history += happens(people, client, tagged(people, client, "VIP"))
    people.keys.known[gym_id, client] = None

    await people.put(history)

    _, seen = await directory.client(reader, gym_id, client)
    assert seen is not None
    assert (seen.name, seen.tags) == ("[erased]", [])
    assert await find("berg") == []


async def test_staff_are_qualified_for_what_was_said_last(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    kim, yoga, until = StaffId(new_id()), ClassTypeId(new_id()), date(2027, 12, 31)
    hired = StaffHired(
        staff_id=kim, name=people.sealed(kim, "name", "Kim"),
        email=people.sealed(kim, "email", "kim@x.de"), roles=(Role.TRAINER,),
    )  # fmt: skip
    first = StaffQualificationsSet(
        staff_id=kim, qualifications=(Qualification(class_type_id=ClassTypeId(new_id())),)
    )
    label = people.sealed(kim, "qualification", "First aid")
    then = StaffQualificationsSet(
        staff_id=kim,
        qualifications=(
            Qualification(label=label, expires_on=until), Qualification(class_type_id=yoga),
        ),
    )  # fmt: skip

    await people.put(happens(people, kim, hired, first))
    await people.put(people.recording.of("staff_member", kim, then))

    _, (seen,) = await directory.staff(reader, gym_id, None, 10)
    told = [(q.class_type_id, q.label, q.expires_on) for q in seen.qualifications]
    assert told == [(None, "First aid", until), (yoga, None, None)]
    assert (seen.roles, seen.version) == (["trainer"], 3)
