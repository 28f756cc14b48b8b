"""PublishedPolicies: the versions of a gym's booking rules, and which of them is in force.

Keeps      versions count up from 2; version 1 is the preset "functional", which every gym begins
           with; a session keeps the version it was put on the calendar under, except that the most
           lenient one since gives its people more time to leave freely
Stream     ``policies-{gym_id}``, one a gym
Rules      which instants a version means for a session is in ``booking_policy``
Source     docs/rules.md, Policies
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from chassis.decider import Aggregate, Refused
from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.timetable import (
    PRESETS,
    BookingPolicyPublished,
    Preset,
    PublishBookingPolicy,
    TimetableCode,
)

PolicyEvent: TypeAlias = BookingPolicyPublished

MOVED = timedelta(minutes=15)  # a start that moves by more opens a penalty-free cancel
FREE_AFTER_NOTICE = timedelta(hours=12)  # which ends so long after the notice, or at the start


@dataclass(frozen=True, slots=True)
class Published:
    """One version and from when on it is in force."""

    effective_from: datetime  # UTC
    policy: BookingPolicy


@dataclass(frozen=True, slots=True)
class PublishedPolicies:
    """Every version the gym has published, oldest first."""

    versions: tuple[Published, ...] = ()

    def at(self, now: datetime) -> BookingPolicy:
        """The version in force: of those that have begun the one that began last."""
        begun = [one for one in self.versions if one.effective_from <= now]
        if not begun:
            return PRESETS[Preset.FUNCTIONAL]
        return max(begun, key=_turn).policy

    def since(self, version: int, now: datetime) -> list[BookingPolicy]:
        """Every version that came into force after this one, in turn, up to the one in force.

        One that was replaced before it began never was in force.
        """
        begun = sorted((one for one in self.versions if one.effective_from <= now), key=_turn)
        came = list({one.effective_from: one for one in begun}.values())
        after = next((_turn(one) for one in begun if one.policy.version == version), None)
        return [one.policy for one in came if after is None or _turn(one) > after]


def _turn(one: Published) -> tuple[datetime, int]:
    """In which order versions come into force."""
    return one.effective_from, one.policy.version


def evolve(state: PublishedPolicies, event: PolicyEvent) -> PublishedPolicies:
    return PublishedPolicies((*state.versions, Published(event.effective_from, event.policy)))


published_policies: Aggregate[PublishedPolicies, PolicyEvent] = Aggregate(
    "policies", PublishedPolicies(), evolve
)


def publish(
    state: PublishedPolicies, command: PublishBookingPolicy, now: datetime
) -> list[PolicyEvent]:
    """Give the gym another version of its rules, from now or a later instant on."""
    begins = command.effective_from.astimezone(UTC) if command.effective_from else now
    if begins < now:
        raise Refused(
            TimetableCode.EFFECTIVE_IN_THE_PAST, "A version begins now or later.",
            field="effective_from", now=now.isoformat(),
        )  # fmt: skip
    version = len(state.versions) + 2
    return [
        BookingPolicyPublished(
            version=version, effective_from=begins, preset=command.preset,
            policy=command.policy.model_copy(update={"version": version}),
        )
    ]  # fmt: skip


def overridden(policy: BookingPolicy, overrides: PolicyOverrides) -> BookingPolicy:
    """The policy with what is done differently; still that version."""
    said = {name: value for name, value in overrides if value is not None}
    return policy.model_copy(update=said) if said else policy


def free_after_notice(now: datetime, starts_at: datetime) -> datetime:
    """Until when people may leave freely who have just been told of a change."""
    return min(now + FREE_AFTER_NOTICE, starts_at)
