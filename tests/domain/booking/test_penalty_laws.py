"""Laws of fees and bans: whatever is asked, in whatever order, however often."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    BanEnd,
    BookClass,
    BookingBanImposed,
    BookingBanLifted,
    BookingPolicy,
    Cancellation,
    CancelReservation,
    CollectFee,
    ContestFee,
    CorrectAttendance,
    FeeAssessed,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeForgiven,
    FeeReversed,
    FeeWaived,
    FinalizeAttendance,
    LiftBookingBan,
    MarkedNoShow,
    ReservationCancelled,
    ResolveContest,
    ViolationCleared,
    ViolationRecorded,
    WaiveFee,
)
from contracts.envelope import Command, Event
from contracts.ids import ReservationId, SessionId
from tests.domain.booking.language import (
    ANN,
    HOUR,
    MINUTE,
    NOON,
    given,
    granted,
    opened,
    scheduled,
)
from tests.domain.booking.misses import DONE, PRICED, seat
from tests.scenario import Scenario

DAY = timedelta(days=1)
BANNED_AFTER = 2
ANY_FEE = (
    FeeAssessed, FeeForgiven, FeeWaived, FeeReversed, FeeDue, FeeContested, FeeContestResolved
)  # fmt: skip
MISSES = {Attendance.NO_SHOW, Attendance.LATE_CANCELLED}
STEPS = [
    "close", "waive", "contest", "stands", "falls", "collect", "lift", *map(str, Attendance)
]  # fmt: skip
LATE = 3  # the class that is given up late; to the others nobody comes
SEATS = [0, 0, 0, 1, 2, LATE, LATE]
PAUSES = [MINUTE, 20 * HOUR, 3 * DAY, 20 * DAY]
moves = st.tuples(st.sampled_from(STEPS), st.sampled_from(SEATS), st.sampled_from(PAUSES))
Move = tuple[str, int, timedelta]
walks = st.tuples(st.lists(moves, max_size=25), st.integers(0, 2), st.booleans())


@settings(max_examples=150, deadline=None, database=None)
@draw(walks)
def test_the_laws_of_fees_hold(walk: tuple[list[Move], int, bool]) -> None:
    walked(*walk)


WALKS = 120
REACHED = (
    *(kind.__name__ for kind in ANY_FEE), "ViolationCleared", "BookingBanImposed",
    "lifted: staff", "lifted: fell", *(f"corrected to {one}" for one in Attendance),
)  # fmt: skip


def test_walks_come_to_what_the_laws_speak_of() -> None:
    """A law says nothing of what never happens. These are the same each time."""
    reached = set[str]().union(*(walked(*_long(Random(seed))) for seed in range(WALKS)))
    assert set(REACHED) - reached == set()


def _long(dice: Random) -> tuple[list[Move], int, bool]:
    """Twenty-five moves, drawn alike."""
    walk = [(dice.choice(STEPS), dice.choice(SEATS), dice.choice(PAUSES)) for _ in range(25)]
    return walk, dice.randint(0, 2), dice.random() < 0.5


def walked(walk: list[Move], passes: int, closed: bool) -> set[str]:
    """What it came to, whatever was asked; from ``closed`` books on or before."""
    if closed:
        walk = [*(("close", nth, MINUTE) for nth in range(4)), *walk]
    scenario, seats = _week(passes)
    now = DONE + 8 * HOUR
    for name, nth, pause in walk:
        now += pause
        _move(scenario, name, *seats[nth], now)
        _must_be_lawful(scenario.gym.log, passes)
    log = scenario.gym.log
    return {
        *(type(event).__name__ for event in log),
        *(f"corrected to {one.becomes}" for one in log if isinstance(one, AttendanceCorrected)),
        *(f"lifted: {one.kind}" for one in log if isinstance(one, BookingBanLifted)),
    }


def _week(passes: int) -> tuple[Scenario, list[tuple[SessionId, ReservationId]]]:
    """Ann, who pays by the month, has a seat in four classes of a day."""
    scenario, seats = given(opened(ANN), granted(ANN, 0)), []
    for nth in range(4):
        session = SessionId(UUID(int=300 + nth))
        starts = NOON + 2 * nth * HOUR
        strict = {"free_passes": passes, "ban_after_penalties": BANNED_AFTER}
        scenario.gym.happened(scheduled(3, session, starts, **PRICED | strict))
        scenario.when(BookClass(session_id=session, client_id=ANN), NOON - 24 * HOUR)
        seats.append((session, seat(scenario)))
    late = CancelReservation(session_id=session, client_id=ANN)
    scenario.when(late, starts - HOUR).then_answered(status="cancelled_late")
    return scenario, seats


def _move(
    scenario: Scenario, name: str, session: SessionId, one: ReservationId, now: datetime
) -> None:
    named: dict[str, Any] = {"client_id": ANN, "reservation_id": one}
    if name in set(Attendance):
        corrected = {"becomes": Attendance(name), "reason": "seen"}
        asked: Command = CorrectAttendance(session_id=session, client_id=ANN, **corrected)
    else:
        asked = _asked(name, session, named)
    try:
        scenario.gym.do(asked, now, "staff:x")
    except Refused:
        return


def _asked(name: str, session: SessionId, named: dict[str, Any]) -> Command:
    asked: dict[str, Command] = {
        "close": FinalizeAttendance(session_id=session),
        "waive": WaiveFee(**named, reason="x"),
        "contest": ContestFee(**named, reason="x"),
        "stands": ResolveContest(**named, fee_stands=True, reason="x"),
        "falls": ResolveContest(**named, fee_stands=False, reason="x"),
        "collect": CollectFee(**named),
        "lift": LiftBookingBan(client_id=ANN, reason="x"),
    }
    return asked[name]


def _must_be_lawful(log: list[Event], passes: int) -> None:
    for told in _told_of_fees(log):
        kinds = [type(event) for event in told]
        times = Counter(kinds)
        assert set(times.values()) <= {1}, "once each"
        over = times[FeeForgiven] + times[FeeWaived] + times[FeeReversed]
        assert over <= 1, "one end"
        assert not (over and times[FeeContested] > times[FeeContestResolved]), "not asked for"
        assert not (times[FeeDue] and times[FeeForgiven] + times[FeeWaived])
    _must_be_one_at_a_time(log)
    if not any(isinstance(e, ViolationCleared) for e in log):
        judged = {e.reservation_id: e.judged_at for e in log if isinstance(e, ViolationRecorded)}
        freed = [judged[e.reservation_id] for e in log if isinstance(e, FeeForgiven)]
        window = timedelta(days=BookingPolicy().free_pass_days)
        for last in freed:
            in_window = [at for at in freed if last - window < at <= last]
            assert len(in_window) <= passes, "no more free passes than the policy has in a window"
    _must_have_its_consequence(log)
    _must_rest_on_penalties(log)


def _told_of_fees(log: list[Event]) -> Iterable[list[Event]]:
    """What happened to each fee, in its turn; only of what was assessed."""
    told: dict[tuple[ReservationId, int], list[Event]] = {}
    last: dict[ReservationId, int] = {}
    for event in log:
        if isinstance(event, FeeAssessed):
            last[event.reservation_id] = event.assessment
        if isinstance(event, ANY_FEE):
            key = (event.reservation_id, last[event.reservation_id])
            assert getattr(event, "assessment", key[1]) == key[1], "only the last is spoken of"
            told.setdefault(key, []).append(event)
    return told.values()


def _must_be_one_at_a_time(log: list[Event]) -> None:
    """A fee is followed by another only when a correction took it back."""
    counts: set[ReservationId] = set()
    cleared: dict[ReservationId, int] = {}
    for event in log:
        match event:
            case ViolationRecorded():
                counts.add(event.reservation_id)
            case ViolationCleared():
                counts.remove(event.reservation_id)
            case FeeReversed() if event.reservation_id not in counts:
                cleared[event.reservation_id] = event.assessment
            case FeeAssessed():
                assert event.assessment == cleared.get(event.reservation_id, 0) + 1


def _must_rest_on_penalties(log: list[Event]) -> None:
    """A ban of the rules is on only while enough of what it was imposed for still weighs.

    What had been judged when staff lifted one is not what the next is imposed for.
    """
    weighs: set[ReservationId] = set()
    ban: set[ReservationId] | None = None
    judged, lifted = set[datetime](), set[datetime]()
    for event in log:
        match event:
            case ViolationRecorded():
                weighs.add(event.reservation_id)
                judged.add(event.judged_at)
            case ViolationCleared() | FeeForgiven() | FeeWaived() | FeeReversed():
                weighs.discard(event.reservation_id)
            case BookingBanImposed():
                ban = set(weighs)
                assert len(ban) >= BANNED_AFTER
                assert event.cause is not None
                assert event.cause.counted_at not in lifted
            case BookingBanLifted():
                if event.kind is BanEnd.STAFF:
                    assert ban is not None
                    assert len(ban & weighs) >= BANNED_AFTER, "it had fallen before"
                    lifted |= judged
                ban = None
    assert ban is None or len(ban & weighs) >= BANNED_AFTER


def _must_have_its_consequence(log: list[Event]) -> None:
    """Closed books and cases agree: who is shown as missing has a case that counts, nobody else."""
    books: dict[ReservationId, Attendance] = {}
    counts: dict[ReservationId, bool] = {}
    late: dict[SessionId, ReservationId] = {}
    for event in log:
        match event:
            case ReservationCancelled(kind=Cancellation.LATE):
                late[event.session_id] = event.reservation_id
            case AttendanceFinalized() if event.session_id in late:
                books[late[event.session_id]] = Attendance.LATE_CANCELLED
            case MarkedNoShow():
                books[event.reservation_id] = Attendance.NO_SHOW
            case AttendanceCorrected():
                books[event.reservation_id] = event.becomes
            case ViolationRecorded():
                counts[event.reservation_id] = True
            case ViolationCleared():
                counts[event.reservation_id] = False
    missing = {one for one, shown in books.items() if shown in MISSES}
    assert missing == {one for one, does in counts.items() if does}
    ends = FeeForgiven | FeeWaived | FeeReversed
    asked_for = {
        told[0].reservation_id  # type: ignore[attr-defined]
        for told in _told_of_fees(log)
        if not any(isinstance(event, ends) for event in told)
    }
    assert asked_for <= missing, "nobody owes for what they did not do"
