"""Random histories of seats: people book, wait, give up, come, and the desk helps them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contracts import booking as ask
from contracts.booking import BookingCode
from tests.domain.booking import gym_rules
from tests.domain.booking.histories_asked import (
    BIKES,
    STAFF,
    Asked,
    clients,
    nths,
    sessions,
)
from tests.domain.booking.language import FAR, HOUR, NOON, OTHER, SES


class Seated(Asked):
    """Who has a seat, stands in line, is here."""

    @rule(client=clients, session=sessions, line=st.sampled_from([True, True, False]))
    def book(self, client: Any, session: Any, line: bool) -> None:
        self._do(ask.BookClass(session_id=session, client_id=client, or_waitlist=line))

    @rule(client=clients, session=st.sampled_from([SES, FAR]))
    def book_or_wait(self, client: Any, session: Any) -> None:
        self._do(ask.BookClass(session_id=session, client_id=client, or_waitlist=True))

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths)
    def give_up(self, nth: int) -> None:
        self._do(ask.CancelReservation(**self._pick("seated", nth)))

    @rule(
        client=clients, session=sessions, spot=st.sampled_from([None, "a", "b"]),
        over=st.sampled_from(gym_rules.OVERRIDES), line=st.booleans(),
    )  # fmt: skip
    def staff_books(
        self, client: Any, session: Any, spot: str | None, over: tuple[BookingCode, ...], line: bool
    ) -> None:
        command = ask.BookClass(
            session_id=session, client_id=client, overbook=spot == "b", reason="vip",
            spot=spot if session == OTHER else None, overrides=over, or_waitlist=line,
        )  # fmt: skip
        self._do(command, *STAFF)

    @precondition(lambda self: self._pairs("late"))
    @rule(nth=nths, roles=st.sampled_from([("client:x",), STAFF]))
    def undo_cancel(self, nth: int, roles: tuple[str, ...]) -> None:
        self._do(ask.UndoCancel(**self._pick("late", nth)), *roles)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths)
    def go_and_come_back(self, nth: int) -> None:
        """Its grant goes on hold, the seat is given up, the hold ends, and it is wanted back."""
        pair = self._pick("seated", nth)
        made = self.naive.sessions[pair["session_id"]].seated[pair["client_id"]]
        paid_by = {"client_id": pair["client_id"], "grant_id": made.grant_id}
        self._do(ask.SuspendEntitlement(**paid_by, because=ask.Suspension.HOLD), *STAFF)
        self._do(ask.CancelReservation(**pair))
        self._do(ask.ResumeEntitlement(**paid_by), *STAFF)
        self._do(ask.UndoCancel(**pair), *STAFF)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths, waive=st.booleans())
    def remove(self, nth: int, waive: bool) -> None:
        pair = self._pick("seated", nth)
        self._do(ask.RemoveReservation(**pair, waive=waive, reason="ill" if waive else ""), *STAFF)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths, spot=st.sampled_from([None, *BIKES]))
    def sit_elsewhere(self, nth: int, spot: str | None) -> None:
        command = ask.ChangeSpot(**self._pick("seated", nth), spot=spot)
        self._do(command, twice=spot is not None)

    @rule(
        client=clients,
        session=sessions,
        overbook=st.booleans(),
        over=st.sampled_from(gym_rules.OVERRIDES),
    )
    def walk_in(
        self, client: Any, session: Any, overbook: bool, over: tuple[BookingCode, ...]
    ) -> None:
        command = ask.AddWalkIn(
            session_id=session, client_id=client, overbook=overbook, overrides=over, reason="guest"
        )
        self._do(command, *STAFF)

    @precondition(lambda self: self._pairs("line"))
    @rule(nth=nths)
    def claim(self, nth: int) -> None:
        self._do(ask.ClaimSpot(**self._pick("line", nth)))

    @precondition(lambda self: self._pairs("offered"))
    @rule(nth=nths)
    def claim_too_late(self, nth: int) -> None:
        """When the offer is over and the clock has not said so yet."""
        pair = self._pick("offered", nth)
        self.now = max(self.now, self.naive.sessions[pair["session_id"]].offered[pair["client_id"]])
        assert not self._do(ask.ClaimSpot(**pair))
        self.time_passes(HOUR * 0)

    @precondition(lambda self: self._pairs("offered"))
    @rule(nth=nths, keep_place=st.booleans())
    def decline(self, nth: int, keep_place: bool) -> None:
        pair = self._pick("offered", nth)
        self._do(ask.DeclineOffer(**pair, keep_place=keep_place), twice=False)

    @precondition(lambda self: self._pairs("line"))
    @rule(nth=nths, overbook=st.booleans())
    def promote_now(self, nth: int, overbook: bool) -> None:
        pair = self._pick("line", nth)
        self._do(ask.PromoteNow(**pair, overbook=overbook, reason="birthday"), *STAFF)

    @precondition(lambda self: self._pairs("line"))
    @rule(nth=nths)
    def leave(self, nth: int) -> None:
        self._do(ask.LeaveWaitlist(**self._pick("line", nth)))

    @rule(
        client=clients, session=sessions, swap=st.booleans(), notice=st.sampled_from([0, 0, 360]),
        roles=st.sampled_from([("client:x",), STAFF]),
    )  # fmt: skip
    def join(self, client: Any, session: Any, swap: bool, notice: int, roles: Any) -> None:
        command = ask.JoinWaitlist(
            session_id=session, client_id=client, swap=swap, minimum_notice_minutes=notice,
            reason="vip",
        )  # fmt: skip
        self._do(command, *roles)

    @rule(client=clients, session=sessions)
    def give_up_or_leave_what_was_never_taken(self, client: Any, session: Any) -> None:
        self._do(ask.CancelReservation(session_id=session, client_id=client))
        self._do(ask.LeaveWaitlist(session_id=session, client_id=client))

    @precondition(lambda self: self.now >= NOON - HOUR and self._pairs("seated"))
    @rule(
        nth=nths, here=st.sampled_from([True, True, False]),
        despite=st.sampled_from(gym_rules.AT_CHECK_IN),
    )  # fmt: skip
    def arrive(self, nth: int, here: bool, despite: tuple[BookingCode, ...]) -> None:
        pair = self._pick("seated", nth)
        if here:
            desk = STAFF if despite else ("staff:x", "trainer")
            self._do(ask.CheckIn(**pair, overrides=despite, reason="came late"), *desk)
        else:
            self._do(ask.UndoCheckIn(**pair), "staff:x", "trainer")

    @precondition(lambda self: self.now >= NOON - HOUR and self._pairs("seated"))
    @rule(nth=nths)
    def check_oneself_in(self, nth: int) -> None:
        pair = self._pick("seated", nth)
        self._do(ask.CheckIn(**pair), f"client:{pair['client_id']}", "member")

    @precondition(lambda self: self.now >= NOON and self._pairs("seated"))
    @rule(nth=nths, own=st.booleans())
    def come_in(self, nth: int, own: bool) -> None:
        """By the grant of the class (``own``) or by another, when it began, heard of only now."""
        pair = self._pick("seated", nth)
        seats = self.naive.sessions[pair["session_id"]]
        if self.now < seats.starts_at or pair["client_id"] in seats.here:
            return
        unsigned = seats.waiver_required and pair["client_id"] not in self.naive.signed
        came = ask.CheckInAtDoor(
            client_id=pair["client_id"], location_id=seats.location,
            session_id=pair["session_id"] if own and not unsigned else None,
        )  # fmt: skip
        once = came.session_id is not None
        self._do(came, "system:booking", "system", twice=once, then=seats.starts_at)
