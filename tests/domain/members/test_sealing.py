"""What is sealed opens in its place only; what is indexed is never the thing itself."""

from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from chassis.sealing import Unopenable, new_key, seal, unseal
from contracts.ids import GymId, new_id
from contracts.members import SignIn
from services.members.blind_index import BlindIndex, normalised
from services.members.sign_ins import RefreshToken

KEY, GYM, ANN = new_key(), new_id(), new_id()
INDEX = BlindIndex(bytes(32))


@forall(st.text(), st.text())
def test_law_what_is_sealed_opens_to_itself(field: str, text: str) -> None:
    assert unseal(KEY, GYM, ANN, field, seal(KEY, GYM, ANN, field, text)) == text


def test_sealing_twice_shows_nothing_in_common() -> None:
    assert seal(KEY, GYM, ANN, "name", "Ann") != seal(KEY, GYM, ANN, "name", "Ann")


@pytest.mark.parametrize(
    "place",
    [
        (new_key(), GYM, ANN, "name"),
        (KEY, new_id(), ANN, "name"),
        (KEY, GYM, new_id(), "name"),
        (KEY, GYM, ANN, "email"),
        (KEY, ANN, GYM, "name"),
    ],
)
def test_what_is_sealed_opens_nowhere_else(place: tuple[bytes, UUID, UUID, str]) -> None:
    with pytest.raises(Unopenable):
        unseal(*place, seal(KEY, GYM, ANN, "name", "Ann"))


@pytest.mark.parametrize("broken", ["", "AAAA", "not base64!", "é"])
def test_what_was_never_sealed_does_not_open(broken: str) -> None:
    with pytest.raises(Unopenable):
        unseal(KEY, GYM, ANN, "name", broken)


@pytest.mark.parametrize(
    "spelling", ["ann@example.com", " Ann@Example.COM ", "\uff41nn@example.com"]
)
def test_spellings_of_one_mailbox_have_one_index(spelling: str) -> None:
    assert normalised(spelling) == "ann@example.com"
    gym = GymId(GYM)
    assert INDEX.email(gym, spelling) == INDEX.email(gym, "ann@example.com")


def test_an_index_depends_on_gym_kind_and_secret() -> None:
    gym, other, text = GymId(GYM), GymId(new_id()), "ann@example.com"
    indexes = {
        INDEX.email(gym, text),
        INDEX.email(other, text),
        INDEX.slug(text),
        INDEX.identity(gym, "a", "bc"),
        INDEX.identity(gym, "ab", "c"),
        BlindIndex(bytes(31) + b"x").email(gym, text),
    }
    assert len(indexes) == 6


def test_requests_that_differ_in_the_password_only_are_told_apart() -> None:
    one = SignIn(gym="lisbon", email="a@b.example", password="one", address="")
    other = one.model_copy(update={"password": "other"})
    assert INDEX.request(one) == INDEX.request(one.model_copy())
    assert INDEX.request(one) != INDEX.request(other)


def test_a_refresh_token_survives_being_written() -> None:
    token = RefreshToken(GymId(GYM), ANN, bytes(range(32)))
    assert RefreshToken.read(token.text) == token
    assert len(token.text) <= 200
    assert RefreshToken.read(token.text[:-1]) is None
