"""What ledgers tell of grants, bans and waivers, folded in a real database."""

from datetime import datetime, timedelta

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    BanCause,
    BookingBanImposed,
    BookingBanLifted,
    Charge,
    Coverage,
    CreditConsumed,
    CreditCorrected,
    CreditHeld,
    CreditsExpired,
    CreditsGranted,
    EntitlementChanged,
    EntitlementSuspended,
    GrantKind,
    Hours,
    LedgerOpened,
    Period,
    StandingBan,
    Suspension,
    WaiverRecorded,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    GrantId,
    LocationId,
    ProgramId,
    ReservationId,
    SessionId,
    new_id,
)
from services.projections import ledgers
from tests.component.read_models.folding import put
from tests.conftest import NOON
from tests.envelopes import Recording

SPIN, MIA = SessionId(new_id()), ClientId(new_id())


async def test_a_ledger_tells_of_limits_pauses_bans_and_waivers(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    weekly, pack, seat = GrantId(new_id()), GrantId(new_id()), ReservationId(new_id())
    later = NOON + timedelta(days=9)
    events = recording.of(
        "ledger", MIA, LedgerOpened(client_id=MIA),
        CreditsGranted(
            client_id=MIA, grant_id=weekly, kind=GrantKind.LIMITED, credits=3, valid_from=NOON,
            expires_at=None, reason="", period=Period.WEEK, early_hours=24,
        ),
        CreditsGranted(
            client_id=MIA, grant_id=pack, kind=GrantKind.PACK, credits=10, reason="",
            valid_from=NOON + timedelta(hours=1), expires_at=NOON,
        ),
        EntitlementSuspended(
            client_id=MIA, grant_id=weekly, because=Suspension.PAST_DUE, reason=""
        ),
        EntitlementChanged(
            client_id=MIA, grant_id=pack, credits=8, expires_at=later, early_hours=0, reason=""
        ),
        CreditHeld(client_id=MIA, grant_id=pack, reservation_id=seat, session_id=SPIN,
                   starts_at=NOON, ends_at=NOON, credits=1),
        CreditConsumed(client_id=MIA, grant_id=pack, reservation_id=seat, credits=1),
        CreditCorrected(client_id=MIA, grant_id=pack, reservation_id=seat, was=Charge.CONSUMED,
                        becomes=Charge.FORFEITED, before=1, after=1),
        CreditsExpired(client_id=MIA, grant_id=pack, credits=7),
        WaiverRecorded(client_id=MIA, document="liability"),
        WaiverRecorded(client_id=MIA, document="photos"),
        BookingBanImposed(client_id=MIA, until=later, reason="three no-shows"),
    )  # fmt: skip

    await put(writer, ledgers.MODEL, events[:4], events[4:])

    _, ledger = await ledgers.of_client(reader, recording.gym_id, MIA)
    assert ledger is not None
    assert (ledger.banned_until, ledger.ban_reason) == (later, "three no-shows")
    assert ledger.waivers == ("liability", "photos")
    first, second = ledger.grants
    assert (first.period, first.early_hours, first.status) == ("week", 24, "past_due")
    assert (second.credits, second.consumed, second.forfeited, second.expired) == (8, 0, 1, 7)
    assert (second.available, second.expires_at) == (0, later)


@pytest.mark.parametrize("size", [1, 100])
async def test_of_two_bans_a_ledger_tells_the_one_that_ends_last(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    soon, later = NOON + timedelta(days=3), NOON + timedelta(days=9)
    cause = BanCause(penalties=3, needed=3, window_days=90, counted_at=NOON, policy_version=1)
    by_rules = BookingBanImposed(client_id=MIA, until=later, reason="three no-shows", cause=cause)
    by_staff = BookingBanImposed(client_id=MIA, until=soon, reason="fight")
    waived = BookingBanLifted(
        client_id=MIA, reason="was ill", remaining=StandingBan(until=soon, because="fight")
    )
    talked = BookingBanLifted(client_id=MIA, reason="talked")

    async def told(*events: Event) -> tuple[datetime | None, str | None]:
        said = recording.of("ledger", MIA, *events)
        await put(writer, ledgers.MODEL, *(said[n : n + size] for n in range(0, len(said), size)))
        _, ledger = await ledgers.of_client(reader, recording.gym_id, MIA)
        assert ledger is not None
        return ledger.banned_until, ledger.ban_reason

    assert await told(LedgerOpened(client_id=MIA), by_rules, by_staff) == (later, "three no-shows")
    assert await told(waived) == (soon, "fight")
    assert await told(by_rules) == (later, "three no-shows")
    assert await told(talked, by_staff) == (soon, "fight")
    assert await told(talked) == (None, None)


@pytest.mark.parametrize("size", [1, 100])
async def test_a_ledger_tells_what_each_grant_covers(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    plain, peak, open_ = (GrantId(new_id()) for _ in range(3))
    off_peak = Coverage(
        program_ids=(ProgramId(new_id()),), location_ids=(LocationId(new_id()),),
        hours=(Hours(weekdays=(1, 2), from_time="09:00", until_time="16:00"),),
    )  # fmt: skip

    def granted(grant: GrantId, coverage: Coverage | None) -> CreditsGranted:
        return CreditsGranted(
            client_id=MIA, grant_id=grant, kind=GrantKind.UNLIMITED, credits=0, valid_from=NOON,
            expires_at=None, reason="", coverage=coverage,
        )  # fmt: skip

    def changed(grant: GrantId, coverage: Coverage | None) -> EntitlementChanged:
        return EntitlementChanged(
            client_id=MIA, grant_id=grant, credits=0, expires_at=None, early_hours=0, reason="",
            coverage=coverage,
        )  # fmt: skip

    events = recording.of(
        "ledger", MIA, LedgerOpened(client_id=MIA), granted(plain, None), granted(peak, off_peak),
        granted(open_, off_peak), changed(open_, None), changed(plain, off_peak),
        EntitlementSuspended(
            client_id=MIA, grant_id=peak, because=Suspension.PAST_DUE, reason=""
        ),
    )  # fmt: skip

    await put(writer, ledgers.MODEL, *(events[n : n + size] for n in range(0, len(events), size)))

    _, ledger = await ledgers.of_client(reader, recording.gym_id, MIA)
    assert ledger is not None
    assert {one.grant_id: one.coverage for one in ledger.grants} == {
        plain: off_peak, peak: off_peak, open_: Coverage(),
    }  # fmt: skip


async def test_a_ledger_counts_what_is_held_and_spent(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    pack, seats = GrantId(new_id()), [ReservationId(new_id()) for _ in range(2)]
    granted = CreditsGranted(
        client_id=MIA, grant_id=pack, kind=GrantKind.PACK, credits=10, valid_from=NOON,
        expires_at=None, reason="welcome",
    )  # fmt: skip
    held = [
        CreditHeld(client_id=MIA, grant_id=pack, reservation_id=seat, session_id=SPIN,
                   starts_at=NOON, ends_at=NOON, credits=1) for seat in seats
    ]  # fmt: skip
    spent = CreditConsumed(client_id=MIA, grant_id=pack, reservation_id=seats[0], credits=1)
    events = recording.of("ledger", MIA, LedgerOpened(client_id=MIA), granted, *held, spent)

    await put(writer, ledgers.MODEL, events[:3], events[3:])

    _, ledger = await ledgers.of_client(reader, recording.gym_id, MIA)
    assert ledger is not None
    (grant,) = ledger.grants
    assert (grant.held, grant.consumed, grant.available, ledger.version) == (1, 1, 8, 5)
