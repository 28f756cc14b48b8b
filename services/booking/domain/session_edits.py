"""What a session is: its name, class type, spot map, online capacity, waiver and rules, said anew.

Whoever has a seat keeps it, and the spot they chose: a map without it is refused. Other rules never
shorten the time to give up a seat that is taken, with what lenient rules of the gym added to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from contracts.booking import BookingPolicy, CapacityChanged, PolicyOverrides
from contracts.ids import ClassTypeId, ClientId, ProgramId, SessionId
from contracts.timetable import ChangeSession, Pattern, SessionChanged, SessionPart
from services.booking.domain import booking_policy, session_changes, spots
from services.booking.domain.class_session import ClassSession, SessionEvent
from services.booking.domain.session_slot import Slot


@dataclass(frozen=True, slots=True)
class Terms:
    """Class type and rules of a session."""

    class_type_id: ClassTypeId | None
    program_id: ProgramId | None
    policy: BookingPolicy
    gym_policy_version: int
    overrides: PolicyOverrides
    class_type_overrides: PolicyOverrides | None  # when it was planned; None: not told then

    @classmethod
    def of(cls, state: ClassSession) -> Self:
        """Those the session has."""
        slot = state.slot
        return cls(
            slot.class_type_id, slot.program_id, state.policy, state.gym_policy_version,
            slot.overrides, slot.class_type_overrides,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looks:
    """What else can be said anew of a session."""

    title: str
    online_capacity: int | None
    spots: tuple[str, ...]
    waiver_required: bool

    @classmethod
    def of(cls, state: ClassSession) -> Self:
        """Those the session has."""
        return cls(state.slot.title, state.online_capacity, state.spots, state.waiver_required)


def change(
    state: ClassSession,
    command: ChangeSession,
    terms: Terms,
    promised: Mapping[ClientId, datetime],
    now: datetime,
) -> list[SessionEvent]:
    """Say of one session alone what it is; nothing when it is that already.

    ``terms``: those of its overrides, when the command says others. ``promised``: until when who
    has a seat may leave freely by the most lenient rules so far.
    """
    session_changes.must_be_ahead(state, now)
    wanted = Looks(
        state.slot.title if command.title is None else command.title,
        _online(state, command.online_capacity),
        state.spots if command.spots is None else command.spots,
        state.waiver_required if command.waiver_required is None else command.waiver_required,
    )  # fmt: skip
    spots.must_be_a_map(wanted.spots, state.capacity)
    spots.must_not_be_lost({command.session_id: spots.lost(state, wanted.spots)})
    said = {
        SessionPart.TITLE: command.title,
        SessionPart.SEATS: command.online_capacity if command.spots is None else command.spots,
        SessionPart.WAIVER: command.waiver_required,
        SessionPart.RULES: command.overrides,
    }
    own = tuple(part for part, value in said.items() if value is not None)
    return _said(state, command.session_id, wanted, terms, promised, own=own)


def follow(
    state: ClassSession,
    session_id: SessionId,
    pattern: Pattern,
    terms: Terms,
    promised: Mapping[ClientId, datetime],
) -> list[SessionEvent]:
    """Have the session be what its series says now, but for what was said for it alone."""
    wanted = wanted_by(state.slot, pattern, Looks.of(state))
    events = _said(state, session_id, wanted, terms, promised, own=())
    if SessionPart.SEATS not in state.slot.own and pattern.capacity not in (None, state.capacity):
        events.append(
            CapacityChanged(
                session_id=session_id, capacity=pattern.capacity or state.capacity,
                previous=state.capacity, by_series=True, policy_version=terms.policy.version,
            )
        )  # fmt: skip
    return events


def wanted_by(slot: Slot, pattern: Pattern, has: Looks) -> Looks:
    """What the series' pattern makes of a session that ``has`` this, some of it its own."""
    own_seats = SessionPart.SEATS in slot.own
    return Looks(
        has.title if SessionPart.TITLE in slot.own else pattern.title or has.title,
        has.online_capacity if own_seats else pattern.online_capacity,
        has.spots if own_seats else pattern.spots,
        has.waiver_required if SessionPart.WAIVER in slot.own else pattern.waiver_required,
    )


def _online(state: ClassSession, asked: int | None) -> int | None:
    if asked is None:
        return state.online_capacity
    return asked if asked < state.capacity else None


def _said(
    state: ClassSession,
    session_id: SessionId,
    looks: Looks,
    terms: Terms,
    promised: Mapping[ClientId, datetime],
    *,
    own: Iterable[SessionPart],
) -> list[SessionEvent]:
    new = tuple(part for part in own if part not in state.slot.own)
    if not new and (looks, terms) == (Looks.of(state), Terms.of(state)):
        return []
    local = booking_policy.zone(state.slot.time_zone)
    late = booking_policy.late_from(terms.policy, state.starts_at)
    ends = {client: max(promised[client], late) for client in state.reserved}
    same = terms == Terms.of(state)
    return [
        SessionChanged(
            session_id=session_id, title=looks.title, class_type_id=terms.class_type_id,
            program_id=terms.program_id, online_capacity=looks.online_capacity,
            spots=looks.spots, waiver_required=looks.waiver_required, policy=terms.policy,
            gym_policy_version=terms.gym_policy_version,
            booking_opens_at=booking_policy.opens_at(terms.policy, state.starts_at, local),
            booking_closes_at=booking_policy.closes_at(terms.policy, state.starts_at),
            deadlines=() if same else session_changes.new_deadlines(state.reserved, ends),
            own=new, overrides=terms.overrides,
            class_type_overrides=terms.class_type_overrides,
        )
    ]  # fmt: skip
