"""What a client may spend: grants of credits or time, kept in one ledger per client."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    GrantId,
    LocationId,
    ProgramId,
)
from contracts.times import Day, Instant


class GrantKind(StrEnum):
    """What a grant entitles to."""

    PACK = "pack"
    """A number of credits, one a reservation."""
    UNLIMITED = "unlimited"
    LIMITED = "limited"
    """So many reservations a calendar week or month, late cancels included."""


class Period(StrEnum):
    """What a limited grant counts in, by the session's local date."""

    WEEK = "week"
    """Monday to Sunday."""
    MONTH = "month"


class Suspension(StrEnum):
    """Why a grant pays for nothing for the time being."""

    HOLD = "hold"
    PAST_DUE = "past_due"


class Hours(BaseModel):
    """A part of the week, by the clock on the wall where the session takes place.

    A session is within it that starts in [from_time, until_time) on one of the weekdays.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(default=(), max_length=7)
    """1 is Monday; empty every day."""
    from_time: str = Field(default="00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    until_time: str = Field(default="24:00", pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")


class Coverage(BaseModel):
    """Which sessions a grant pays for besides its dates. What is empty leaves nothing out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    program_ids: tuple[ProgramId, ...] = Field(default=(), max_length=100)
    location_ids: tuple[LocationId, ...] = Field(default=(), max_length=100)
    hours: tuple[Hours, ...] = Field(default=(), max_length=50)
    """Within any of them, such as off-peak."""


class GrantCredits(Command):
    """Entitle the client to reservations."""

    command_type = "booking.grant_credits"
    client_id: ClientId
    grant_id: GrantId
    kind: GrantKind = GrantKind.PACK
    credits: int = Field(default=0, ge=0, le=10_000, description="Of a pack; 0 if unlimited.")
    """Of a limited grant: reservations a period."""
    period: Period | None = None
    """Of a limited grant."""
    early_hours: int = Field(default=0, ge=0, le=8_760)
    """How much earlier than for others booking opens for whoever pays with it."""
    valid_from: Instant | None = None
    """UTC; ``None`` is now. A grant covers all sessions of the local day it begins in, where they
    take place, and of those after it ..."""
    expires_at: Instant | None = None
    """... up to the day it ends in. UTC; ``None`` never. What is left of a pack is gone then."""
    expires_on: Day | None = None
    """Instead of ``expires_at``: the last local day it covers; it ends with it in ``time_zone``."""
    time_zone: str | None = Field(default=None, max_length=64)
    """IANA zone of the gym; not ``None`` with ``expires_on``."""
    coverage: Coverage | None = None
    """``None``: every session."""
    counts: bool = True
    """Whether seats paid with it count in the KPIs; those of staff, guests and tests do not."""
    reason: str = Field(default="", max_length=200)


class GrantOutcome(BaseModel):
    """The grant as it was given."""

    model_config = ConfigDict(frozen=True)

    valid_from: AwareDatetime
    expires_at: AwareDatetime | None
    """UTC; with ``expires_on`` the end of that day."""


class ChangeEntitlement(Command):
    """Give a grant other credits, end, head start or coverage. ``None`` leaves as it is."""

    command_type = "booking.change_entitlement"
    client_id: ClientId
    grant_id: GrantId
    credits: int | None = Field(default=None, ge=1, le=10_000)
    expires_at: Instant | None = None
    expires_on: Day | None = None
    """Instead of ``expires_at``: the last local day it covers, in ``time_zone``."""
    time_zone: str | None = Field(default=None, max_length=64)
    """IANA zone of the gym; not ``None`` with ``expires_on``."""
    early_hours: int | None = Field(default=None, ge=0, le=8_760)
    coverage: Coverage | None = None
    """An empty one covers every session again."""
    reason: str = Field(default="", max_length=200)


class SuspendEntitlement(Command):
    """A grant pays for nothing new until it is resumed; what it holds stays held.

    On hold it does not pay for seats ahead either: see ``BookingPolicy.lapsed_seats``.
    """

    command_type = "booking.suspend_entitlement"
    client_id: ClientId
    grant_id: GrantId
    because: Suspension
    reason: str = Field(default="", max_length=200)


class ResumeEntitlement(Command):
    """A suspended grant pays again."""

    command_type = "booking.resume_entitlement"
    client_id: ClientId
    grant_id: GrantId


class EndEntitlement(Command):
    """A grant pays for nothing any more: seats ahead, see ``BookingPolicy.lapsed_seats``."""

    command_type = "booking.end_entitlement"
    client_id: ClientId
    grant_id: GrantId
    reason: str = Field(default="", max_length=200)


class ExpireCredits(Command):
    """The last day of a pack is over."""

    command_type = "booking.expire_credits"
    client_id: ClientId
    grant_id: GrantId


class OpenLedger(Command):
    """A client exists: open their ledger."""

    command_type = "booking.open_ledger"
    client_id: ClientId


class LedgerOpened(Event):
    """A client may hold grants."""

    event_type = "booking.ledger_opened.v1"
    client_id: ClientId


class CreditsGranted(Event):
    """A client may reserve sessions of the local days ``valid_from`` to ``expires_at``."""

    event_type = "booking.credits_granted.v1"
    client_id: ClientId
    grant_id: GrantId
    kind: GrantKind
    credits: int
    valid_from: AwareDatetime
    expires_at: AwareDatetime | None
    reason: str
    period: Period | None = None
    early_hours: int = 0
    coverage: Coverage | None = None
    """``None``: every session."""
    counts: bool = True
    """Whether seats paid with it count in the KPIs."""
    expires_on: date | None = None
    """The last local day it covers, wherever; ``None``: as ``expires_at`` says."""


class EntitlementChanged(Event):
    """A grant has other credits, another end, head start or coverage: all of them as they are."""

    event_type = "booking.entitlement_changed.v1"
    client_id: ClientId
    grant_id: GrantId
    credits: int
    expires_at: AwareDatetime | None
    early_hours: int
    reason: str
    coverage: Coverage | None = None
    expires_on: date | None = None


class EntitlementSuspended(Event):
    """A grant pays for nothing new for the time being."""

    event_type = "booking.entitlement_suspended.v1"
    client_id: ClientId
    grant_id: GrantId
    because: Suspension
    reason: str


class EntitlementResumed(Event):
    """A suspended grant pays again."""

    event_type = "booking.entitlement_resumed.v1"
    client_id: ClientId
    grant_id: GrantId


class EntitlementEnded(Event):
    """A grant pays for nothing new any more."""

    event_type = "booking.entitlement_ended.v1"
    client_id: ClientId
    grant_id: GrantId
    reason: str


class CreditsExpired(Event):
    """The last day of a pack is over: what was left of it is gone, what is held stays held."""

    event_type = "booking.credits_expired.v1"
    client_id: ClientId
    grant_id: GrantId
    credits: int
