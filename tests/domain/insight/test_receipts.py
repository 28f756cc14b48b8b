"""Receipts: what events decided about whom, and the sentences they make."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import booking
from contracts.booking import (
    BanCause,
    BanEnd,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    Cancellation,
    Evidence,
    FeeAssessed,
    Forgiveness,
    GrantKind,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SessionCancelled,
    SpotChanged,
    StandingBan,
    Violation,
    ViolationRecorded,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.envelope import EVENTS, Envelope, Event
from contracts.golden import sample_of
from contracts.ids import ClientId, GrantId, GymId, ReservationId, SessionId, StaffId, new_id
from contracts.money import Money
from contracts.timetable import InstructorSubstituted, NewDeadline, SessionRescheduled
from services.projections.decisions import (
    NO_SESSION,
    OF_EVENT,
    OF_EVERYBODY,
    Decided,
    Decision,
    all_decided,
    decided,
)
from services.projections.wording import told
from tests.envelopes import Recording

SPIN, SEAT, GRANT = SessionId(new_id()), ReservationId(new_id()), GrantId(new_id())
MIA, LEO = ClientId(new_id()), ClientId(new_id())
BERLIN = "Europe/Berlin"
STARTS = datetime(2027, 3, 3, 21, tzinfo=UTC)  # 22:00 in Berlin
EIGHT = STARTS - timedelta(hours=2)  # 20:00 in Berlin
BAN_CAUSE = BanCause(
    penalties=4, needed=3, window_days=90, counted_at=EIGHT, policy_version=4
)  # fmt: skip
IDS = {"session_id": SPIN, "client_id": MIA, "reservation_id": SEAT}


def envelope(event: Event, actor: str = f"client:{MIA}", at: datetime = EIGHT) -> Envelope:
    [one] = Recording(GymId(new_id())).of("session", SPIN, event)
    return one.model_copy(update={"actor": actor, "occurred_at": at})


def receipt(event: Event, actor: str = f"client:{MIA}", at: datetime = EIGHT) -> Decided:
    found = decided(envelope(event, actor, at))
    assert found is not None
    return found


def sentence(event: Event, at: datetime = EIGHT) -> str:
    return told(receipt(event, at=at), BERLIN, STARTS)


def cancelled(kind: Cancellation, reason: str = "") -> ReservationCancelled:
    return ReservationCancelled(
        **IDS, kind=kind, free_until=EIGHT, policy_version=3, seats_taken=4, reason=reason
    )


def made(source: ReservationSource) -> ReservationMade:
    return ReservationMade(
        **IDS, source=source, grant_id=GRANT, grant_kind=GrantKind.PACK, free_until=EIGHT,
        policy_version=3, seats_taken=7, capacity=12,
    )  # fmt: skip


PROMOTED = WaitlistPromoted(
    session_id=SPIN, client_id=MIA, seq=4, passed_over=(LEO,), policy_version=3
)
SKIPPED = WaitlistPromotionSkipped(
    session_id=SPIN, client_id=MIA, reason=BookingCode.NO_ENTITLEMENT, policy_version=3
)
JUDGED = Evidence(
    starts_at=STARTS, free_until=EIGHT, empty_seats=1, later_late_cancels=0, recent_violations=0
)


def test_a_late_cancel_says_when_and_until_when_it_was_free() -> None:
    late = cancelled(Cancellation.LATE)

    assert sentence(late, EIGHT + timedelta(minutes=14)) == (
        "Cancelled 20:14, free until 20:00: late"
    )
    found = receipt(late)
    assert (found.decision, found.by, found.policy_version) == (
        Decision.CANCELLED_LATE, "client", 3,
    )  # fmt: skip
    assert found.facts["free_until"] == EIGHT.isoformat()
    assert found.facts["seats_taken"] == 4


def test_other_days_are_told_with_their_date() -> None:
    told_early = sentence(cancelled(Cancellation.EARLY), EIGHT - timedelta(days=2))

    assert told_early == "Cancelled 1 Mar 20:00, free until 20:00: in time"


def test_times_are_the_locations_own() -> None:
    late = receipt(cancelled(Cancellation.LATE))

    assert told(late, "America/New_York", STARTS) == "Cancelled 14:00, free until 14:00: late"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (made(ReservationSource.BOOKED), "Booked 20:00, seat 7 of 12, free to cancel until 20:00"),
        (PROMOTED, "Promoted from the waitlist 20:00, 1 before them not eligible"),
        (SKIPPED, "Passed over 20:00: no credit or membership covered it"),
        (cancelled(Cancellation.LATE, "shouted").model_copy(update={"removed": True}),
         "Taken back by staff 20:00, free until 20:00: late (shouted)"),
        (booking.ReservationReinstated(
            **IDS, free_until=EIGHT, policy_version=3, seats_taken=2, capacity=1,
            overrides=(BookingCode.LATE_CANCELLED, BookingCode.SESSION_FULL), reason="twins",
         ), "Cancellation undone 20:00, although the seat was given up late and the class was full"
            " (twins)"),
        (cancelled(Cancellation.EARLY, "entitlement_ended"),
         "Cancelled 20:00, free until 20:00: in time (nothing paid for it any more)"),
        (booking.ReservationFlagged(**IDS, reason=BookingCode.ON_HOLD, policy_version=3),
         "Seat kept 20:00 though the membership is on hold"),
        (booking.ReservationFlagged(**IDS, reason=BookingCode.NO_ENTITLEMENT, policy_version=3),
         "Seat kept 20:00 though nothing pays for it any more"),
        (booking.ReservationCovered(
            **IDS, grant_id=GRANT, grant_kind=GrantKind.PACK, policy_version=3
         ), "Seat paid for again 20:00"),
        (cancelled(Cancellation.STAFF, "broken bike"),
         "Seat taken back by staff 20:00 (broken bike)"),
        (SpotChanged(**IDS, spot="Bike 4", previous="Bike 7"),
         "Moved 20:00 from Bike 7 to Bike 4"),
        (cancelled(Cancellation.SESSION, "the coach is ill"),
         "The gym cancelled the class 20:00 (the coach is ill)"),
        (booking.WaitlistJoined(
            session_id=SPIN, client_id=MIA, seq=1, policy_version=3, reason="vip",
            overrides=(BookingCode.WINDOW_NOT_OPEN,),
         ), "Joined the waitlist 20:00, although booking was not open yet (vip)"),
        (WaitlistLeft(session_id=SPIN, client_id=MIA, reason="session_started"),
         "The waitlist closed as the class began 20:00"),
        (ViolationRecorded(
            **IDS, kind=Violation.LATE_CANCEL, grant_kind=GrantKind.PACK, policy_version=3,
            judged_at=STARTS, evidence=JUDGED, forgiven=Forgiveness.REFILLED),
         "Judged 20:00 a late cancel, free until 20:00: forgiven, somebody took the seat"),
        (FeeAssessed(
            **IDS, kind=Violation.NO_SHOW, amount=Money(minor=1050, currency="EUR"),
            policy_version=3, evidence=JUDGED, waivable_until=STARTS + timedelta(days=1),
            contestable_until=STARTS + timedelta(days=30)),
         "Fee of 10.50 EUR for a no-show noted 20:00, due 4 Mar 22:00 unless waived"),
        (FeeAssessed(
            **IDS, kind=Violation.NO_SHOW, amount=Money(minor=1050, currency="JPY"),
            policy_version=3, evidence=JUDGED, waivable_until=STARTS + timedelta(days=1),
            contestable_until=STARTS + timedelta(days=30)),
         "Fee of 1050 JPY for a no-show noted 20:00, due 4 Mar 22:00 unless waived"),
        (BookingBanImposed(client_id=MIA, until=None, reason="threats"),
         "Booking suspended 20:00, until it is lifted (threats)"),
        (BookingBanImposed(
            client_id=MIA, until=STARTS + timedelta(days=30), reason="3 no-shows",
            cause=BAN_CAUSE),
         "Booking suspended 20:00, until 2 Apr 23:00 (3 no-shows)"),
        (BookingBanImposed(client_id=MIA, until=None, reason="", erased=True),
         "Erased 20:00: nobody books for them any more"),
        (BookingBanLifted(client_id=MIA, reason="talked"), "Booking allowed again 20:00 (talked)"),
        (BookingBanLifted(client_id=MIA, reason="was ill", kind=BanEnd.FELL, lifted_at=EIGHT),
         "Booking allowed again 20:00, too few penalties are left (was ill)"),
        (BookingBanLifted(
            client_id=MIA, reason="was ill", remaining=StandingBan(until=None, because="threats")),
         "A ban lifted 20:00, another stays until it is lifted (was ill)"),
        (BookingBanLifted(
            client_id=MIA, reason="was ill",
            remaining=StandingBan(until=STARTS + timedelta(days=30), because="threats")),
         "A ban lifted 20:00, another stays until 2 Apr 23:00 (was ill)"),
    ],
)  # fmt: skip
def test_decisions_are_told_in_one_sentence(event: Event, text: str) -> None:
    assert sentence(event) == text


def test_a_ban_by_the_rules_tells_what_it_was_counted_from() -> None:
    counted_ban = BookingBanImposed(client_id=MIA, until=STARTS, reason="4", cause=BAN_CAUSE)
    found = receipt(counted_ban, f"staff:{LEO}")

    assert (found.decision, found.by) == (Decision.BAN_IMPOSED, "system")
    assert (found.session_id, found.policy_version) == (NO_SESSION, 4)
    counted = {name: found.facts[name] for name in ("penalties", "needed", "window_days")}
    assert counted == {"penalties": 4, "needed": 3, "window_days": 90}


@pytest.mark.parametrize(
    ("kind", "by"), [(BanEnd.STAFF, "staff"), (BanEnd.FELL, "system"), (None, "staff")]
)
def test_a_ban_that_fell_was_lifted_by_the_rules_whoever_was_let_off(
    kind: BanEnd | None, by: str
) -> None:
    found = receipt(BookingBanLifted(client_id=MIA, reason="x", kind=kind), f"staff:{LEO}")

    assert (found.by, found.facts.get("kind")) == (by, kind)


def test_a_ban_that_staff_impose_is_their_decision() -> None:
    found = receipt(BookingBanImposed(client_id=MIA, until=None, reason="rude"), f"staff:{LEO}")

    assert found.by == "staff"


@pytest.mark.parametrize("actor", [f"client:{MIA}", f"staff:{LEO}", "system:booking"])
@pytest.mark.parametrize(
    "kind",
    [ViolationRecorded, FeeAssessed, booking.FeeForgiven, booking.FeeDue],
)
def test_what_the_rules_judge_was_decided_by_them_whoever_cancelled_or_closed_the_books(
    kind: type[Event], actor: str
) -> None:
    judged = kind.model_validate(sample_of(kind)["data"] | {"client_id": MIA})

    assert receipt(judged, actor).by == "system"


def test_nothing_about_others_is_a_fact() -> None:
    found = receipt(PROMOTED)

    assert found.facts == {"passed_over": 1}
    assert str(LEO) not in str(found)


def test_what_anothers_cancellation_set_in_motion_was_decided_by_the_rules() -> None:
    for event in (PROMOTED, SKIPPED, made(ReservationSource.PROMOTED)):
        for actor in (f"client:{LEO}", f"staff:{LEO}"):
            assert receipt(event, actor).by == "system"


def test_staff_who_promote_out_of_turn_decided_it() -> None:
    out_of_turn = PROMOTED.model_copy(update={"reason": "birthday"})

    assert receipt(out_of_turn, f"staff:{LEO}").by == "staff"


def test_what_decides_nothing_about_a_client_makes_no_receipt() -> None:
    assert decided(envelope(SessionCancelled(session_id=SPIN, reason="storm"))) is None


LONGER = tuple(
    NewDeadline(client_id=client, reservation_id=SEAT, free_until=until)
    for client, until in ((MIA, EIGHT), (LEO, STARTS))
)
MOVED = SessionRescheduled(
    session_id=SPIN, starts_at=STARTS, ends_at=STARTS, previous_starts_at=EIGHT,
    previous_ends_at=EIGHT, booking_opens_at=EIGHT, booking_closes_at=EIGHT, policy_version=3,
    free_cancel_until=EIGHT, deadlines=LONGER,
)  # fmt: skip


def test_a_move_is_told_to_everybody_whose_deadline_it_changes() -> None:
    mias, leos = all_decided(envelope(MOVED, "staff:7"))

    assert (mias.client_id, mias.decision, mias.by) == (MIA, Decision.SESSION_MOVED, "staff")
    assert mias.policy_version == 3
    assert mias.facts == {
        "starts_at": STARTS.isoformat(), "previous_starts_at": EIGHT.isoformat(),
        "free_cancel_until": EIGHT.isoformat(), "free_until": EIGHT.isoformat(),
    }  # fmt: skip
    assert told(leos, BERLIN, STARTS) == "The class was moved 20:00, free until 22:00"
    assert list(all_decided(envelope(MOVED.model_copy(update={"deadlines": ()})))) == []


def test_another_instructor_is_told_to_everybody_too() -> None:
    sam, kim = StaffId(new_id()), StaffId(new_id())
    changed = InstructorSubstituted(
        session_id=SPIN, original=sam, substitute=kim, free_cancel_until=EIGHT, deadlines=LONGER[:1]
    )

    (mias,) = all_decided(envelope(changed, "staff:7"))

    assert told(mias, BERLIN, STARTS) == "The class got another instructor 20:00, free until 20:00"
    assert mias.policy_version is None, "it was not told then"


ON_NO_RULE = {
    booking.SpotChanged, booking.WaitlistLeft, booking.CheckInUndone, booking.ViolationCleared,
    booking.FeeContestResolved, booking.FeeReversed, booking.BookingBanLifted,
}  # fmt: skip
"""What somebody did, or the clock, that no number of a policy allowed or forbade."""


@pytest.mark.parametrize(
    "kind", [one for one in (*OF_EVENT, *OF_EVERYBODY) if one not in ON_NO_RULE]
)
def test_every_decision_that_rests_on_rules_names_their_version(kind: type[Event]) -> None:
    event = kind.model_validate(sample_of(kind)["data"])

    assert {one.policy_version for one in all_decided(envelope(event))} - {None}


def _samples() -> list[Any]:
    kinds: list[type[Event]] = [*OF_EVENT, *OF_EVERYBODY, booking.ReservationCancelled]
    return [pytest.param(kind, id=kind.event_type) for kind in kinds]


@pytest.mark.parametrize("kind", _samples())
def test_every_decision_there_is_can_be_told(kind: type[Event]) -> None:
    assert EVENTS[kind.event_type] is kind
    event = kind.model_validate(sample_of(kind)["data"])

    (found,) = all_decided(envelope(event, "system:booking"))
    text = told(found, BERLIN, STARTS)

    assert text
    assert "None" not in text
