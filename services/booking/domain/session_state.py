"""What the past has made of a class session: its seats, its line, its offers, its books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from chassis.decider import Refused, replace
from contracts.booking import (
    Attendance,
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookingCode,
    BookingPolicy,
    CapacityChanged,
    Charge,
    SessionPlan,
)
from contracts.ids import ClientId
from contracts.timetable import (
    SessionChanged,
    SessionDraftDiscarded,
    SessionDrafted,
    SessionPart,
)
from services.booking.domain import booking_policy
from services.booking.domain.booking_policy import Phase
from services.booking.domain.entitlement import Occasion
from services.booking.domain.session_people import (
    Correction,
    Place,
    Reservation,
    given_longer,
)
from services.booking.domain.session_slot import Slot

UNSET = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    """How far the session has come."""

    ABSENT = "absent"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    FINALIZED = "finalized"


@dataclass(frozen=True)
class ClassSession:
    """What the past has made of the session."""

    stage: Stage = Stage.ABSENT
    draft: SessionPlan | None = None  # while it is one
    starts_at: datetime = UNSET  # UTC
    ends_at: datetime = UNSET  # UTC
    known_starts: tuple[datetime, datetime] = (UNSET, UNSET)
    """UTC; the earliest and the latest since a move last let people leave freely."""
    opens_at: datetime = UNSET  # UTC; booking opens
    closes_at: datetime = UNSET  # UTC; booking closes
    policy: BookingPolicy = field(default_factory=BookingPolicy)
    gym_policy_version: int = 1  # of the gym's rules when it was put on the calendar
    capacity: int = 0  # people
    online_capacity: int | None = None  # seats clients may take themselves; None all
    spots: tuple[str, ...] = ()
    waiver_required: bool = False
    reserved: Mapping[ClientId, Reservation] = field(default_factory=dict)
    late_cancelled: Mapping[ClientId, Reservation] = field(default_factory=dict)
    waiting: Mapping[ClientId, Place] = field(default_factory=dict)  # in the order of the line
    skipped: Mapping[ClientId, BookingCode] = field(default_factory=dict)  # why, when last in turn
    offers: Mapping[ClientId, datetime] = field(default_factory=dict)  # UTC; held until then
    declined: tuple[ClientId, ...] = ()  # in line, but not to be offered a seat
    claims_told: bool = False  # the line knows of the free seats there are to claim
    empty_at_start: int | None = None  # seats; None until it has started
    corrected: Mapping[ClientId, Correction] = field(default_factory=dict)
    refilled: tuple[ClientId, ...] = ()  # late cancels that cost nothing
    is_unrecorded: bool = False  # somebody was asked who came
    let_in: Mapping[ClientId, datetime] = field(default_factory=dict)  # UTC; when a door told last
    last_seq: int = 0
    slot: Slot = field(default_factory=Slot)

    @property
    def free_seats(self) -> int:
        """An offered seat is taken. Below zero after the capacity was lowered, or overbooked."""
        return self.capacity - len(self.reserved) - len(self.offers)

    @property
    def free_online(self) -> int:
        """Free seats that clients may take themselves; the line's are among them."""
        if self.online_capacity is None:
            return self.free_seats
        taken = sum(one.online for one in self.reserved.values()) + len(self.offers)
        return min(self.free_seats, self.online_capacity - taken)

    @property
    def free_spots(self) -> tuple[str, ...]:
        """In the order of the map."""
        if not self.spots:
            return ()  # most sessions: nobody's spot is looked at
        taken = {one.spot for one in self.reserved.values()}
        return tuple(spot for spot in self.spots if spot not in taken)

    @property
    def occasion(self) -> Occasion:
        """When it takes place, as ledgers see it."""
        on = booking_policy.local_date(self.starts_at, self.slot.time_zone)
        return Occasion(
            self.starts_at, self.ends_at, on, self.slot.time_zone, self.slot.location_id,
            self.slot.program_id, self.policy.daily_limit, self.policy.program_daily_limit,
        )  # fmt: skip

    def phase(self, now: datetime) -> Phase:
        """What becomes of a free seat at ``now``."""
        return booking_policy.phase(self.policy, self.starts_at, now)

    def promotes(self, now: datetime) -> bool:
        """Whether free seats go to the line by themselves at ``now``."""
        return self.stage is Stage.SCHEDULED and self.phase(now) is Phase.AUTOMATIC

    def serves(self, now: datetime) -> bool:
        """Whether free seats are the line's at ``now``: promoted into or offered."""
        return self.stage is Stage.SCHEDULED and self.phase(now) is not Phase.CLAIMS

    def owes(self, now: datetime) -> bool:
        """Whether somebody in line has a right to the next free seat."""
        if not self.waiting or not self.serves(now):
            return False
        return any(
            one not in self.skipped and one not in self.offers and one not in self.declined
            for one in self.waiting
        )

    def drafted(self, event: SessionDrafted | SessionDraftDiscarded) -> "ClassSession":
        """Planned so, or no longer."""
        if isinstance(event, SessionDrafted):
            return replace(self, stage=Stage.DRAFT, draft=event)
        return replace(self, stage=Stage.ABSENT, draft=None)

    def said_anew(self, event: CapacityChanged | SessionChanged) -> Self:
        """With another capacity; or another name, map, class type or rules."""
        if isinstance(event, CapacityChanged):
            slot = self.slot if event.by_series else self.slot.with_own([SessionPart.SEATS])
            return replace(self, capacity=event.capacity, slot=slot, claims_told=False)
        return replace(
            self, slot=self.slot.edited(event), online_capacity=event.online_capacity,
            spots=event.spots, waiver_required=event.waiver_required, policy=event.policy,
            gym_policy_version=event.gym_policy_version, opens_at=event.booking_opens_at,
            closes_at=event.booking_closes_at, claims_told=False,
            reserved=given_longer(self.reserved, event.deadlines),
        )  # fmt: skip

    def closed(self, event: AttendanceFinalized | AttendanceUnrecorded) -> "ClassSession":
        """With the books closed, or somebody asked to."""
        if isinstance(event, AttendanceUnrecorded):
            return replace(self, is_unrecorded=True)
        excused = Correction(Attendance.EXCUSED, Charge.RELEASED, 0)
        seats = {**self.late_cancelled, **self.reserved} if event.excused else {}
        corrected = {c: excused for c, one in seats.items() if one.reservation_id in event.excused}
        return replace(self, stage=Stage.FINALIZED, refilled=event.refilled, corrected=corrected)

    def attendance_of(self, client: ClientId) -> Attendance | None:
        """What the closed books say of the client; ``None`` when they had no seat."""
        if client in self.corrected:
            return self.corrected[client].becomes
        if client in self.late_cancelled:
            return Attendance.LATE_CANCELLED
        if client not in self.reserved:
            return None
        here = self.reserved[client].checked_in
        return Attendance.ATTENDED if here else Attendance.NO_SHOW


def must_be_on(state: ClassSession) -> None:
    """Raise ``Refused`` unless the session exists and is neither called off nor closed (B2)."""
    match state.stage:
        case Stage.ABSENT | Stage.DRAFT:
            raise Refused(
                BookingCode.SESSION_NOT_FOUND, "There is no such session.", field="session_id"
            )
        case Stage.CANCELLED:
            raise Refused(
                BookingCode.SESSION_CANCELLED, "The session was cancelled.", field="session_id"
            )
        case Stage.FINALIZED:
            raise Refused(
                BookingCode.SESSION_FINALIZED, "The session's attendance is closed.",
                field="session_id",
            )  # fmt: skip
