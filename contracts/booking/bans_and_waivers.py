"""Whether a client may book at all: waivers and bans."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
)
from contracts.times import Instant


class SignWaiver(Command):
    """The client accepts the gym's waiver."""

    command_type = "booking.sign_waiver"
    client_id: ClientId
    document: str = Field(default="liability", min_length=1, max_length=80)
    """Which text, with its version."""


class ImposeBookingBan(Command):
    """The client may not book for a while, or until it is lifted."""

    command_type = "booking.impose_booking_ban"
    client_id: ClientId
    until: Instant | None = None
    reason: str = Field(min_length=1, max_length=200)


class LiftBookingBan(Command):
    """The client may book again."""

    command_type = "booking.lift_booking_ban"
    client_id: ClientId
    reason: str = Field(default="", max_length=200)


class EndBookingBan(Command):
    """The time of a ban is over."""

    command_type = "booking.end_booking_ban"
    client_id: ClientId


class BarErasedClient(Command):
    """The client was erased: they may not book any more, and what they had booked is free."""

    command_type = "booking.bar_erased_client"
    client_id: ClientId


class WaiverRecorded(Event):
    """The client accepted the gym's waiver."""

    event_type = "booking.waiver_recorded.v1"
    client_id: ClientId
    document: str


class BanCause(BaseModel):
    """The penalties a ban rests on that the rules imposed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    penalties: int
    """So many the client had ..."""
    needed: int
    """... and so many the policy asks for ..."""
    window_days: int
    """... in the rolling days up to ..."""
    counted_at: AwareDatetime
    policy_version: int


class BookingBanImposed(Event):
    """The client may not book until then."""

    event_type = "booking.booking_ban_imposed.v1"
    client_id: ClientId
    until: AwareDatetime | None
    """UTC; ``None`` until it is lifted."""
    reason: str
    cause: BanCause | None = None
    """``None``: somebody decided so."""
    erased: bool = False
    """The client was erased: nobody lifts that."""


class StandingBan(BaseModel):
    """A ban that goes on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    until: AwareDatetime | None
    """UTC; ``None`` until it is lifted."""
    because: str


class BanEnd(StrEnum):
    """Why a client may book again."""

    STAFF = "staff"
    """Somebody at the gym decided so; what had been judged by then bans the client no more."""
    SERVED = "served"
    """The time of the ban is over."""
    FELL = "fell"
    """Too few of the penalties it rested on still are; a correction may bring it back."""


class BookingBanLifted(Event):
    """The client may book again, unless another ban goes on."""

    event_type = "booking.booking_ban_lifted.v1"
    client_id: ClientId
    reason: str
    remaining: StandingBan | None = None
    """The rules lifted a ban of their own; this one, which somebody imposed, stays."""
    policy_version: int = 0
    """Of the rules' ban it lifts; 0 when somebody had imposed it, or before it was told."""
    kind: BanEnd | None = None
    """``None`` of bans that were lifted before it was told."""
    lifted_at: AwareDatetime | None = None
    """When; ``None`` before it was told."""
