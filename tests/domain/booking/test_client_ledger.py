"""What a client may spend, and from which grant it is taken."""

from datetime import datetime, timedelta

import pytest

from contracts.booking import (
    AddWalkIn,
    BookClass,
    BookingCode,
    CreditHeld,
    CreditsGranted,
    GrantCredits,
    GrantKind,
    LedgerOpened,
    OpenLedger,
    ReservationMade,
)
from contracts.envelope import Event
from services.booking import ledgers
from tests.domain.booking.language import (
    ANN,
    DAY_BEFORE,
    HOUR,
    MINUTE,
    NOON,
    SES,
    given,
    grant_of,
    granted,
    opened,
    scheduled,
)
from tests.scenario import fact

BOOK = BookClass(session_id=SES, client_id=ANN)
LATER = NOON + timedelta(days=30)


def grant(**other: object) -> GrantCredits:
    usual = {"client_id": ANN, "grant_id": grant_of(ANN), "credits": 10}
    return GrantCredits.model_validate(usual | other)


def test_a_ledger_is_opened_once() -> None:
    open_it = OpenLedger(client_id=ANN)
    given().when(open_it, NOON).then(fact(LedgerOpened, client_id=ANN))
    given(opened(ANN)).when(open_it, NOON).then_nothing()


def test_a_pack_is_granted_from_now_and_for_ever_unless_said_otherwise() -> None:
    given(opened(ANN)).when(grant(), NOON).then(
        fact(
            CreditsGranted, kind=GrantKind.PACK, credits=10, valid_from=NOON, expires_at=None
        )
    )  # fmt: skip
    given(opened(ANN)).when(grant(valid_from=LATER - HOUR, expires_at=LATER), NOON).then(
        fact(CreditsGranted, valid_from=LATER - HOUR, expires_at=LATER)
    )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"credits": 0}, BookingCode.INVALID_GRANT, "credits"),
        ({"kind": GrantKind.UNLIMITED}, BookingCode.INVALID_GRANT, "credits"),
        ({"expires_at": NOON}, BookingCode.EXPIRES_IN_THE_PAST, "expires_at"),
        (
            {"valid_from": LATER, "expires_at": LATER},
            BookingCode.INVALID_GRANT,
            "expires_at",
        ),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(
    change: dict[str, object], code: BookingCode, field: str
) -> None:
    given(opened(ANN)).when(grant(**change), NOON).then_refused(code, field=field)


def test_a_grant_is_made_once() -> None:
    given(opened(ANN), granted(ANN)).when(grant(), NOON).then_refused(BookingCode.ALREADY_GRANTED)


def test_a_grant_to_a_client_without_a_ledger_asks_for_one() -> None:
    with pytest.raises(ledgers.LedgerNotOpen):
        given().when(grant(), NOON)


def test_a_ledger_is_opened_in_the_same_breath_as_what_needs_it() -> None:
    scenario = given()
    scenario.gym.rules = {GrantCredits: ledgers.opening(ANN, ledgers.grant_credits)}
    scenario.when(grant(), NOON).then(fact(LedgerOpened), fact(CreditsGranted))


@pytest.mark.parametrize(
    ("grants", "chosen"),
    [
        ([granted(ANN, 5, nth=1), granted(ANN, 0, nth=2)], 2),
        ([granted(ANN, 5, nth=1), granted(ANN, 5, nth=2, expires_at=LATER)], 2),
        ([granted(ANN, 5, nth=1, expires_at=LATER), granted(ANN, 5, nth=2, expires_at=LATER)], 1),
        ([granted(ANN, 5, nth=1, expires_at=DAY_BEFORE), granted(ANN, 5, nth=2)], 2),
        ([granted(ANN, 0, nth=1, valid_from=LATER), granted(ANN, 5, nth=2)], 2),
        ([granted(ANN, 0, nth=1), granted(ANN, 0, nth=2, expires_at=LATER)], 2),
    ],
    ids=["unlimited first", "first to expire", "oldest", "expired", "not yet valid", "unlimited"],
)
def test_a_seat_is_paid_from_the_grant_that_is_missed_least(
    grants: list[Event], chosen: int
) -> None:
    given(scheduled(), opened(ANN), *grants).when(BOOK, DAY_BEFORE).then(
        fact(ReservationMade, grant_id=grant_of(ANN, chosen)),
        fact(CreditHeld, grant_id=grant_of(ANN, chosen)),
    )


MIDNIGHT = NOON - 12 * HOUR
NEW_YORK = {"time_zone": "America/New_York", "starts_at": MIDNIGHT, "ends_at": MIDNIGHT + HOUR}
"""At seven in the evening of the day before."""


@pytest.mark.parametrize(
    ("dates", "session", "covered"),
    [
        ({"expires_at": MIDNIGHT}, {}, False),
        ({"expires_at": MIDNIGHT + MINUTE}, {}, True),
        ({"expires_at": NOON}, {}, True),
        ({"valid_from": NOON + 11 * HOUR}, {}, True),
        ({"valid_from": MIDNIGHT + 24 * HOUR}, {}, False),
        ({"expires_at": MIDNIGHT - 19 * HOUR + MINUTE}, NEW_YORK, True),
        ({"expires_at": MIDNIGHT - 19 * HOUR}, NEW_YORK, False),
        ({"valid_from": MIDNIGHT + 4 * HOUR}, NEW_YORK, True),
        ({"valid_from": MIDNIGHT + 5 * HOUR}, NEW_YORK, False),
    ],
)
def test_a_grant_covers_whole_days_where_the_session_takes_place(
    dates: dict[str, datetime], session: dict[str, object], covered: bool
) -> None:
    scenario = given(scheduled().model_copy(update=session), opened(ANN))
    scenario.gym.happened(granted(ANN, 5).model_copy(update=dates))
    scenario.when(BOOK, DAY_BEFORE - 13 * HOUR)
    if covered:
        scenario.then_answered(status="reserved")
    else:
        scenario.then_refused(BookingCode.NO_ENTITLEMENT, covering=0)


def test_what_is_bought_when_the_class_has_begun_pays_for_it() -> None:
    scenario = given(scheduled(), opened(ANN)).when(grant(credits=1), NOON + 5 * MINUTE)
    walk_in = AddWalkIn(session_id=SES, client_id=ANN)
    scenario.when(walk_in, NOON + 6 * MINUTE).then_answered(status="checked_in")


def test_a_last_day_is_that_day_wherever_the_session_takes_place() -> None:
    """Of a gym in New York that has a location in Tokyo, where Monday begins earlier."""
    last = grant(expires_on=NOON.date() - timedelta(days=1), time_zone="America/New_York")
    tokyo = {"time_zone": "Asia/Tokyo"}
    for starts_at, covered in ((NOON - 22 * HOUR, True), (NOON - 20 * HOUR, False)):
        scenario = given(scheduled(starts_at=starts_at).model_copy(update=tokyo), opened(ANN))
        scenario.when(last, DAY_BEFORE).when(BOOK, DAY_BEFORE)
        if covered:
            scenario.then_answered(status="reserved")
        else:
            scenario.then_refused(BookingCode.NO_ENTITLEMENT, covering=0)
