"""Booking policies as the gym publishes them: presets and versions."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.booking import BookingPolicy
from contracts.envelope import Command, Event
from contracts.times import Instant


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
