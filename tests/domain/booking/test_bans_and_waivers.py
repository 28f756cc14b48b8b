"""Who may not book: bans, and waivers that are not signed (B3)."""

import pytest

from contracts.booking import (
    AddWalkIn,
    BarErasedClient,
    BookClass,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    CancelReservation,
    CheckedIn,
    CheckIn,
    CreditHeld,
    CreditReleased,
    EndBookingBan,
    ImposeBookingBan,
    JoinWaitlist,
    LiftBookingBan,
    PromotionMissed,
    ReservationCancelled,
    ReservationMade,
    SignWaiver,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
    WaiverRecorded,
)
from contracts.envelope import Command, Event
from tests.domain.booking.language import (
    ANN,
    BEN,
    DAY_BEFORE,
    HOUR,
    NOON,
    SES,
    given,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

BOOK = BookClass(session_id=SES, client_id=ANN)
SOON = DAY_BEFORE + HOUR
READY: tuple[Event | tuple[Event, ...], ...] = (scheduled(1), with_credits(ANN, BEN))
BANNED = BookingBanImposed(client_id=ANN, until=SOON, reason="three no-shows")
SIGNED = WaiverRecorded(client_id=ANN, document="liability")
RISKY = (scheduled(1).model_copy(update={"waiver_required": True}), with_credits(ANN))


@pytest.mark.parametrize("role", ["member", "owner"])
@pytest.mark.parametrize("command", [BOOK, JoinWaitlist(session_id=SES, client_id=ANN)])
def test_a_banned_client_neither_books_nor_waits_whoever_asks(command: Command, role: str) -> None:
    given(*READY, reserved(BEN), BANNED).when(command, DAY_BEFORE, "x:y", role).then_refused(
        BookingCode.BOOKING_BANNED, field="client_id", until=SOON.isoformat(),
        reason="three no-shows",
    )  # fmt: skip


def test_a_ban_ends_on_the_instant_even_before_the_clock_says_so() -> None:
    given(*READY, BANNED).when(BOOK, SOON).then_answered(status="reserved")


def test_a_ban_is_imposed_for_a_while_and_lifted_by_the_clock() -> None:
    impose = ImposeBookingBan(client_id=ANN, until=SOON, reason="x")
    scenario = given(opened(ANN)).when(impose, DAY_BEFORE).then(fact(BookingBanImposed, until=SOON))
    assert list(scenario.gym.deadlines.values()) == [(SOON, EndBookingBan(client_id=ANN))]
    end = EndBookingBan(client_id=ANN)
    scenario.when(end, SOON - HOUR).then_nothing()
    scenario.when(end, SOON).then(fact(BookingBanLifted, reason="served"))
    scenario.when(end, SOON).then_nothing()


def test_a_ban_never_shortens_the_one_that_is_on() -> None:
    shorter = ImposeBookingBan(client_id=ANN, until=SOON - HOUR / 2, reason="x")
    for_good = ImposeBookingBan(client_id=ANN, reason="x")
    past = ImposeBookingBan(client_id=ANN, until=DAY_BEFORE, reason="x")
    given(opened(ANN), BANNED).when(shorter, DAY_BEFORE).then_nothing()
    given(opened(ANN)).when(past, DAY_BEFORE).then_nothing()
    given(opened(ANN), BANNED).when(for_good, DAY_BEFORE).then(fact(BookingBanImposed, until=None))


def test_staff_lifts_a_ban_and_the_line_asks_again() -> None:
    cancel = CancelReservation(session_id=SES, client_id=BEN)
    scenario = given(*READY, reserved(BEN), waiting(ANN, 1), BANNED).when(cancel, DAY_BEFORE)
    scenario.then(
        fact(ReservationCancelled), fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromotionSkipped, client_id=ANN, reason=BookingCode.BOOKING_BANNED),
        fact(PromotionMissed, client_id=ANN),
    )  # fmt: skip
    scenario.when(LiftBookingBan(client_id=ANN, reason="sorry"), DAY_BEFORE).then(
        fact(BookingBanLifted, reason="sorry"), fact(WaitlistPromoted, client_id=ANN),
        fact(ReservationMade, client_id=ANN), fact(CreditHeld, client_id=ANN),
    )  # fmt: skip
    given(opened(ANN)).when(LiftBookingBan(client_id=ANN), NOON).then_nothing()


def test_an_erased_client_books_no_more_whoever_asks() -> None:
    erase = BarErasedClient(client_id=ANN)
    scenario = given(*READY, BANNED).when(erase, DAY_BEFORE)
    scenario.then(fact(BookingBanImposed, client_id=ANN, until=None, reason="erased"))
    scenario.when(erase, DAY_BEFORE).then_nothing()
    scenario.when(BOOK, NOON - HOUR, "staff:x", "owner").then_refused(BookingCode.BOOKING_BANNED)


def test_nobody_lifts_what_keeps_an_erased_client_from_booking() -> None:
    """Not even when staff had banned them for good before."""
    erase, lift = BarErasedClient(client_id=ANN), LiftBookingBan(client_id=ANN)
    ban = ImposeBookingBan(client_id=ANN, until=None, reason="threats")
    scenario = given(*READY).when(ban, DAY_BEFORE).when(erase, DAY_BEFORE)
    scenario.then(fact(BookingBanImposed, erased=True))
    scenario.when(lift, DAY_BEFORE, "staff:x", "owner").then_refused(
        BookingCode.BOOKING_BANNED, field="client_id"
    )
    scenario.when(ban, DAY_BEFORE, "staff:x", "owner").then_nothing()


def test_without_the_waiver_clients_do_not_book_themselves_but_staff_books_them() -> None:
    given(*RISKY).when(BOOK, DAY_BEFORE, "client:a", "member").then_refused(
        BookingCode.WAIVER_REQUIRED, field="client_id"
    )
    given(*RISKY).when(BOOK, DAY_BEFORE, "staff:x", "front_desk").then_answered(status="reserved")
    given(*RISKY, SIGNED).when(BOOK, DAY_BEFORE, "client:a", "member").then_answered(
        status="reserved"
    )


def test_without_the_waiver_nobody_is_checked_in() -> None:
    for command in (
        CheckIn(session_id=SES, client_id=ANN), AddWalkIn(session_id=SES, client_id=ANN),
    ):  # fmt: skip
        past = (*RISKY, reserved(ANN)) if isinstance(command, CheckIn) else RISKY
        given(*past).when(command, NOON).then_refused(BookingCode.WAIVER_REQUIRED)
    here = CheckIn(session_id=SES, client_id=ANN)
    given(*RISKY, reserved(ANN), SIGNED).when(here, NOON).then(fact(CheckedIn))


def test_a_waiver_is_signed_once_a_text() -> None:
    sign = SignWaiver(client_id=ANN)
    given(opened(ANN)).when(sign, NOON).then(fact(WaiverRecorded, document="liability"))
    given(opened(ANN), SIGNED).when(sign, NOON).then_nothing()
    photos = SignWaiver(client_id=ANN, document="photos")
    given(opened(ANN), SIGNED).when(photos, NOON).then(fact(WaiverRecorded, document="photos"))
