"""Identifiers: UUIDv7 inside, readable prefixed text at the edge.

Inside the system an id is a UUIDv7, so that ids sort by birth and event partitions can be cut by
month. People and apps see ``<prefix>_<32 hex digits>``; the prefix names the type, so an id of
the wrong kind is refused before anything is looked up. A prefix is never used for another type
later: texts that people kept would name something else.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NewType, cast
from uuid import UUID, SafeUUID

from uuid_utils import uuid7

GymId = NewType("GymId", UUID)
LocationId = NewType("LocationId", UUID)
RoomId = NewType("RoomId", UUID)
StaffId = NewType("StaffId", UUID)
ClientId = NewType("ClientId", UUID)
SessionId = NewType("SessionId", UUID)
ReservationId = NewType("ReservationId", UUID)
GrantId = NewType("GrantId", UUID)
DoorId = NewType("DoorId", UUID)
CredentialId = NewType("CredentialId", UUID)
EntryId = NewType("EntryId", UUID)
ProgramId = NewType("ProgramId", UUID)
ClassTypeId = NewType("ClassTypeId", UUID)
ScheduleId = NewType("ScheduleId", UUID)
ClosureId = NewType("ClosureId", UUID)
NoteId = NewType("NoteId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
InvoiceLineId = NewType("InvoiceLineId", UUID)

PLATFORM = GymId(UUID(int=0))
"""The pseudo gym that holds what belongs to no gym, such as the register of gym slugs."""


_SEVEN = 7  # the version


class MalformedId(ValueError):
    """The text is not an id of the expected kind. Says which kind was expected, never more."""


_make: Callable[[type[UUID]], UUID] = object.__new__
_set_int = cast("Any", UUID).int.__set__
_set_is_safe = cast("Any", UUID).is_safe.__set__


def new_id() -> UUID:
    """A fresh UUIDv7; later ones of a process sort behind earlier ones.

    Half a dozen are made for each command, so the standard class is filled without its
    constructor, which first works out in which form it was given the number.
    """
    made = _make(UUID)
    _set_int(made, uuid7().int)
    _set_is_safe(made, SafeUUID.unknown)
    return made


def id_of(born: datetime, chance: bytes) -> UUID:
    """A UUIDv7 of that instant whose random bits are the first ten bytes of ``chance``.

    For ids that must come out the same however often they are made.
    """
    return id_at(int(born.timestamp() * 1000), chance)


def id_at(milliseconds: int, chance: bytes) -> UUID:
    """The same, of an instant in milliseconds since 1970."""
    rest = int.from_bytes(chance[:10])
    rest = (rest & ~(0xF << 76)) | (_SEVEN << 76)  # version, in the third group's first digit
    rest = (rest & ~(0x3 << 62)) | (0x2 << 62)  # variant
    return UUID(int=(milliseconds << 80) | rest)


def born_at(value: UUID) -> int | None:
    """When a UUIDv7 was made, in milliseconds since 1970; ``None`` of another UUID."""
    return value.int >> 80 if value.version == _SEVEN else None


def show(prefix: str, value: UUID) -> str:
    """``show("ses", id) -> "ses_0192f3..."``."""
    return f"{prefix}_{value.hex}"


def read(prefix: str, text: str) -> UUID:
    """The UUID in ``text``. Raises ``MalformedId`` unless it is ``<prefix>_<32 hex digits>``."""
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != 32:  # noqa: PLR2004 - a UUID has 32 hex digits
        raise MalformedId(f"expected an id that starts with {prefix}_")
    try:
        return UUID(hex=digits)
    except ValueError as error:
        raise MalformedId(f"expected an id that starts with {prefix}_") from error
