"""Rules of a client's profile: tags, notes, alerts, who looks after them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chassis.decider import Refused
from contracts.ids import ClientId, NoteId, StaffId, new_id
from contracts.members import (
    AlertCleared,
    AlertLevel,
    AlertSet,
    ClientRegistered,
    MembersCode,
    NoteAdded,
    PersonalDataErased,
    StaffAssigned,
    TagAdded,
    TagRemoved,
)
from services.members.domain import client_profile as rules
from services.members.domain.client import Client, ClientEvent, client

ANN, TOM, NOTE, TAG = ClientId(new_id()), StaffId(new_id()), NoteId(new_id()), new_id()
REGISTERED = ClientRegistered(client_id=ANN, name="sealed")
TAGGED = TagAdded(client_id=ANN, tag_id=TAG, tag="sealed")
NOTED = NoteAdded(client_id=ANN, note_id=NOTE, note="sealed")
RED = AlertSet(client_id=ANN, level=AlertLevel.RED, alert="sealed")


def given(*events: ClientEvent) -> Client:
    return client.fold([REGISTERED, *events])


def test_a_client_is_tagged_once_and_untagged_once() -> None:
    assert rules.add_tag(given(), TAG, "sealed") == [TAGGED]
    assert rules.add_tag(given(TAGGED), TAG, "sealed otherwise") == []
    assert rules.remove_tag(given(TAGGED), TAG) == [TagRemoved(client_id=ANN, tag_id=TAG)]
    assert rules.remove_tag(given(), TAG) == []


def test_a_tag_that_was_removed_may_come_back() -> None:
    untagged = given(TAGGED, TagRemoved(client_id=ANN, tag_id=TAG))

    assert rules.add_tag(untagged, TAG, "sealed") == [TAGGED]


def test_a_client_has_so_many_tags_at_most() -> None:
    many = [TAGGED.model_copy(update={"tag_id": new_id()}) for _ in range(rules.MOST_TAGS)]

    with pytest.raises(Refused) as refused:
        rules.add_tag(given(*many), TAG, "sealed")
    assert refused.value.code == MembersCode.TOO_MANY_TAGS


def test_a_note_is_added_once_and_stays() -> None:
    assert rules.add_note(given(), NOTE, "sealed") == [NOTED]
    with pytest.raises(Refused) as refused:
        rules.add_note(given(NOTED), NOTE, "sealed")
    assert refused.value.code == MembersCode.NOTE_ALREADY_ADDED


def test_there_is_one_alert_of_a_level_set_anew_or_cleared() -> None:
    cleared = AlertCleared(client_id=ANN, level=AlertLevel.RED)

    assert rules.set_alert(given(RED), AlertLevel.RED, "sealed") == [RED]
    assert rules.clear_alert(given(RED), AlertLevel.RED) == [cleared]
    assert rules.clear_alert(given(RED), AlertLevel.YELLOW) == []
    assert rules.clear_alert(given(RED, cleared), AlertLevel.RED) == []


def test_one_staff_member_looks_after_a_client_or_nobody() -> None:
    assigned = StaffAssigned(client_id=ANN, staff_id=TOM)

    assert rules.assign_staff(given(), TOM) == [assigned]
    assert rules.assign_staff(given(assigned), TOM) == []
    assert rules.assign_staff(given(assigned), None) == [StaffAssigned(client_id=ANN)]
    assert rules.assign_staff(given(), None) == []


ASKED: list[tuple[Callable[..., Sequence[ClientEvent]], tuple[Any, ...]]] = [
    (rules.add_tag, (TAG, "s")),
    (rules.remove_tag, (TAG,)),
    (rules.add_note, (NOTE, "s")),
    (rules.set_alert, (AlertLevel.RED, "s")),
    (rules.clear_alert, (AlertLevel.RED,)),
    (rules.assign_staff, (TOM,)),
]


@pytest.mark.parametrize(("rule", "asked"), ASKED, ids=lambda each: getattr(each, "__name__", ""))
def test_nothing_is_kept_about_nobody_or_the_erased(
    rule: Callable[..., Sequence[ClientEvent]], asked: tuple[Any, ...]
) -> None:
    for state, code in (
        (Client(), MembersCode.CLIENT_NOT_FOUND),
        (given(TAGGED, NOTED, RED, PersonalDataErased(client_id=ANN)), MembersCode.CLIENT_ERASED),
    ):
        with pytest.raises(Refused) as refused:
            rule(state, *asked)
        assert refused.value.code == code


def test_erasing_forgets_the_profile() -> None:
    assert given(TAGGED, NOTED, RED, PersonalDataErased(client_id=ANN)) == Client(
        client_id=ANN, erased=True
    )
