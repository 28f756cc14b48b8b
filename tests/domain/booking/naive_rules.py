"""The gym's rules counted again from the log: which are in force, and what they promise a seat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.booking import (
    BookingPolicy,
    CapacityChanged,
    PolicyOverrides,
    ReservationCancelled,
    SpotOffered,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.envelope import Event
from contracts.ids import ClientId, SessionId
from contracts.timetable import BookingPolicyPublished
from tests.domain.booking.naive_seats import MINUTE, Seats

ASKED_BY = (
    CapacityChanged, ReservationCancelled, SpotOffered, WaitlistPromoted, WaitlistPromotionSkipped,
)  # fmt: skip
"""What has a session's line asked, or comes of asking it."""


@dataclass
class GymRules:
    """All versions, and the sessions they are for."""

    sessions: Mapping[SessionId, Seats]
    published: list[BookingPolicyPublished] = field(default_factory=list)
    asked_at: dict[SessionId, datetime] = field(default_factory=dict)
    unasked: set[SessionId] = field(default_factory=set)
    """Sessions whose line was not asked since new rules began at once."""

    def read(self, event: Event, now: datetime) -> None:
        if isinstance(event, BookingPolicyPublished):
            self.published.append(event)
            if event.effective_from <= now:
                self.unasked |= set(self.sessions)
        elif isinstance(event, ASKED_BY):
            self.asked_at[event.session_id] = now
            self.unasked.discard(event.session_id)

    def are_new_to_the_line(self, session: SessionId, now: datetime) -> bool:
        """Whether some began since the line was asked: by themselves they ask nobody."""
        since = self.asked_at.get(session, self.sessions[session].planned_at)
        begun = (one.effective_from for one in self.published)
        return session in self.unasked or any(since < at <= now for at in begun)

    def in_force(self, now: datetime) -> BookingPolicy:
        """Of versions that begin at one instant the last counts; before any, the preset."""
        begun = [one for one in self.published if one.effective_from <= now]
        last = max(begun, key=lambda one: (one.effective_from, one.version), default=None)
        return last.policy if last else BookingPolicy()

    def of_a_session(self, overrides: PolicyOverrides, now: datetime) -> BookingPolicy:
        """What one is held under whose rules are made now, and that does this differently."""
        own = {name: value for name, value in overrides if value is not None}
        return self.in_force(now).model_copy(update=own)

    def leaves_until(self, session: SessionId, client: ClientId, now: datetime) -> datetime:
        """Until when a seat may be given up freely, by the most lenient rules since its planning.

        Of versions that begin at one instant the last counts.
        """
        seats = self.sessions[session]
        came = {
            one.effective_from: one.policy for one in self.published
            if one.effective_from <= now and (
                one.effective_from > seats.planned_at
                or (one.effective_from == seats.planned_at and one.version > seats.gym_version)
            )
        }  # fmt: skip
        own = seats.overrides.late_cancel_minutes
        late = [one.late_cancel_minutes if own is None else own for one in came.values()]
        ends = [seats.starts_at - one * MINUTE for one in late]
        return max([seats.seated[client].free_until, *ends])
