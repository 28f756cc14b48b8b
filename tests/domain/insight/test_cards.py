"""What the dashboard's cards count, with the worked examples of their definitions."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts import booking
from contracts.envelope import Event
from contracts.golden import sample_of
from contracts.ids import LocationId, ReservationId, SessionId, new_id
from contracts.timetable import SessionKind
from services.projections.cards import (
    Counted,
    Seat,
    SeatStatus,
    attendance_rate,
    classes_today,
    counted_as,
    day_bounds,
    local_date,
)

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
NOON = datetime(2027, 3, 3, 12, tzinfo=UTC)
HERE = LocationId(new_id())


def seats(
    attended: int = 0, no_shows: int = 0, *, held: int = 0, walk_ins: int = 0, counts: bool = True
) -> list[Seat]:
    counted = {SeatStatus.ATTENDED: attended, SeatStatus.NO_SHOW: no_shows, SeatStatus.HELD: held}
    taken = [
        Seat(ReservationId(new_id()), status, counts=counts)
        for status, count in counted.items()
        for _ in range(count)
    ]
    walked = [Seat(ReservationId(new_id()), SeatStatus.ATTENDED, True) for _ in range(walk_ins)]
    return taken + walked


def session(
    begins: datetime,
    *taken: Seat,
    zone: str = BERLIN,
    cancelled: bool = False,
    closed_by: str = "",
    kind: SessionKind = SessionKind.CLASS,
) -> Counted:
    return Counted(
        SessionId(new_id()), HERE, zone, local_date(begins, zone), begins,
        begins + timedelta(hours=1), 12, cancelled, closed_by, taken, kind,
    )  # fmt: skip


TURNS: list[tuple[type[Event], dict[str, object], SeatStatus]] = [
    (booking.ReservationMade, {}, SeatStatus.HELD),
    (booking.CheckedIn, {}, SeatStatus.ATTENDED),
    (booking.CheckInUndone, {}, SeatStatus.HELD),
    (booking.ReservationCancelled, {"kind": "early"}, SeatStatus.GIVEN_UP),
    (booking.ReservationCancelled, {"kind": "late"}, SeatStatus.GIVEN_UP),
    (booking.ReservationCancelled, {"kind": "session"}, SeatStatus.GIVEN_UP),
    (booking.ReservationCancelled, {"kind": "staff"}, SeatStatus.GIVEN_UP),
    (booking.ReservationReinstated, {}, SeatStatus.HELD),
    (booking.MarkedNoShow, {}, SeatStatus.NO_SHOW),
    (booking.AttendanceCorrected, {"becomes": "attended"}, SeatStatus.ATTENDED),
    (booking.AttendanceCorrected, {"becomes": "no_show"}, SeatStatus.NO_SHOW),
    (booking.AttendanceCorrected, {"becomes": "late_cancelled"}, SeatStatus.GIVEN_UP),
    (booking.AttendanceCorrected, {"becomes": "excused"}, SeatStatus.GIVEN_UP),
]  # fmt: skip


def sample(kind: type[Event], /, **values: object) -> Event:
    return kind.model_validate(sample_of(kind)["data"] | values)


@pytest.mark.parametrize(
    ("kind", "values", "status"),
    [pytest.param(*turn, id=" ".join([turn[0].__name__, *map(str, turn[1].values())]))
     for turn in TURNS],
)  # fmt: skip
def test_a_seat_counts_as_what_became_of_it_last(
    kind: type[Event], values: dict[str, object], status: SeatStatus
) -> None:
    assert counted_as(sample(kind, **values)) is status


@pytest.mark.parametrize(
    "kind",
    [booking.SessionCancelled, booking.WaitlistJoined, booking.SpotChanged, booking.FeeAssessed],
)
def test_what_becomes_of_no_seat_counts_as_nothing(kind: type[Event]) -> None:
    assert counted_as(sample(kind)) is None


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2027, 3, 28), BERLIN, 23),
        (date(2027, 10, 31), BERLIN, 25),
        (date(2026, 3, 8), NEW_YORK, 23),
        (date(2026, 11, 1), NEW_YORK, 25),
        (date(2027, 3, 3), BERLIN, 24),
    ],
)
def test_a_gym_day_has_as_many_hours_as_the_clock_there_shows(
    day: date, zone: str, hours: int
) -> None:
    begins, ends = day_bounds(day, zone)

    assert ends - begins == timedelta(hours=hours)
    last = ends - timedelta(microseconds=1)
    assert [local_date(moment, zone) for moment in (begins, last)] == [day, day]
    assert local_date(ends, zone) == day + timedelta(days=1)


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_today_holds_the_whole_day_when_clocks_change(day: date) -> None:
    begins, ends = day_bounds(day, BERLIN)
    first, last = session(begins), session(ends - timedelta(minutes=1))
    others = [session(begins - timedelta(minutes=1)), session(ends)]

    card = classes_today([first, last, *others], begins + timedelta(hours=12))

    assert (card.done, card.to_come) == ([first.session_id], [last.session_id])


def test_classes_are_done_running_or_to_come() -> None:
    done, running, to_come = (session(NOON + timedelta(hours=h)) for h in (-1, 0, 1))

    card = classes_today([done, running, to_come], NOON)

    assert (card.done, card.running, card.to_come) == (
        [done.session_id], [running.session_id], [to_come.session_id],
    )  # fmt: skip
    assert card.changes_at == running.ends_at


def test_cancelled_classes_stand_apart_and_empty_ones_count() -> None:
    taken = seats(held=5, attended=1)
    full, empty = session(NOON, *taken), session(NOON)
    off = session(NOON, cancelled=True)

    card = classes_today([full, empty, off], NOON)

    assert (card.running, card.cancelled) == ([full.session_id, empty.session_id], [off.session_id])
    assert (card.booked, card.capacity) == ([seat.reservation_id for seat in taken], 24)


@pytest.mark.parametrize("kind", [SessionKind.OPEN_GYM, SessionKind.EVENT, SessionKind.APPOINTMENT])
def test_open_gym_events_and_appointments_are_no_classes(kind: SessionKind) -> None:
    spin = session(NOON, *seats(held=1))
    other = session(NOON - timedelta(minutes=30), *seats(held=4), kind=kind)
    off = session(NOON, cancelled=True, kind=kind)

    card = classes_today([spin, other, off], NOON)

    assert (card.running, card.cancelled) == ([spin.session_id], [])
    assert (len(card.booked), card.capacity) == (1, 12)
    assert card.changes_at == spin.ends_at, "the end of what is no class changes nothing"


def test_staff_guests_and_tests_are_in_no_card() -> None:
    """The worked example's class, with three of them beside its people."""
    uncounted = [*seats(attended=2, counts=False), *seats(no_shows=1, counts=False)]
    today = session(NOON, *seats(held=3), *uncounted)
    yesterday = session(
        NOON - timedelta(days=1), *seats(10, 2, walk_ins=1), *uncounted, closed_by="staff"
    )
    forgotten = session(NOON - timedelta(days=1), *seats(held=1, counts=False))

    booked = classes_today([today], NOON).booked
    rate = attendance_rate([yesterday, forgotten], NOON)

    assert len(booked) == 3
    assert rate.rate == pytest.approx(0.8333, abs=0.0001)
    assert (len(rate.attended), len(rate.no_shows)) == (10, 2)
    assert rate.not_recorded == [], "nobody who counts was there"


def test_a_class_past_midnight_belongs_to_the_day_it_began() -> None:
    late = session(at(BERLIN, 2027, 3, 3, 23, 30))

    before = classes_today([late], at(BERLIN, 2027, 3, 3, 23, 59))
    after = classes_today([late], at(BERLIN, 2027, 3, 4, 0, 10))

    assert before.running == [late.session_id]
    assert after.running == []
    assert before.changes_at == at(BERLIN, 2027, 3, 4, 0, 0)


def test_each_location_has_its_own_today() -> None:
    berlin = session(at(BERLIN, 2027, 3, 4, 7, 0))
    new_york = session(at(NEW_YORK, 2027, 3, 3, 21, 0), zone=NEW_YORK)

    card = classes_today([berlin, new_york], at(BERLIN, 2027, 3, 4, 3, 30))

    assert card.to_come == [berlin.session_id]
    assert card.running == [new_york.session_id]


def test_ten_who_came_and_two_who_did_not_are_five_in_six() -> None:
    """The given-up seats (one late, three early) are no rows here at all."""
    yesterday = session(NOON - timedelta(days=1), *seats(10, 2, walk_ins=1), closed_by="staff")

    card = attendance_rate([yesterday], NOON)

    assert card.rate == pytest.approx(0.8333, abs=0.0001)
    assert (len(card.attended), len(card.no_shows)) == (10, 2)
    assert card.recorded == [yesterday.session_id]


def test_a_rate_of_nothing_is_nothing() -> None:
    walk_ins_only = session(NOON - timedelta(days=1), *seats(walk_ins=3))

    assert attendance_rate([], NOON).rate is None
    assert attendance_rate([walk_ins_only], NOON).rate is None


def test_sessions_nobody_recorded_are_told_apart_and_left_out() -> None:
    forgotten = session(NOON - timedelta(days=1), *seats(held=8))
    nobody_came = session(NOON - timedelta(days=1), *seats(no_shows=2), closed_by="staff")
    empty = session(NOON - timedelta(days=1))

    card = attendance_rate([forgotten, nobody_came, empty], NOON)

    assert card.not_recorded == [forgotten.session_id]
    assert card.recorded == [nobody_came.session_id]
    assert card.rate == 0


def test_gym_cancelled_sessions_do_not_count() -> None:
    off = session(NOON - timedelta(days=1), *seats(5), cancelled=True)

    card = attendance_rate([off], NOON)

    assert (card.rate, card.recorded, card.not_recorded) == (None, [], [])


@pytest.mark.parametrize(("days_ago", "counts"), [(0, 0), (1, 1), (30, 1), (31, 0)])
def test_the_rate_looks_at_the_last_thirty_full_local_days(days_ago: int, counts: int) -> None:
    day = date(2027, 4, 10) - timedelta(days=days_ago)  # a change of clocks lies between
    edges = day_bounds(day, BERLIN)
    last = edges[1] - timedelta(minutes=1)
    held = [session(begins, *seats(1)) for begins in (edges[0], last)]

    card = attendance_rate(held, at(BERLIN, 2027, 4, 10, 13, 0))

    assert len(card.recorded) == 2 * counts
