"""The laws of booking: what is so after every step of every history, counted independently."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import Any
from uuid import UUID

from hypothesis import currently_in_test_context, target
from hypothesis import event as note
from hypothesis.stateful import RuleBasedStateMachine, invariant
from pydantic import TypeAdapter
from pydantic_core import from_json

from chassis.decider import Aggregate
from contracts.booking import (
    Attendance,
    BookingBanLifted,
    BookingCode,
    GrantKind,
    ReservationMade,
)
from contracts.envelope import Event, decode
from contracts.ids import ClientId, GymId, ReservationId
from contracts.timetable import BookingPolicyPublished, ClassTypeDefined, ProgramDefined
from services.booking.api import RULES
from services.booking.domain.catalogue import class_type, program
from services.booking.domain.class_session import ClassSession, Reservation, class_session
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from services.booking.domain.penalty import ClientPenalties, client_penalties
from services.booking.domain.policies import published_policies
from tests.domain.booking import language
from tests.domain.booking.gym_rules import SPIN, YOGA
from tests.domain.booking.language import ANN, BEN, CAT, DAN, NOON
from tests.domain.booking.naive import Naive
from tests.domain.booking.naive_fees import KINDS
from tests.scenario import Gym

CLIENTS = (ANN, BEN, CAT, DAN)
DAY = timedelta(days=1)
GYM = GymId(UUID(int=7))
KEPT: tuple[tuple[Aggregate[Any, Any], TypeAdapter[Any]], ...] = (
    (class_session, TypeAdapter(ClassSession)), (client_ledger, TypeAdapter(ClientLedger)),
    (client_penalties, TypeAdapter(ClientPenalties)),
)  # fmt: skip


def home(event: Event) -> tuple[Aggregate[Any, Any], UUID]:
    """As in single scenarios; the rules are of the one gym there is."""
    match event:
        case BookingPolicyPublished():
            return published_policies, GYM
        case ProgramDefined():
            return program, event.program_id
        case ClassTypeDefined():
            return class_type, event.class_type_id
    return language.home(event)


class Laws(RuleBasedStateMachine):
    """A gym, what was counted of it, and what must be so."""

    def __init__(self) -> None:
        super().__init__()
        self.gym = Gym(RULES, home, GYM)
        self.naive = Naive(NOON)
        self.now: datetime = NOON
        self.reached: Counter[str] = Counter()

    def time_passes(self, by: timedelta) -> None:
        """And what is due is done."""
        raise NotImplementedError

    @invariant()
    def no_credit_is_spent_twice(self) -> None:
        for client, grants in self.naive.credits.grants.items():
            state = self.gym.state(client_ledger, client)
            for grant, one in grants.items():
                if one.kind is GrantKind.PACK:
                    kept = state.grants[grant]
                    assert self.naive.credits.left(client, grant) == kept.available >= 0
                    assert min(kept.held, kept.consumed, kept.forfeited, kept.expired) >= 0

    @invariant()
    def what_is_left_of_a_pack_is_gone_with_its_end(self) -> None:
        for client, grants in self.naive.credits.grants.items():
            for grant, one in grants.items():
                is_over = one.expires_at is not None and one.expires_at <= self.now
                if is_over and one.kind is GrantKind.PACK:
                    assert self.naive.credits.left(client, grant) == 0

    @invariant()
    def no_offer_outlives_its_phase(self) -> None:
        for seats in self.naive.sessions.values():
            assert all(until <= seats.serves_until for until in seats.offered.values())

    @invariant()
    def corrected_books_say_what_a_seat_costs(self) -> None:
        for reservation, credits in self.naive.credits.told_cost.items():  # noqa: A001
            assert self.naive.credits.cost[reservation] == credits

    @invariant()
    def nobody_is_seated_and_waiting(self) -> None:
        for seats in self.naive.sessions.values():
            assert not set(seats.seated) & set(seats.line)
            assert set(seats.offered) <= set(seats.line)
            assert not seats.over or not seats.line

    @invariant()
    def nobody_is_in_two_places_at_once(self) -> None:
        """But by sessions that were moved into each other, and then it was told."""
        for (one, first), (other, second) in combinations(self.naive.sessions.items(), 2):
            apart = first.ends_at <= second.starts_at or second.ends_at <= first.starts_at
            if not (apart or first.over or second.over):
                both = {(client, frozenset({one, other})) for client in first.seated}
                both &= {(client, frozenset({one, other})) for client in second.seated}
                assert both <= self.naive.told

    @invariant()
    def no_seat_is_idle_while_somebody_eligible_waits(self) -> None:
        for session, seats in self.naive.sessions.items():
            if self.naive.rules.are_new_to_the_line(session, self.now):
                continue
            if self.naive.serves(session, self.now) and seats.free(online=True) > 0:
                waits = [
                    c for c in seats.line if c not in seats.offered | dict.fromkeys(seats.declined)
                ]
                assert not [c for c in waits if self.naive.eligible(c, session, line=True)]

    @invariant()
    def what_is_over_holds_nothing_and_what_was_called_off_cost_nothing(self) -> None:
        for session, seats in self.naive.sessions.items():
            held = {h for h, one in self.naive.credits.held.items() if one.session_id == session}
            expected = len(seats.seated) + len(seats.late)
            assert len(held) == (0 if seats.over else expected)
            if seats.called_off:
                assert not {**seats.seated, **seats.late}
                assert not seats.reservations & self.naive.credits.lost

    @invariant()
    def live_state_is_what_was_counted(self) -> None:
        for session, seats in self.naive.sessions.items():
            state = self.gym.state(class_session, session)
            assert _ids(state.reserved) == _ids(seats.seated)
            assert _ids(state.late_cancelled) == _ids(seats.late)
            assert list(state.waiting) == seats.line
            assert state.offers == seats.offered
            assert {c: one.spot for c, one in state.reserved.items()} == {
                c: seats.spot[c] for c in seats.seated
            }
            assert {c: state.attendance_of(c) for c in seats.books} == seats.books
            assert (state.policy, state.spots) == (seats.policy, seats.spots)
            assert state.waiver_required == seats.waiver_required

    @invariant()
    def days_are_counted_once(self) -> None:
        for client in self.naive.credits.grants:
            state = self.gym.state(client_ledger, client)
            limits = self.naive.limits
            for day in (NOON.date() + nth * DAY for nth in (-1, 0, 1, 2)):
                assert state.booked_on(day) == len(limits.on(client, day))
                for one in (SPIN, YOGA):
                    assert state.booked_in(one, day) == len(limits.of(one, client, day))
            assert state.waivers == (("liability",) if client in self.naive.signed else ())

    @invariant()
    def a_seat_ahead_says_whether_nothing_pays_for_it(self) -> None:
        """But of who is here: then nobody asks what pays.

        One of a session that was moved away from what its grant covers may say either; one whose
        grant was made to cover less says so.
        """
        for session, seats in self.naive.sessions.items():
            state = self.gym.state(class_session, session)
            if seats.over or self.now >= seats.starts_at:
                continue
            for client, made in seats.seated.items():
                lapsed = made.grant_id in self.naive.credits.ended | self.naive.credits.on_hold
                lapsed |= self.naive.changes.has_left(session, client)
                pays = made.grant_kind is GrantKind.PACK
                pays |= self.naive.credits.covers(client, made.grant_id, seats)
                if client not in seats.here and (lapsed or pays):
                    assert (state.reserved[client].flag is not None) == lapsed

    @invariant()
    def no_seat_is_flagged_that_something_would_pay_for(self) -> None:
        """But of who is here: nobody asks what pays."""
        for session, seats in self.naive.sessions.items():
            state = self.gym.state(class_session, session)
            for client, made in seats.seated.items():
                is_ahead = not seats.over and self.now < seats.starts_at
                flag = state.reserved[client].flag
                if not is_ahead or client in seats.here or flag is None:
                    continue
                credits = self.naive.credits  # noqa: A001
                assert flag is BookingCode.NO_ENTITLEMENT or made.grant_id in credits.on_hold
                assert not [
                    grant for grant in credits.grants[client]
                    if credits.pays(client, grant, seats, [made.reservation_id])
                ]  # fmt: skip

    @invariant()
    def fees_are_what_was_counted(self) -> None:
        for client in CLIENTS:
            state = self.gym.state(client_penalties, client)
            assert {
                key: (one.counts, one.fee and (one.fee.amount, one.fee.stage, one.fee.contest))
                for key, one in state.cases.items()
            } == {
                key: (one.counts, one.fee and (one.fee.amount, one.stage, one.contest))
                for key, one in self.naive.fees.of(client).items()
            }

    @invariant()
    def the_books_say_what_is_owed(self) -> None:
        """Whoever came, is excused, or whose seat was refilled owes nothing; else it counts.

        Unless they were erased before it was judged.
        """
        for seats in self.naive.sessions.values():
            for client, shown in seats.books.items():
                case = self.naive.fees.cases.get(seats.people[client].reservation_id)
                refilled = shown is Attendance.LATE_CANCELLED and client not in seats.unfilled()
                counts = shown in KINDS and not refilled
                judged = case is not None and case.counts
                assert judged == counts or (counts and client in self.naive.erased.clients)
                assert counts or case is None or not case.is_owed
                assert case is None or not judged or case.kind is KINDS[shown]

    @invariant()
    def nobody_pays_for_what_the_gym_called_off(self) -> None:
        assert not self.naive.called_off & self.naive.fees.cases.keys()
        assert not self.naive.called_off & self.naive.credits.lost

    @invariant()
    def a_fee_nobody_let_off_or_contests_is_due_in_time(self) -> None:
        for case in self.naive.fees.cases.values():
            if case.fee is not None and case.stage == "pending" and case.contest != "open":
                assert self.now < case.fee.waivable_until

    @invariant()
    def a_ban_of_the_rules_rests_on_penalties_that_stand(self) -> None:
        for client, ban in self.naive.bans.by_rules.items():
            if (cause := ban.cause) is not None and self.now < (ban.until or self.now):
                found = self.naive.fees.penalties(client, cause.window_days, cause.counted_at)
                assert found >= cause.needed

    def teardown(self) -> None:
        """Whatever nobody did, in the end nothing is held.

        The log, read again from its bytes, gives the live states; so do snapshots of them.
        """
        for _ in range(2):  # somebody is asked who came; then everybody is excused
            self.time_passes(10 * DAY)
        assert not self.naive.credits.held
        untold = {type(event) for event in self.gym.log if getattr(event, "policy_version", 1) < 1}
        assert untold <= {BookingBanLifted}, "which rules decided"
        again = Gym(RULES, home, GYM)
        again.happened(*(_through_bytes(event) for event in self.gym.log))
        for (kind, codec), key in product(KEPT, (*self.naive.sessions, *CLIENTS)):
            live = self.gym.state(kind, key)
            assert again.state(kind, key) == live
            assert codec.validate_json(codec.dump_json(live)) == live
        if currently_in_test_context():
            target(len(self.reached), label="situations")
            for situation in self.reached:
                note(situation)


def _ids(people: Mapping[ClientId, Reservation | ReservationMade]) -> dict[ClientId, ReservationId]:
    """Whose reservations these are."""
    return {client: one.reservation_id for client, one in people.items()}


def _through_bytes(event: Event) -> Event:
    return decode(event.event_type, from_json(event.model_dump_json()))
