"""Bans the rules impose: so many penalties in so many days keep a client from booking."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    Attendance,
    BanEnd,
    BookClass,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    CancelReservation,
    ContestFee,
    CorrectAttendance,
    EndBookingBan,
    FinalizeAttendance,
    Forgiveness,
    GrantKind,
    ImposeBookingBan,
    LiftBookingBan,
    ResolveContest,
    StandingBan,
    Violation,
    ViolationRecorded,
    WaiveFee,
)
from contracts.envelope import Event
from contracts.ids import ReservationId, SessionId
from contracts.money import Price
from tests.domain.booking.language import (
    ANN,
    FAR,
    HOUR,
    NOON,
    SES,
    checked_in,
    given,
    granted,
    opened,
    scheduled,
)
from tests.scenario import Scenario, fact

DAY = timedelta(days=1)
DONE = NOON + HOUR
CLOSE = FinalizeAttendance(session_id=SES)
STRICT: dict[str, Any] = {"ban_after_penalties": 3, "ban_window_days": 90, "ban_days": 21,
                          "free_passes": 0}  # fmt: skip
FEE = Price(minor=1500, currency="EUR")


def missed(nth: int, days_ago: float, **values: Any) -> ViolationRecorded:
    """A no-show of Ann's in another session."""
    facts = {
        "starts_at": NOON, "free_until": NOON, "empty_seats": 0, "later_late_cancels": 0,
        "recent_violations": 0,
    }  # fmt: skip
    told: dict[str, Any] = {
        "client_id": ANN, "session_id": SessionId(UUID(int=500 + nth)),
        "reservation_id": ReservationId(UUID(int=600 + nth)), "kind": Violation.NO_SHOW,
        "grant_kind": GrantKind.UNLIMITED, "policy_version": 1,
        "judged_at": DONE - days_ago * DAY, "evidence": facts,
    }  # fmt: skip
    return ViolationRecorded.model_validate(told | values)


def ann(*past: Event, **policy: Any) -> tuple[Scenario, ReservationId]:
    """She booked and did not come; her reservation."""
    scenario = given(
        scheduled(3, **STRICT | policy), scheduled(3, FAR, NOON + 60 * DAY), opened(ANN),
        granted(ANN, 0), *past,
    )  # fmt: skip
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - DAY)
    return scenario, ReservationId(UUID(str(scenario.answer.reservation_id)))


def banned(scenario: Scenario) -> list[BookingBanImposed]:
    return [event for event in scenario.gym.log if isinstance(event, BookingBanImposed)]


def lifted(scenario: Scenario) -> list[BookingBanLifted]:
    return [event for event in scenario.gym.log if isinstance(event, BookingBanLifted)]


def test_the_third_penalty_in_ninety_days_keeps_a_client_from_booking_for_a_while() -> None:
    scenario, _ = ann(missed(1, 89), missed(2, 1))
    scenario.when(CLOSE, DONE)
    (ban,) = banned(scenario)
    assert (ban.until, ban.reason) == (DONE + 21 * DAY, "3 late cancels or no-shows in 90 days")
    assert ban.cause is not None
    assert (ban.cause.penalties, ban.cause.needed, ban.cause.counted_at) == (3, 3, DONE)
    far = BookClass(session_id=FAR, client_id=ANN)
    at = NOON + 53 * DAY  # booking for it is open
    scenario.when(far, DONE + 21 * DAY - HOUR).then_refused(
        BookingCode.BOOKING_BANNED, field="client_id", reason=ban.reason
    )
    ends = scenario.gym.deadlines[f"end_booking_ban:{ANN}"]
    assert ends == (DONE + 21 * DAY, EndBookingBan(client_id=ANN))
    scenario.when(EndBookingBan(client_id=ANN), DONE + 21 * DAY).then(
        fact(BookingBanLifted, policy_version=1, kind=BanEnd.SERVED)
    )
    scenario.when(far, at).then_answered(status="reserved")


def test_it_is_off_until_the_gym_wants_it() -> None:
    scenario, _ = ann(*(missed(nth, 1) for nth in range(9)), ban_after_penalties=0)
    assert banned(scenario.when(CLOSE, DONE)) == []


@pytest.mark.parametrize(
    "past",
    [
        (missed(1, 1),),
        (missed(1, 1), missed(2, 90)),
        (missed(1, 1), missed(2, 2, forgiven=Forgiveness.REFILLED)),
    ],
    ids=["too few", "too long ago", "refilled"],
)
def test_fewer_do_not(past: tuple[Event, ...]) -> None:
    scenario, _ = ann(*past)
    assert banned(scenario.when(CLOSE, DONE)) == []


def test_what_somebody_was_let_off_is_no_penalty() -> None:
    """The free pass takes this one: it is the first in 30 days, though the third in 90."""
    scenario, _ = ann(missed(1, 60), missed(2, 50), no_show_fee=FEE, free_passes=1)
    assert banned(scenario.when(CLOSE, DONE)) == []


def test_a_ban_of_the_rules_never_shortens_one_of_staff() -> None:
    scenario, _ = ann(missed(1, 2), missed(2, 1))
    ban = ImposeBookingBan(client_id=ANN, until=None, reason="fight")
    scenario.when(ban, DONE - HOUR, "staff:x", "owner").when(CLOSE, DONE)
    assert [one.reason for one in banned(scenario)] == ["fight"]
    assert f"end_booking_ban:{ANN}" not in scenario.gym.deadlines


def test_staff_lifts_it_before_its_time() -> None:
    scenario, _ = ann(missed(1, 2), missed(2, 1))
    scenario.when(CLOSE, DONE).when(LiftBookingBan(client_id=ANN, reason="talked"), DONE)
    scenario.then(fact(BookingBanLifted, reason="talked", kind=BanEnd.STAFF, lifted_at=DONE))
    assert f"end_booking_ban:{ANN}" not in scenario.gym.deadlines


def strict_and_priced() -> tuple[Scenario, dict[str, Any]]:
    """Ann is banned for three penalties, the last of which is a pending fee."""
    scenario, one = ann(missed(1, 2), missed(2, 1), no_show_fee=FEE)
    scenario.when(CLOSE, DONE)
    assert len(banned(scenario)) == 1
    return scenario, {"client_id": ANN, "reservation_id": one, "reason": "was ill"}


def test_a_ban_falls_with_the_penalty_it_rests_on() -> None:
    for name in ("corrected", "waived", "contested"):
        scenario, named = strict_and_priced()
        match name:
            case "corrected":
                scenario.when(
                    CorrectAttendance(
                        session_id=SES, client_id=ANN, becomes=Attendance.ATTENDED, reason="was ill"
                    ),
                    DONE + 60 * DAY,
                )
            case "waived":
                scenario.when(WaiveFee(**named), DONE)
            case "contested":
                scenario.when(ContestFee(**named), DONE)
                scenario.when(ResolveContest(**named, fee_stands=False), DONE)
        (fell,) = lifted(scenario)
        assert (fell.reason, fell.kind) == ("was ill", BanEnd.FELL), name
        assert f"end_booking_ban:{ANN}" not in scenario.gym.deadlines


def test_it_stays_when_the_books_call_what_it_rests_on_by_another_name() -> None:
    """Not lifted for a moment in which the line would let her in."""
    scenario, _ = ann(missed(1, 2), missed(2, 1))
    cancel = CancelReservation(session_id=SES, client_id=ANN)
    scenario.when(cancel, NOON - HOUR).when(CLOSE, DONE)
    no_show = CorrectAttendance(
        session_id=SES, client_id=ANN, becomes=Attendance.NO_SHOW, reason="seen"
    )
    scenario.when(no_show, DONE + HOUR)
    assert lifted(scenario) == []
    assert [one.until for one in banned(scenario)] == [DONE + 21 * DAY]


def test_it_stays_while_enough_penalties_do_however_old_they_get() -> None:
    scenario, named = strict_and_priced()
    scenario.gym.happened(missed(3, 3))
    scenario.when(WaiveFee(**named), DONE + HOUR)
    assert lifted(scenario) == []


def test_a_ban_of_staff_falls_with_no_penalty() -> None:
    scenario, one = ann(no_show_fee=FEE)
    named = {"client_id": ANN, "reservation_id": one, "reason": "was ill"}
    ban = ImposeBookingBan(client_id=ANN, until=None, reason="fight")
    scenario.when(ban, NOON, "staff:x", "owner").when(CLOSE, DONE).when(WaiveFee(**named), DONE)
    assert lifted(scenario) == []


UNTIL = DONE + 10 * DAY  # of staff's ban; the rules' lasts eleven days longer


def fought(until: datetime | None = UNTIL) -> ImposeBookingBan:
    return ImposeBookingBan(client_id=ANN, until=until, reason="fight")


@pytest.mark.parametrize("staff_first", [True, False])
def test_a_ban_of_the_rules_and_one_of_staff_stand_beside_each_other(staff_first: bool) -> None:
    """Until the later of both; and when the rules lift theirs, until staff's own end."""
    scenario, one = ann(missed(1, 2), missed(2, 1), no_show_fee=FEE)
    if staff_first:
        scenario.when(fought(), DONE - HOUR).when(CLOSE, DONE)
    else:
        scenario.when(CLOSE, DONE).when(fought(), DONE)
    assert {ban.reason for ban in banned(scenario)} == {
        "fight",
        "3 late cancels or no-shows in 90 days",
    }
    assert scenario.gym.deadlines[f"end_booking_ban:{ANN}"][0] == DONE + 21 * DAY
    scenario.when(EndBookingBan(client_id=ANN), UNTIL).then_nothing()
    near = scheduled(3, SessionId(UUID(int=77)), NOON + 9 * DAY)
    scenario.gym.happened(near)
    book = BookClass(session_id=SessionId(UUID(int=77)), client_id=ANN)
    scenario.when(book, DONE + 8 * DAY).then_refused(
        BookingCode.BOOKING_BANNED, until=(DONE + 21 * DAY).isoformat()
    )
    waive = WaiveFee(client_id=ANN, reservation_id=one, reason="was ill")
    scenario.when(waive, DONE + HOUR)
    (fell,) = lifted(scenario)
    assert fell.remaining == StandingBan(until=UNTIL, because="fight")
    scenario.when(book, DONE + 8 * DAY).then_refused(
        BookingCode.BOOKING_BANNED, until=UNTIL.isoformat(), reason="fight"
    )
    assert scenario.gym.deadlines[f"end_booking_ban:{ANN}"][0] == UNTIL
    scenario.when(EndBookingBan(client_id=ANN), UNTIL).then(
        fact(BookingBanLifted, reason="served", remaining=None)
    )


def test_one_of_staff_without_an_end_stays_when_the_rules_lift_theirs() -> None:
    scenario, named = strict_and_priced()
    scenario.when(fought(None), DONE).when(WaiveFee(**named), DONE + HOUR)
    book = BookClass(session_id=FAR, client_id=ANN)
    scenario.when(book, NOON + 59 * DAY).then_refused(BookingCode.BOOKING_BANNED, reason="fight")
    assert f"end_booking_ban:{ANN}" not in scenario.gym.deadlines


def test_staff_lifts_both() -> None:
    scenario, _ = ann(missed(1, 2), missed(2, 1))
    scenario.when(fought(), DONE - HOUR).when(CLOSE, DONE)
    scenario.when(LiftBookingBan(client_id=ANN, reason="talked"), DONE)
    scenario.then(fact(BookingBanLifted, reason="talked", remaining=None))
    book = BookClass(session_id=FAR, client_id=ANN)
    scenario.when(book, NOON + 53 * DAY).then_answered(status="reserved")


def test_what_staff_lifted_was_also_what_a_longer_ban_of_theirs_had_hidden() -> None:
    """The rules imposed none beside it; nor do they when a correction is taken back."""
    scenario, _ = ann(missed(1, 2), missed(2, 1))
    scenario.when(fought(None), DONE - HOUR).when(CLOSE, DONE)
    scenario.when(LiftBookingBan(client_id=ANN, reason="talked"), DONE + HOUR)
    for becomes in (Attendance.ATTENDED, Attendance.NO_SHOW):
        right = CorrectAttendance(session_id=SES, client_id=ANN, becomes=becomes, reason="seen")
        scenario.when(right, DONE + 2 * HOUR).then_answered()
    assert [ban.reason for ban in banned(scenario)] == ["fight"]


def test_one_that_was_over_already_does_not_stay() -> None:
    scenario, named = strict_and_priced()
    scenario.when(fought(DONE + HOUR / 2), DONE).when(WaiveFee(**named), DONE + HOUR)
    (one,) = lifted(scenario)
    assert one.remaining is None


def test_who_came_is_not_banned_for_what_they_did_before() -> None:
    scenario, one = ann(*(missed(nth, 1) for nth in range(5)))
    scenario.gym.happened(checked_in(ANN).model_copy(update={"reservation_id": one}))
    assert banned(scenario.when(CLOSE, DONE)) == []
