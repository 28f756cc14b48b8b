"""The rules that the gyms and sessions of random histories have: one value of each, drawn."""

from typing import Any
from uuid import UUID

from contracts.booking import BookingCode, BookingPolicy, LapsedSeats
from contracts.envelope import Command
from contracts.ids import ClassTypeId, ProgramId
from contracts.money import Price
from contracts.timetable import DefineClassType, DefineProgram

FEES = (None, *(Price(minor=minor, currency="EUR") for minor in (0, 500, 500, 500, 1200, 1200)))

OPTIONS: dict[str, tuple[Any, ...]] = {
    "opens_days_before": (7, 7, 7, 1),
    "opens_weekly_on": (None, None, None, 3, 7),
    "closes_minutes_before": (0, 0, 30, 90),
    "late_cancel_minutes": (120, 120, 120, 0, 60, 720),
    "cancel_grace_minutes": (10, 10, 0),
    "cancel_closes_minutes_after": (10, 0),
    "auto_promotion_lead_minutes": (120, 120, 0),
    "auto_promotion_ends_minutes_before": (None, None, None, 0, 30),
    "waitlist_uncapped": (True, True, False),
    "waitlist_max": (10, 10, 10, 1),
    "offer_minutes": (15, 15, 60, 0),
    "claim_opens_minutes_before": (60, 60, 0, 180),
    "daily_limit": (0, 0, 0, 1),
    "program_daily_limit": (0, 0, 1, 2),
    "check_in_opens_minutes_before": (240, 30),
    "self_check_in": (False, True),
    "attendance_closes_minutes_after": (120, 120, 0, 600),
    "unrecorded_excused_days": (7, 1),
    "late_cancel_fee": FEES,
    "no_show_fee": FEES,
    "free_passes": (0, 0, 1, 2),
    "free_pass_days": (30, 1),
    "fee_waive_hours": (24, 1),
    "fee_contest_days": (7, 1),
    "ban_after_penalties": (0, 0, 1, 2),
    "ban_days": (30, 1),
    "lapsed_seats": tuple(LapsedSeats),
}
"""What is common more often than once."""
COSTLY = {"late_cancel_fee": FEES[-1], "no_show_fee": FEES[-1], "free_passes": 0}
"""Rules by which every miss costs something."""

LATES = (None, None, None, 0, 720)
"""What a session says of late cancels itself: minutes before the start."""


SPIN, YOGA = (ProgramId(UUID(int=n)) for n in (71, 72))
PROGRAMS = (SPIN, SPIN, YOGA, None)
"""What a session belongs to, if to anything."""


def catalogue() -> list[Command]:
    """The programs, and of each the class type that has its id."""
    return [
        command
        for one in (SPIN, YOGA)
        for command in (
            DefineProgram(program_id=one, name="Cycling"),
            DefineClassType(
                class_type_id=ClassTypeId(one), program_id=one, name="Spin", capacity=3
            ),
        )
    ]


def policy(drawn: dict[str, Any]) -> BookingPolicy:
    """The rules with these values."""
    return BookingPolicy(**drawn)


OVERRIDES: tuple[tuple[BookingCode, ...], ...] = (
    (), (), (BookingCode.OVERLAP,), (BookingCode.DAILY_LIMIT, BookingCode.OVERLAP),
    (BookingCode.DAILY_LIMIT, BookingCode.LATE_CANCELLED, BookingCode.BOOKING_BANNED),
    (BookingCode.BOOKING_BANNED, BookingCode.BOOKING_CLOSED, BookingCode.OVERLAP),
    (BookingCode.WAITLIST_HAS_PRIORITY, BookingCode.LATE_CANCELLED, BookingCode.CHECK_IN_NOT_OPEN),
)  # fmt: skip
"""Rules that staff sets aside together."""
AT_CHECK_IN: tuple[tuple[BookingCode, ...], ...] = (
    (), (), (), (BookingCode.WAIVER_REQUIRED,),
    (BookingCode.CHECK_IN_NOT_OPEN, BookingCode.CHECK_IN_CLOSED),
)  # fmt: skip
"""The same for a check-in."""
