"""Every decision there is: which event records it, and how its receipt is told."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts import booking, timetable
from contracts.booking import Cancellation
from contracts.envelope import Envelope, Event
from contracts.golden import sample_of
from contracts.ids import ClientId, GymId, SessionId, new_id
from services.projections.decisions import Decision, all_decided
from services.projections.wording import told
from tests.envelopes import Recording

SPIN, MIA = SessionId(new_id()), ClientId(new_id())
STARTS = datetime(2027, 3, 3, 21, tzinfo=UTC)  # 22:00 in Berlin
EIGHT = STARTS - timedelta(hours=2)  # 20:00 in Berlin
DEADLINES = ({"client_id": MIA, "reservation_id": new_id(), "free_until": EIGHT},)

CASES: list[tuple[type[Event], dict[str, object], Decision, str]] = [
    (booking.ReservationMade, {"source": "booked"}, Decision.RESERVED, "Booked 20:00"),
    (booking.ReservationReinstated, {}, Decision.REINSTATED, "Cancellation undone 20:00"),
    (booking.ReservationCancelled, {"kind": Cancellation.EARLY, "removed": False},
     Decision.CANCELLED_EARLY, "Cancelled 20:00"),
    (booking.ReservationCancelled, {"kind": Cancellation.LATE, "removed": False},
     Decision.CANCELLED_LATE, "Cancelled 20:00"),
    (booking.ReservationCancelled, {"kind": Cancellation.SESSION},
     Decision.SESSION_CANCELLED, "The gym cancelled the class 20:00"),
    (booking.ReservationCancelled, {"kind": Cancellation.STAFF},
     Decision.REMOVED, "Seat taken back by staff 20:00"),
    (booking.ReservationFlagged, {}, Decision.FLAGGED, "Seat kept 20:00"),
    (booking.ReservationCovered, {}, Decision.COVERED, "Seat paid for again 20:00"),
    (booking.SpotChanged, {"spot": "Bike 4", "previous": None},
     Decision.SPOT_CHANGED, "Moved 20:00 to Bike 4"),
    (timetable.SessionRescheduled, {"deadlines": DEADLINES},
     Decision.SESSION_MOVED, "The class was moved 20:00, free until 20:00"),
    (timetable.InstructorSubstituted, {"deadlines": DEADLINES},
     Decision.INSTRUCTOR_CHANGED, "The class got another instructor 20:00, free until 20:00"),
    (timetable.InstructorUnassigned, {"deadlines": DEADLINES},
     Decision.INSTRUCTOR_GONE, "The class has no instructor for now 20:00, free until 20:00"),
    (timetable.SessionChanged, {"deadlines": DEADLINES},
     Decision.RULES_CHANGED, "The class changed 20:00, free until 20:00"),
    (booking.WaitlistJoined, {}, Decision.JOINED_WAITLIST, "Joined the waitlist 20:00"),
    (booking.WaitlistLeft, {"reason": "left"}, Decision.LEFT_WAITLIST, "Left the waitlist 20:00"),
    (booking.WaitlistPromoted, {}, Decision.PROMOTED, "Promoted from the waitlist 20:00"),
    (booking.WaitlistPromotionSkipped, {}, Decision.PASSED_OVER, "Passed over 20:00"),
    (booking.SpotOffered, {}, Decision.OFFERED, "Offered a seat 20:00"),
    (booking.OfferShortened, {"expires_at": STARTS}, Decision.OFFER_SHORTENED,
     "The class changed 20:00, the offered seat is held until 22:00"),
    (booking.OfferWithdrawn, {}, Decision.OFFER_WITHDRAWN,
     "Place kept without the offer as the class changed 20:00"),
    (booking.OfferExpired, {}, Decision.OFFER_EXPIRED,
     "No answer to the offer, last in line since 20:00"),
    (booking.OfferDeclined, {}, Decision.OFFER_DECLINED, "Declined the seat 20:00"),
    (booking.CheckedIn, {}, Decision.CHECKED_IN, "Checked in 20:00"),
    (booking.CheckInUndone, {}, Decision.CHECK_IN_UNDONE, "Check-in undone 20:00"),
    (booking.MarkedNoShow, {}, Decision.NO_SHOW, "Marked as a no-show 20:00"),
    (booking.AttendanceFinalized, {"excused_clients": (MIA,)}, Decision.EXCUSED,
     "Excused 20:00: nobody had said who came"),
    (booking.AttendanceCorrected, {"was": "no_show", "becomes": "attended"},
     Decision.ATTENDANCE_CORRECTED, "Attendance corrected 20:00: no show became attended"),
    (booking.ViolationRecorded, {}, Decision.VIOLATION_RECORDED, "Judged 20:00"),
    (booking.ViolationCleared, {}, Decision.VIOLATION_CLEARED, "Violation cleared 20:00"),
    (booking.FeeAssessed, {}, Decision.FEE_ASSESSED, "Fee of 0.01 USD for a late cancel noted"),
    (booking.FeeForgiven, {}, Decision.FEE_FORGIVEN, "Fee forgiven 20:00"),
    (booking.FeeWaived, {}, Decision.FEE_WAIVED, "Fee waived 20:00"),
    (booking.FeeContested, {}, Decision.FEE_CONTESTED, "Fee contested 20:00"),
    (booking.FeeContestResolved, {"fee_stands": False}, Decision.CONTEST_RESOLVED,
     "Looked at 20:00: the fee is taken back"),
    (booking.FeeDue, {}, Decision.FEE_DUE, "Fee of 0.01 USD due 20:00"),
    (booking.FeeReversed, {}, Decision.FEE_REVERSED, "Fee of 0.01 USD reversed 20:00"),
    (booking.BookingBanImposed, {"erased": False}, Decision.BAN_IMPOSED,
     "Booking suspended 20:00"),
    (booking.BookingBanLifted, {"remaining": None}, Decision.BAN_LIFTED,
     "Booking allowed again 20:00"),
]  # fmt: skip


def recorded(kind: type[Event], values: dict[str, object]) -> Envelope:
    event = kind.model_validate(sample_of(kind)["data"] | values)
    [one] = Recording(GymId(new_id())).of("session", SPIN, event)
    return one.model_copy(update={"actor": "system:booking", "occurred_at": EIGHT})


@pytest.mark.parametrize(
    ("kind", "values", "decision", "begins"),
    [pytest.param(*case, id=case[2].name.lower()) for case in CASES],
)
def test_an_event_records_a_decision_that_is_told(
    kind: type[Event], values: dict[str, object], decision: Decision, begins: str
) -> None:
    (found,) = all_decided(recorded(kind, values))

    assert found.decision is decision
    assert told(found, "Europe/Berlin", STARTS).startswith(begins)


def test_there_is_no_other_decision() -> None:
    assert [decision for _, _, decision, _ in CASES] == list(Decision)
