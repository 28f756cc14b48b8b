"""Rules of staff members and clients."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.ids import ClientId, StaffId, new_id
from contracts.members import (
    ClientContactChanged,
    ClientIdentityLinked,
    ClientRegistered,
    MembersCode,
    PersonalDataErased,
    StaffHired,
    StaffIdentityLinked,
    StaffRolesChanged,
)
from contracts.permissions import Role
from services.members.domain import client as client_rules
from services.members.domain import staff_member as staff_rules
from services.members.domain.client import Client, Contact, client
from services.members.domain.staff_member import StaffMember, staff_member

TOM, ANN = StaffId(new_id()), ClientId(new_id())
CONTACT = Contact(name="sealed name", email="sealed email", phone="sealed phone")
HIRED = StaffHired(staff_id=TOM, name="n", email="e", roles=(Role.TRAINER,))
REGISTERED = ClientRegistered(
    client_id=ANN, name="sealed name", email="sealed email", phone="sealed phone"
)
LINKED = ClientIdentityLinked(client_id=ANN, issuer="i", subject="s")
ERASED = PersonalDataErased(client_id=ANN)


def refusal(rule: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(Refused) as refused:
        rule(*args)
    return refused.value.code


def test_a_person_is_hired_with_roles_each_once_in_one_order() -> None:
    wanted = (Role.TRAINER, Role.ADMIN, Role.TRAINER)
    [hired] = staff_rules.hire(StaffMember(), TOM, "n", "e", wanted)
    assert hired == HIRED.model_copy(update={"roles": (Role.ADMIN, Role.TRAINER)})


def test_a_person_is_hired_once() -> None:
    state = staff_member.fold([HIRED])
    asked = (state, TOM, "n", "e", (Role.TRAINER,))
    assert refusal(staff_rules.hire, *asked) == MembersCode.STAFF_ALREADY_HIRED


def test_member_is_no_staff_role() -> None:
    asked = (StaffMember(), TOM, "n", "e", (Role.TRAINER, Role.MEMBER))
    assert refusal(staff_rules.hire, *asked) == MembersCode.NOT_A_STAFF_ROLE
    state = staff_member.fold([HIRED])
    assert refusal(staff_rules.change_roles, state, (Role.MEMBER,)) == MembersCode.NOT_A_STAFF_ROLE


def test_roles_are_exchanged_and_none_means_they_left() -> None:
    state = staff_member.fold([HIRED])
    assert staff_rules.change_roles(state, (Role.ADMIN,)) == [
        StaffRolesChanged(staff_id=TOM, roles=(Role.ADMIN,))
    ]
    assert staff_rules.change_roles(state, ()) == [StaffRolesChanged(staff_id=TOM, roles=())]
    assert staff_rules.change_roles(state, (Role.TRAINER, Role.TRAINER)) == []


def test_nobody_has_no_roles_to_change() -> None:
    assert refusal(staff_rules.change_roles, StaffMember(), ()) == MembersCode.STAFF_NOT_FOUND
    assert refusal(staff_rules.link_identity, StaffMember(), "i", "s") == (
        MembersCode.STAFF_NOT_FOUND
    )


def test_linking_an_identity_changes_no_role() -> None:
    state = staff_member.fold([HIRED])
    linked = staff_rules.link_identity(state, "i", "s")
    assert linked == [StaffIdentityLinked(staff_id=TOM, issuer="i", subject="s")]
    assert staff_member.fold(linked, state) == state


def test_a_client_is_registered_once() -> None:
    assert client_rules.register(Client(), ANN, CONTACT) == [REGISTERED]
    state = client.fold([REGISTERED])
    assert refusal(client_rules.register, state, ANN, CONTACT) == (
        MembersCode.CLIENT_ALREADY_REGISTERED
    )


def test_a_clients_contact_is_replaced_as_a_whole() -> None:
    state = client.fold([REGISTERED])
    changed = client_rules.change_contact(state, Contact("new name"))
    assert changed == [ClientContactChanged(client_id=ANN, name="new name")]
    assert client.fold(changed, state).email is None


def test_nobody_has_nothing_to_change_or_erase() -> None:
    nobody = Client()
    for code in (
        refusal(client_rules.change_contact, nobody, CONTACT),
        refusal(client_rules.link_identity, nobody, "i", "s"),
        refusal(client_rules.erase, nobody),
    ):
        assert code == MembersCode.CLIENT_NOT_FOUND


def test_an_erased_client_is_known_by_nothing_and_nothing_is_added() -> None:
    state = client.fold([REGISTERED, LINKED, ERASED])
    assert (state.email, state.identities, state.is_served) == (None, (), False)
    assert client_rules.erase(state) == []
    for code in (
        refusal(client_rules.register, state, ANN, CONTACT),
        refusal(client_rules.change_contact, state, CONTACT),
        refusal(client_rules.link_identity, state, "i", "s"),
    ):
        assert code == MembersCode.CLIENT_ERASED


asks = st.sampled_from(
    [
        lambda state: client_rules.register(state, ANN, CONTACT),
        lambda state: client_rules.change_contact(state, CONTACT),
        lambda state: client_rules.link_identity(state, "i", "s"),
        client_rules.erase,
    ]
)


@forall(st.lists(asks))
def test_law_after_an_erasure_nothing_is_recorded(asked: list[Callable[[Client], Any]]) -> None:
    state, erased = Client(), False
    for ask in asked:
        try:
            events = ask(state)
        except Refused:
            continue
        assert not (erased and events)
        state = client.fold(events, state)
        erased = state.erased
