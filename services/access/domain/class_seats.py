"""ClassSeats: what booking told of one session: when it is, and which reservations stand.

Booking's events arrive in any order and more than once; each carries the version of the session's
stream, and the newest counts. Whatever the order, in the end every reservation that stands has its
client's grant for [start - 20 min, end + 15 min], and no other has one.

Stream     ``class-{session_id}``
Source     docs/rules.md, Doors
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from chassis.decider import Aggregate
from contracts.access import (
    AccessGrantKind,
    ClassHeard,
    ClassWaiverHeard,
    GrantClosed,
    GrantMoved,
    GrantOpened,
    HearClass,
    HearReservation,
    HearWaiverRule,
    ReservationHeard,
)
from contracts.ids import ClientId, LocationId, ReservationId, SessionId
from services.access.domain.holder import Holder, HolderEvent

ClassEvent: TypeAlias = ClassHeard | ClassWaiverHeard | ReservationHeard

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
    """What was heard of the session; without a location not yet where it is, nor its waiver."""

    version: int = 0
    starts_at: datetime = UNSET  # UTC
    ends_at: datetime = UNSET  # UTC
    location_id: LocationId | None = None
    waiver_required: bool = False
    waiver_version: int = 0
    seats: Mapping[ReservationId, Seat] = field(default_factory=dict)


def _evolve(state: ClassSeats, event: ClassEvent) -> ClassSeats:
    if isinstance(event, ReservationHeard):
        seat = Seat(event.client_id, event.stands, event.version)
        return replace(state, seats={**state.seats, event.reservation_id: seat})
    if isinstance(event, ClassWaiverHeard):
        return replace(state, waiver_required=event.required, waiver_version=event.version)
    return replace(
        state, version=event.version, starts_at=event.starts_at, ends_at=event.ends_at,
        location_id=event.location_id,
    )  # fmt: skip


class_seats: Aggregate[ClassSeats, ClassEvent] = Aggregate("class", ClassSeats(), _evolve)


def hear_class(state: ClassSeats, command: HearClass) -> list[ClassEvent]:
    """When the session is and whether it asks for the waiver, unless something newer was heard.

    Where it is was told when it was scheduled, and counts however late we hear it.
    """
    waiver = [] if command.waiver_required is None else hear_waiver_rule(
        state, HearWaiverRule(
            session_id=command.session_id, required=command.waiver_required,
            version=command.version,
        )
    )  # fmt: skip
    newer = command.version > state.version
    placed = command.location_id is not None and state.location_id is None
    if not newer and not placed:
        return waiver
    return [
        *waiver,
        ClassHeard(
            session_id=command.session_id,
            starts_at=command.starts_at if newer else state.starts_at,
            ends_at=command.ends_at if newer else state.ends_at,
            location_id=command.location_id or state.location_id,
            version=max(command.version, state.version),
        ),
    ]


def hear_waiver_rule(state: ClassSeats, command: HearWaiverRule) -> list[ClassEvent]:
    """Whether the session asks for the waiver, unless something newer was heard.

    That the first event of a session asks for none goes without saying: nothing can be older.
    """
    says_nothing = command.version == 1 and not command.required
    if command.version <= state.waiver_version or says_nothing:
        return []
    return [
        ClassWaiverHeard(
            session_id=command.session_id, required=command.required, version=command.version
        )
    ]  # fmt: skip


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
    if state.location_id is None:
        return []  # where it is, and whether it asks for the waiver, was not heard yet
    window = (state.starts_at - BEFORE, state.ends_at + AFTER)
    if held is None:
        return [
            GrantOpened(
                client_id=seat.client_id, grant_id=reservation_id, kind=AccessGrantKind.CLASS,
                valid_from=window[0], valid_until=window[1], location_id=state.location_id,
                session_id=session_id, given_at=now, waiver_required=state.waiver_required,
            )
        ]  # fmt: skip
    is_so = (held.valid_from, held.valid_until, held.location_id, held.waiver_required)
    if is_so == (*window, state.location_id, state.waiver_required):
        return []
    return [
        GrantMoved(
            client_id=seat.client_id, grant_id=reservation_id, valid_from=window[0],
            valid_until=window[1], location_id=state.location_id,
            waiver_required=state.waiver_required,
        )
    ]  # fmt: skip
