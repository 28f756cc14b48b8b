"""Each rule of the checker sees the wrong it is there for, and no wrong where there is none."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol
from uuid import UUID

import pytest

from contracts import billing as bill
from contracts import booking as b
from contracts import timetable as t
from contracts.envelope import Event
from contracts.ids import new_id
from contracts.money import Money
from deploy.check.fees import Fees
from deploy.check.history import Seen
from deploy.check.money import Credits, Invoices
from deploy.check.seats import IdleSeats, Seats, Times
from deploy.check.verdict import Moment, Verdict, summed
from tests.domain.booking import language

GYM, STREAM, PACK, FEE = (new_id() for _ in range(4))
MIA, LEO, KIM = (new_id() for _ in range(3))
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVER = Money(minor=500, currency="EUR")
BACK = Money(minor=-500, currency="EUR")


LATER = Moment(NINE, NINE + HOUR)
"""What was recorded at nine is settled."""


class Rule(Protocol):
    def see(self, seen: Seen) -> None: ...

    def verdicts(self, moment: Moment) -> list[Verdict]: ...


def told(of: type[Event], /, **facts: Any) -> Event:
    """An event of which only these facts matter."""
    return of.model_construct(**facts)


def offences(
    rule: Rule,
    *events: Event,
    category: str = "session",
    context: str = "booking",
    moment: Moment = LATER,
) -> dict[str, int]:
    """Code -> offences, after these events of one stream."""
    positions = count(1)
    for event in events:
        position = next(positions)
        rule.see(
            Seen(
                context=context, gym_id=GYM, category=category, stream_id=STREAM,
                version=position, position=position, recorded_at=NINE,
                data=event.model_dump_json().encode(), event=event,
            )
        )  # fmt: skip
    return {one.code: one.offences for one in rule.verdicts(moment) if not one.holds}


def opened(capacity: int) -> Event:
    return told(b.SessionScheduled, capacity=capacity)


def seated(client: UUID, *, overbooked: bool = False) -> Event:
    return told(b.ReservationMade, client_id=client, overbooked=overbooked)


def left(client: UUID) -> Event:
    return told(b.ReservationCancelled, client_id=client)


def waits(client: UUID, seq: int) -> Event:
    return told(b.WaitlistJoined, client_id=client, seq=seq)


def promoted(client: UUID, reason: str = "") -> Event:
    return told(b.WaitlistPromoted, client_id=client, reason=reason)


def offered(client: UUID) -> Event:
    return told(b.SpotOffered, client_id=client)


def resized(capacity: int) -> Event:
    return told(b.CapacityChanged, capacity=capacity)


def stops_waiting(client: UUID, reason: str) -> Event:
    return told(b.WaitlistLeft, client_id=client, reason=reason)


def skipped(client: UUID) -> Event:
    return told(b.WaitlistPromotionSkipped, client_id=client)


ASKED_AGAIN = [
    waits(MIA, 1), waits(LEO, 2), offered(MIA), told(b.OfferWithdrawn, client_id=MIA),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([opened(1), seated(MIA), seated(LEO)], {"I1": 1}),
        ([opened(1), seated(MIA), left(MIA), seated(LEO)], {}),
        ([opened(1), seated(MIA), seated(LEO, overbooked=True)], {}),
        ([opened(2), seated(MIA), seated(MIA)], {"I2": 1}),
        ([opened(1), seated(MIA), waits(MIA, 1)], {"I2": 1}),
        ([opened(1), waits(MIA, 1), seated(MIA)], {"I2": 1}),
        ([opened(1), waits(MIA, 1), waits(LEO, 2), promoted(LEO)], {"I4": 1}),
        ([opened(1), waits(MIA, 1), waits(LEO, 2), promoted(LEO, "by staff")], {}),
        ([opened(1), waits(MIA, 1), waits(LEO, 2), skipped(MIA), promoted(LEO)], {}),
        ([opened(2), waits(MIA, 1), waits(LEO, 2), promoted(MIA), promoted(LEO)], {}),
        ([opened(1), *ASKED_AGAIN, promoted(LEO)], {"I4": 1}),
        ([opened(1), promoted(MIA)], {"I4": 1}),
    ],
)
def test_seats_and_lines(events: list[Event], found: dict[str, int]) -> None:
    assert offences(Seats(), *events) == found


@pytest.mark.parametrize(
    ("between", "found"),
    [
        ([stops_waiting(LEO, "claimed")], {}),
        ([promoted(LEO, "by staff")], {}),
        ([told(b.OfferExpired, client_id=LEO, seq=2), promoted(LEO)], {"I1": 1}),
        ([told(b.OfferWithdrawn, client_id=LEO), promoted(LEO)], {"I1": 1}),
        ([told(b.OfferDeclined, client_id=LEO, keeps_place=True), promoted(LEO)], {"I1": 1}),
        ([stops_waiting(LEO, "left")], {"I1": 1}),
        ([stops_waiting(LEO, "claimed"), seated(LEO), left(LEO)], {"I1": 1}),
    ],
)
def test_an_offered_seat_is_there_when_the_session_became_smaller(
    between: list[Event], found: dict[str, int]
) -> None:
    """As long as it is held, and once."""
    past = [opened(2), seated(MIA), waits(LEO, 1), offered(LEO), resized(1)]

    assert offences(Seats(), *past, *between, seated(LEO)) == found


@pytest.mark.parametrize(
    ("now", "settled_before", "found"),
    [
        (language.DAY_BEFORE, NINE + HOUR, {"I4b": 1}),
        (language.DAY_BEFORE, NINE, {}),  # what was decided with it may not have been read yet
        (language.OFFERS - 3 * language.MINUTE, NINE + HOUR, {"I4b": 1}),
        (language.OFFERS - language.MINUTE, NINE + HOUR, {}),  # by another's clock it is offered
        (language.CLAIMS, NINE + HOUR, {}),
    ],
)
def test_an_idle_seat(now: datetime, settled_before: datetime, found: dict[str, int]) -> None:
    events = [language.scheduled(capacity=1), language.waiting(language.ANN, 1)]

    assert offences(IdleSeats(), *events, moment=Moment(now, settled_before)) == found


def held(seat: UUID, hours: float, credits: int = 1) -> Event:  # noqa: A002 - the contract's word
    starts_at = NINE + hours * HOUR
    return told(
        b.CreditHeld, reservation_id=seat, grant_id=PACK, credits=credits, starts_at=starts_at,
        ends_at=starts_at + HOUR,
    )  # fmt: skip


def settled(kind: type[Event], seat: UUID, credits: int = 1) -> Event:  # noqa: A002
    return told(kind, reservation_id=seat, grant_id=PACK, credits=credits)


def bought(credits: int) -> Event:  # noqa: A002
    return told(b.CreditsGranted, grant_id=PACK, credits=credits, kind=b.GrantKind.PACK)


def moved(seat: UUID, hours: float) -> Event:
    starts_at = NINE + hours * HOUR
    return told(t.HoldMoved, reservation_id=seat, starts_at=starts_at, ends_at=starts_at + HOUR)


ONE, TWO, THREE = (new_id() for _ in range(3))


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([held(ONE, 0), held(TWO, 0.5)], {"I5": 1}),
        ([held(ONE, 0), held(TWO, 1)], {}),
        ([held(ONE, 0), settled(b.CreditReleased, ONE), held(TWO, 0)], {}),
        ([held(ONE, 0), told(b.TimeReleased, reservation_id=ONE), held(TWO, 0)], {}),
        ([held(ONE, 0), held(TWO, 1), moved(TWO, 0.5)], {}),
        ([held(ONE, 0), moved(ONE, 3), held(TWO, 3)], {"I5": 1}),
    ],
)
def test_nobody_is_in_two_places(events: list[Event], found: dict[str, int]) -> None:
    assert offences(Times(), *events, category="ledger") == found


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([bought(2), held(ONE, 0), held(TWO, 1)], {}),
        ([bought(1), held(ONE, 0), held(TWO, 1)], {"I8": 1}),
        ([bought(1), held(ONE, 0), settled(b.CreditConsumed, ONE), held(TWO, 1)], {"I8": 1}),
        ([bought(1), held(ONE, 0), settled(b.CreditReleased, ONE), held(TWO, 1)], {}),
        ([bought(2), held(ONE, 0), held(ONE, 0)], {"I8": 1}),
        (
            [bought(2), held(ONE, 0), *2 * [settled(b.CreditForfeited, ONE)]],
            {"I8": 1},
        ),
        ([bought(1), held(ONE, 0), settled(b.CreditsExpired, ONE)], {"I8": 1}),
    ],
)
def test_credits_add_up(events: list[Event], found: dict[str, int]) -> None:
    assert offences(Credits(), *events, category="ledger") == found


INVOICE = new_id()
LINE = told(bill.InvoiceLineAdded, invoice_id=INVOICE, fee_id=FEE, amount=FIVER)
CREDIT = told(bill.InvoiceLineReversed, invoice_id=INVOICE, fee_id=FEE, amount=BACK)
LINE_AGAIN = told(bill.InvoiceLineAdded, invoice_id=INVOICE, fee_id=FEE, amount=FIVER, assessment=2)
WITHDRAWN = told(bill.FeeWithdrawn, fee_id=FEE)
CLOSED = told(bill.AccountClosed)


def issued(minor: int) -> Event:
    total = Money(minor=minor, currency="EUR")
    return told(bill.InvoiceIssued, invoice_id=INVOICE, total=total)


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([LINE, issued(500)], {}),
        ([LINE, CREDIT, issued(0)], {}),
        ([LINE, CREDIT, LINE_AGAIN, issued(500)], {}),
        ([LINE, CREDIT, LINE_AGAIN, LINE_AGAIN], {"I6": 1}),
        ([LINE, issued(400)], {"I6": 1}),
        ([LINE, LINE], {"I6": 1}),
        ([CREDIT], {"I6": 1}),
        ([LINE, CREDIT, CREDIT], {"I6": 1}),
        ([LINE, issued(500), CREDIT], {"I6": 1}),
    ],
)
def test_invoices_add_up(events: list[Event], found: dict[str, int]) -> None:
    assert offences(Invoices(), *events, category="account", context="billing") == found


DUE = told(b.FeeDue, reservation_id=FEE, amount=FIVER)
DUE_AGAIN = told(b.FeeDue, reservation_id=FEE, amount=FIVER, assessment=2)
TAKEN_BACK = told(b.FeeReversed, reservation_id=FEE, amount=FIVER, was_due=True)
NEVER_DUE = told(b.FeeReversed, reservation_id=FEE, amount=FIVER, was_due=False)


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([DUE, LINE], {}),
        ([DUE, LINE, TAKEN_BACK, CREDIT], {}),
        ([DUE, TAKEN_BACK, WITHDRAWN], {}),
        ([DUE, LINE, TAKEN_BACK, CREDIT, DUE_AGAIN, LINE_AGAIN], {}),
        ([DUE, LINE, TAKEN_BACK, CREDIT, DUE_AGAIN], {"I7": 1}),
        ([DUE, LINE, LINE_AGAIN], {"I7": 1}),
        ([NEVER_DUE], {}),
        ([DUE], {"I7": 1}),
        ([LINE], {"I7": 1}),
        ([DUE, DUE, LINE], {"I7": 1}),
        ([DUE, LINE, TAKEN_BACK], {"I7": 1}),
        ([DUE, LINE, CREDIT], {"I7": 1}),
        ([LINE, CLOSED, CREDIT, DUE], {}),
        ([CLOSED, WITHDRAWN, DUE], {}),
        ([LINE, CLOSED, CREDIT, DUE, TAKEN_BACK], {}),
        ([LINE, CREDIT, CLOSED, DUE], {"I7": 1}),
        ([LINE, CLOSED, CREDIT, CREDIT, DUE], {"I7": 1}),
        ([CLOSED, WITHDRAWN], {"I7": 1}),
        ([CLOSED, DUE], {"I7": 1}),
    ],
)
def test_a_fee_goes_from_booking_to_billing_and_back(
    events: list[Event], found: dict[str, int]
) -> None:
    assert offences(Fees(), *events) == found


def test_a_fee_that_was_just_due_may_be_on_its_way() -> None:
    fees, just_now = Fees(), Moment(NINE, NINE - HOUR)

    assert offences(fees, DUE, moment=just_now) == {}
    assert not fees.is_settled(just_now)
    assert offences(fees) == {"I7": 1}


def test_verdicts_of_many_streams_add_up_in_the_order_of_their_codes() -> None:
    told = [Verdict("I14b", "", ""), Verdict("I2", "", "", 3), Verdict("I14", "", ""),
            Verdict("I2", "", "", 4)]  # fmt: skip
    for number in range(30):
        told[3].accuse(str(number))

    found = summed(told)

    assert [one.code for one in found] == ["I2", "I14", "I14b"]
    assert (found[0].looked_at, found[0].offences, len(found[0].offenders)) == (7, 30, 20)
    assert told[1].holds
