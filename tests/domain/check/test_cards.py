"""Numbers of cards are told from other digits."""

import pytest

from contracts.ids import new_id
from deploy.check.cards import cards_in

VISA, AMEX = "4111111111111111", "378282246310005"


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        "5555555555554444",
        "2223003122003222",
        "6011111111111117",
        "3530111333300000",
        AMEX,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        '{"note": "card 4111 1111 1111 1111, expires 04/30"}',
        '("4111 1111 1111 1111",1)',
    ],
)
def test_a_card(text: str) -> None:
    assert cards_in(text.encode()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the check digit
        "9111111111111111",
        "411111111111111",
        "+4915123456789",
        "1764352800000000",
        f"x{VISA}",
        f"{VISA}A==",
        f"{VISA}{VISA}",
        "2026-11-28 19:00:55.123456+00",
    ],
)
def test_something_else(text: str) -> None:
    assert cards_in(text.encode()) == 0


def test_ids_are_no_cards() -> None:
    ids = [new_id() for _ in range(2000)]
    text = " ".join([*map(str, ids), *(one.hex for one in ids)])

    assert cards_in(text.encode()) == 0


def test_each_is_found() -> None:
    assert cards_in(f"{VISA}, {AMEX}".encode()) == 2
