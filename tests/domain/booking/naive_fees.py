"""Late cancels, no-shows and fees counted again from the log alone. What ``naive`` is for seats.

Reading an event it objects to what must never happen: a fee nobody earned, of another amount, asked
for too early, twice, or although it was forgiven.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import booking as said
from contracts.booking import Attendance, Forgiveness, Violation
from contracts.ids import ClientId, ReservationId, SessionId
from contracts.money import Price
from tests.domain.booking.naive_bans import Bans
from tests.domain.booking.naive_seats import Seats

NEVER = datetime.min.replace(tzinfo=UTC)
KINDS = {
    Attendance.NO_SHOW: Violation.NO_SHOW, Attendance.LATE_CANCELLED: Violation.LATE_CANCEL,
}  # fmt: skip


@dataclass
class Case:
    """What one reservation came to."""

    client_id: ClientId
    judged_at: datetime
    counts: bool
    fee: said.FeeAssessed | None = None
    stage: str = "pending"
    contest: str = "none"
    kind: Violation | None = None

    @property
    def is_owed(self) -> bool:
        """Whether money is, or will be, asked for."""
        return self.fee is not None and self.stage in {"pending", "due"}

    @property
    def may_be_asked(self) -> bool:
        """Whether the next judgement asks for a fee: none was, or a correction took it back."""
        return self.fee is None or self.stage == "cleared"

    @property
    def is_penalty(self) -> bool:
        return self.counts and (self.is_owed or self.may_be_asked)


@dataclass
class Fees:
    """All cases of the gym."""

    sessions: Mapping[SessionId, Seats]
    erased: Collection[ClientId]
    """Whom nobody judges any more."""
    cases: dict[ReservationId, Case] = field(default_factory=dict)
    to_judge: dict[ReservationId, Violation] = field(default_factory=dict)
    """Of books just closed."""
    to_assess: dict[ReservationId, Price] = field(default_factory=dict)
    to_forgive: dict[ReservationId, Forgiveness] = field(default_factory=dict)
    judged: set[ReservationId] = field(default_factory=set)  # just now
    renamed: set[ReservationId] = field(default_factory=set)  # of those: penalties before, too

    def read(self, event: Any, now: datetime) -> None:
        match event:
            case said.AttendanceFinalized() if not event.excused:
                seats = self.sessions[event.session_id]
                for client, made in seats.people.items():
                    kind = KINDS.get(seats.books[client])
                    if kind is not None and client not in self.erased:
                        self.to_judge[made.reservation_id] = kind
            case said.ViolationRecorded():
                self._judged(event, now)
            case said.ViolationCleared():
                if self.cases[event.reservation_id].is_penalty:
                    self.renamed.add(event.reservation_id)
                self.cases[event.reservation_id].counts = False
            case said.FeeAssessed():
                self._assessed(event, now)
            case _ if type(event).__name__.startswith("Fee"):
                self._moved_on(self.cases[event.reservation_id], event, now)

    def end(self, bans: Bans, now: datetime) -> None:
        """Nothing that had to happen with what was just read is missing."""
        assert not self.to_judge, "nobody judged them"
        assert not self.to_assess, "no fee"
        assert not self.to_forgive, "not forgiven"
        for case in (self.cases[one] for one in self.judged - self.renamed):
            (policy,) = (
                seats.policy for seats in self.sessions.values()
                for made in seats.people.values() if self.cases.get(made.reservation_id) is case
            )  # fmt: skip
            judged = [one.judged_at for one in self.of(case.client_id).values() if one.is_penalty]
            for at in judged if case.is_penalty else ():
                found = self.penalties(case.client_id, policy.ban_window_days, at)
                lasts = case.judged_at <= at and now < at + timedelta(days=policy.ban_days)
                lasts = lasts and at > bans.lifted.get(case.client_id, NEVER)
                if lasts and 0 < policy.ban_after_penalties <= found:
                    assert case.client_id in bans.all, "the rules ban them"
        self.judged.clear()
        self.renamed.clear()

    def penalties(self, client: ClientId, days: int, until: datetime) -> int:
        """How many nobody let the client off, of those judged in so many days."""
        since = until - timedelta(days=days)
        return sum(
            one.is_penalty and since < one.judged_at <= until
            for one in self.cases.values() if one.client_id == client
        )  # fmt: skip

    def of(self, client: ClientId) -> dict[ReservationId, Case]:
        return {key: one for key, one in self.cases.items() if one.client_id == client}

    def _judged(self, event: said.ViolationRecorded, now: datetime) -> None:
        seats, client = self.sessions[event.session_id], event.client_id
        assert event.reservation_id == seats.people[client].reservation_id
        assert event.kind is KINDS[seats.books[client]], "not what the books say"
        if self.to_judge:
            assert self.to_judge.pop(event.reservation_id) is event.kind
        grant_kind = seats.people[client].grant_kind
        earlier = self.cases.get(event.reservation_id)
        first = earlier.judged_at if earlier else now
        assert (event.grant_kind, event.judged_at) == (grant_kind, first)
        assert earlier is None or not earlier.counts, "counted twice"
        late = event.kind is Violation.LATE_CANCEL
        price = seats.policy.late_cancel_fee if late else seats.policy.no_show_fee
        costs = grant_kind is said.GrantKind.UNLIMITED and price is not None and price.minor > 0
        asks = earlier is None or earlier.may_be_asked
        recent = self._recent(event, seats.policy.free_pass_days, first)
        forgiven = None
        if late and client not in seats.unfilled():
            forgiven = Forgiveness.REFILLED
        elif costs and asks and recent < seats.policy.free_passes:
            forgiven = Forgiveness.FREE_PASS
        assert event.forgiven is forgiven, f"{forgiven} it is"
        assert event.evidence.empty_seats == seats.empty
        assert event.evidence.recent_violations == recent
        counts = forgiven is not Forgiveness.REFILLED
        if earlier is None:
            self.cases[event.reservation_id] = Case(client, now, counts)
        else:
            earlier.counts = counts
        self.cases[event.reservation_id].kind = event.kind
        self.judged.add(event.reservation_id)
        if costs and price is not None and asks:
            self.to_assess[event.reservation_id] = price
            if forgiven is not None:
                self.to_forgive[event.reservation_id] = forgiven

    def _recent(self, event: said.ViolationRecorded, days: int, until: datetime) -> int:
        """How many were judged before it at first, whatever clocks said."""
        since, found = until - timedelta(days=days), 0
        for reservation, one in self.of(event.client_id).items():
            if reservation == event.reservation_id:
                break
            found += one.counts and since < one.judged_at
        return found

    def _assessed(self, event: said.FeeAssessed, now: datetime) -> None:
        price, case = self.to_assess.pop(event.reservation_id), self.cases[event.reservation_id]
        assert event.amount.model_dump() == price.model_dump(), "another amount"
        assert case.may_be_asked, "assessed twice"
        assert event.assessment == (1 if case.fee is None else case.fee.assessment + 1)
        policy = self.sessions[event.session_id].policy
        assert event.waivable_until == now + timedelta(hours=policy.fee_waive_hours)
        assert event.contestable_until == now + timedelta(days=policy.fee_contest_days)
        case.fee, case.stage, case.contest = event, "pending", "none"

    def _moved_on(self, case: Case, event: Any, now: datetime) -> None:
        assert case.fee is not None
        match event:
            case said.FeeForgiven():
                assert event.forgiven is self.to_forgive.pop(event.reservation_id)
                assert (case.stage, case.contest) == ("pending", "none")
                case.stage = "forgiven"
            case said.FeeWaived():
                assert (case.stage, case.contest != "open") == ("pending", True)
                case.stage = "waived"
            case said.FeeDue():
                assert (case.stage, case.contest != "open") == ("pending", True)
                assert now >= case.fee.waivable_until, "too early"
                assert (event.amount, event.assessment) == (case.fee.amount, case.fee.assessment)
                case.stage = "due"
            case said.FeeReversed():
                assert case.is_owed
                assert case.contest != "open"
                assert event.was_due == (case.stage == "due")
                assert (event.amount, event.assessment) == (case.fee.amount, case.fee.assessment)
                case.stage = "reversed" if case.counts else "cleared"
            case said.FeeContested():
                assert (case.is_owed, case.contest) == (True, "none")
                assert now < case.fee.contestable_until, "too late"
                case.contest = "open"
            case said.FeeContestResolved():
                assert case.contest == "open"
                case.contest = "resolved"
