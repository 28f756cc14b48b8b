"""ClassSeats: what booking told of one session: when it is, and which reservations stand.

Booking's events arrive in any order and more than once; each carries the version of the session's
stream, and the newest counts. Whatever the order, in the end every reservation that stands has its
client's grant for [start - 20 min, end + 15 min], and no other has one.

Stream     ``class-{session_id}``
Source     domain rules 3.8
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from chassis.decider import Aggregate
from contracts.access import (
    AccessGrantKind,
    ClassHeard,
    GrantClosed,
    GrantMoved,
    GrantOpened,
    HearClass,
    HearReservation,
    ReservationHeard,
)
from contracts.ids import ClientId, LocationId, ReservationId, SessionId
from services.access.domain.holder import Holder, HolderEvent

ClassEvent: TypeAlias = ClassHeard | ReservationHeard

BEFORE = timedelta(minutes=20)
AFTER = timedelta(minutes=15)
UNSET = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seat:
    """A reservation, and whether it stands by what was heard last."""

    client_id: ClientId
    stands: bool
    version: int


@dataclass(frozen=True, slots=True)
class ClassSeats:
    """What was heard of the session; version 0: not yet when it is."""

    version: int = 0
    starts_at: datetime = UNSET  # UTC
    ends_at: datetime = UNSET  # UTC
    location_id: LocationId | None = None
    seats: Mapping[ReservationId, Seat] = field(default_factory=dict)


def _evolve(state: ClassSeats, event: ClassEvent) -> ClassSeats:
    if isinstance(event, ReservationHeard):
        seat = Seat(event.client_id, event.stands, event.version)
        return replace(state, seats={**state.seats, event.reservation_id: seat})
    return replace(
        state, version=event.version, starts_at=event.starts_at, ends_at=event.ends_at,
        location_id=event.location_id,
    )  # fmt: skip


class_seats: Aggregate[ClassSeats, ClassEvent] = Aggregate("class", ClassSeats(), _evolve)


def hear_class(state: ClassSeats, command: HearClass) -> list[ClassEvent]:
    """When the session is, unless something newer was heard.

    Where it is was told when it was scheduled, and counts however late we hear it.
    """
    newer = command.version > state.version
    placed = command.location_id is not None and state.location_id is None
    if not newer and not placed:
        return []
    return [
        ClassHeard(
            session_id=command.session_id,
            starts_at=command.starts_at if newer else state.starts_at,
            ends_at=command.ends_at if newer else state.ends_at,
            location_id=command.location_id or state.location_id,
            version=max(command.version, state.version),
        )
    ]


def hear_reservation(state: ClassSeats, command: HearReservation) -> list[ClassEvent]:
    """Whether a reservation stands, unless something newer was heard."""
    known = state.seats.get(command.reservation_id)
    if known is not None and command.version <= known.version:
        return []
    return [
        ReservationHeard(
            session_id=command.session_id, client_id=command.client_id,
            reservation_id=command.reservation_id, stands=command.stands, version=command.version,
        )
    ]  # fmt: skip


def grant_of(
    state: ClassSeats,
    session_id: SessionId,
    reservation_id: ReservationId,
    owner: Holder,
    now: datetime,
) -> list[HolderEvent]:
    """What makes the owner's grant for the reservation right: opened, moved, closed or nothing.

    A grant is closed even if it was never opened, because the end was heard before the beginning:
    that the client had a reservation is why the door stays shut.
    """
    seat, held = state.seats[reservation_id], owner.grants.get(reservation_id)
    if not seat.stands:
        if held is None and owner.had_reservation:
            return []
        return [
            GrantClosed(client_id=seat.client_id, grant_id=reservation_id, closed_at=now)
        ]  # fmt: skip
    if not state.version:
        return []  # when it is was not heard yet
    window = (state.starts_at - BEFORE, state.ends_at + AFTER)
    if held is None:
        return [
            GrantOpened(
                client_id=seat.client_id, grant_id=reservation_id, kind=AccessGrantKind.CLASS,
                valid_from=window[0], valid_until=window[1], location_id=state.location_id,
                session_id=session_id, given_at=now,
            )
        ]  # fmt: skip
    if (held.valid_from, held.valid_until, held.location_id) == (*window, state.location_id):
        return []
    return [
        GrantMoved(
            client_id=seat.client_id, grant_id=reservation_id, valid_from=window[0],
            valid_until=window[1], location_id=state.location_id,
        )
    ]  # fmt: skip
