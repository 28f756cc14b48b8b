"""Golden streams: whole pasts as they were once decided, and what they have been folded into.

``python -m tests.contracts.golden_streams`` records the stories that have no file yet, and tells
the states of all anew. It never touches recorded events: they are what lies in somebody's store.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.decider import Aggregate, Refused
from chassis.eventstore.events import state_codec
from contracts import freeze
from contracts.access import EndEntryGrant, GrantEntry, HearBan, Impediment, SetImpediment
from contracts.booking import (
    Attendance,
    BookClass,
    CancelReservation,
    CancelSession,
    ChangeCapacity,
    CheckIn,
    ContestFee,
    CorrectAttendance,
    FeeAssessed,
    FinalizeAttendance,
    PolicyOverrides,
    ResolveContest,
    ScheduleSession,
    SignWaiver,
    WaiveFee,
)
from contracts.envelope import Command, Event, UnknownEvent, decode
from contracts.ids import ClientId, ClosureId, NoteId, ReservationId, SessionId, StaffId
from contracts.members import (
    AlertLevel,
    AlertSet,
    ClientContactChanged,
    ClientIdentityLinked,
    ClientRegistered,
    NoteAdded,
    StaffAssigned,
    TagAdded,
    TagRemoved,
)
from contracts.money import Price
from contracts.timetable import (
    AddClosure,
    EndSchedule,
    HearLocation,
    PlaceOccurrences,
    RemoveClosure,
    UnassignInstructor,
)
from services.access.domain.holder import holder
from services.billing.domain.billing_account import billing_account
from services.booking.domain.class_schedule import class_schedule
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import client_penalties
from services.booking.domain.rooms import location_calendar
from services.members.domain.client import client
from tests.domain.access import language as door
from tests.domain.billing import test_billing_account as account
from tests.domain.booking import language as hall
from tests.domain.booking import misses
from tests.domain.booking import test_schedules as series
from tests.scenario import Gym, Scenario

STREAMS = freeze.SAMPLES / "streams"
AGGREGATES: dict[str, Aggregate[Any, Any]] = {
    "session": class_session,
    "ledger": client_ledger,
    "penalty": client_penalties,
    "schedule": class_schedule,
    "penalty_again": client_penalties,
    "location": location_calendar,
    "session_alone": class_session,
    "account": billing_account,
    "account_again": billing_account,
    "holder": holder,
    "client": client,
}
"""Name of the file -> whose stream it is."""
ANN, BEN, CAT = hall.ANN, hall.BEN, hall.CAT
DAY = timedelta(days=1)


def events_of(file: Path) -> list[Event]:
    """The stream as today's code reads it. Raises ``AssertionError`` for what it cannot."""
    events = [
        decode(one["event_type"], one["data"]) for one in json.loads(file.read_text())["events"]
    ]
    assert not [event for event in events if isinstance(event, UnknownEvent)]
    return events


def folded(name: str, events: Iterable[Event]) -> Any:
    """Today's state of the stream."""
    return AGGREGATES[name].fold(events)


def remembered(name: str, file: Path) -> Any:
    """The state it was folded into when it was recorded."""
    state_type = type(AGGREGATES[name].initial)
    return state_codec(state_type).validate_python(json.loads(file.read_text())["state"])


def _class() -> Gym:
    """A class with a line, given up in time, closed, corrected; a fee waived, another contested."""
    fee = Price(minor=1500, currency="EUR")
    policy: dict[str, Any] = {"late_cancel_fee": fee, "no_show_fee": fee, "free_passes": 0}
    told = hall.given(
        hall.scheduled(2, **policy), hall.scheduled(3, hall.OTHER, hall.NOON + DAY, **policy),
        *((hall.opened(one), hall.granted(one, 0)) for one in (ANN, BEN)),
        hall.with_credits(CAT, credits=3),
    )  # fmt: skip
    ses, other, start = hall.SES, hall.OTHER, hall.NOON

    def book(who: ClientId, session: SessionId = ses) -> None:
        _tell(told, BookClass(session_id=session, client_id=who, or_waitlist=True), start - 2 * DAY)

    def fee_of(who: ClientId) -> ReservationId:
        fees = [
            one for one in told.gym.log if isinstance(one, FeeAssessed) and one.client_id == who
        ]
        return fees[-1].reservation_id

    _tell(told, SignWaiver(client_id=CAT), start - 3 * DAY)
    for one in (ANN, BEN, CAT):
        book(one)
    book(ANN, other)
    book(CAT, other)
    _tell(told, CancelReservation(session_id=ses, client_id=BEN), start - DAY)
    book(BEN)
    _tell(told, ChangeCapacity(session_id=ses, capacity=3), start - DAY)
    _tell(told, CheckIn(session_id=ses, client_id=CAT), start)
    _tell(told, FinalizeAttendance(session_id=ses), start + hall.HOUR)
    _tell(
        told,
        WaiveFee(client_id=BEN, reservation_id=fee_of(BEN), reason="ill"),
        start + 2 * hall.HOUR,
    )
    _tell(
        told,
        ContestFee(client_id=ANN, reservation_id=fee_of(ANN), reason="was there"),
        start + 0.1 * DAY,
    )
    resolved = ResolveContest(
        client_id=ANN, reservation_id=fee_of(ANN), fee_stands=True, reason="no"
    )
    _tell(told, resolved, start + 0.5 * DAY, "staff:x", "owner")
    fixed = CorrectAttendance(
        session_id=ses, client_id=CAT, becomes=Attendance.EXCUSED, reason="hurt"
    )
    _tell(told, fixed, start + 0.6 * DAY, "staff:x", "owner")
    _tell(told, CancelReservation(session_id=other, client_id=ANN), start + DAY - hall.MINUTE)
    return told.gym


def _corrections() -> Gym:
    """A no-show whose fee falls due, who was there, and was not after all, and is let off."""
    told, one = misses.due()
    for days, becomes in ((2, Attendance.ATTENDED), (3, Attendance.NO_SHOW)):
        fixed = CorrectAttendance(
            session_id=hall.SES, client_id=ANN, becomes=becomes, reason="seen"
        )
        _tell(told, fixed, misses.DONE + days * DAY, "staff:x", "owner")
    waived = WaiveFee(client_id=ANN, reservation_id=one, reason="ill")
    _tell(told, waived, misses.DONE + 3 * DAY, "staff:x", "owner")
    return told.gym


def _timetable() -> Gym:
    """A class under rules of its own whose coach leaves; closures of its location, one too many."""
    told, day_before = hall.given(), hall.NOON - DAY
    own = PolicyOverrides(no_show_fee=Price(minor=2000, currency="EUR"), offer_minutes=0)
    plan = ScheduleSession(
        session_id=hall.SES, title="Spin", location_id=hall.HALL,
        instructor_id=StaffId(UUID(int=9)), starts_at=hall.NOON,
        ends_at=hall.NOON + hall.HOUR, time_zone="UTC", capacity=9, overrides=own,
    )  # fmt: skip
    wrong, right = (
        AddClosure(
            closure_id=ClosureId(UUID(int=n)), location_id=hall.HALL, time_zone="UTC",
            from_date=hall.NOON.date(), until_date=hall.NOON.date(), reason=f"works {n}",
        )
        for n in (1, 2)
    )  # fmt: skip
    for command in (
        HearLocation(location_id=hall.HALL, time_zone="UTC"), plan,
        UnassignInstructor(session_id=hall.SES), wrong,
        RemoveClosure(closure_id=wrong.closure_id, location_id=hall.HALL), right,
        CancelSession(session_id=hall.SES, reason="works 2"),
    ):  # fmt: skip
        _tell(told, command, day_before)
    return told.gym


def _series() -> Gym:
    """A weekly series, placed further, changed, and ended."""
    told = hall.given()
    _tell(told, series.creating(), series.NOW)
    _tell(told, PlaceOccurrences(schedule_id=series.SERIES), series.NOW + 20 * DAY)
    _tell(told, series.changing(date(2026, 3, 22), capacity=12, minutes=45), series.NOW + 21 * DAY)
    _tell(
        told,
        EndSchedule(schedule_id=series.SERIES, from_date=date(2026, 4, 5)),
        series.NOW + 22 * DAY,
    )
    return told.gym


def _account() -> Gym:
    """Two fees, one taken back, an invoice issued, the other taken back after it, asked again."""
    told = account.given()
    for command in (account.add(1), account.add(2), account.back(2)):
        _tell(told, command, account.NOON)
    invoice = told.gym.state(billing_account, account.ANN).draft
    _tell(told, account.issue(invoice), account.NOON)
    _tell(told, account.back(1), account.NOON)
    _tell(told, account.add(1, assessment=2), account.NOON)
    return told.gym


def _holder() -> Gym:
    """A seat, a membership that ended, a card, a ban, something in the way."""
    told = door.given(door.seated(), door.carries_card())
    grant = UUID(int=500)
    for command in (
        GrantEntry(client_id=door.ANN, grant_id=grant, valid_until=door.NOON + 30 * DAY),
        HearBan(client_id=door.ANN, banned=True, until=door.NOON + DAY, version=3),
        SetImpediment(client_id=door.ANN, impediment=Impediment.PAST_DUE),
        EndEntryGrant(client_id=door.ANN, grant_id=grant),
    ):
        _tell(told, command, door.NOON)
    return told.gym


def _client() -> list[Event]:
    """A client with everything a profile holds, sealed."""
    ann, tag, other = ClientId(UUID(int=11)), UUID(int=41), UUID(int=42)
    return [
        ClientRegistered(client_id=ann, name="sealed 1", email="sealed 2", phone="sealed 3"),
        ClientContactChanged(client_id=ann, name="sealed 4", email="sealed 5"),
        ClientIdentityLinked(client_id=ann, issuer="https://id.example", subject="sealed 6"),
        TagAdded(client_id=ann, tag_id=tag, tag="sealed 7"),
        TagAdded(client_id=ann, tag_id=other, tag="sealed 8"),
        TagRemoved(client_id=ann, tag_id=tag),
        NoteAdded(client_id=ann, note_id=NoteId(UUID(int=43)), note="sealed 9"),
        AlertSet(client_id=ann, level=AlertLevel.RED, alert="sealed 10"),
        StaffAssigned(client_id=ann, staff_id=StaffId(UUID(int=21))),
    ]


def _tell(told: Scenario, command: Command, at: datetime, *who: str) -> None:
    told.when(command, at, *who)
    assert not isinstance(told.outcome, Refused), f"{command!r}: {told.outcome.code}"


def _stream(gym: Gym, home: Callable[[Event], Any], name: str, stream_id: UUID) -> list[Event]:
    found = [one for one in gym.log if home(one) == (AGGREGATES[name], stream_id)]
    assert found, name
    return found


def _series_home(event: Event) -> Any:
    is_ours = type(event).__name__.startswith(("Schedule", "Occurrences"))
    return (class_schedule, event.schedule_id) if is_ours else None  # type: ignore[attr-defined]


def stories() -> Iterator[tuple[str, list[Event]]]:
    """Name of the file -> a stream told with today's rules."""
    gym = _class()
    yield "session", _stream(gym, hall.home, "session", hall.SES)
    yield "ledger", _stream(gym, hall.home, "ledger", CAT)
    yield "penalty", _stream(gym, hall.home, "penalty", ANN)
    yield "schedule", _stream(_series(), _series_home, "schedule", series.SERIES)
    yield "penalty_again", _stream(_corrections(), hall.home, "penalty", ANN)
    gym = _timetable()
    yield "location", _stream(gym, hall.home, "location", hall.HALL)
    yield "session_alone", _stream(gym, hall.home, "session_alone", hall.SES)
    accounts = _stream(_account(), account.home, "account", account.ANN)
    yield "account", accounts
    yield "account_again", accounts
    yield "holder", _stream(_holder(), door.home, "holder", door.ANN)
    yield "client", _client()


def main() -> None:
    """Write what is missing, and every state anew."""
    freeze.load_all()
    STREAMS.mkdir(exist_ok=True)
    for name, events in stories():
        file = STREAMS / f"{name}.json"
        if not file.exists():
            told = [
                {"event_type": one.event_type, "data": one.model_dump(mode="json")}
                for one in events
            ]
            file.write_text(freeze.as_text({"events": told}))
        codec = state_codec(type(AGGREGATES[name].initial))
        state = json.loads(codec.dump_json(folded(name, events_of(file))))
        kept = json.loads(file.read_text())["events"]
        file.write_text(freeze.as_text({"events": kept, "state": state}))


if __name__ == "__main__":
    main()
