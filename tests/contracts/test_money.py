"""Amounts are written with the decimals their currency has."""

import pytest

from contracts.money import EXPONENTS, written


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1250, "EUR", "12.50 EUR"),
        (5, "USD", "0.05 USD"),
        (-1250, "EUR", "-12.50 EUR"),
        (0, "EUR", "0.00 EUR"),
        (1250, "JPY", "1250 JPY"),
        (0, "JPY", "0 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (1250, "CLF", "0.1250 CLF"),
        (100_000_000, "JPY", "100000000 JPY"),
    ],
)
def test_an_amount_is_written_with_its_currencys_decimals(
    minor: int, currency: str, text: str
) -> None:
    assert written(minor, currency) == text


def test_the_table_holds_only_what_differs_from_two_decimals() -> None:
    assert set(EXPONENTS.values()) == {0, 3, 4}
    assert all(len(one) == 3 and one.isupper() for one in EXPONENTS)
