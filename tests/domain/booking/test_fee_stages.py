"""How far a fee comes, and by what."""

from datetime import timedelta

import pytest

from contracts.booking import (
    Attendance,
    BookClass,
    CollectFee,
    ContestFee,
    CorrectAttendance,
    FinalizeAttendance,
    ResolveContest,
    WaiveFee,
)
from contracts.envelope import Command
from contracts.money import Price
from services.booking.domain.penalty import FeeStage, client_penalties
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
WAIVE, COLLECT, CONTEST, FALLS, CAME = "waive", "collect", "contest", "falls", "came"


@pytest.mark.parametrize(
    ("free_passes", "steps", "stage"),
    [
        (0, (), FeeStage.PENDING),
        (1, (), FeeStage.FORGIVEN),
        (0, (WAIVE,), FeeStage.WAIVED),
        (0, (COLLECT,), FeeStage.DUE),
        (0, (COLLECT, CONTEST), FeeStage.DUE),
        (0, (CONTEST, FALLS), FeeStage.WAIVED),
        (0, (COLLECT, CONTEST, FALLS), FeeStage.REVERSED),
        (0, (CAME,), FeeStage.CLEARED),
        (0, (COLLECT, CAME), FeeStage.CLEARED),
    ],
)
def test_a_fee_is_where_the_last_step_has_brought_it(
    free_passes: int, steps: tuple[str, ...], stage: FeeStage
) -> None:
    class_ = scheduled(3, no_show_fee=FEE, free_passes=free_passes)
    scenario = given(class_, opened(ANN), granted(ANN, 0))
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - DAY)
    seat = scenario.answer.reservation_id
    scenario.when(FinalizeAttendance(session_id=SES), DONE)

    case = {"client_id": ANN, "reservation_id": seat}
    does: dict[str, Command] = {
        WAIVE: WaiveFee(**case, reason="ill"),
        COLLECT: CollectFee(**case),
        CONTEST: ContestFee(**case, reason="I was there"),
        FALLS: ResolveContest(**case, fee_stands=False, reason="seen"),
        CAME: CorrectAttendance(
            session_id=SES, client_id=ANN, becomes=Attendance.ATTENDED, reason="was there"
        ),
    }
    for step in steps:
        scenario.when(does[step], DONE + DAY)

    fee = scenario.gym.state(client_penalties, ANN).cases[seat].fee
    assert fee is not None
    assert fee.stage is stage
