"""Bans the rules impose: whoever has too many penalties may not book for a while.

A penalty is a late cancel or a no-show nobody let the client off: neither refilled nor forgiven,
waived, reversed or cleared. A ban ends by the clock, by staff, or when so many of its penalties
fell that the rules would not have imposed it. One that staff lifted does not come back.
Source: docs/rules.md, Penalties.
"""

from datetime import datetime, timedelta

from contracts.booking import BanCause, BookingPolicy
from services.booking.domain.penalty import ClientPenalties


def earned(
    state: ClientPenalties,
    policy: BookingPolicy,
    since: datetime,
    lifted_at: datetime | None = None,
) -> BanCause | None:
    """What the client is banned for by the last penalty since then that is one too many.

    ``since``: when the penalty was judged at first that brings it about. One that a correction
    brings back is an old one: it counts as of then, also towards those after it. ``lifted_at``:
    when staff last let the client book again: of the penalties judged by then none is one too many
    any more, though they count with those after them. ``None``: not enough, or the gym bans nobody.
    """
    judged = {case.judged_at for case in state.cases.values() if case.is_penalty}
    judged = {at for at in judged if at >= since and (lifted_at is None or at > lifted_at)}
    for at in sorted(judged, reverse=True):
        found = _penalties(state, policy.ban_window_days, at)
        if 0 < policy.ban_after_penalties <= found:
            return BanCause(
                penalties=found, needed=policy.ban_after_penalties,
                window_days=policy.ban_window_days, counted_at=at, policy_version=policy.version,
            )  # fmt: skip
    return None


def ends_at(policy: BookingPolicy, cause: BanCause) -> datetime:
    """Until when a ban for that lasts; the past when it was served, or would have been."""
    return cause.counted_at + timedelta(days=policy.ban_days)


def still_stands(state: ClientPenalties, cause: BanCause) -> bool:
    """Whether enough of the penalties a ban rests on still are."""
    return _penalties(state, cause.window_days, cause.counted_at) >= cause.needed


def _penalties(state: ClientPenalties, window_days: int, until: datetime) -> int:
    since = until - timedelta(days=window_days)
    return sum(case.is_penalty and since < case.judged_at <= until for case in state.cases.values())
