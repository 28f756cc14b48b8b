"""How far a fee comes, and a contest of it, and by what."""

from datetime import timedelta

import pytest

from contracts.booking import (
    Attendance,
    BarErasedClient,
    BookClass,
    CollectFee,
    ContestFee,
    CorrectAttendance,
    FinalizeAttendance,
    ResolveContest,
    WaiveFee,
)
from contracts.envelope import Command
from contracts.ids import ReservationId
from contracts.money import Price
from services.booking.domain.penalty import Contest, FeeStage, client_penalties
from tests.domain.booking.language import (
    ANN,
    HOUR,
    NOON,
    SES,
    given,
    granted,
    opened,
    scheduled,
)

FEE = Price(minor=1500, currency="EUR")
DONE, DAY = NOON + HOUR, timedelta(days=1)
WAIVE, COLLECT, CONTEST, STANDS, FALLS = "waive", "collect", "contest", "stands", "falls"
CAME, MISSED, ERASED = "came", "missed", "erased"


@pytest.mark.parametrize(
    ("free_passes", "steps", "stage", "contest"),
    [
        (0, (), FeeStage.PENDING, Contest.NONE),
        (1, (), FeeStage.FORGIVEN, Contest.NONE),
        (0, (WAIVE,), FeeStage.WAIVED, Contest.NONE),
        (0, (COLLECT,), FeeStage.DUE, Contest.NONE),
        (0, (CAME,), FeeStage.CLEARED, Contest.NONE),
        (0, (COLLECT, CAME), FeeStage.CLEARED, Contest.NONE),
        (0, (ERASED,), FeeStage.WAIVED, Contest.NONE),
        (0, (CAME, MISSED), FeeStage.PENDING, Contest.NONE),
        (0, (CONTEST,), FeeStage.PENDING, Contest.OPEN),
        (0, (CONTEST, COLLECT), FeeStage.PENDING, Contest.OPEN),
        (0, (COLLECT, CONTEST), FeeStage.DUE, Contest.OPEN),
        (0, (COLLECT, CONTEST, ERASED), FeeStage.DUE, Contest.OPEN),
        (0, (CONTEST, STANDS), FeeStage.DUE, Contest.RESOLVED),
        (0, (COLLECT, CONTEST, STANDS), FeeStage.DUE, Contest.RESOLVED),
        (0, (CONTEST, FALLS), FeeStage.WAIVED, Contest.RESOLVED),
        (0, (COLLECT, CONTEST, FALLS), FeeStage.REVERSED, Contest.RESOLVED),
        (0, (CONTEST, WAIVE), FeeStage.WAIVED, Contest.RESOLVED),
        (0, (CONTEST, ERASED), FeeStage.WAIVED, Contest.RESOLVED),
        (0, (COLLECT, CONTEST, CAME), FeeStage.CLEARED, Contest.RESOLVED),
        (0, (CONTEST, CAME, MISSED), FeeStage.PENDING, Contest.NONE),
        (0, (CONTEST, CAME, MISSED, CONTEST), FeeStage.PENDING, Contest.OPEN),
    ],
)
def test_a_fee_is_where_the_last_step_has_brought_it(
    free_passes: int, steps: tuple[str, ...], stage: FeeStage, contest: Contest
) -> None:
    """Each step a day after the books were closed: a fee is due then that nobody contests."""
    class_ = scheduled(3, no_show_fee=FEE, free_passes=free_passes)
    scenario = given(class_, opened(ANN), granted(ANN, 0))
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - DAY)
    seat = scenario.answer.reservation_id
    scenario.when(FinalizeAttendance(session_id=SES), DONE)

    for step in steps:
        scenario.when(asked(step, seat), DONE + DAY).then_answered()

    fee = scenario.gym.state(client_penalties, ANN).cases[seat].fee
    assert fee is not None
    assert (fee.stage, fee.contest) == (stage, contest)


def asked(step: str, seat: ReservationId) -> Command:
    case = {"client_id": ANN, "reservation_id": seat}
    shown = {"session_id": SES, "client_id": ANN, "reason": "seen"}
    commands: dict[str, Command] = {
        WAIVE: WaiveFee(**case, reason="ill"),
        COLLECT: CollectFee(**case),
        CONTEST: ContestFee(**case, reason="I was there"),
        STANDS: ResolveContest(**case, fee_stands=True, reason="nobody saw you"),
        FALLS: ResolveContest(**case, fee_stands=False, reason="seen"),
        CAME: CorrectAttendance(**shown, becomes=Attendance.ATTENDED),
        MISSED: CorrectAttendance(**shown, becomes=Attendance.NO_SHOW),
        ERASED: BarErasedClient(client_id=ANN),
    }
    return commands[step]
