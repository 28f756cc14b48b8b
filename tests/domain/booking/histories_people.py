"""Random histories of people who leave for good: a client is erased, whatever they have booked."""

from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from contracts import booking as ask
from contracts import booking as said
from contracts.envelope import Event
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking.domain.client_ledger import client_ledger
from tests.domain.booking.histories_asked import STAFF, clients, nths
from tests.domain.booking.histories_seats import Seated
from tests.domain.booking.language import HOUR
from tests.domain.booking.naive_fees import Case
from tests.domain.booking.naive_people import ERASED


class Left(Seated):
    """Who is erased, and what is left of them."""

    @rule(client=clients, nth=nths, what=st.integers(0, 5))
    def erase(self, client: Any, nth: int, what: int) -> None:
        """Seldom: nobody comes back from it. Mostly somebody who leaves something behind."""
        if nth == 0:
            owed = list(self._owed().values())
            owed = [case for case in owed if case.contest == "open"] or owed
            waits = self._pairs("offered") or self._pairs("line")
            full = {session for session, _ in waits}
            taken = [pair for pair in self._pairs("seated") if pair[0] in full]
            left = taken if what % 2 else waits
            found = [case.client_id for case in owed] or [one for _, one in left]
            self._erase(found[what % len(found)] if found and what % 3 else client)

    @precondition(lambda self: self._owed())
    @rule(nth=nths, what=st.integers(0, 5))
    def leave_when_a_fee_is_due(self, nth: int, what: int) -> None:
        """And say before that it is wrong, perhaps."""
        if what < 2 and (owed := list(self._owed().items())):
            reservation, case = owed[nth % len(owed)]
            if case.fee is not None and case.stage == "pending":
                self.time_passes(max(case.fee.waivable_until - self.now, HOUR * 0))
            if nth % 3:
                names = {"client_id": case.client_id, "reservation_id": reservation}
                self._do(ask.ContestFee(**names, reason="was there"), *STAFF)
            self._erase(case.client_id)

    def _erase(self, client: ClientId) -> None:
        known = len(self.gym.log)
        self._do(ask.BarErasedClient(client_id=client), "system:booking", "system")
        told = self.gym.log[known:]
        self.reached.update(f"erased: {one}" for one in _left_behind(told))
        for case in self.naive.fees.of(client).values() if told else ():
            stays = f"{case.stage}, contest {case.contest}"
            self.reached[f"erased: a fee stays {stays}"] += 1

    def _owed(self) -> dict[ReservationId, Case]:
        cases, gone = self.naive.fees.cases.items(), self.naive.erased.clients
        return {key: one for key, one in cases if one.is_owed and one.client_id not in gone}

    @precondition(lambda self: self._erased_and_here())
    @rule(nth=nths)
    def say_an_erased_client_was_not_there(self, nth: int) -> None:
        if here := self._erased_and_here():
            session, client = here[nth % len(here)]
            self._do(ask.UndoCheckIn(session_id=session, client_id=client), "staff:x", "trainer")

    def _erased_and_here(self) -> list[tuple[SessionId, ClientId]]:
        gone = self.naive.erased.clients
        return [
            (session, client) for session, seats in self.naive.sessions.items()
            for client in sorted(gone & seats.here) if not seats.over
        ]  # fmt: skip

    @invariant()
    def nothing_is_reserved_ahead_or_in_line_for_who_was_erased(self) -> None:
        """But for where they were seen."""
        gone = self.naive.erased.clients
        for seats in self.naive.sessions.values():
            assert not gone & {*seats.line, *seats.offered}
            assert seats.over or gone & set(seats.seated) <= seats.here

    @invariant()
    def what_was_freed_by_erasing_is_back_where_it_came_from(self) -> None:
        book = self.naive.credits
        assert not self.naive.erased.freed & (book.held.keys() | book.counted.keys())
        assert not self.naive.erased.freed & (book.lost | book.told_cost.keys())
        for client in self.naive.erased.clients:
            held = {h for h, one in book.held.items() if one.client_id == client}
            assert self.gym.state(client_ledger, client).holds.keys() == held
            left = {
                people[client].reservation_id for seats in self.naive.sessions.values()
                if client in (people := seats.people) and not seats.over
            }  # fmt: skip
            assert held == left, "a credit is held for nothing"

    @invariant()
    def nobody_asks_who_was_erased_for_a_fee_that_was_not_due(self) -> None:
        gone = self.naive.erased.clients
        for client in gone:
            for case in self.naive.fees.of(client).values():
                assert case.fee is None or case.stage != "pending"
        waits = [c for _, c in self.gym.deadlines.values() if isinstance(c, ask.CollectFee)]
        assert not gone & {command.client_id for command in waits}


def _left_behind(told: Iterable[Event]) -> Iterator[str]:
    """Which of what a client may leave behind was seen to."""
    for event in told:
        name = type(event).__name__
        if getattr(event, "reason", "") == ERASED:
            yield name
        elif isinstance(event, said.ReservationMade):
            yield f"then {name}"


LEAVING = {"erase": 10, "leave_when_a_fee_is_due": 2, "say_an_erased_client_was_not_there": 6}
"""How often each is tried in a long walk of people who leave."""
LEAVING_DEBTS = {"correct": 6, "leave_when_a_fee_is_due": 4, "erase": 4, "settle_a_fee": 1}
"""And when the books are closed."""
NEEDED = {
    *(f"erased: {name}" for name in (
        "BookingBanImposed", "ReservationCancelled", "WaitlistLeft", "FeeContestResolved",
        "FeeWaived", "then ReservationMade", "a fee stays due, contest none",
        "a fee stays due, contest open",
    )),
}  # fmt: skip
"""What they come to."""
