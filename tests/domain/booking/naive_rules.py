"""The gym's rules counted again from the log: which are in force, and what they promise a seat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.ids import ClientId, SessionId
from contracts.timetable import BookingPolicyPublished
from tests.domain.booking.naive_seats import MINUTE, Seats


@dataclass
class GymRules:
    """All versions, and the sessions they are for."""

    sessions: Mapping[SessionId, Seats]
    published: list[BookingPolicyPublished] = field(default_factory=list)

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
