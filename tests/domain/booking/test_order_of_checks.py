"""The first check that fails is the answer: everything stands in the way, and goes one by one.

What is looked at too early, or too late, is told where something else should be.
"""

from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    AddWalkIn,
    AttendanceFinalized,
    BookClass,
    BookingBanImposed,
    BookingPolicy,
    CheckIn,
    ClaimSpot,
    CreditHeld,
    CreditsGranted,
    EntitlementSuspended,
    GrantKind,
    JoinWaitlist,
    Period,
    SessionCancelled,
    SignWaiver,
    SpotOffered,
    Suspension,
)
from contracts.booking import BookingCode as Code
from contracts.envelope import Event
from contracts.ids import ReservationId, SessionId
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    DAY_BEFORE,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    grant_of,
    granted,
    home,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
)
from tests.scenario import Scenario

Order = tuple[tuple[Code, ...], ...]
"""Those side by side cannot be so at once."""

B2: Order = ((Code.SESSION_NOT_FOUND, Code.SESSION_CANCELLED, Code.SESSION_FINALIZED),)
B3: Order = ((Code.BOOKING_BANNED,), (Code.WAIVER_REQUIRED,))
B4: Order = ((Code.ALREADY_BOOKED, Code.ALREADY_WAITLISTED, Code.LATE_CANCELLED),)
B5_AND_B6: Order = ((Code.WINDOW_NOT_OPEN,), (Code.BOOKING_CLOSED,))
B7_AND_B8: Order = ((Code.OVERLAP,), (Code.DAILY_LIMIT,))
B9: Order = ((Code.PAST_DUE,), (Code.ON_HOLD,), (Code.LIMIT_REACHED,), (Code.NO_ENTITLEMENT,))
B10_TO_B12: Order = (
    (Code.SESSION_FULL,), (Code.WAITLIST_HAS_PRIORITY,), (Code.SPOT_NOT_FOUND, Code.SPOT_TAKEN),
)  # fmt: skip
CHECK_IN: Order = ((Code.CHECK_IN_NOT_OPEN, Code.CHECK_IN_CLOSED),)
HERS: Order = (  # a place in line, and a seat to take from it
    (Code.NOT_WAITLISTED,), (Code.BOOKING_CLOSED,), (Code.OFFER_EXPIRED, Code.NOT_OFFERED),
)  # fmt: skip
OF_THE_LINE: Order = ((Code.WAITLIST_NOT_NEEDED, Code.WAITLIST_FULL),)

OF_THE_SESSION: dict[Code, dict[str, Any]] = {
    Code.WAIVER_REQUIRED: {"waiver_required": True},
    Code.WINDOW_NOT_OPEN: {"booking_opens_at": NOON},
    Code.BOOKING_CLOSED: {"booking_closes_at": DAY_BEFORE},
}
"""What stands in the way -> what the session says that makes it so."""


def held(nth: int, *, days: int, grant: int = 1) -> CreditHeld:
    """By Ann for a seat in another session, so many days and some hours later."""
    session, starts_at = SessionId(UUID(int=40 + nth)), NOON + timedelta(days=days, hours=5)
    return CreditHeld(
        client_id=ANN, grant_id=grant_of(ANN, grant), session_id=session, credits=grant == 1,
        reservation_id=ReservationId(session), starts_at=starts_at, ends_at=starts_at + HOUR,
        on=starts_at.date(),
    )  # fmt: skip


def suspended(nth: int, because: Suspension) -> tuple[Event, ...]:
    grant = granted(ANN, nth=nth)
    asleep = EntitlementSuspended(
        client_id=ANN, grant_id=grant.grant_id, because=because, reason=""
    )  # fmt: skip
    return grant, asleep


ONCE_A_WEEK = CreditsGranted(
    client_id=ANN, grant_id=grant_of(ANN, 4), credits=1, kind=GrantKind.LIMITED, reason="",
    valid_from=NOON - timedelta(days=30), expires_at=None, period=Period.WEEK,
)  # fmt: skip
HAPPENED: dict[Code, tuple[Event, ...]] = {
    Code.SESSION_CANCELLED: (SessionCancelled(session_id=SES, reason="rain"),),
    Code.SESSION_FINALIZED: (
        AttendanceFinalized(session_id=SES, attended=0, no_shows=0, late_cancels=0),
    ),
    Code.BOOKING_BANNED: (BookingBanImposed(client_id=ANN, until=None, reason="fight"),),
    Code.ALREADY_BOOKED: reserved(ANN),
    Code.ALREADY_WAITLISTED: (waiting(ANN, 7),),
    Code.LATE_CANCELLED: late_cancelled(ANN),
    Code.OVERLAP: (scheduled(5, OTHER), *reserved(ANN, OTHER)),
    Code.DAILY_LIMIT: (held(1, days=0),),
    Code.PAST_DUE: suspended(2, Suspension.PAST_DUE),
    Code.ON_HOLD: suspended(3, Suspension.HOLD),
    Code.LIMIT_REACHED: (ONCE_A_WEEK, held(2, days=1, grant=4)),
    Code.SESSION_FULL: reserved(BEN),
    Code.WAITLIST_HAS_PRIORITY: (waiting(CAT, 1),),
    Code.WAITLIST_FULL: (*reserved(BEN), waiting(BEN, 1), waiting(CAT, 2)),
}
"""What stands in the way -> what has happened then."""


def facing(standing: set[Code]) -> Scenario:
    """Ann, and a session with two bikes, of which Dan has the first.

    Her pack has nothing left; she has more to pay with unless that is what stands in the way. Seats
    go to the line by themselves until the start.
    """
    rules = BookingPolicy(
        auto_promotion_ends_minutes_before=0, daily_limit=Code.DAILY_LIMIT in standing
    )
    happened = [event for code in Code if code in standing for event in HAPPENED.get(code, ())]
    says: dict[str, Any] = {"policy": rules, "spots": ("a", "b")}
    for code in standing:
        says |= OF_THE_SESSION.get(code, {})
    spin = scheduled(2).model_copy(update=says)
    made, hold = reserved(DAN)
    there: tuple[Event, ...] = (spin, made.model_copy(update={"spot": "a"}), hold)
    if Code.SESSION_NOT_FOUND in standing:
        there = ()
        happened = [one for one in happened if home(one)[1] != SES]
    pack = [one for one in happened if isinstance(one, CreditHeld) and one.credits]
    of_ann = [one for one in pack if one.client_id == ANN] or [held(3, days=9)]
    more = () if Code.NO_ENTITLEMENT in standing else (granted(ANN, 0, nth=5),)
    known = [opened(one) for one in (ANN, BEN, CAT, DAN)] + [granted(BEN), granted(DAN)]
    own = [granted(ANN, len(of_ann)), *more, *(one for one in of_ann if one not in happened)]
    return given(*known, *own, *there, *happened)


def cases(order: Order) -> list[Any]:
    """Each code before all later ones, whichever of those side by side they are."""
    return [
        pytest.param(code, {code, *later}, id=code)
        for nth, side_by_side in enumerate(order)
        for code in side_by_side
        for later in product(*order[nth + 1 :])
    ]


def spot(standing: set[Code]) -> str:
    if Code.SPOT_NOT_FOUND in standing:
        return "z"
    return "a" if Code.SPOT_TAKEN in standing else "b"


@pytest.mark.parametrize(
    ("code", "standing"),
    cases((*B2, *B3, *B4, *B5_AND_B6, *B7_AND_B8, *B9, *B10_TO_B12)),
)
def test_booking_is_refused_with_the_first(code: Code, standing: set[Code]) -> None:
    book = BookClass(session_id=SES, client_id=ANN, spot=spot(standing))
    facing(standing).when(book, DAY_BEFORE, f"client:{ANN}", "member").then_refused(code)


@pytest.mark.parametrize(
    ("code", "standing"), cases((*B2, *B3, *B4, *B5_AND_B6, *B9, *OF_THE_LINE))
)
def test_a_place_in_line_is_refused_with_the_first(code: Code, standing: set[Code]) -> None:
    join = JoinWaitlist(session_id=SES, client_id=ANN)
    facing(standing).when(join, DAY_BEFORE, f"client:{ANN}", "member").then_refused(code)


@pytest.mark.parametrize(
    ("code", "standing"), cases((*B2, *B3, *B4, *CHECK_IN, *B7_AND_B8, *B9, *B10_TO_B12))
)
def test_a_walk_in_is_refused_with_the_first(code: Code, standing: set[Code]) -> None:
    at = NOON - 10 * MINUTE
    at -= HOUR * (Code.CHECK_IN_NOT_OPEN in standing)
    at += 2 * HOUR * (Code.CHECK_IN_CLOSED in standing)
    walk_in = AddWalkIn(session_id=SES, client_id=ANN, spot=spot(standing))
    facing(standing).when(walk_in, at, "staff:x", "trainer").then_refused(code)


OFFERED = SpotOffered(
    session_id=SES, client_id=ANN, seq=7, expires_at=DAY_BEFORE + MINUTE, policy_version=1
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "standing"), cases((*B2, *HERS, *B3, *B7_AND_B8, *B9, *B10_TO_B12[-1:]))
)
def test_a_claim_is_refused_with_the_first(code: Code, standing: set[Code]) -> None:
    claim = ClaimSpot(session_id=SES, client_id=ANN, spot=spot(standing))
    scenario = facing(standing)
    if not standing & {Code.NOT_WAITLISTED, Code.SESSION_NOT_FOUND}:
        offered = () if Code.NOT_OFFERED in standing else (OFFERED,)
        scenario.gym.happened(waiting(ANN, 7), *offered)
    at = DAY_BEFORE + MINUTE * (Code.OFFER_EXPIRED in standing)
    scenario.when(claim, at, f"client:{ANN}", "member").then_refused(code)


def test_a_check_in_is_refused_with_the_first() -> None:
    """What stands in the way is put right one by one, until they are in."""
    off = SessionCancelled(session_id=SES, reason="rain")
    late, seat = (late_cancelled(ANN), reserved(ANN))
    alone = {"policy": BookingPolicy(self_check_in=True), "waiver_required": True}
    asks = scheduled(2).model_copy(update={"waiver_required": True})
    on = asks.model_copy(update=alone)
    known, early = (opened(ANN), granted(ANN)), NOON - HOUR
    steps: tuple[tuple[Code, tuple[Event, ...], datetime], ...] = (
        (Code.SELF_CHECK_IN_OFF, (asks, *late, off), early),
        (Code.SESSION_CANCELLED, (on, *late, off), early),
        (Code.LATE_CANCELLED, (on, *late), early),
        (Code.ALREADY_CHECKED_IN, (on, *seat, checked_in(ANN)), early),
        (Code.CHECK_IN_NOT_OPEN, (on, *seat), early),
        (Code.WAIVER_REQUIRED, (on, *seat), NOON),
    )
    here, signed = CheckIn(session_id=SES, client_id=ANN), SignWaiver(client_id=ANN)
    for code, past, at in steps:
        found = given(known, past).when(here, at, f"client:{ANN}", "member").then_refused(code)
    found.when(signed, NOON).when(here, NOON, f"client:{ANN}", "member").then_answered(
        status="checked_in"
    )


def test_where_nothing_stands_in_the_way_there_is_a_seat() -> None:
    """Nor does what is only said here make anything fail."""
    book = BookClass(session_id=SES, client_id=ANN, spot="b")
    facing(set()).when(book, DAY_BEFORE, f"client:{ANN}", "member").then_answered(spot="b")
    walk_in = AddWalkIn(session_id=SES, client_id=ANN, spot="b")
    facing(set()).when(walk_in, NOON - MINUTE, "staff:x", "trainer").then_answered(spot="b")
