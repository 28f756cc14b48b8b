"""What clients are found by: words of their name, digits of their phone, an e-mail address, a tag.

Folding makes one spelling of many: no letter case, no diacritics, no punctuation.
"""

import re
import unicodedata
from dataclasses import dataclass

FEWEST_DIGITS = 3
_STRUCK = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
_PHONE = re.compile(r"[+\d\s()./-]+")
_NO_DIGIT = re.compile(r"\(0\)|\D")
"""A zero in parentheses too: it is dialled within the country only, as in ``+49 (0)30``."""


@dataclass(frozen=True, slots=True)
class Search:
    """What staff look for; at most one of e-mail, phone and words is there."""

    email: str | None = None
    phone: str | None = None
    """Digits, the last one first."""
    words: tuple[str, ...] | None = None
    """Beginnings of words, all of which must be met; the longest, which tells most, first."""
    tag: str | None = None


def folded(text: str) -> str:
    """``text`` without case and diacritics."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = unicodedata.normalize("NFKD", plain)  # casefold may compose anew
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_STRUCK)


def words(name: str) -> set[str]:
    """What a name is found by: ``Anne-Marie O'Hara`` by anne, marie, annemarie, o, hara, ohara."""
    plain = folded(name)
    parts = {part for part in re.split(r"[\W_]+", plain) if part}
    return parts | {whole for one in plain.split() if (whole := re.sub(r"[\W_]+", "", one))}


def phone_key(phone: str | None) -> str | None:
    """The digits, last one first, so that an ending is a beginning."""
    digits = _NO_DIGIT.sub("", phone or "")
    return digits[::-1] or None


def tag_key(tag: str) -> str:
    """One spelling of a tag."""
    return " ".join(tag.casefold().split())


def parsed(text: str | None, tag: str | None = None) -> Search:
    """What somebody means who typed ``text``.

    With an @ it is a whole e-mail address; of digits the end of a phone number, with or without
    the zero a country's callers put before it; else beginnings of words of a name.
    """
    wanted = tag_key(tag) if tag and tag.strip() else None
    plain = (text or "").strip()
    if not plain:
        return Search(tag=wanted)
    if "@" in plain:
        return Search(email=plain.casefold(), tag=wanted)
    digits = _NO_DIGIT.sub("", plain).lstrip("0")
    if _PHONE.fullmatch(plain) and len(digits) >= FEWEST_DIGITS:
        return Search(phone=digits[::-1], tag=wanted)
    parts = {part for part in re.split(r"[\W_]+", folded(plain)) if part} or {plain}
    return Search(words=tuple(sorted(parts, key=lambda part: (-len(part), part))), tag=wanted)
