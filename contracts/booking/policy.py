"""The gym's booking rules as numbers."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from contracts.money import Price


class LapsedSeats(StrEnum):
    """What becomes of the seats ahead whose grant is put on hold or ends, unless another pays."""

    KEEP = "keep"
    """They are flagged, for people to see to."""
    CANCEL = "cancel"
    """They are given up, early and for nothing."""


class BookingPolicy(BaseModel):
    """The gym's booking rules as numbers, one version of them. Defaults: preset "functional"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = Field(default=1, ge=1)
    opens_days_before: int = Field(default=7, ge=0, le=365)
    """Booking opens this many local days before the session's local date ..."""
    opens_at_local: str = Field(default="12:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """... at this wall-clock time in the location's zone."""
    opens_weekly_on: int | None = Field(default=None, ge=1, le=7)
    """Booking opens for a week of sessions at once, on this ISO weekday (1 is Monday), the last one
    that is at least ``opens_days_before`` ahead: Monday and 7 open all of the next calendar week.
    ``None``: each session opens on a day of its own."""
    closes_minutes_before: int = Field(default=0, ge=0, le=10_080)
    late_cancel_minutes: int = Field(default=120, ge=0, le=10_080)
    """A cancellation at or after start minus this is late. Elapsed time, not wall clock."""
    cancel_grace_minutes: int = Field(default=10, ge=0, le=1_440)
    """After a booking or promotion inside the late window the client may still leave free ..."""
    cancel_closes_minutes_after: int = Field(default=10, ge=0, le=1_440)
    """... and nobody cancels later than this after the start."""
    auto_promotion_lead_minutes: int = Field(default=120, ge=0, le=10_080)
    """Automatic promotion stops this long before the late deadline, so that a promoted client
    always has that long to leave free; from then on the first to claim a freed seat has it."""
    waitlist_max: int = Field(default=10, ge=0, le=10_000)
    """Longest waitlist in people; the capacity, when lower, wins unless ``waitlist_uncapped``."""
    waitlist_uncapped: bool = False
    offer_minutes: int = Field(default=15, ge=0, le=1_440)
    """After automatic promotion a free seat is held for one person in line at a time, this long
    each; 0: no offers, free seats are there to be claimed at once."""
    claim_opens_minutes_before: int = Field(default=60, ge=0, le=10_080)
    """Offers end this long before the start; from then on the first to claim a seat has it."""
    auto_promotion_ends_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    """Automatic promotion ends this long before the start whatever the late deadline is: a gym
    that only ever promotes says 0. ``None``: lead and late deadline decide."""
    daily_limit: int = Field(default=0, ge=0, le=50)
    """Most sessions of one local day a client may book; 0 is off."""
    program_daily_limit: int = Field(default=0, ge=0, le=50)
    """Most sessions of one program and local day a client may book; 0 is off."""
    self_check_in: bool = False
    """Whether members check themselves in; kiosks, scanners and staff always may."""
    check_in_opens_minutes_before: int = Field(default=30, ge=0, le=1_440)
    attendance_closes_minutes_after: int = Field(default=120, ge=0, le=10_080)
    """Attendance is finalized this long after the end, if anybody recorded it."""
    unrecorded_excused_days: int = Field(default=7, ge=1, le=90)
    """Else everybody is excused and has their credit back so many days after that."""
    late_cancel_fee: Price | None = None
    """Of clients with an unlimited grant, who have no credit to lose; ``None`` is no fee."""
    no_show_fee: Price | None = None
    free_passes: int = Field(default=1, ge=0, le=100)
    """So many fees are forgiven by themselves: those of the first violations ..."""
    free_pass_days: int = Field(default=30, ge=1, le=3_650)
    """... in this many rolling days."""
    fee_waive_hours: int = Field(default=24, ge=0, le=8_760)
    """Staff may waive a fee this long; then it is due."""
    fee_contest_days: int = Field(default=7, ge=0, le=365)
    """The client may contest a fee this long."""
    ban_after_penalties: int = Field(default=0, ge=0, le=100)
    """Whoever has so many penalties may not book for a while; 0 is off."""
    ban_window_days: int = Field(default=90, ge=1, le=3_650)
    """The rolling days those penalties are counted in ..."""
    ban_days: int = Field(default=30, ge=1, le=3_650)
    """... and how long the client may not book."""
    lapsed_seats: LapsedSeats = LapsedSeats.KEEP


class PolicyOverrides(BaseModel):
    """What a class type, a series or a session does differently from the gym's policy.

    ``None`` is as the gym does; a fee of 0 is none. Limits of bookings, free passes, bans and what
    becomes of lapsed seats are the gym's alone: they are counted over all of a client's classes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    opens_days_before: int | None = Field(default=None, ge=0, le=365)
    opens_at_local: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    closes_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    late_cancel_minutes: int | None = Field(default=None, ge=0, le=10_080)
    cancel_grace_minutes: int | None = Field(default=None, ge=0, le=1_440)
    waitlist_max: int | None = Field(default=None, ge=0, le=10_000)
    opens_weekly_on: int | None = Field(default=None, ge=1, le=7)
    cancel_closes_minutes_after: int | None = Field(default=None, ge=0, le=1_440)
    auto_promotion_lead_minutes: int | None = Field(default=None, ge=0, le=10_080)
    auto_promotion_ends_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    offer_minutes: int | None = Field(default=None, ge=0, le=1_440)
    claim_opens_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    waitlist_uncapped: bool | None = None
    self_check_in: bool | None = None
    check_in_opens_minutes_before: int | None = Field(default=None, ge=0, le=1_440)
    attendance_closes_minutes_after: int | None = Field(default=None, ge=0, le=10_080)
    unrecorded_excused_days: int | None = Field(default=None, ge=1, le=90)
    late_cancel_fee: Price | None = None
    no_show_fee: Price | None = None
    fee_waive_hours: int | None = Field(default=None, ge=0, le=8_760)
    fee_contest_days: int | None = Field(default=None, ge=0, le=365)
