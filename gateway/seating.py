"""What every mutation about a client and a session shares: who is meant, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.booking import BookingOutcome
from contracts.envelope import Command
from contracts.ids import ClientId, SessionId
from gateway import ids
from gateway.booking_payloads import SeatInput
from gateway.context import Context
from gateway.mutations import carry_out
from gateway.roster import Reservation, ReservationStatus, WaitlistEntry
from gateway.whose import whose as client_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Code = TypeVar("Code", bound=Enum)
Payload = TypeVar("Payload", bound="DataclassInstance")

STANDING = frozenset({"reservation", "waitlist_entry", "left_entry_id"})


async def answer(
    payload: type[Payload],
    codes: type[Code],
    context: Context,
    asked: SeatInput,
    build: Callable[[SessionId, ClientId], Command],
) -> Payload:
    """Send a command about a client and a session; where the client stands then, in ``payload``.

    Told are those of ``reservation``, ``waitlist_entry`` and ``left_entry_id`` that it has.
    """
    done = await carry_out(context, asked, codes, lambda: build(*whose(context, asked)))
    stands = {} if done.errors else _standing(*whose(context, asked), done.result)
    told = {each.name: stands.get(each.name) for each in fields(payload) if each.name in STANDING}
    filled: Callable[..., Payload] = payload
    return filled(position=done.position, user_errors=done.errors, **told)


def whose(context: Context, asked: SeatInput) -> tuple[SessionId, ClientId]:
    """The session and the client an input names; members who name nobody mean themselves."""
    return ids.session(asked.session_id), client_of(context, asked.client_id)


def _standing(
    session_id: SessionId, client_id: ClientId, result: Mapping[str, Any]
) -> dict[str, object]:
    outcome = BookingOutcome.model_validate(result)
    if outcome.status == "left":
        return {"left_entry_id": ids.waitlist_entry(session_id, client_id)}
    if outcome.reservation_id is None:
        return {"waitlist_entry": _line(session_id, client_id, outcome)}
    return {"reservation": _shown(session_id, client_id, outcome)}


def _shown(session_id: SessionId, client_id: ClientId, outcome: BookingOutcome) -> Reservation:
    return Reservation(
        id=ids.shown("rsv", outcome.reservation_id or session_id),
        version=None,
        session_id=ids.shown("ses", session_id),
        client_id=ids.shown("cli", client_id),
        client_name=None,
        status=ReservationStatus(outcome.status),
        source=None,
        free_until=outcome.free_until,
        made_at=None,
        spot=outcome.spot,
    )


def _line(session_id: SessionId, client_id: ClientId, outcome: BookingOutcome) -> WaitlistEntry:
    return WaitlistEntry(
        id=ids.waitlist_entry(session_id, client_id),
        version=None,
        session_id=ids.shown("ses", session_id),
        client_id=ids.shown("cli", client_id),
        client_name=None,
        place=outcome.waitlist_position or 0,
        joined_at=None,
    )
