"""Late cancels and no-shows, and the fees they may cost."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.booking.entitlements import GrantKind
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    ReservationId,
    SessionId,
)
from contracts.money import Money


class Charge(StrEnum):
    """What became of what a reservation held."""

    RELEASED = "released"
    CONSUMED = "consumed"
    FORFEITED = "forfeited"


class Violation(StrEnum):
    """What a client did with a seat somebody else could have had."""

    LATE_CANCEL = "late_cancel"
    NO_SHOW = "no_show"


class Forgiveness(StrEnum):
    """Why a violation has no consequence, without anybody deciding so."""

    REFILLED = "refilled"
    """A late cancel whose seat somebody else took: nothing is lost, not even a credit."""
    FREE_PASS = "free_pass"  # noqa: S105 - no secret
    """The client's first in a while: the fee is not asked for."""


class Evidence(BaseModel):
    """The facts a violation was judged on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    starts_at: AwareDatetime
    free_until: AwareDatetime
    """Giving the seat up from then on was late."""
    empty_seats: int
    """At the start."""
    later_late_cancels: int
    """Late cancels after this one and before the start; as many as empty seats forgive it."""
    after_start: bool = False
    """Whether the seat was given up after the start, when nobody could take it any more."""
    recent_violations: int
    """The client's earlier ones within the policy's ``free_pass_days``."""


class WaiveFee(Command):
    """Let the client off a fee while it is pending."""

    command_type = "booking.waive_fee"
    client_id: ClientId
    reservation_id: ReservationId
    reason: str = Field(min_length=1, max_length=200)


class ContestFee(Command):
    """The client says the fee is wrong; it is not collected until somebody has looked."""

    command_type = "booking.contest_fee"
    client_id: ClientId
    reservation_id: ReservationId
    reason: str = Field(min_length=1, max_length=500)


class ResolveContest(Command):
    """Somebody has looked: the fee stands, or it is taken back."""

    command_type = "booking.resolve_contest"
    client_id: ClientId
    reservation_id: ReservationId
    fee_stands: bool
    reason: str = Field(min_length=1, max_length=200)


class CollectFee(Command):
    """The time to waive a fee is over: it is due."""

    command_type = "booking.collect_fee"
    client_id: ClientId
    reservation_id: ReservationId


class ViolationRecorded(Event):
    """A late cancel or a no-show was judged when the books were closed."""

    event_type = "booking.violation_recorded.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    grant_kind: GrantKind
    """What the seat was paid with: a credit is lost, or there may be a fee."""
    forgiven: Forgiveness | None = None
    policy_version: int
    judged_at: AwareDatetime
    evidence: Evidence


class ViolationCleared(Event):
    """There was no violation after all; it counts no more."""

    event_type = "booking.violation_cleared.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    reason: str
    policy_version: int = 0
    """0 of those cleared before it was told."""


class FeeAssessed(Event):
    """A violation costs this much, unless it is forgiven or waived before it is due."""

    event_type = "booking.fee_assessed.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    policy_version: int
    evidence: Evidence
    waivable_until: AwareDatetime
    """When it is due."""
    contestable_until: AwareDatetime
    assessment: int = 1
    """Which of the reservation's, from 1: one that was taken back may be asked for again."""


class FeeForgiven(Event):
    """The rules themselves let the client off the fee."""

    event_type = "booking.fee_forgiven.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    forgiven: Forgiveness
    policy_version: int = 0
    """0 of those forgiven before it was told."""


class FeeWaived(Event):
    """Somebody let the client off the fee."""

    event_type = "booking.fee_waived.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    by: str
    """The actor, such as ``staff:<uuid>``."""
    reason: str
    policy_version: int = 0
    """0 of those waived before it was told."""


class FeeContested(Event):
    """The client says the fee is wrong."""

    event_type = "booking.fee_contested.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    by: str
    reason: str
    policy_version: int = 0
    """0 of those contested before it was told."""


class FeeContestResolved(Event):
    """Somebody has looked. If the fee does not stand it is waived or reversed next."""

    event_type = "booking.fee_contest_resolved.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    fee_stands: bool
    by: str
    reason: str
    policy_version: int = 0
    """0 of those resolved before it was told."""


class FeeDue(Event):
    """Nobody let the client off: the fee belongs on an invoice."""

    event_type = "booking.fee_due.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    policy_version: int
    assessment: int = 1


class FeeReversed(Event):
    """A fee is not owed after all."""

    event_type = "booking.fee_reversed.v1"
    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId
    kind: Violation
    amount: Money
    was_due: bool
    """Whether it had been due, so that an invoice may carry it."""
    reason: str
    assessment: int = 1
    policy_version: int = 0
    """0 of those reversed before it was told."""
