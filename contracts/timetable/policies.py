"""Booking policies as the gym publishes them: presets, versions, overrides per class type."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.booking import BookingPolicy
from contracts.envelope import Command, Event
from contracts.times import Instant
from contracts.timetable.words import WallClock


class Value(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Preset(StrEnum):
    """A policy to begin with."""

    FUNCTIONAL = "functional"
    BOUTIQUE = "boutique"


PRESETS: dict[Preset, BookingPolicy] = {
    Preset.FUNCTIONAL: BookingPolicy(),
    Preset.BOUTIQUE: BookingPolicy(late_cancel_minutes=720),
}


class PolicyOverrides(Value):
    """What a class type does differently from the gym's policy; ``None`` is as the gym does."""

    opens_days_before: int | None = Field(default=None, ge=0, le=365)
    opens_at_local: WallClock | None = None
    closes_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    late_cancel_minutes: int | None = Field(default=None, ge=0, le=10_080)
    cancel_grace_minutes: int | None = Field(default=None, ge=0, le=1_440)
    waitlist_max: int | None = Field(default=None, ge=0, le=10_000)


class PublishBookingPolicy(Command):
    """Give the gym a new version of its booking rules; sessions take the one in force."""

    command_type = "booking.publish_booking_policy"
    policy: BookingPolicy
    """Its ``version`` is not looked at: booking counts."""
    preset: Preset | None = None
    """What it was made from."""
    effective_from: Instant | None = None
    """UTC; ``None`` is now."""


class BookingPolicyPublished(Event):
    """The gym's booking rules have a new version."""

    event_type = "booking.booking_policy_published.v1"
    version: int
    effective_from: AwareDatetime
    policy: BookingPolicy
    preset: Preset | None = None
