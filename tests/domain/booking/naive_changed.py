"""Sessions said anew and grants changed, counted again from the log. What ``naive`` is for seats.

Reading an event it objects to what must never happen: a promise taken back, a spot taken from who
sits on it, a seat that nothing pays for any more and nobody says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts import booking as said
from contracts.booking import GrantKind, LapsedSeats, Suspension
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from contracts.timetable import SessionChanged
from tests.domain.booking.naive_credits import Credits
from tests.domain.booking.naive_rules import GymRules
from tests.domain.booking.naive_seats import MINUTE, UNBOUNDED, Seats

Line = tuple[SessionId, ClientId]


@dataclass
class Changes:
    """What changes of sessions and grants mean for seats and lines."""

    sessions: Mapping[SessionId, Seats]
    credits: Credits
    rules: GymRules
    outside: set[ReservationId] = field(default_factory=set)
    """Whose grant was made to cover less, and not them."""
    let_go: set[ReservationId] = field(default_factory=set)  # just now: something else pays, or ...
    to_leave: set[Line] = field(default_factory=set)  # just now: unless something pays
    flagged: set[ReservationId] = field(default_factory=set)
    to_sit: SessionId | None = None  # it has another map, who has no spot is given one

    def read(self, event: Any, now: datetime) -> None:
        """Before anybody else does: what was so until then is looked at."""
        if not isinstance(event, said.SpotChanged):
            self._all_sit()
        match event:
            case SessionChanged():
                self._said_anew(self.sessions[event.session_id], event, now)
            case said.EntitlementChanged():
                self._narrowed(event, now)
            case said.EntitlementSuspended(because=Suspension.HOLD) | said.EntitlementEnded():
                self.let_go |= self._ahead(event.grant_id, now)
                if isinstance(event, said.EntitlementEnded):
                    self.to_leave |= self._lines(event.client_id)
            case said.CreditsExpired():
                expires_at = self.credits.grants[event.client_id][event.grant_id].expires_at
                assert expires_at is not None
                assert expires_at <= now, "it ends later"
            case _:
                self._lapsed(event)

    def end(self) -> None:
        """Nothing that had to happen with what was just read is missing."""
        self._all_sit()
        for session, seats in self.sessions.items():
            for client, made in seats.seated.items():
                lapsed = made.reservation_id in self.let_go
                if lapsed and not self._is_paid(session, client, made.grant_id):
                    assert seats.policy.lapsed_seats is LapsedSeats.KEEP, "given up"
                    assert made.reservation_id in self.flagged, "nothing pays, and nobody says so"
        for session, client in self.to_leave:
            waits = client in self.sessions[session].line
            assert not waits or self._may_pay(session, client), "nothing left to pay with"
        self.let_go.clear()
        self.to_leave.clear()

    def has_left(self, session: SessionId, client: ClientId) -> bool:
        """Whether the seat is one of those that its grant, narrower since, does not cover."""
        seats = self.sessions[session]
        made = seats.seated[client]
        if self.credits.covers(client, made.grant_id, seats):
            self.outside.discard(made.reservation_id)
        return made.reservation_id in self.outside

    def _said_anew(self, seats: Seats, event: SessionChanged, now: datetime) -> None:
        if event.overrides == seats.overrides:
            assert (event.policy, event.deadlines) == (seats.policy, ()), "the rules are as before"
            assert event.gym_policy_version == seats.gym_version
        else:
            assert event.policy == self.rules.of_a_session(event.overrides, now)
            assert event.gym_policy_version == self.rules.in_force(now).version
            late = seats.starts_at - event.policy.late_cancel_minutes * MINUTE
            until = {
                client: max(self.rules.leaves_until(event.session_id, client, now), late)
                for client in seats.seated
            }
            assert {one.client_id: one.free_until for one in event.deadlines} == {
                client: at for client, at in until.items()
                if at != seats.seated[client].free_until
            }, "promised"  # fmt: skip
            seats.give_longer(event.deadlines)
            seats.policy, seats.overrides = event.policy, event.overrides
            seats.planned_at, seats.gym_version = now, event.gym_policy_version
        assert event.booking_opens_at == seats.opens_at
        assert event.booking_closes_at == seats.closes_at
        assert {seats.spot[one] for one in seats.seated} - {None} <= {*event.spots}, "somebody's"
        assert not event.spots or len({*event.spots}) == len(event.spots) >= seats.capacity
        seats.spots, seats.waiver_required = event.spots, event.waiver_required
        online = event.online_capacity
        seats.online_capacity = UNBOUNDED if online is None else online
        self.to_sit = event.session_id

    def _all_sit(self) -> None:
        if self.to_sit is not None:
            seats = self.sessions[self.to_sit]
            taken = {seats.spot[client] for client in seats.seated}
            assert None not in taken or {*seats.spots} <= taken, "a spot is free"
        self.to_sit = None

    def _narrowed(self, event: said.EntitlementChanged, now: datetime) -> None:
        client, grant = event.client_id, event.grant_id
        was = self.credits.grants[client][grant]
        assert grant not in self.credits.ended, "it has ended"
        assert was.expires_at is None or now < was.expires_at, "it is over"
        assert event.expires_at is None or now < event.expires_at, "it would be over"
        assert was.kind is not GrantKind.UNLIMITED or not event.credits
        ahead, lines = self._ahead(grant, now), self._lines(client)
        held = {r: one.session_id for r, one in self.credits.held.items() if one.grant_id == grant}
        inside = {one for one in self.sessions if self._covers(one, client, grant)}
        terms = ("credits", "expires_at", "expires_on", "early_hours", "coverage")
        self.credits.grants[client][grant] = was.model_copy(
            update={name: getattr(event, name) for name in terms}
        )
        lost = {one for one in inside if not self._covers(one, client, grant)}
        if was.kind is not GrantKind.PACK:
            gone = {one for one, session in held.items() if session in lost}
            self.outside |= gone
            self.let_go |= gone & ahead
        self.to_leave |= {one for one in lines if one[0] in lost}

    def _lapsed(self, event: Any) -> None:
        match event:
            case said.ReservationFlagged():
                self._must_be_unpaid(event)
                self.flagged.add(event.reservation_id)
            case said.ReservationCovered():
                self.flagged.discard(event.reservation_id)
            case said.ReservationCancelled():
                if event.reason.startswith("entitlement_"):
                    self._must_be_unpaid(event)
                    assert event.reservation_id in self.let_go, "its grant pays"
                    policy = self.sessions[event.session_id].policy
                    assert policy.lapsed_seats is LapsedSeats.CANCEL
            case said.WaitlistLeft(reason="entitlement_ended"):
                line = (event.session_id, event.client_id)
                assert line in self.to_leave
                assert not self._may_pay(*line), "it may pay again"
            case said.WaitlistPromoted():  # by what they have left, which another line may miss now
                mine = {one for one in self.to_leave if one[1] == event.client_id}
                self.to_leave -= mine

    def _must_be_unpaid(self, event: said.ReservationFlagged | said.ReservationCancelled) -> None:
        client, seats = event.client_id, self.sessions[event.session_id]
        assert not [
            grant for grant in self.credits.grants[client]
            if self.credits.pays(client, grant, seats, [event.reservation_id])
        ], "something pays"  # fmt: skip

    def _is_paid(self, session: SessionId, client: ClientId, grant: GrantId) -> bool:
        lapsed = grant in self.credits.ended | self.credits.on_hold
        return not lapsed and self._covers(session, client, grant)

    def _may_pay(self, session: SessionId, client: ClientId) -> bool:
        """Whether anything pays, or will: once a hold is over, a payment made, a week begins."""
        return any(
            grant not in self.credits.ended and self._covers(session, client, grant)
            and (
                grant in self.credits.asleep or one.kind is not GrantKind.PACK
                or self.credits.left(client, grant) > 0
            )
            for grant, one in self.credits.grants[client].items()
        )  # fmt: skip

    def _covers(self, session: SessionId, client: ClientId, grant: GrantId) -> bool:
        return self.credits.covers(client, grant, self.sessions[session])

    def _ahead(self, grant: GrantId, now: datetime) -> set[ReservationId]:
        """The seats it pays for whose people are still to come."""
        return {
            made.reservation_id
            for seats in self.sessions.values() if now < seats.starts_at and not seats.over
            for client, made in seats.seated.items()
            if made.grant_id == grant and client not in seats.here
        }  # fmt: skip

    def _lines(self, client: ClientId) -> set[Line]:
        """Where the client waits."""
        return {(one, client) for one, seats in self.sessions.items() if client in seats.line}
