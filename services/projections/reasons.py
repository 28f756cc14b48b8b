"""What the codes and reasons in a decision's facts are called in a receipt."""

from contracts.booking import BookingCode

NOT_ELIGIBLE = {
    BookingCode.NO_ENTITLEMENT: "no credit or membership covered it",
    BookingCode.OVERLAP: "another class at the same time",
    BookingCode.PAST_DUE: "a payment was past due",
    BookingCode.ON_HOLD: "the membership was on hold",
    BookingCode.LIMIT_REACHED: "the membership's limit was reached",
    BookingCode.DAILY_LIMIT: "the daily limit was reached",
    BookingCode.BOOKING_BANNED: "booking was suspended",
    BookingCode.WAIVER_REQUIRED: "the waiver was not signed",
}
OVERRIDDEN = {
    "BOOKING_BANNED": "booking was suspended",
    "WAIVER_REQUIRED": "the waiver was not signed",
    "LATE_CANCELLED": "the seat was given up late",
    "WINDOW_NOT_OPEN": "booking was not open yet",
    "BOOKING_CLOSED": "booking had closed",
    "OVERLAP": "there was another class at the same time",
    "DAILY_LIMIT": "the daily limit was reached",
    "SESSION_FULL": "the class was full",
    "WAITLIST_HAS_PRIORITY": "others were waiting",
    "CHECK_IN_NOT_OPEN": "check-in was not open yet",
    "CHECK_IN_CLOSED": "check-in had closed",
}
LEFT = {
    "left": "Left the waitlist",
    "claimed": "Left the waitlist with a claimed seat",
    "declined": "Left the waitlist after declining",
    "session_started": "The waitlist closed as the class began",
    "session_cancelled": "The waitlist closed as the class was cancelled",
    "entitlement_ended": "Left the waitlist as nothing would pay for a seat",
}
GIVEN_UP = {
    "swapped": "for the seat from the waitlist",
    "entitlement_on_hold": "the membership is on hold",
    "entitlement_ended": "nothing paid for it any more",
}
FORGIVEN = {"refilled": "somebody took the seat", "free_pass": "a free pass was used"}
VIOLATIONS = {"late_cancel": "late cancel", "no_show": "no-show"}
