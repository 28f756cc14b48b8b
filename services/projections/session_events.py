"""What a session's stream holds, as far as read models hear of it."""

from typing import TypeAlias, TypeGuard, get_args

from contracts.booking import (
    AttendanceCorrected,
    AttendanceFinalized,
    AttendanceUnrecorded,
    CapacityChanged,
    CheckedIn,
    CheckInUndone,
    ClaimsOpened,
    MarkedNoShow,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ReservationReinstated,
    SeatsCounted,
    SessionCancelled,
    SessionScheduled,
    SpotChanged,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.envelope import Event
from services.projections.session_slots import SlotEvent

SessionEvent: TypeAlias = (
    SessionScheduled
    | CapacityChanged
    | SessionCancelled
    | SlotEvent
    | ReservationMade
    | ReservationCancelled
    | WaitlistJoined
    | WaitlistLeft
    | WaitlistPromoted
    | WaitlistPromotionSkipped
    | CheckedIn
    | CheckInUndone
    | MarkedNoShow
    | SeatsCounted
    | AttendanceFinalized
    | AttendanceUnrecorded
    | ReservationReinstated
    | ReservationFlagged
    | ReservationCovered
    | SpotChanged
    | SpotOffered
    | OfferShortened
    | OfferWithdrawn
    | OfferExpired
    | OfferDeclined
    | ClaimsOpened
    | AttendanceCorrected
)
"""What a session's stream holds; each of them moves the session's version."""

_KINDS = frozenset(get_args(SessionEvent))


def is_of_session(event: Event) -> TypeGuard[SessionEvent]:
    """Whether it is one of them; ``isinstance`` would ask class after class."""
    return type(event) in _KINDS
