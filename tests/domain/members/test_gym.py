"""Rules of gyms and their owners."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.ids import GymId, LocationId, RoomId, StaffId, new_id
from contracts.members import (
    AddRoom,
    GymOwnersChanged,
    GymRegistered,
    LocationOpened,
    MembersCode,
    OpenLocation,
    RegisterGym,
    RoomAdded,
)
from services.members.domain import gym as rules
from services.members.domain.gym import Gym, GymEvent, gym

GYM, LOCATION, ROOM = GymId(new_id()), LocationId(new_id()), RoomId(new_id())
OLGA, TOM, MIA = (StaffId(new_id()) for _ in range(3))
REGISTERED = GymRegistered(
    gym_id=GYM, slug="lisbon", name="Lisbon", time_zone="Europe/Lisbon", currency="EUR"
)
OPENED = LocationOpened(location_id=LOCATION, name="Baixa", time_zone="Europe/Lisbon")
ADDED = RoomAdded(location_id=LOCATION, room_id=ROOM, name="Box", capacity=20)


def owned(*owners: StaffId) -> GymOwnersChanged:
    return GymOwnersChanged(owners=owners)


def registering(time_zone: str = "Europe/Lisbon") -> RegisterGym:
    return RegisterGym(
        gym_id=GYM, slug="lisbon", name="Lisbon", time_zone=time_zone, currency="EUR",
        owner_id=OLGA, owner_name="Olga", owner_email="o@example.com",
        owner_password="correct horse",
    )  # fmt: skip


def refusal(rule: Callable[..., Sequence[GymEvent]], *args: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        rule(*args, **named)
    return refused.value.code


def test_a_registered_gym_has_an_owner() -> None:
    assert rules.register(Gym(), registering()) == [REGISTERED, owned(OLGA)]


def test_a_gym_is_registered_once() -> None:
    state = gym.fold([REGISTERED])
    assert refusal(rules.register, state, registering()) == MembersCode.GYM_ALREADY_REGISTERED


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "europe/lisbon"])
def test_a_time_zone_that_does_not_exist_is_refused(zone: str) -> None:
    assert refusal(rules.register, Gym(), registering(zone)) == MembersCode.UNKNOWN_TIME_ZONE
    opening = OpenLocation(location_id=LOCATION, name="Baixa", time_zone=zone)
    state = gym.fold([REGISTERED])
    assert refusal(rules.open_location, state, opening) == MembersCode.UNKNOWN_TIME_ZONE


def test_a_location_opens_once() -> None:
    opening = OpenLocation(**OPENED.model_dump())
    state = gym.fold([REGISTERED])
    assert rules.open_location(state, opening) == [OPENED]
    again = gym.fold([OPENED], state)
    assert refusal(rules.open_location, again, opening) == MembersCode.LOCATION_ALREADY_OPEN


def test_a_room_belongs_to_an_open_location() -> None:
    adding = AddRoom(**ADDED.model_dump())
    state = gym.fold([REGISTERED])
    assert refusal(rules.add_room, state, adding) == MembersCode.LOCATION_NOT_FOUND
    opened = gym.fold([OPENED], state)
    assert rules.add_room(opened, adding) == [ADDED]
    added = gym.fold([ADDED], opened)
    assert refusal(rules.add_room, added, adding) == MembersCode.ROOM_ALREADY_ADDED


def test_nothing_happens_in_a_gym_that_is_not_registered() -> None:
    opening, adding = OpenLocation(**OPENED.model_dump()), AddRoom(**ADDED.model_dump())
    assert refusal(rules.open_location, Gym(), opening) == MembersCode.GYM_NOT_FOUND
    assert refusal(rules.add_room, Gym(), adding) == MembersCode.GYM_NOT_FOUND
    asked: dict[str, Any] = {"owns": False, "by_owner": True}
    assert refusal(rules.change_ownership, Gym(), TOM, **asked) == MembersCode.GYM_NOT_FOUND


def test_the_last_owner_stays() -> None:
    state = gym.fold([REGISTERED, owned(OLGA)])
    asked: dict[str, Any] = {"owns": False, "by_owner": True}
    assert refusal(rules.change_ownership, state, OLGA, **asked) == MembersCode.LAST_OWNER


def test_an_owner_may_go_when_another_stays() -> None:
    state = gym.fold([REGISTERED, owned(OLGA, TOM)])
    assert rules.change_ownership(state, OLGA, owns=False, by_owner=True) == [owned(TOM)]


@pytest.mark.parametrize(("who", "owns"), [(TOM, True), (OLGA, False)])
def test_only_an_owner_makes_or_unmakes_owners(who: StaffId, owns: bool) -> None:
    state = gym.fold([REGISTERED, owned(OLGA, MIA)])
    asked: dict[str, Any] = {"owns": owns, "by_owner": False}
    assert refusal(rules.change_ownership, state, who, **asked) == MembersCode.FORBIDDEN


def test_what_is_so_already_needs_no_right_and_changes_nothing() -> None:
    state = gym.fold([REGISTERED, owned(OLGA)])
    assert rules.change_ownership(state, OLGA, owns=True, by_owner=False) == []
    assert rules.change_ownership(state, TOM, owns=False, by_owner=False) == []


@forall(st.lists(st.tuples(st.sampled_from([OLGA, TOM, MIA]), st.booleans())))
def test_law_a_gym_always_has_an_owner(asked: list[tuple[StaffId, bool]]) -> None:
    state = gym.fold(rules.register(Gym(), registering()))
    for who, owns in asked:
        with contextlib.suppress(Refused):
            state = gym.fold(rules.change_ownership(state, who, owns=owns, by_owner=True), state)
        assert state.owners
