"""Positions, ids, cursors and minted ids as clients meet them."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import new_id
from gateway import ids
from gateway.faults import BadInput
from gateway.minting import minted
from gateway.positions import MalformedPosition, Position, decode, encode
from gateway.progress import Progress
from gateway.scalars import DATE_TIME

numbers = st.integers(0, 10**17)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(numbers, numbers)
def test_a_position_survives_the_journey(booking: int, members: int) -> None:
    position = Position.of(booking=booking, members=members)

    assert decode(encode(position)) == position


def test_a_position_covers_what_is_not_newer_in_any_service() -> None:
    here = Position.of(booking=5, members=3)

    assert here.covers(Position.of(booking=5))
    assert here.covers(Position.of(members=2, booking=4))
    assert not here.covers(Position.of(booking=6))
    assert not here.covers(Position.of(billing=1))
    assert Position(()).covers(Position.of(booking=0))


@pytest.mark.parametrize("text", ["", "?", "djI7", 7, None, "x" * 300, encode(Position(())) + "!"])
def test_what_we_did_not_make_is_no_position(text: object) -> None:
    with pytest.raises(MalformedPosition):
        decode(text)


@given(
    st.datetimes(timezones=st.just(UTC))
    | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001
)
def test_an_instant_goes_out_in_utc_with_z_and_comes_back(at: datetime) -> None:
    show, read = DATE_TIME.serialize, DATE_TIME.parse_value
    assert show is not None
    assert read is not None
    utc = at.astimezone(UTC)

    assert show(at) == utc.isoformat().removesuffix("+00:00") + "Z"
    assert read(show(at)) == utc


@given(instants, st.uuids())
def test_a_cursor_gives_its_keyset_back_to_its_own_list(at: datetime, value: UUID) -> None:
    text = ids.cursor("calendar", at, value)

    assert ids.time_keyset("calendar", text) == (at, value)
    with pytest.raises(BadInput):
        ids.time_keyset("my_bookings", text)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.uuids())
def test_names_make_cursors_whatever_is_in_them(name: str, value: UUID) -> None:
    assert ids.text_keyset("clients", ids.cursor("clients", name, value)) == (name, value)


@pytest.mark.parametrize("text", ["", "?", "YQ==", "////", "ä"])
def test_what_we_did_not_make_is_no_cursor(text: str) -> None:
    with pytest.raises(BadInput):
        ids.text_keyset("clients", text)


def test_a_repeated_request_names_the_same_new_thing() -> None:
    key = new_id()

    assert minted("client", key, "staff:1") == minted("client", key, "staff:1")
    others = {minted("grant", key, "staff:1"), minted("client", key, "staff:2"),
              minted("client", new_id(), "staff:1")}  # fmt: skip
    assert minted("client", key, "staff:1") not in others
    assert len(others) == 3


@pytest.mark.parametrize("key", [new_id(), uuid5(UUID(int=0), "no time in it")])
def test_a_minted_id_is_a_uuid7_born_with_its_key(key: UUID) -> None:
    made = minted("client", key, "staff:1")

    assert (made.version, made.variant) == (7, new_id().variant)
    if key.version == 7:
        assert made.int >> 80 == key.int >> 80


async def test_who_waits_for_a_view_goes_on_once_it_is_there() -> None:
    progress = Progress()
    waiting = asyncio.create_task(progress.reached("roster", 5, 5))
    await asyncio.sleep(0)

    progress.heard("roster", 4)
    progress.heard("calendar", 9)
    assert not waiting.done()
    progress.heard("roster", 6)

    assert await waiting
    assert await progress.reached("roster", 6, 0)
    assert not await progress.reached("roster", 7, 0.01)
