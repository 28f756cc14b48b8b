"""What a door that stays shut says of when it opens."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.access import DenialReason, EntryFacts, EntryOutcome
from contracts.ids import EntryId, new_id
from gateway.entry_types import opens_at

TWENTY_TO = datetime(2027, 3, 1, 11, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EARLY = [
    DenialReason.NO_GRANT, DenialReason.NO_RESERVATION, DenialReason.MEMBERSHIP_ENDED,
    DenialReason.OUTSIDE_HOURS,
]  # fmt: skip


def denied(reason: DenialReason | None, **facts: datetime) -> EntryOutcome:
    """Somebody whose next grant begins at twenty to twelve."""
    return EntryOutcome(
        entry_id=EntryId(new_id()), granted=reason is None, reason=reason,
        facts=EntryFacts(next_grant_from=TWENTY_TO, **facts),
    )  # fmt: skip


@pytest.mark.parametrize("reason", [None, *DenialReason])
def test_only_who_is_too_early_is_told_to_come_back(reason: DenialReason | None) -> None:
    """Whom a ban, a hold or a lockdown keeps out a seat of theirs lets in no sooner."""
    assert opens_at(denied(reason)) == (TWENTY_TO if reason in EARLY else None)


@pytest.mark.parametrize(("until", "opens"), [(MINUTE, None), (-MINUTE, TWENTY_TO)])
def test_nobody_is_told_to_come_back_to_a_closed_location(
    until: timedelta, opens: datetime | None
) -> None:
    told = denied(DenialReason.OUTSIDE_HOURS, closed_until=TWENTY_TO + until)
    assert opens_at(told) == opens
