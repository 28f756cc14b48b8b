"""A class in which a no-show and a late cancel cost 15.00, and Ann, who misses it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.booking import BookClass, CollectFee, ContestFee, FinalizeAttendance, ResolveContest
from contracts.envelope import Event
from contracts.ids import ReservationId
from contracts.money import Money, Price
from services.booking.domain.penalty import ClientPenalties, client_penalties
from tests.domain.booking.language import ANN, HOUR, NOON, SES, given, granted, opened, scheduled
from tests.scenario import Scenario

FEE = Price(minor=1500, currency="EUR")
OWED = Money(minor=1500, currency="EUR")
CLOSE = FinalizeAttendance(session_id=SES)
DONE = NOON + HOUR
DAY = timedelta(days=1)
PRICED: dict[str, Any] = {"late_cancel_fee": FEE, "no_show_fee": FEE}


def unlimited(*past: Event, **policy: Any) -> Scenario:
    """Ann, who has an unlimited grant, booked."""
    free = {"free_passes": 0}
    scenario = given(scheduled(3, **(PRICED | free | policy)), opened(ANN), granted(ANN, 0), *past)
    return scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - 24 * HOUR)


def seat(scenario: Scenario) -> ReservationId:
    return ReservationId(UUID(str(scenario.answer.reservation_id)))


def assessed(**policy: Any) -> tuple[Scenario, ReservationId]:
    """A pending fee for Ann's no-show."""
    scenario = unlimited(**policy)
    reservation = seat(scenario)
    return scenario.when(CLOSE, DONE), reservation


def due() -> tuple[Scenario, ReservationId]:
    scenario, one = assessed()
    return scenario.when(CollectFee(client_id=ANN, reservation_id=one), DONE + DAY), one


def after(scenario: Scenario) -> ClientPenalties:
    found: ClientPenalties = scenario.gym.state(client_penalties, ANN)
    return found


def contest(one: ReservationId) -> ContestFee:
    return ContestFee(client_id=ANN, reservation_id=one, reason="I was there")


def verdict(one: ReservationId, *, stands: bool) -> ResolveContest:
    return ResolveContest(client_id=ANN, reservation_id=one, fee_stands=stands, reason="seen")
