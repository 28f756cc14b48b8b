"""Credits and grants counted again from the log alone. What ``naive`` is for seats.

Reading an event it objects to what must never happen: a credit spent twice, a seat taken that
nothing pays for.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from contracts import booking as said
from contracts.booking import Charge
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from contracts.timetable import HoldMoved
from tests.domain.booking.naive_seats import Seats

PERIODS: dict[said.Period | None, Callable[[date], Any]] = {
    None: lambda _: None,
    said.Period.WEEK: lambda day: day.isocalendar()[:2],
    said.Period.MONTH: lambda day: (day.year, day.month),
}


@dataclass
class Credits:
    """Of all clients."""

    sessions: Mapping[SessionId, Seats]
    grants: dict[ClientId, dict[GrantId, said.CreditsGranted]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    spent: dict[GrantId, int] = field(default_factory=lambda: defaultdict(int))  # or expired
    held: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)
    counted: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)  # towards limits
    ever: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)
    lost: set[ReservationId] = field(default_factory=set)  # consumed or forfeited
    cost: dict[ReservationId, int] = field(default_factory=lambda: defaultdict(int))  # credits
    told_cost: dict[ReservationId, int] = field(default_factory=dict)  # by corrected books
    asleep: set[GrantId] = field(default_factory=set)  # suspended
    on_hold: set[GrantId] = field(default_factory=set)  # of those
    ended: set[GrantId] = field(default_factory=set)
    to_settle: dict[ReservationId, Charge] = field(default_factory=dict)  # of books just closed

    def read(self, event: Any) -> None:
        self._grant(event)
        self._hold(event)

    def end(self) -> None:
        """Nothing that had to happen with what was just read is missing."""
        assert not self.to_settle, "what they hold is held for ever"

    def _grant(self, event: Any) -> None:
        match event:
            case said.CreditsGranted():
                self.grants[event.client_id][event.grant_id] = event
            case said.EntitlementSuspended():
                self.asleep.add(event.grant_id)
                self.on_hold.discard(event.grant_id)
                if event.because is said.Suspension.HOLD:
                    self.on_hold.add(event.grant_id)
            case said.EntitlementResumed():
                self.asleep.remove(event.grant_id)
                self.on_hold.discard(event.grant_id)
            case said.EntitlementEnded():
                self.ended.add(event.grant_id)
            case said.CreditsExpired():
                pack = self.grants[event.client_id][event.grant_id].kind is said.GrantKind.PACK
                assert event.credits == pack * self.left(event.client_id, event.grant_id)
                self.spent[event.grant_id] += event.credits

    def _hold(self, event: Any) -> None:
        match event:
            case said.CreditHeld():
                pack = self.grants[event.client_id][event.grant_id].kind is said.GrantKind.PACK
                assert event.credits == pack
                assert event.program_id == self.sessions[event.session_id].program
                assert self.pays(
                    event.client_id, event.grant_id, self.sessions[event.session_id], ()
                )
                for book in (self.held, self.counted, self.ever):
                    book[event.reservation_id] = event
            case said.CreditReleased():
                self._settled(event.reservation_id, Charge.RELEASED)
                assert self.held.pop(event.reservation_id).credits == event.credits
                del self.counted[event.reservation_id]
            case said.CreditConsumed() | said.CreditForfeited():
                spent = isinstance(event, said.CreditConsumed)
                self._settled(event.reservation_id, Charge.CONSUMED if spent else Charge.FORFEITED)
                assert self.held.pop(event.reservation_id).credits == event.credits
                self.spent[event.grant_id] += event.credits
                self.lost.add(event.reservation_id)
                self.cost[event.reservation_id] = event.credits
            case said.CreditCorrected():
                assert self.cost[event.reservation_id] == event.before, "not what it had cost"
                self.cost[event.reservation_id] = event.after
                self.spent[event.grant_id] += event.after - event.before
                if event.becomes is said.Charge.RELEASED:
                    del self.counted[event.reservation_id]
                else:
                    self.counted[event.reservation_id] = self.ever[event.reservation_id]
            case HoldMoved():
                moved = {"starts_at": event.starts_at, "ends_at": event.ends_at, "on": event.on}
                for book in (self.held, self.counted, self.ever):
                    hold = book[event.reservation_id]
                    book[event.reservation_id] = hold.model_copy(update=moved)
            case said.AttendanceCorrected():
                self.told_cost[event.reservation_id] = event.credits

    def _settled(self, reservation: ReservationId, charge: Charge) -> None:
        """What the books say is what it costs; before they close it can only be given back."""
        assert self.to_settle.pop(reservation, Charge.RELEASED) is charge

    def left(self, client: ClientId, grant: GrantId) -> int:
        """Credits the client may still use of the grant."""
        held = sum(hold.credits for hold in self.held.values() if hold.grant_id == grant)
        return self.grants[client][grant].credits - held - self.spent[grant]

    def day_of(self, hold: said.CreditHeld) -> date:
        """The local day of its session."""
        return self.sessions[hold.session_id].day

    def pays(
        self, client: ClientId, grant: GrantId, wanted: Seats, given_up: Collection[ReservationId]
    ) -> bool:
        """Whether the grant pays for a seat, once these are given up for it."""
        one = self.grants[client][grant]
        if grant in self.asleep | self.ended or not self.covers(client, grant, wanted):
            return False
        if one.kind is said.GrantKind.PACK:
            back = sum(self.held[r].credits for r in given_up if self.held[r].grant_id == grant)
            return self.left(client, grant) + back > 0
        period = PERIODS[one.period]
        used = [
            hold for hold in self.counted.values()
            if hold.grant_id == grant and period(self.day_of(hold)) == period(wanted.day)
            and hold.reservation_id not in given_up
        ]  # fmt: skip
        return one.kind is said.GrantKind.UNLIMITED or len(used) < one.credits

    def head_start(self, client: ClientId, wanted: Seats) -> timedelta:
        """How much earlier than for others booking opens for the client, by what pays."""
        pays = [
            one.early_hours for grant, one in self.grants[client].items()
            if self.pays(client, grant, wanted, ())
        ]  # fmt: skip
        return timedelta(hours=max(pays, default=0))

    def is_early(self, client: ClientId, wanted: Seats, now: datetime) -> bool:
        """Whether booking has yet to open for the client."""
        opens_at = wanted.opens_at
        return now < opens_at and now < opens_at - self.head_start(client, wanted)

    def opens_for(self, event: said.ReservationMade, wanted: Seats) -> datetime:
        """When booking opens for who pays as they do."""
        paying = self.grants[event.client_id][event.grant_id]
        return wanted.opens_at - timedelta(hours=paying.early_hours)

    def covers(self, client: ClientId, grant: GrantId, wanted: Seats) -> bool:
        """Whether the session is within the grant's days, and at a place and time it is for."""
        one = self.grants[client][grant]
        if one.valid_from.astimezone(wanted.zone).date() > wanted.day:
            return False
        if one.expires_on is not None:
            if wanted.day > one.expires_on:
                return False
        elif one.expires_at is not None:
            last = (one.expires_at - timedelta.resolution).astimezone(wanted.zone).date()
            if wanted.day > last:
                return False
        return one.coverage is None or wanted.within(one.coverage)
