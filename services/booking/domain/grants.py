"""Grants: giving a client what pays for reservations, changing it, pausing it, ending it.

What one is, and what is left of it, is in ``grant``.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from chassis.decider import Refused, replace
from contracts.booking import (
    BookingCode,
    ChangeEntitlement,
    Coverage,
    CreditsExpired,
    CreditsGranted,
    EndEntitlement,
    EntitlementChanged,
    EntitlementEnded,
    EntitlementResumed,
    EntitlementSuspended,
    GrantCredits,
    GrantKind,
    ResumeEntitlement,
    SuspendEntitlement,
)
from contracts.ids import ClientId, GrantId
from services.booking.domain import booking_policy
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent
from services.booking.domain.grant import Grant, utc

EVERYTHING = Coverage()


def grant_credits(state: ClientLedger, command: GrantCredits, now: datetime) -> list[LedgerEvent]:
    """Entitle the client to sessions of the days from ``valid_from`` to its end."""
    if command.grant_id in state.grants:
        raise Refused(BookingCode.ALREADY_GRANTED, "The grant exists.", field="grant_id")
    if (command.kind is GrantKind.UNLIMITED) == (command.credits > 0):
        raise _invalid("A pack or a limit has credits, an unlimited grant has none.", "credits")
    if (command.kind is GrantKind.LIMITED) != (command.period is not None):
        raise _invalid("A limit counts in weeks or months, other grants in nothing.", "period")
    _must_be_hours(command.coverage)
    valid_from = utc(command.valid_from) or now
    expires_at = _end_of(command)
    _must_end_later(expires_at, valid_from, now)
    return [
        CreditsGranted(
            client_id=command.client_id, grant_id=command.grant_id, kind=command.kind,
            credits=command.credits, valid_from=valid_from, expires_at=expires_at,
            reason=command.reason, period=command.period, early_hours=command.early_hours,
            coverage=command.coverage if command.coverage != EVERYTHING else None,
            counts=command.counts,
            expires_on=command.expires_on,
        )
    ]  # fmt: skip


def change(state: ClientLedger, command: ChangeEntitlement, now: datetime) -> list[LedgerEvent]:
    """Give the grant other credits, another end, another head start or another coverage."""
    _must_be_hours(command.coverage)
    grant = _running(state, command.grant_id)
    used = grant.credits - grant.available
    if command.credits is not None and grant.kind is GrantKind.UNLIMITED:
        raise _invalid("An unlimited grant has no credits.", "credits")
    if command.credits is not None and grant.kind is GrantKind.PACK and command.credits < used:
        raise Refused(
            BookingCode.CREDITS_IN_USE, "More credits are used than that.", field="credits",
            used=used,
        )  # fmt: skip
    expires_at, last_day = _end_of(command), command.expires_on
    if expires_at is None:
        expires_at, last_day = grant.expires_at, grant.last_day
    else:
        _must_end_later(expires_at, grant.valid_from, now)
    credits_ = grant.credits if command.credits is None else command.credits
    early = grant.early_hours if command.early_hours is None else command.early_hours
    coverage = grant.coverage if command.coverage is None else command.coverage
    coverage = None if coverage == EVERYTHING else coverage
    after = replace(
        grant, credits=credits_, expires_at=expires_at, last_day=last_day, early_hours=early,
        coverage=coverage,
    )  # fmt: skip
    if after == grant:
        return []
    return [
        EntitlementChanged(
            client_id=command.client_id, grant_id=command.grant_id, credits=credits_,
            expires_at=expires_at, early_hours=early, coverage=coverage, reason=command.reason,
            expires_on=last_day,
        )
    ]  # fmt: skip


def suspend(state: ClientLedger, command: SuspendEntitlement) -> list[LedgerEvent]:
    """Let the grant pay for nothing new; what it holds stays held."""
    if _running(state, command.grant_id).suspended is command.because:
        return []
    return [
        EntitlementSuspended(
            client_id=command.client_id, grant_id=command.grant_id, because=command.because,
            reason=command.reason,
        )
    ]  # fmt: skip


def resume(state: ClientLedger, command: ResumeEntitlement) -> list[LedgerEvent]:
    """Let a suspended grant pay again."""
    if _running(state, command.grant_id).suspended is None:
        return []
    return [EntitlementResumed(client_id=command.client_id, grant_id=command.grant_id)]


def end(state: ClientLedger, command: EndEntitlement) -> list[LedgerEvent]:
    """Let the grant pay for nothing new any more; what it holds stays held."""
    if _known(state, command.grant_id).is_ended:
        return []
    return [
        EntitlementEnded(
            client_id=command.client_id, grant_id=command.grant_id, reason=command.reason
        )
    ]


def expire(
    state: ClientLedger, client: ClientId, grant_id: GrantId, now: datetime
) -> list[LedgerEvent]:
    """Take what is left of a pack whose last day is over; once."""
    grant = state.grants.get(grant_id)
    due = grant is not None and grant.expires_at is not None and now >= grant.expires_at
    if grant is None or not due or grant.is_over:
        return []
    left = grant.available if grant.kind is GrantKind.PACK else 0
    return [CreditsExpired(client_id=client, grant_id=grant_id, credits=left)]


def _known(state: ClientLedger, grant_id: GrantId) -> Grant:
    if grant_id not in state.grants:
        raise Refused(BookingCode.GRANT_NOT_FOUND, "There is no such grant.", field="grant_id")
    return state.grants[grant_id]


def _running(state: ClientLedger, grant_id: GrantId) -> Grant:
    grant = _known(state, grant_id)
    if grant.is_ended or grant.is_over:
        raise Refused(BookingCode.ENTITLEMENT_ENDED, "The grant has ended.", field="grant_id")
    return grant


def _end_of(command: GrantCredits | ChangeEntitlement) -> datetime | None:
    """The end of the last local day it covers, or the instant asked for; ``None``: neither."""
    if command.expires_on is None:
        return utc(command.expires_at)
    if command.expires_at is not None:
        raise _invalid("A grant ends at an instant or with a day, not both.", "expires_on")
    if command.time_zone is None:
        raise _invalid("Say in which time zone the last day ends.", "time_zone")
    next_day = command.expires_on + timedelta(days=1)
    local = booking_policy.zone(command.time_zone)
    return datetime.combine(next_day, time.min, tzinfo=local).astimezone(UTC)


def _must_be_hours(coverage: Coverage | None) -> None:
    """Raise ``Refused(INVALID_GRANT)`` when nothing can start within some of the hours."""
    for one in coverage.hours if coverage else ():
        if one.until_time <= one.from_time:
            raise _invalid(
                "Hours end after they begin, on the same day.", "coverage",
                from_time=one.from_time, until_time=one.until_time,
            )  # fmt: skip


def _must_end_later(expires_at: datetime | None, valid_from: datetime, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Refused(
            BookingCode.EXPIRES_IN_THE_PAST, "The grant would have expired.", field="expires_at",
            now=now.isoformat(),
        )  # fmt: skip
    if expires_at is not None and expires_at <= valid_from:
        raise _invalid("A grant expires after it begins.", "expires_at")


def _invalid(message: str, field: str, **details: Any) -> Refused:
    return Refused(BookingCode.INVALID_GRANT, message, field=field, **details)
