"""Who is there without a seat, and where check-ins come from."""

import pytest

from contracts.booking import (
    AddWalkIn,
    BookingCode,
    CheckedIn,
    CheckIn,
    CheckInSource,
    CreditHeld,
    ReservationMade,
    ReservationSource,
    SeatsCounted,
    WaitlistLeft,
)
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    HOUR,
    MINUTE,
    NOON,
    SES,
    Past,
    given,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

MEMBER, DESK = ("client:ann", "member"), ("staff:x", "front_desk")
EVERYBODY = with_credits(ANN, BEN, CAT, DAN)
WALK_IN = AddWalkIn(session_id=SES, client_id=ANN)


def test_a_walk_in_gets_a_seat_and_is_checked_in() -> None:
    one_online = scheduled(2).model_copy(update={"online_capacity": 1})
    given(one_online, EVERYBODY, reserved(BEN)).when(WALK_IN, NOON, *DESK).then(
        fact(SeatsCounted),
        fact(ReservationMade, source=ReservationSource.WALK_IN, online=False),
        fact(CreditHeld),
        fact(CheckedIn, source=CheckInSource.STAFF),
    ).then_answered(status="checked_in")


def test_a_walk_in_from_the_line_leaves_it() -> None:
    past = (scheduled(2), EVERYBODY, reserved(BEN), waiting(ANN, 1))
    given(*past).when(WALK_IN, NOON - 20 * MINUTE, *DESK).then(
        fact(WaitlistLeft, reason="claimed"), fact(ReservationMade), fact(CreditHeld),
        fact(CheckedIn),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("past", "at", "code"),
    [
        ((), NOON, BookingCode.SESSION_NOT_FOUND),
        ((scheduled(1), EVERYBODY, reserved(ANN)), NOON, BookingCode.ALREADY_BOOKED),
        ((scheduled(1), EVERYBODY, late_cancelled(ANN)), NOON, BookingCode.LATE_CANCELLED),
        ((scheduled(1), EVERYBODY), NOON - HOUR, BookingCode.CHECK_IN_NOT_OPEN),
        ((scheduled(1), EVERYBODY), NOON + 2 * HOUR, BookingCode.CHECK_IN_CLOSED),
        ((scheduled(1), opened(ANN)), NOON, BookingCode.NO_ENTITLEMENT),
        ((scheduled(1), EVERYBODY, reserved(BEN)), NOON, BookingCode.SESSION_FULL),
    ],
)
def test_a_walk_in_is_refused_for_a_reason(past: Past, at: object, code: BookingCode) -> None:
    given(*past).when(WALK_IN, at, *DESK).then_refused(code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "who", "source"),
    [
        (None, DESK, CheckInSource.STAFF),
        (CheckInSource.KIOSK, DESK, CheckInSource.KIOSK),
        (CheckInSource.DOOR, ("system:booking", "system"), CheckInSource.DOOR),
        (CheckInSource.QR, DESK, CheckInSource.QR),
    ],
)
def test_a_check_in_tells_where_it_came_from(
    asked: CheckInSource | None, who: tuple[str, ...], source: CheckInSource
) -> None:
    here = CheckIn(session_id=SES, client_id=ANN, source=asked)
    given(scheduled(1), EVERYBODY, reserved(ANN)).when(here, NOON, *who).then(
        fact(CheckedIn, source=source)
    )


def test_members_check_themselves_in_only_where_the_policy_lets_them() -> None:
    for source in (None, CheckInSource.QR, CheckInSource.DOOR):
        here = CheckIn(session_id=SES, client_id=ANN, source=source)
        given(scheduled(1), EVERYBODY, reserved(ANN)).when(here, NOON, *MEMBER).then_refused(
            BookingCode.SELF_CHECK_IN_OFF, field="source"
        )
    past = (scheduled(1, self_check_in=True), EVERYBODY, reserved(ANN))
    pretends = CheckIn(session_id=SES, client_id=ANN, source=CheckInSource.STAFF)
    given(*past).when(pretends, NOON, *MEMBER).then(fact(CheckedIn, source=CheckInSource.SELF))
