"""What every mutation about a client and a session shares: who is meant, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import strawberry

from contracts.booking import BookingOutcome
from contracts.envelope import Command
from contracts.ids import ClientId, SessionId
from gateway import ids
from gateway.booking_payloads import SeatInput
from gateway.context import Context
from gateway.mutations import Done, carry_out
from gateway.roster import Reservation, ReservationStatus, WaitlistEntry
from gateway.whose import whose as client_of

Code = TypeVar("Code", bound=Enum)


@dataclass(frozen=True, slots=True)
class Seat:
    """What a booking command's outcome says, in GraphQL's types; empty after a refusal."""

    reservation: Reservation | None = None
    line: WaitlistEntry | None = None
    left: strawberry.ID | None = None


async def seat(
    context: Context,
    asked: SeatInput,
    codes: type[Code],
    build: Callable[[SessionId, ClientId], Command],
) -> tuple[Done[Code], Seat]:
    """Send a command about a client and a session, and show where the client stands then."""
    done = await carry_out(context, asked, codes, lambda: build(*whose(context, asked)))
    if done.errors:
        return done, Seat()
    session_id, client_id = whose(context, asked)
    outcome = BookingOutcome.model_validate(done.result)
    if outcome.status == "left":
        return done, Seat(left=ids.waitlist_entry(session_id, client_id))
    if outcome.reservation_id is None:
        return done, Seat(line=_line(session_id, client_id, outcome))
    return done, Seat(reservation=_shown(session_id, client_id, outcome))


def whose(context: Context, asked: SeatInput) -> tuple[SessionId, ClientId]:
    """The session and the client an input names; members who name nobody mean themselves."""
    return ids.session(asked.session_id), client_of(context, asked.client_id)


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
