"""The names of booking's deadlines; one that is set again replaces the one of its name."""

from contracts.ids import ClientId, GrantId, ReservationId, SessionId


def waitlist_closes(session_id: SessionId) -> str:
    """The session starts: its line dissolves."""
    return f"close_waitlist:{session_id}"


def attendance_closes(session_id: SessionId) -> str:
    """A while after its end the books of the session close."""
    return f"close_attendance:{session_id}"


def books_put_right(session_id: SessionId, client: ClientId) -> str:
    """At once: a door let the client in, and the books say they did not come."""
    return f"put_books_right:{session_id}:{client}"


def unrecorded_excused(session_id: SessionId) -> str:
    """Nobody recorded the attendance for days: everybody is excused."""
    return f"release_unrecorded:{session_id}"


def called_off(session_id: SessionId) -> str:
    """At once: its location is closed then."""
    return f"call_off:{session_id}"


def claims_open(session_id: SessionId) -> str:
    """Free seats are there to be claimed."""
    return f"open_claims:{session_id}"


def offer_expires(session_id: SessionId, client: ClientId) -> str:
    """The time to take an offered seat is over."""
    return f"expire_offer:{session_id}:{client}"


def credits_expire(grant_id: GrantId) -> str:
    """The last day of a grant is over."""
    return f"expire_credits:{grant_id}"


def ban_ends(client: ClientId) -> str:
    """The time of a ban is over."""
    return f"end_booking_ban:{client}"


def fee_falls_due(reservation: ReservationId) -> str:
    """The time to waive a fee is over."""
    return f"collect_fee:{reservation}"
