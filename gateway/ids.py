"""Ids and cursors at the edge: readable text outside, UUIDs inside."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID

import strawberry

from contracts import ids
from contracts.ids import (
    ClassTypeId,
    ClientId,
    ClosureId,
    CredentialId,
    DoorId,
    GrantId,
    GymId,
    InvoiceId,
    LocationId,
    MalformedId,
    ProgramId,
    ReservationId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from gateway.faults import BadInput

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


shown = cast("Callable[[str, UUID], strawberry.ID]", ids.show)
"""``ses_0192f3...``. The function itself, not one around it: an answer has hundreds of ids."""


def shown_or_null(prefix: str, value: UUID | None) -> strawberry.ID | None:
    return None if value is None else shown(prefix, value)


def read(prefix: str, text: str, field: str) -> UUID:
    """The UUID in ``text``. Raises ``BadInput`` that names ``field``."""
    try:
        return ids.read(prefix, text)
    except MalformedId as error:
        raise BadInput(field, str(error)) from None


def session(text: str, field: str = "sessionId") -> SessionId:
    return SessionId(read("ses", text, field))


def client(text: str, field: str = "clientId") -> ClientId:
    return ClientId(read("cli", text, field))


def staff(text: str, field: str = "staffId") -> StaffId:
    return StaffId(read("stf", text, field))


def location(text: str, field: str = "locationId") -> LocationId:
    return LocationId(read("loc", text, field))


def door(text: str, field: str = "doorId") -> DoorId:
    return DoorId(read("door", text, field))


def credential(text: str, field: str = "credentialId") -> CredentialId:
    return CredentialId(read("crd", text, field))


def room(text: str, field: str = "roomId") -> RoomId:
    return RoomId(read("room", text, field))


def program(text: str, field: str = "programId") -> ProgramId:
    return ProgramId(read("prg", text, field))


def class_type(text: str, field: str = "classTypeId") -> ClassTypeId:
    return ClassTypeId(read("cty", text, field))


def schedule(text: str, field: str = "scheduleId") -> ScheduleId:
    return ScheduleId(read("sch", text, field))


def closure(text: str, field: str = "closureId") -> ClosureId:
    return ClosureId(read("cls", text, field))


def grant(text: str, field: str = "grantId") -> GrantId:
    return GrantId(read("grt", text, field))


def reservation_of(text: str, field: str = "reservationId") -> ReservationId:
    return ReservationId(read("rsv", text, field))


def invoice(text: str, field: str = "invoiceId") -> InvoiceId:
    return InvoiceId(read("inv", text, field))


def gym(value: GymId) -> strawberry.ID:
    return shown("gym", value)


def reservation(value: ReservationId) -> strawberry.ID:
    return shown("rsv", value)


def waitlist_entry(session_id: SessionId, client_id: ClientId) -> strawberry.ID:
    """A place in line has no id of its own: one client stands once in one session's line."""
    return strawberry.ID(f"wle_{session_id.hex}{client_id.hex}")


def cursor(kind: str, key: str | datetime, value: UUID) -> str:
    """Where a page ended: bound to the list ``kind``, its sort key and the last id."""
    shown_key = str((key - _EPOCH) // _MICROSECOND) if isinstance(key, datetime) else key
    return base64.urlsafe_b64encode(f"{kind}\n{value.hex}\n{shown_key}".encode()).decode()


def time_keyset(kind: str, text: str | None) -> tuple[datetime, UUID] | None:
    """What ``cursor`` was given, for lists sorted by time. Raises ``BadInput``."""
    found = text_keyset(kind, text)
    if found is None:
        return None
    try:
        return _EPOCH + int(found[0]) * _MICROSECOND, found[1]
    except (ValueError, OverflowError):
        raise BadInput("after", "not a cursor of this list") from None


def text_keyset(kind: str, text: str | None) -> tuple[str, UUID] | None:
    """What ``cursor`` was given, for lists sorted by text. Raises ``BadInput``."""
    if text is None:
        return None
    try:
        made_for, digits, key = base64.urlsafe_b64decode(text.encode()).decode().split("\n", 2)
        value = UUID(hex=digits)
    except (binascii.Error, ValueError):
        raise BadInput("after", "not a cursor of this list") from None
    if made_for != kind or "\0" in key:
        raise BadInput("after", "not a cursor of this list")
    return key, value
