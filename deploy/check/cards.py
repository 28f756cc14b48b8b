"""Numbers of payment cards (I13): we never keep one, in whatever field somebody typed it.

By their issuers' ranges and lengths and by their check digit (ISO/IEC 7812): of other numbers of
that length, ids and phone numbers among them, hardly one passes.
"""

import re

_ISSUED = re.compile(
    r"4\d{15}(\d{3})?"  # Visa
    r"|5[1-5]\d{14}|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(6011|64[4-9]\d|65\d\d)\d{12}|35(2[89]|[3-8]\d)\d{12}"  # Discover, JCB
)
DIGITS = r"(?<![0-9A-Za-z+/=_.-])[0-9](?:[ -]?[0-9]){14,18}(?![0-9A-Za-z+/=_-])"
"""What may be one: for Python and for Postgres. Letters beside it make it a part of something."""
_DIGITS = re.compile(DIGITS.encode())


def cards_in(text: bytes) -> int:
    """How many numbers of cards are in it."""
    return sum(is_card(one.decode()) for one in _DIGITS.findall(text))


def is_card(number: str) -> bool:
    """Whether these digits, with single spaces or dashes between them, are a card's."""
    digits = re.sub("[ -]", "", number)
    return _ISSUED.fullmatch(digits) is not None and _checks(digits)


def _checks(digits: str) -> bool:
    """Luhn: every second digit from the right counts twice, and the sum ends with 0."""
    twice = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(twice)) % 10 == 0
