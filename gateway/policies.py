"""Booking policies in GraphQL: which rules are in force, and publishing others."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts import booking
from contracts.booking import LapsedSeats
from contracts.timetable import PRESETS, Preset, PublishBookingPolicy
from gateway import money
from gateway.codes.timetable import PublishBookingPolicyErrorCode
from gateway.context import Info
from gateway.money import Money
from gateway.mutations import UserError, answer
from gateway.policy_overrides import PolicyOverridesInput, different
from gateway.positions import Position
from services.projections import timetable

strawberry.enum(
    LapsedSeats, description="What becomes of a seat ahead that nothing pays for any more."
)
strawberry.enum(Preset, name="BookingPolicyPreset", description="A policy to begin with.")


@strawberry.type(description="One version of the gym's booking rules. Minutes are elapsed time.")
class BookingPolicy:
    version: int
    opens_days_before: int
    opens_at_local: str = strawberry.field(description="Wall clock of the location.")
    opens_weekly_on: int | None = strawberry.field(
        description="ISO weekday on which a week of sessions opens at once; null: each on its day."
    )
    closes_minutes_before: int
    late_cancel_minutes: int
    cancel_grace_minutes: int
    cancel_closes_minutes_after: int
    auto_promotion_lead_minutes: int
    auto_promotion_ends_minutes_before: int | None
    offer_minutes: int
    claim_opens_minutes_before: int
    waitlist_max: int
    waitlist_uncapped: bool
    daily_limit: int = strawberry.field(description="0 is off.")
    program_daily_limit: int = strawberry.field(description="Per program; 0 is off.")
    self_check_in: bool
    check_in_opens_minutes_before: int
    attendance_closes_minutes_after: int
    unrecorded_excused_days: int
    late_cancel_fee: Money | None
    no_show_fee: Money | None
    free_passes: int
    free_pass_days: int
    fee_waive_hours: int
    fee_contest_days: int
    ban_after_penalties: int = strawberry.field(
        description="Whoever has so many penalties may not book for a while; 0 is off."
    )
    ban_window_days: int
    ban_days: int
    lapsed_seats: LapsedSeats = strawberry.field(
        description="What becomes of seats ahead whose grant is put on hold or ends."
    )


@strawberry.type(description="A version and from when on it is in force.")
class PublishedBookingPolicy:
    effective_from: datetime | None = strawberry.field(description="Null: from the beginning.")
    preset: Preset | None = strawberry.field(description="What it was made from.")
    policy: BookingPolicy


@strawberry.input(description="What is different from the preset; null is as there.")
class BookingPolicyInput(PolicyOverridesInput):
    daily_limit: int | None = None
    program_daily_limit: int | None = None
    free_passes: int | None = None
    free_pass_days: int | None = None
    ban_after_penalties: int | None = None
    ban_window_days: int | None = None
    ban_days: int | None = None
    lapsed_seats: LapsedSeats | None = None


@strawberry.input
class PublishBookingPolicyInput:
    idempotency_key: UUID
    preset: Preset
    changes: BookingPolicyInput | None = None
    effective_from: datetime | None = strawberry.field(default=None, description="Null is now.")


@strawberry.type
class PublishBookingPolicyPayload:
    position: Position | None
    user_errors: list[UserError[PublishBookingPolicyErrorCode]]

    @strawberry.field(description="Every version, with the new one; empty after a refusal.")
    async def booking_policies(self, info: Info) -> list[PublishedBookingPolicy]:
        return await _published(info, self.position) if not self.user_errors else []


@strawberry.type
class PolicyQuery:
    @strawberry.field(description="The rules in force now.")
    async def booking_policy(
        self, info: Info, at_least: Position | None = None
    ) -> PublishedBookingPolicy:
        info.context.must("read.timetable")
        now = info.context.services.clock.now()
        begun = [
            one for one in await _published(info, at_least)
            if one.effective_from is None or one.effective_from <= now
        ]  # fmt: skip
        return max(begun, key=lambda one: (one.effective_from or datetime.min.replace(
            tzinfo=now.tzinfo), one.policy.version))  # fmt: skip

    @strawberry.field(description="Every version of the rules, oldest first.")
    async def booking_policies(
        self, info: Info, at_least: Position | None = None
    ) -> list[PublishedBookingPolicy]:
        info.context.must("read.timetable")
        return await _published(info, at_least)


@strawberry.type
class PolicyMutation:
    @strawberry.mutation(
        description="Give the gym new booking rules. Sessions scheduled from then on take them."
    )
    async def publish_booking_policy(
        self,
        info: Info,
        input_: Annotated[PublishBookingPolicyInput, strawberry.argument(name="input")],
    ) -> PublishBookingPolicyPayload:
        return await answer(
            PublishBookingPolicyPayload, PublishBookingPolicyErrorCode, info.context, input_,
            lambda: _publish(input_),
        )  # fmt: skip


def _publish(asked: PublishBookingPolicyInput) -> PublishBookingPolicy:
    preset = PRESETS[asked.preset].model_dump()
    policy = booking.BookingPolicy.model_validate({**preset, **different(asked.changes)})
    return PublishBookingPolicy(
        policy=policy, preset=asked.preset, effective_from=asked.effective_from
    )


async def _published(info: Info, at_least: Position | None) -> list[PublishedBookingPolicy]:
    _, rows = await info.context.read("timetable", at_least, timetable.policies)
    first = PublishedBookingPolicy(
        effective_from=None, preset=Preset.FUNCTIONAL, policy=_shown(PRESETS[Preset.FUNCTIONAL])
    )
    return [first] + [
        PublishedBookingPolicy(
            effective_from=row.effective_from, policy=_shown(row.policy),
            preset=Preset(row.preset) if row.preset else None,
        )
        for row in rows
    ]  # fmt: skip


def _shown(policy: booking.BookingPolicy) -> BookingPolicy:
    named = {each.name: getattr(policy, each.name) for each in fields(BookingPolicy)}
    named["late_cancel_fee"] = money.shown(policy.late_cancel_fee)
    named["no_show_fee"] = money.shown(policy.no_show_fee)
    return BookingPolicy(**named)
