"""What clients are found by, however people spell it."""

import pytest

from services.projections.searching import Search, parsed, phone_key, tag_key, words


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("Anna Zoll", {"anna", "zoll"}),
        ("Änne  BERG", {"anne", "berg"}),
        ("Anne-Marie O'Hara", {"anne", "marie", "annemarie", "o", "hara", "ohara"}),
        ("Søren Łoś", {"soren", "los"}),
        ("Großmann", {"grossmann"}),
        ("李 小龙", {"李", "小龙"}),
        ("?!", set()),
    ],
)
def test_a_name_is_found_by_its_words_without_case_and_diacritics(
    name: str, found_by: set[str]
) -> None:
    assert words(name) == found_by


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        (None, Search()),
        ("  ", Search()),
        (" Bo@Li.DK ", Search(email="bo@li.dk")),
        ("ber ANNÉ", Search(words=("anne", "ber"))),
        ("0170 / 12-34", Search(phone="4321071")),
        ("+49 170", Search(phone="07194")),
        ("42", Search(words=("42",))),
        ("?!", Search(words=("?!",))),
    ],
)
def test_what_is_typed_tells_what_is_meant(typed: str | None, sought: Search) -> None:
    assert parsed(typed) == sought


def test_a_phone_is_found_by_its_last_digits() -> None:
    key = phone_key("+49 (170) 1234-567")

    assert key is not None
    for typed in ("4567", "1234567", "0170 1234567", "+491701234567"):
        sought = parsed(typed).phone
        assert sought
        assert key.startswith(sought)
    assert phone_key(None) is phone_key("ext") is None


@pytest.mark.parametrize("kept", ["+49 (0)30 123456", "+49 30 123456", "+49(0)30/123456"])
@pytest.mark.parametrize(
    "typed", ["+49 (0)30 123456", "0049 30 123456", "(0)30 123456", "030 123456"]
)
def test_a_zero_in_parentheses_is_no_digit_of_a_phone(kept: str, typed: str) -> None:
    key, sought = phone_key(kept), parsed(typed).phone

    assert key is not None
    assert sought
    assert key.startswith(sought)


def test_a_tag_has_one_spelling() -> None:
    assert tag_key(" Early  BIRD ") == "early bird"
    assert parsed("ann", " VIP ") == Search(words=("ann",), tag="vip")
