"""The instants a booking policy means for one session.

Days before at a wall-clock time follow the location's zone, through changes of clocks; minutes
are elapsed time. Everything returned is UTC. Which version counts is in ``policies``.
Source: docs/rules.md, Time.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.decider import Refused
from contracts.booking import BookingCode, BookingPolicy


def zone(name: str) -> ZoneInfo:
    """The IANA zone called ``name``. Raises ``Refused(UNKNOWN_TIME_ZONE)``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            BookingCode.UNKNOWN_TIME_ZONE,
            "The time zone is not in the IANA database.",
            field="time_zone",
        ) from None


@lru_cache(4096)  # everybody who books the session asks
def local_date(at: datetime, time_zone: str) -> date:
    """The date at the location. Raises ``Refused(UNKNOWN_TIME_ZONE)``."""
    return at.astimezone(zone(time_zone)).date()


def opens_at(policy: BookingPolicy, starts_at: datetime, local: ZoneInfo) -> datetime:
    """When booking opens.

    A wall-clock time that the clocks skip is moved on by the gap; of one that they repeat the
    first is meant. A gym that opens a week of sessions at once does so on its weekday, the last
    one that leaves the days before.
    """
    day = starts_at.astimezone(local).date() - timedelta(days=policy.opens_days_before)
    if policy.opens_weekly_on is not None:
        day -= timedelta(days=(day.isoweekday() - policy.opens_weekly_on) % 7)
    wall_clock = time.fromisoformat(policy.opens_at_local)
    return datetime.combine(day, wall_clock, tzinfo=local).astimezone(UTC)


def closes_at(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """From when on nobody books."""
    return starts_at - timedelta(minutes=policy.closes_minutes_before)


def late_from(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """From when on giving up a seat is late."""
    return starts_at - timedelta(minutes=policy.late_cancel_minutes)


def free_until(policy: BookingPolicy, starts_at: datetime, reserved_at: datetime) -> datetime:
    """Until when a seat reserved at ``reserved_at`` may be given up freely.

    Whoever reserves close to the late deadline, or after it, keeps the grace period: a later
    reservation never has less time left than an earlier one.
    """
    grace = timedelta(minutes=policy.cancel_grace_minutes)
    return max(late_from(policy, starts_at), reserved_at + grace)


def cancellation_closes_at(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """From when on a seat can no longer be given up."""
    return starts_at + timedelta(minutes=policy.cancel_closes_minutes_after)


class Phase(StrEnum):
    """What becomes of a seat that comes free while people wait."""

    AUTOMATIC = "automatic"
    """The first eligible in line has it at once."""
    OFFERS = "offers"
    """It is held for one of them at a time."""
    CLAIMS = "claims"
    """Whoever is first has it."""


def phase(policy: BookingPolicy, starts_at: datetime, now: datetime) -> Phase:
    """The phase of the waitlist at ``now``."""
    if now < promotes_until(policy, starts_at):
        return Phase.AUTOMATIC
    return Phase.OFFERS if now < offers_until(policy, starts_at) else Phase.CLAIMS


def promotes_until(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """When automatic promotion ends."""
    if policy.auto_promotion_ends_minutes_before is not None:
        return starts_at - timedelta(minutes=policy.auto_promotion_ends_minutes_before)
    return late_from(policy, starts_at) - timedelta(minutes=policy.auto_promotion_lead_minutes)


def offers_until(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """When offers end and free seats are there to be claimed; never before promotion ends.

    When booking closes at the latest: from then on nobody could take what is offered.
    """
    automatic = promotes_until(policy, starts_at)
    if policy.offer_minutes == 0:
        return automatic
    claims = starts_at - timedelta(minutes=policy.claim_opens_minutes_before)
    return max(automatic, min(claims, closes_at(policy, starts_at)))


def offer_expires_at(policy: BookingPolicy, starts_at: datetime, now: datetime) -> datetime:
    """Until when a seat offered at ``now`` is held."""
    held = now + timedelta(minutes=policy.offer_minutes)
    return min(held, offers_until(policy, starts_at))


def check_in_opens_at(policy: BookingPolicy, starts_at: datetime) -> datetime:
    """From when on clients may be checked in."""
    return starts_at - timedelta(minutes=policy.check_in_opens_minutes_before)


def attendance_closes_at(policy: BookingPolicy, ends_at: datetime) -> datetime:
    """When attendance is finalized if anybody recorded it."""
    return ends_at + timedelta(minutes=policy.attendance_closes_minutes_after)


def unrecorded_excused_at(policy: BookingPolicy, ends_at: datetime) -> datetime:
    """When everybody is excused whose attendance nobody recorded."""
    return attendance_closes_at(policy, ends_at) + timedelta(days=policy.unrecorded_excused_days)


def longest_waitlist(policy: BookingPolicy, capacity: int) -> int:
    """How many people may stand in line."""
    return policy.waitlist_max if policy.waitlist_uncapped else min(policy.waitlist_max, capacity)
