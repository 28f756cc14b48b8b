"""Random histories of several sessions, clients and credits, and the laws they must keep.

Checked against an independent count of the log (``naive``): whatever is asked, in whatever order.
"""

from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from pydantic import TypeAdapter
from pydantic_core import from_json

from chassis.decider import Refused
from contracts import booking as ask
from contracts.booking import BookingCode, BookingPolicy, GrantKind
from contracts.envelope import Command, Event, decode
from contracts.ids import ClientId, GrantId, LocationId, SessionId, StaffId
from contracts.timetable import ReinstateSession, RescheduleSession, SubstituteInstructor
from services.booking.api import RULES
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    FAR,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    home,
)
from tests.domain.booking.naive import Naive
from tests.scenario import Gym

CLIENTS = (ANN, BEN, CAT, DAN)
STARTS = {SES: NOON, OTHER: NOON + HOUR / 2, FAR: NOON + 1.5 * HOUR}
"""The first two overlap, the third begins when the second ends."""
ZONES = {SES: "UTC", OTHER: "UTC", FAR: "Pacific/Auckland"}
"""Where it is tomorrow already when the third begins."""
PLACES = {SES: HALL, OTHER: HALL, FAR: LocationId(UUID(int=98))}
COVERS = (
    None, None, ask.Coverage(location_ids=(HALL,)),
    ask.Coverage(hours=(ask.Hours(until_time="12:30"),)),
)  # fmt: skip
"""All sessions; the first two; the first, and the third where it is night then."""
MORNING = NOON - 1.5 * HOUR  # a pack that ends here ends on the day of the first two alone

INELIGIBLE = {
    BookingCode.OVERLAP, BookingCode.DAILY_LIMIT, BookingCode.NO_ENTITLEMENT, BookingCode.ON_HOLD,
    BookingCode.PAST_DUE, BookingCode.LIMIT_REACHED,
}  # fmt: skip
BIKES = ("a", "b", "c")
KINDS = {False: GrantKind.UNLIMITED, True: GrantKind.PACK}
STAFF = ("staff:x", "owner")
DAY = timedelta(days=1)
MOVES_BY = [HOUR * 0, 10 * MINUTE, -10 * MINUTE, HOUR, -HOUR, 12 * HOUR, DAY, -DAY]
"""From where the session was planned: a day before NOON is last week, and last month."""
COACHES = tuple(StaffId(UUID(int=n)) for n in (81, 82, 83))

clients = st.sampled_from(CLIENTS)
sessions = st.sampled_from(tuple(STARTS))
nths = st.integers(0, 11)
waits = st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 4 * HOUR])
SESSION_CODEC = TypeAdapter(ClassSession)
LEDGER_CODEC = TypeAdapter(ClientLedger)


class Booking(RuleBasedStateMachine):
    """People ask, staff changes things, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.gym = Gym(RULES, home)
        self.naive = Naive(NOON)
        self.now = NOON
        self.grants = 0

    def _do(
        self, command: Command, actor: str = "client:x", *roles: str, twice: bool = True
    ) -> bool:
        """Whether it was done. Asked at once again (``twice``), the same changes nothing."""
        try:
            self.naive.now = self.now
            _, events = self.gym.do(command, self.now, actor, *roles)
        except Refused as refusal:
            self._must_be_true(refusal, command)
            return False
        self.naive.read(events, self.now)
        if not twice:
            return True
        try:
            _, again = self.gym.do(command, self.now, actor, *roles)
        except Refused:
            again = []
        assert again == [], "asking twice is asking once"
        return True

    def _must_be_true(self, refusal: Refused, command: Command) -> None:
        """What a client is told is so."""
        if isinstance(command, ask.BookClass):
            seats = self.naive.sessions[command.session_id]
            if refusal.code in INELIGIBLE and command.grant_id is None:
                assert not self.naive.eligible(command.client_id, command.session_id)
            if refusal.code == BookingCode.SESSION_FULL:
                assert seats.free(online=True) <= 0
            if refusal.code == BookingCode.BOOKING_BANNED:
                assert self.naive.is_banned(command.client_id)
            if refusal.code == BookingCode.WAIVER_REQUIRED:
                assert command.client_id not in self.naive.signed
            if refusal.code == BookingCode.ALREADY_BOOKED:
                assert command.client_id in seats.seated

    def _pairs(self, where: str) -> list[tuple[SessionId, ClientId]]:
        """Who is ``seated`` in, or in ``line`` for, which session."""
        return [
            (session, client)
            for session, seats in self.naive.sessions.items()
            for client in sorted(getattr(seats, where))
        ]

    def _pick(self, where: str, nth: int) -> dict[str, Any]:
        pairs = self._pairs(where)
        session, client = pairs[nth % len(pairs)]
        return {"session_id": session, "client_id": client}

    @initialize(
        capacities=st.tuples(*(st.sampled_from([1, 1, 2]) for _ in STARTS)),
        packs=st.tuples(*(st.sampled_from([1, 1, 2, 0]) for _ in CLIENTS)),
        before=st.sampled_from([30 * HOUR, 30 * HOUR, 5 * HOUR]),
        first=st.permutations(CLIENTS),
        limit=st.sampled_from([0, 0, 1]),
    )
    def open_the_week(
        self,
        capacities: tuple[int, ...],
        packs: tuple[int, ...],
        before: timedelta,
        first: list[ClientId],
        limit: int,
    ) -> None:
        self.now = NOON - before
        for client, credits in zip(CLIENTS, packs, strict=True):  # noqa: A001
            self._do(ask.OpenLedger(client_id=client))
            self.grant(client, credits, short=False)
        for (session, starts_at), capacity in zip(STARTS.items(), capacities, strict=True):
            self._do(
                ask.ScheduleSession(
                    session_id=session, title="Spin", location_id=PLACES[session],
                    starts_at=starts_at,
                    ends_at=starts_at + HOUR, time_zone=ZONES[session], capacity=capacity,
                    policy=BookingPolicy(
                        waitlist_uncapped=True, check_in_opens_minutes_before=240,
                        daily_limit=limit if session == FAR else 0,
                    ),
                    spots=BIKES if session == OTHER else (), waiver_required=session == FAR,
                    online_capacity=1 if session == FAR else None,
                )
            )  # fmt: skip
        for client in first:
            self.book_or_wait(client, SES)

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

    @rule(client=clients, session=sessions, spot=st.sampled_from([None, "a", "b"]))
    def staff_books(self, client: Any, session: Any, spot: str | None) -> None:
        self._do(
            ask.BookClass(
                session_id=session, client_id=client, overbook=spot == "b", reason="vip",
                spot=spot if session == OTHER else None,
            ),
            *STAFF,
        )  # fmt: skip

    @precondition(lambda self: self._pairs("late"))
    @rule(nth=nths, roles=st.sampled_from([("client:x",), STAFF]))
    def undo_cancel(self, nth: int, roles: tuple[str, ...]) -> None:
        self._do(ask.UndoCancel(**self._pick("late", nth)), *roles)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths, waive=st.booleans())
    def remove(self, nth: int, waive: bool) -> None:
        pair = self._pick("seated", nth)
        self._do(ask.RemoveReservation(**pair, waive=waive, reason="ill"), *STAFF)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths, spot=st.sampled_from([None, *BIKES]))
    def sit_elsewhere(self, nth: int, spot: str | None) -> None:
        command = ask.ChangeSpot(**self._pick("seated", nth), spot=spot)
        self._do(command, twice=spot is not None)

    @rule(client=clients, session=sessions, overbook=st.booleans())
    def walk_in(self, client: Any, session: Any, overbook: bool) -> None:
        command = ask.AddWalkIn(
            session_id=session, client_id=client, overbook=overbook, reason="guest"
        )
        self._do(command, *STAFF)

    @precondition(lambda self: self._pairs("line"))
    @rule(nth=nths)
    def claim(self, nth: int) -> None:
        self._do(ask.ClaimSpot(**self._pick("line", nth)))

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

    @precondition(lambda self: self._pairs("books"))
    @rule(nth=nths, becomes=st.sampled_from(ask.Attendance))
    def correct(self, nth: int, becomes: ask.Attendance) -> None:
        pair = self._pick("books", nth)
        self._do(ask.CorrectAttendance(**pair, becomes=becomes, reason="saw them"), *STAFF)

    @rule(client=clients, days=st.sampled_from([None, 0.1, 2]), lift=st.booleans())
    def ban(self, client: Any, days: float | None, lift: bool) -> None:
        until = self.now + timedelta(days=days) if days else None
        if lift:
            self._do(ask.LiftBookingBan(client_id=client), *STAFF)
        else:
            self._do(ask.ImposeBookingBan(client_id=client, until=until, reason="x"), *STAFF)

    @rule(client=clients)
    def sign(self, client: Any) -> None:
        self._do(ask.SignWaiver(client_id=client))

    @rule(client=clients, nth=nths, what=st.integers(0, 5))
    def change_grant(self, client: Any, nth: int, what: int) -> None:
        grants = list(self.naive.grants[client])
        if not grants:
            return
        pair = {"client_id": client, "grant_id": grants[nth % len(grants)]}
        commands: list[Command] = [
            ask.SuspendEntitlement(**pair, because=ask.Suspension.HOLD),
            ask.SuspendEntitlement(**pair, because=ask.Suspension.PAST_DUE),
            ask.EndEntitlement(**pair),
            *[ask.ResumeEntitlement(**pair)] * 3,
        ]
        self._do(commands[what], *STAFF)

    @precondition(lambda self: self._pairs("line"))
    @rule(nth=nths)
    def leave(self, nth: int) -> None:
        self._do(ask.LeaveWaitlist(**self._pick("line", nth)))

    @rule(
        client=clients, session=sessions, swap=st.booleans(), notice=st.sampled_from([0, 0, 360])
    )  # fmt: skip
    def join(self, client: Any, session: Any, swap: bool, notice: int) -> None:
        command = ask.JoinWaitlist(
            session_id=session, client_id=client, swap=swap, minimum_notice_minutes=notice
        )
        self._do(command)

    @rule(client=clients, session=sessions)
    def give_up_or_leave_what_was_never_taken(self, client: Any, session: Any) -> None:
        self._do(ask.CancelReservation(session_id=session, client_id=client))
        self._do(ask.LeaveWaitlist(session_id=session, client_id=client))

    @rule(session=sessions, capacity=st.integers(1, 3))
    def resize(self, session: Any, capacity: int) -> None:
        self._do(ask.ChangeCapacity(session_id=session, capacity=capacity), "staff:x", "owner")

    @rule(
        client=clients, credits=st.integers(0, 2), short=st.booleans(),
        per=st.sampled_from([None, None, *ask.Period]), covers=st.sampled_from(COVERS),
    )  # fmt: skip
    def grant(
        self,
        client: Any,
        credits: int,  # noqa: A002
        short: bool,
        per: ask.Period | None = None,
        covers: ask.Coverage | None = None,
    ) -> None:
        self.grants += 1
        limited = per is not None and credits > 0
        self._do(
            ask.GrantCredits(
                client_id=client, grant_id=GrantId(UUID(int=self.grants)), credits=credits,
                kind=GrantKind.LIMITED if limited else KINDS[bool(credits)],
                period=per if limited else None,
                expires_at=MORNING if short else None, coverage=covers,
            )
        )  # fmt: skip

    @precondition(lambda self: self.now >= NOON - HOUR and self._pairs("seated"))
    @rule(nth=nths, here=st.sampled_from([True, True, False]))
    def arrive(self, nth: int, here: bool) -> None:
        kind = ask.CheckIn if here else ask.UndoCheckIn
        self._do(kind(**self._pick("seated", nth)), "staff:x", "trainer")

    @precondition(lambda self: self.now >= NOON)
    @rule(session=sessions)
    def finalize(self, session: Any) -> None:
        self._do(ask.FinalizeAttendance(session_id=session), "staff:x", "trainer")

    @rule(session=sessions, storm=st.integers(0, 9))
    def call_off(self, session: Any, storm: int) -> None:
        if storm == 0:
            command = ask.CancelSession(session_id=session, reason="storm")
            self._do(command, "staff:x", "owner")

    @rule(session=sessions, by=st.sampled_from(MOVES_BY))
    def move(self, session: Any, by: timedelta) -> None:
        starts_at = STARTS[session] + by
        command = RescheduleSession(
            session_id=session, starts_at=starts_at, ends_at=starts_at + HOUR
        )
        self._do(command, *STAFF)

    @rule(session=sessions, coach=st.sampled_from(COACHES))
    def substitute(self, session: Any, coach: Any) -> None:
        self._do(SubstituteInstructor(session_id=session, instructor_id=coach), *STAFF)

    @precondition(lambda self: any(seats.called_off for seats in self.naive.sessions.values()))
    @rule(session=sessions)
    def reinstate(self, session: Any) -> None:
        self._do(ReinstateSession(session_id=session), *STAFF)

    @rule(by=waits)
    def time_passes(self, by: timedelta) -> None:
        self.now += by
        for name, (at, command) in sorted(self.gym.deadlines.items(), key=lambda one: one[1][0]):
            if at <= self.now and name in self.gym.deadlines:
                del self.gym.deadlines[name]
                self._do(command, "system:booking")

    @invariant()
    def no_credit_is_spent_twice(self) -> None:
        for client, grants in self.naive.grants.items():
            state = self.gym.state(client_ledger, client)
            for grant, one in grants.items():
                if one.kind is GrantKind.PACK:
                    assert self.naive.left(client, grant) == state.grants[grant].available >= 0

    @invariant()
    def corrected_books_say_what_a_seat_costs(self) -> None:
        for reservation, credits in self.naive.told_cost.items():  # noqa: A001
            assert self.naive.cost[reservation] == credits

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
            if self.naive.serves(session, self.now) and seats.free(online=True) > 0:
                waits = [
                    c for c in seats.line if c not in seats.offered | dict.fromkeys(seats.declined)
                ]
                assert not [c for c in waits if self.naive.eligible(c, session, line=True)]

    @invariant()
    def what_is_over_holds_nothing_and_what_was_called_off_cost_nothing(self) -> None:
        for session, seats in self.naive.sessions.items():
            held = {h for h, one in self.naive.held.items() if one.session_id == session}
            expected = len(seats.seated) + len(seats.late)
            assert len(held) == (0 if seats.over else expected)
            if seats.called_off:
                assert not {**seats.seated, **seats.late}
                assert not seats.reservations & self.naive.lost

    @invariant()
    def live_state_is_what_was_counted(self) -> None:
        for session, seats in self.naive.sessions.items():
            state = self.gym.state(class_session, session)
            assert set(state.reserved) == set(seats.seated)
            assert set(state.late_cancelled) == set(seats.late)
            assert list(state.waiting) == seats.line
            assert state.offers == seats.offered
            assert {c: one.spot for c, one in state.reserved.items()} == {
                c: seats.spot[c] for c in seats.seated
            }
            assert {c: state.attendance_of(c) for c in seats.books} == seats.books

    @invariant()
    def days_are_counted_once(self) -> None:
        for client in self.naive.grants:
            state = self.gym.state(client_ledger, client)
            for day in (NOON.date() + nth * DAY for nth in (-1, 0, 1, 2)):
                assert state.booked_on(day) == self.naive.booked_on(client, day)
            assert state.waivers == (("liability",) if client in self.naive.signed else ())

    def teardown(self) -> None:
        """Whatever nobody did, in the end nothing is held.

        The log, read again from its bytes, gives the live states; so do snapshots of them.
        """
        for _ in range(2):  # somebody is asked who came; then everybody is excused
            self.time_passes(10 * DAY)
        assert not self.naive.held
        again = Gym(RULES, home)
        again.happened(*(_through_bytes(event) for event in self.gym.log))
        for session in STARTS:
            live = self.gym.state(class_session, session)
            assert again.state(class_session, session) == live
            assert SESSION_CODEC.validate_json(SESSION_CODEC.dump_json(live)) == live
        for client in CLIENTS:
            live = self.gym.state(client_ledger, client)
            assert again.state(client_ledger, client) == live
            assert LEDGER_CODEC.validate_json(LEDGER_CODEC.dump_json(live)) == live


def _through_bytes(event: Event) -> Event:
    return decode(event.event_type, from_json(event.model_dump_json()))
