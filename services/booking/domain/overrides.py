"""Overrides: rules set aside for one seat or check-in, each named, with the reason, on record.

The desk does so. A rule that is not named refuses as ever, and one that is named and did not stand
in the way is not on record. What cannot be set aside: who may do what, that there is such a
session, what pays for a seat, and that one person, or one bike, is in one place. Source:
docs/rules.md, Booking.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chassis.decider import Refused
from contracts.booking import BookingCode
from contracts.permissions import allows
from services.booking.domain.cancelling import must_say_why
from services.booking.domain.entitlement import AT_ONCE

OVERRIDABLE = frozenset({
    BookingCode.BOOKING_BANNED, BookingCode.WAIVER_REQUIRED, BookingCode.LATE_CANCELLED,
    BookingCode.WINDOW_NOT_OPEN, BookingCode.BOOKING_CLOSED, BookingCode.OVERLAP,
    BookingCode.DAILY_LIMIT, BookingCode.SESSION_FULL, BookingCode.WAITLIST_HAS_PRIORITY,
    BookingCode.CHECK_IN_NOT_OPEN, BookingCode.CHECK_IN_CLOSED,
})  # fmt: skip
RIGHTS = {
    BookingCode.WINDOW_NOT_OPEN: "booking.book_early",
    BookingCode.BOOKING_CLOSED: "booking.book_closed",
    BookingCode.SESSION_FULL: "booking.overbook",
    BookingCode.BOOKING_BANNED: "booking.override_ban",
}
"""Rules that take a right of their own to set aside; the others take ``booking.override``."""
FOR_MEMBERS = BookingCode.WAIVER_REQUIRED
"""Keeps members from booking themselves: staff books all the same, and check-in asks. It is on
record all the same (B3)."""
OF_THE_DESK = BookingCode.WINDOW_NOT_OPEN
"""Set aside by whoever may, without naming it, but not without a reason (B5)."""

OF_A_LINE = frozenset({BookingCode.WAIVER_REQUIRED, BookingCode.WINDOW_NOT_OPEN})
"""Set aside for a place in line too; a seat from the line asks again for all others (W2)."""


@dataclass
class Overrides:
    """The rules somebody sets aside, and those that stood in the way."""

    named: frozenset[BookingCode] = frozenset()
    reason: str = ""
    used: list[BookingCode] = field(default_factory=list)
    """Those that stood in the way, in the order of the checks."""

    @contextmanager
    def may_pass(self) -> Iterator[None]:
        """Let a check that refuses pass when its rule is set aside.

        Raises what the check raises when it is not, and ``Refused(REASON_REQUIRED)``.
        """
        try:
            yield
        except Refused as refusal:
            if refusal.code not in self.named:
                raise
            self.used.append(BookingCode(refusal.code))
            if refusal.code == OF_THE_DESK:
                must_say_why(self.reason)

    def must_do_for_a_line(self) -> None:
        """Raise ``Refused`` with the first rule set aside that a seat from the line asks again."""
        for code in self.used:
            if code not in OF_A_LINE:
                raise Refused(
                    code, "This rule is not set aside for a place in line.", field="overrides"
                )

    def lead(self, opens_at: datetime, now: datetime) -> timedelta:
        """How much head start a grant must have to pay now; none once the window is set aside."""
        early = OF_THE_DESK not in self.used
        return max(opens_at - now, AT_ONCE) if early else AT_ONCE


def asked(
    codes: tuple[BookingCode, ...], reason: str, roles: frozenset[str], *, overbook: bool
) -> Overrides:
    """The rules an asker with these roles sets aside; ``overbook`` names SESSION_FULL.

    Raises ``Refused``: ``FORBIDDEN`` when they may not, or nobody may; ``REASON_REQUIRED``.
    """
    if overbook and not _may(BookingCode.SESSION_FULL, roles):
        raise Refused(BookingCode.FORBIDDEN, "You may not overbook.", field="overbook")
    fixed = [str(one) for one in codes if one not in OVERRIDABLE]
    if fixed:
        raise Refused(
            BookingCode.FORBIDDEN, "This rule cannot be overridden.", field="overrides", codes=fixed
        )
    if not all(_may(one, roles) for one in codes):
        raise Refused(BookingCode.FORBIDDEN, "You may not override this.", field="overrides")
    if codes or overbook:
        must_say_why(reason)
    named = {*codes, *([BookingCode.SESSION_FULL] if overbook else [])}
    return Overrides(frozenset(named), reason)


def booking(asked_for: Overrides, roles: frozenset[str]) -> Overrides:
    """The same with what staff sets aside by booking for somebody, without naming it."""
    implied = {FOR_MEMBERS} if allows("booking.serve_client", roles) else set()
    if _may(OF_THE_DESK, roles):
        implied.add(OF_THE_DESK)
    return Overrides(asked_for.named | implied, asked_for.reason)


def _may(code: BookingCode, roles: frozenset[str]) -> bool:
    return allows(RIGHTS.get(code, "booking.override"), roles)
