"""Which rule carries out which command on reservations, the waitlist, attendance and ledgers."""

from chassis.eventstore.store import Rules
from contracts import booking as asked
from services.booking import attendances, bookings, doors, ledgers, waitlists

ASKED: Rules = {
    asked.BookClass: bookings.book_class,
    asked.CancelReservation: bookings.cancel_reservation,
    asked.UndoCancel: bookings.undo_cancel,
    asked.RemoveReservation: bookings.remove_reservation,
    asked.ChangeSpot: bookings.change_spot,
    asked.JoinWaitlist: waitlists.join_waitlist,
    asked.LeaveWaitlist: waitlists.leave_waitlist,
    asked.ClaimSpot: waitlists.claim_spot,
    asked.DeclineOffer: waitlists.decline_offer,
    asked.PromoteNow: waitlists.promote_now,
    asked.CheckIn: attendances.check_in,
    asked.UndoCheckIn: attendances.undo_check_in,
    asked.AddWalkIn: attendances.add_walk_in,
    asked.FinalizeAttendance: attendances.finalize_attendance,
    asked.CorrectAttendance: attendances.correct_attendance,
    asked.GrantCredits: ledgers.grant_credits,
    asked.ChangeEntitlement: ledgers.change_entitlement,
    asked.SuspendEntitlement: ledgers.suspend_entitlement,
    asked.ResumeEntitlement: ledgers.resume_entitlement,
    asked.EndEntitlement: ledgers.end_entitlement,
    asked.SignWaiver: ledgers.sign_waiver,
    asked.ImposeBookingBan: ledgers.impose_booking_ban,
    asked.LiftBookingBan: ledgers.lift_booking_ban,
}
"""What others ask about people, over the bus."""

DUE: Rules = {
    asked.CloseWaitlist: waitlists.close_waitlist,
    asked.OpenClaims: waitlists.open_claims,
    asked.ExpireOffer: waitlists.expire_offer,
    asked.CloseAttendance: attendances.close_attendance,
    asked.PutBooksRight: doors.put_books_right,
    asked.ReleaseUnrecorded: attendances.release_unrecorded,
    asked.ExpireCredits: ledgers.expire_credits,
    asked.EndBookingBan: ledgers.end_booking_ban,
}
"""What the clock asks."""
