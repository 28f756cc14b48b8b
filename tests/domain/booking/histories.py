"""Random histories of several sessions, clients and credits, under the rules of many gyms.

Whatever is asked, in whatever order, ``laws`` hold; which situations it comes to is counted.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from contracts import booking as ask
from contracts.booking import GrantKind
from contracts.envelope import Command
from contracts.ids import ClassTypeId, ClientId, GrantId, ProgramId, StaffId
from contracts.timetable import (
    PublishBookingPolicy,
    ReinstateSession,
    RescheduleSession,
    SubstituteInstructor,
)
from tests.domain.booking import gym_rules, situations
from tests.domain.booking.histories_asked import (
    BIKES,
    PLACES,
    STAFF,
    STARTS,
    clients,
    nths,
    sessions,
)
from tests.domain.booking.histories_changed import COVERS, MORNING, Changed
from tests.domain.booking.histories_people import Left
from tests.domain.booking.language import FAR, HOUR, MINUTE, NOON, OTHER, SES
from tests.domain.booking.laws import CLIENTS, DAY

ZONES = {SES: "UTC", OTHER: "UTC", FAR: "Pacific/Auckland"}
"""Where it is tomorrow already when the third begins."""
PAID = ((0, None), (0, None), (1, None), (2, None), (1, ask.Period.WEEK), (1, ask.Period.MONTH))
"""Credits and their period: unlimited, a pack, or so many a week or month."""
KINDS = {False: GrantKind.UNLIMITED, True: GrantKind.PACK}
MOVES_BY = [HOUR * 0, 10 * MINUTE, -10 * MINUTE, HOUR, -HOUR, 12 * HOUR, DAY, -DAY]
"""From where the session was planned: a day before NOON is last week, and last month."""
COACHES = tuple(StaffId(UUID(int=n)) for n in (81, 82, 83))

waits = st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 4 * HOUR])
drawn_rules = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in gym_rules.OPTIONS.items()}
)
Drawn = dict[str, Any]


class Booking(Changed, Left):
    """People ask, staff changes things, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.grants = 0

    @initialize(
        capacities=st.tuples(*(st.sampled_from([1, 1, 2]) for _ in STARTS)),
        paid=st.tuples(*(st.sampled_from(PAID) for _ in CLIENTS)),
        before=st.sampled_from([30 * HOUR, 30 * HOUR, 5 * HOUR]),
        first=st.permutations(CLIENTS),
        rules=st.tuples(*(st.none() | drawn_rules for _ in STARTS)),
        gyms=st.none() | drawn_rules,
        lates=st.tuples(*(st.sampled_from(gym_rules.LATES) for _ in STARTS)),
        programs=st.tuples(*(st.sampled_from(gym_rules.PROGRAMS) for _ in STARTS)),
        begins=st.sampled_from([-30, -30, -3, -3, -2, -1, 0, 1, 3, 3]),
        leaves=st.booleans(),
    )
    def open_the_week(
        self,
        *,
        capacities: tuple[int, ...],
        paid: tuple[tuple[int, ask.Period | None], ...],
        before: timedelta,
        first: list[ClientId],
        rules: tuple[Drawn | None, ...],
        gyms: Drawn | None,
        lates: tuple[int | None, ...],
        programs: tuple[ProgramId | None, ...],
        begins: int = -30,
        leaves: bool = False,
    ) -> None:
        """Sessions have rules of their own, or the gym's: published, or the preset.

        On top of them some say themselves when giving up is late (``lates``). What is drawn
        happens from so many hours after noon on (``begins``): in the week, that day or afterwards;
        and when somebody has just given their seat up (``leaves``).
        """
        self.now = NOON - before
        for command in gym_rules.catalogue():
            self._do(command)
        if gyms is not None:
            self.publish(gyms, later=HOUR * 0)
        for client, (credits, per) in zip(CLIENTS, paid, strict=True):  # noqa: A001
            self._do(ask.OpenLedger(client_id=client))
            self.grant(client, credits, short=False, per=per)
        planned = zip(STARTS, capacities, rules, lates, programs, strict=True)
        for session, capacity, own, late, program in planned:
            starts_at = STARTS[session]
            self._do(
                ask.ScheduleSession(
                    session_id=session, title="Spin", location_id=PLACES[session],
                    starts_at=starts_at,
                    ends_at=starts_at + HOUR, time_zone=ZONES[session], capacity=capacity,
                    class_type_id=None if program is None else ClassTypeId(program),
                    policy=None if own is None else gym_rules.policy(own),
                    overrides=ask.PolicyOverrides(late_cancel_minutes=late),
                    spots=BIKES if session == OTHER else (), waiver_required=session == FAR,
                    online_capacity=1 if session == FAR else None,
                )
            )  # fmt: skip
        for client in first:
            self.book_or_wait(client, SES)
        if (until := NOON + begins * HOUR) > self.now:
            self.time_passes(until - self.now)
        if leaves and self._pairs("seated"):
            self.give_up(0)

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
        grants = list(self.naive.credits.grants[client])
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

    @rule(nth=nths, what=st.integers(0, 5))
    def settle_a_fee(self, nth: int, what: int) -> None:
        """Mostly one that is asked for, and that is contested when a contest is decided."""
        cases = list(self.naive.fees.cases.items())
        owed = [(key, case) for key, case in cases if case.is_owed]
        owed = [one for one in owed if what > 3 and one[1].contest == "open"] or owed
        cases = owed if owed and nth % 4 else cases
        if not cases:
            return
        reservation, case = cases[nth % len(cases)]
        names = {"client_id": case.client_id, "reservation_id": reservation, "reason": "x"}
        commands: list[Command] = [
            ask.WaiveFee(**names),
            *[ask.ContestFee(**names)] * 3,
            ask.ResolveContest(**names, fee_stands=True),
            ask.ResolveContest(**names, fee_stands=False),
        ]
        self._do(commands[what], *STAFF)

    @rule(rules=drawn_rules, later=st.sampled_from([HOUR * 0, HOUR, 5 * HOUR]))
    def publish(self, rules: Drawn, later: timedelta) -> None:
        """Known sessions only ever get more lenient by it."""
        begins = self.now + later if later else None
        command = PublishBookingPolicy(policy=gym_rules.policy(rules), effective_from=begins)
        self._do(command, *STAFF, twice=False)

    @rule(by=st.sampled_from([8 * HOUR, DAY]))
    @precondition(lambda self: self.naive.fees.cases)
    def days_pass(self, by: timedelta) -> None:
        self.time_passes(by)

    @rule(by=waits)
    def time_passes(self, by: timedelta) -> None:
        self.now += by
        for name, (at, command) in sorted(self.gym.deadlines.items(), key=lambda one: one[1][0]):
            if at <= self.now and name in self.gym.deadlines:
                del self.gym.deadlines[name]
                self._do(command, "system:booking")

    def teardown(self) -> None:
        super().teardown()
        self.reached.update(situations.of_cases(self.naive.fees.cases.values()))
