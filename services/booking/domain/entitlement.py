"""Entitlement: when a client may take a seat at all, and which grant pays for it (B7, B8, B9).

A grant the client names wins; else an unlimited one, then a limited one, then the pack that
expires first; of equals the oldest. Source: docs/rules.md, Booking; docs/rules.md,
Ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis.decider import Refused, replace
from contracts.booking import BookingCode, Coverage, GrantKind, Suspension
from contracts.ids import GrantId, LocationId, ProgramId
from services.booking.domain import booking_policy
from services.booking.domain.client_ledger import ClientLedger
from services.booking.domain.grant import FOREVER, Grant
from services.booking.domain.hold import Hold

AT_ONCE = timedelta(0)
RANK = {GrantKind.UNLIMITED: 0, GrantKind.LIMITED: 1, GrantKind.PACK: 2}


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and where a session takes place: what a ledger must know of it."""

    starts_at: datetime  # UTC
    ends_at: datetime  # UTC
    on: date  # local
    time_zone: str  # IANA, of the location
    location_id: LocationId | None = None
    program_id: ProgramId | None = None
    daily_limit: int = 0  # most sessions of that day; 0 is off
    program_daily_limit: int = 0  # most of that day and program


def overlapping(state: ClientLedger, occasion: Occasion) -> list[Hold]:
    """The client's seats elsewhere in [starts_at, ends_at)."""
    return [
        hold for hold in state.holds.values()
        if hold.is_busy_in(occasion.starts_at, occasion.ends_at)
    ]  # fmt: skip


def must_have_time(state: ClientLedger, occasion: Occasion) -> None:
    """Raise ``Refused(OVERLAP)`` when the client has a seat elsewhere at that time (B7)."""
    for hold in overlapping(state, occasion):
        raise Refused(
            BookingCode.OVERLAP, "The client has a seat elsewhere at that time.",
            field="session_id", session_id=str(hold.session_id),
            starts_at=hold.starts_at.isoformat(), ends_at=hold.ends_at.isoformat(),
        )  # fmt: skip


def must_be_within_the_day(state: ClientLedger, occasion: Occasion) -> None:
    """Raise ``Refused(DAILY_LIMIT)`` when the client has all they may have that day (B8)."""
    booked = state.booked_on(occasion.on) if occasion.daily_limit else 0
    if occasion.daily_limit and booked >= occasion.daily_limit:
        raise Refused(
            BookingCode.DAILY_LIMIT, "The client has booked enough that day.",
            field="session_id", on=occasion.on.isoformat(), daily_limit=occasion.daily_limit,
            booked=booked,
        )  # fmt: skip
    program, most = occasion.program_id, occasion.program_daily_limit
    if program is None or not most:
        return
    booked = state.booked_in(program, occasion.on)
    if booked >= most:
        raise Refused(
            BookingCode.DAILY_LIMIT, "The client has booked enough of the program that day.",
            field="session_id", on=occasion.on.isoformat(), program_daily_limit=most,
            booked=booked, program_id=str(program),
        )  # fmt: skip


def head_start(state: ClientLedger, occasion: Occasion, chosen: GrantId | None = None) -> timedelta:
    """How much earlier than for others booking opens for the client, by what pays (B5)."""
    paying = _paying(_covering(state, occasion, chosen), occasion)
    return timedelta(hours=max((one.early_hours for one in paying.values()), default=0))


def grant_for(
    state: ClientLedger,
    occasion: Occasion,
    *,
    chosen: GrantId | None = None,
    lead: timedelta = AT_ONCE,
) -> GrantId:
    """The grant that pays for a seat (B9).

    ``lead`` is how long it is until booking opens for everybody; it takes a grant with that much
    head start. Raises ``Refused``: ``PAST_DUE``, ``ON_HOLD``, ``LIMIT_REACHED`` or
    ``NO_ENTITLEMENT``.
    """
    covering = {
        one: grant for one, grant in _covering(state, occasion, chosen).items()
        if lead <= timedelta(hours=grant.early_hours)
    }  # fmt: skip
    paying = _paying(covering, occasion)
    if not paying:
        raise _refusal(state, occasion, covering, chosen)
    return min(paying, key=lambda one: _preference(paying[one]))


def grant_for_who_waits(state: ClientLedger, occasion: Occasion, named: GrantId | None) -> GrantId:
    """The grant that pays for a seat from the line: the one named on joining, as long as it does.

    They asked for the seat: what else they have pays when it does not any more. Raises ``Refused``.
    """
    if named is None:
        return grant_for(state, occasion)
    try:
        return grant_for(state, occasion, chosen=named)
    except Refused:
        return grant_for(state, occasion)


def _covering(
    state: ClientLedger, occasion: Occasion, chosen: GrantId | None
) -> dict[GrantId, Grant]:
    return {
        one: grant for one, grant in state.grants.items()
        if (chosen is None or one == chosen) and admits(grant, occasion)
    }  # fmt: skip


def admits(grant: Grant, occasion: Occasion) -> bool:
    """Whether the session is within the grant's days and its coverage."""
    return grant.is_valid_on(occasion.on, occasion.time_zone) and (
        grant.coverage is None or _is_within(grant.coverage, occasion)
    )


def keeps_paying(grant: Grant, occasion: Occasion) -> bool:
    """Whether the grant goes on paying for a seat it holds; a pack also for one outside by now."""
    is_inside = grant.kind is GrantKind.PACK or admits(grant, occasion)
    return grant.keeps_seats and is_inside


def why_unpaid(grant: Grant, occasion: Occasion) -> BookingCode:
    """Why the grant pays no more for a seat it holds: the hold, if that is all."""
    held_back = replace(grant, suspended=None)
    only_on_hold = grant.suspended is Suspension.HOLD and keeps_paying(held_back, occasion)
    return BookingCode.ON_HOLD if only_on_hold else BookingCode.NO_ENTITLEMENT


def _paying(covering: Mapping[GrantId, Grant], occasion: Occasion) -> dict[GrantId, Grant]:
    return {
        one: grant for one, grant in covering.items()
        if grant.suspended is None and grant.pays_on(occasion.on)
    }  # fmt: skip


def _is_within(coverage: Coverage, occasion: Occasion) -> bool:
    """Whether program, place and the local time of the start are covered."""
    if coverage.program_ids and occasion.program_id not in coverage.program_ids:
        return False
    if coverage.location_ids and occasion.location_id not in coverage.location_ids:
        return False
    if not coverage.hours:
        return True
    weekday = occasion.on.isoweekday()
    clock = f"{occasion.starts_at.astimezone(booking_policy.zone(occasion.time_zone)):%H:%M}"
    return any(
        weekday in (one.weekdays or (weekday,)) and one.from_time <= clock < one.until_time
        for one in coverage.hours
    )


def _preference(grant: Grant) -> tuple[int, datetime]:
    return RANK[grant.kind], grant.expires_at or FOREVER


def _refusal(
    state: ClientLedger, occasion: Occasion, covering: dict[GrantId, Grant], chosen: GrantId | None
) -> Refused:
    field = "client_id" if chosen is None else "grant_id"
    suspended = {grant.suspended for grant in covering.values()}
    if Suspension.PAST_DUE in suspended:
        return Refused(BookingCode.PAST_DUE, "A payment is past due.", field=field)
    if Suspension.HOLD in suspended:
        return Refused(BookingCode.ON_HOLD, "What would pay for it is on hold.", field=field)
    for grant in covering.values():
        if grant.kind is GrantKind.LIMITED:
            return Refused(
                BookingCode.LIMIT_REACHED, "The limit of the period is reached.", field=field,
                period=str(grant.period), limit=grant.credits,
                used=grant.used_around(occasion.on), on=occasion.on.isoformat(),
            )  # fmt: skip
    return Refused(
        BookingCode.NO_ENTITLEMENT, "Nothing the client has covers this session.", field=field,
        starts_at=occasion.starts_at.isoformat(), grants=len(state.grants), covering=len(covering),
    )  # fmt: skip
