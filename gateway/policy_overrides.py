"""What a class type, a series or a session does differently from the gym's booking policy."""

from dataclasses import fields
from typing import Any

import strawberry

from contracts import booking
from gateway import money
from gateway.money import Money, MoneyInput

DIFFERENT = "Differently from the gym; null is as the gym does, a fee of 0 is none."


@strawberry.type(description=DIFFERENT)
class PolicyOverrides:
    opens_days_before: int | None
    opens_at_local: str | None
    opens_weekly_on: int | None
    closes_minutes_before: int | None
    late_cancel_minutes: int | None
    cancel_grace_minutes: int | None
    cancel_closes_minutes_after: int | None
    auto_promotion_lead_minutes: int | None
    auto_promotion_ends_minutes_before: int | None
    offer_minutes: int | None
    claim_opens_minutes_before: int | None
    waitlist_max: int | None
    waitlist_uncapped: bool | None
    self_check_in: bool | None
    check_in_opens_minutes_before: int | None
    attendance_closes_minutes_after: int | None
    unrecorded_excused_days: int | None
    late_cancel_fee: Money | None
    no_show_fee: Money | None
    fee_waive_hours: int | None
    fee_contest_days: int | None


@strawberry.input(description=DIFFERENT)
class PolicyOverridesInput:
    opens_days_before: int | None = None
    opens_at_local: str | None = None
    opens_weekly_on: int | None = None
    closes_minutes_before: int | None = None
    late_cancel_minutes: int | None = None
    cancel_grace_minutes: int | None = None
    cancel_closes_minutes_after: int | None = None
    auto_promotion_lead_minutes: int | None = None
    auto_promotion_ends_minutes_before: int | None = None
    offer_minutes: int | None = None
    claim_opens_minutes_before: int | None = None
    waitlist_max: int | None = None
    waitlist_uncapped: bool | None = None
    self_check_in: bool | None = None
    check_in_opens_minutes_before: int | None = None
    attendance_closes_minutes_after: int | None = None
    unrecorded_excused_days: int | None = None
    late_cancel_fee: MoneyInput | None = None
    no_show_fee: MoneyInput | None = None
    fee_waive_hours: int | None = None
    fee_contest_days: int | None = None


def shown(overrides: booking.PolicyOverrides) -> PolicyOverrides:
    """The overrides as clients see them."""
    named = {each.name: getattr(overrides, each.name) for each in fields(PolicyOverrides)}
    named["late_cancel_fee"] = money.shown(overrides.late_cancel_fee)
    named["no_show_fee"] = money.shown(overrides.no_show_fee)
    return PolicyOverrides(**named)


def different(changes: PolicyOverridesInput | None) -> dict[str, Any]:
    """What ``changes`` says, in booking's words; what it leaves out is not there."""
    given = vars(changes) if changes else {}
    return {
        name: vars(value) if isinstance(value, MoneyInput) else value
        for name, value in given.items()
        if value is not None
    }


def asked(overrides: PolicyOverridesInput | None) -> booking.PolicyOverrides:
    """The overrides in booking's words. Raises pydantic's ``ValidationError``."""
    return booking.PolicyOverrides.model_validate(different(overrides))
