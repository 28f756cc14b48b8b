"""Rules the desk may set aside for one seat, or one check-in, in GraphQL."""

from collections.abc import Iterable
from enum import Enum

import strawberry

from contracts.booking import BookingCode


@strawberry.enum(
    description="A rule the desk may set aside for one seat or check-in; bans, managers alone."
)
class BookingOverride(Enum):
    BOOKING_BANNED = "BOOKING_BANNED"
    WAIVER_REQUIRED = "WAIVER_REQUIRED"
    LATE_CANCELLED = "LATE_CANCELLED"
    WINDOW_NOT_OPEN = "WINDOW_NOT_OPEN"
    BOOKING_CLOSED = "BOOKING_CLOSED"
    OVERLAP = "OVERLAP"
    DAILY_LIMIT = "DAILY_LIMIT"
    SESSION_FULL = "SESSION_FULL"
    WAITLIST_HAS_PRIORITY = "WAITLIST_HAS_PRIORITY"
    CHECK_IN_NOT_OPEN = "CHECK_IN_NOT_OPEN"
    CHECK_IN_CLOSED = "CHECK_IN_CLOSED"


def overridden(asked: Iterable[BookingOverride]) -> tuple[BookingCode, ...]:
    """The rules as booking knows them."""
    return tuple(BookingCode(one.value) for one in asked)
