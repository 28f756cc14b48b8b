"""Class grants follow booking, in whatever order its events arrive; other grants do not."""

from datetime import datetime
from itertools import permutations
from uuid import UUID

import pytest

from contracts.access import (
    AccessCode,
    AccessGrantKind,
    BanHeard,
    ClassHeard,
    ClassWaiverHeard,
    ClientHeard,
    EndEntryGrant,
    GrantClosed,
    GrantEntry,
    GrantMoved,
    GrantOpened,
    HearBan,
    HearClass,
    HearClient,
    HearReservation,
    HearStaff,
    HearWaiver,
    HearWaiverRule,
    Impediment,
    ImpedimentCleared,
    ImpedimentSet,
    OpenHours,
    ReservationHeard,
    SetImpediment,
    StaffHeard,
    WaiverHeard,
)
from contracts.booking import BanCause, BookingBanImposed, BookingBanLifted, StandingBan
from contracts.envelope import Command
from contracts.ids import ClientId
from services.access.domain.holder import holder
from services.access.reactions import HEARS
from tests.domain.access.language import (
    ANN,
    CLOSES,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OPENS,
    SES,
    TOM,
    given,
    known,
    member,
    reservation_of,
    scheduled,
    seated,
    works,
)
from tests.scenario import fact

DAY_BEFORE = NOON - 24 * HOUR
PASS = UUID(int=500)


def at(starts_at: datetime, *, version: int, located: bool = False) -> HearClass:
    return HearClass(
        session_id=SES, starts_at=starts_at, ends_at=starts_at + HOUR, version=version,
        location_id=HALL if located else None,
    )  # fmt: skip


def seat(*, stands: bool, version: int) -> HearReservation:
    return HearReservation(
        session_id=SES, client_id=ANN, reservation_id=reservation_of(ANN), stands=stands,
        version=version,
    )  # fmt: skip


def test_a_reservation_opens_a_grant_ahead_of_time() -> None:
    given(known(ANN), scheduled()).when(seat(stands=True, version=2), DAY_BEFORE).then(
        fact(ReservationHeard, stands=True),
        fact(
            GrantOpened, client_id=ANN, kind=AccessGrantKind.CLASS, valid_from=OPENS,
            valid_until=CLOSES, location_id=HALL, session_id=SES,
        ),
    )  # fmt: skip


def test_giving_the_seat_up_closes_it() -> None:
    given(seated()).when(seat(stands=False, version=ANN.int + 1), DAY_BEFORE).then(
        fact(ReservationHeard, stands=False), fact(GrantClosed, grant_id=reservation_of(ANN))
    )


def test_a_session_that_moves_takes_its_grants_along() -> None:
    later = at(NOON + HOUR, version=50)
    given(seated()).when(later, DAY_BEFORE).then(
        fact(ClassHeard, starts_at=NOON + HOUR, location_id=HALL),
        fact(
            GrantMoved, client_id=ANN, grant_id=reservation_of(ANN), valid_from=OPENS + HOUR,
            valid_until=CLOSES + HOUR, location_id=HALL,
        ),
    )  # fmt: skip


STORY: tuple[Command, ...] = (
    at(NOON, version=1, located=True),
    seat(stands=True, version=2),
    at(NOON + HOUR, version=3),
    seat(stands=False, version=4),
    seat(stands=True, version=5),
)


@pytest.mark.parametrize("order", list(permutations(range(len(STORY)))), ids=str)
def test_the_end_is_the_same_however_the_events_arrive(order: tuple[int, ...]) -> None:
    scenario = given(known(ANN))
    for n in (*order, *order):  # and every one twice
        scenario.when(STORY[n], DAY_BEFORE)
    grants = scenario.gym.state(holder, ANN).grants
    assert list(grants) == [reservation_of(ANN)]
    (grant,) = grants.values()
    assert (grant.valid_from, grant.valid_until) == (OPENS + HOUR, CLOSES + HOUR)
    assert (grant.location_id, grant.session_id) == (HALL, SES)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_seat_given_up_is_remembered_however_the_events_arrive(order: tuple[int, ...]) -> None:
    story = (STORY[0], STORY[1], seat(stands=False, version=4))
    scenario = given(known(ANN))
    for n in order:
        scenario.when(story[n], DAY_BEFORE)
    owner = scenario.gym.state(holder, ANN)
    assert (dict(owner.grants), owner.had_reservation) == ({}, True)


def test_a_seat_of_a_session_not_heard_of_grants_nothing_yet() -> None:
    scenario = given(known(ANN)).when(seat(stands=True, version=2), DAY_BEFORE)
    scenario.then(fact(ReservationHeard))
    scenario.when(at(NOON, version=1, located=True), DAY_BEFORE).then(
        fact(ClassHeard), fact(GrantOpened, valid_from=OPENS)
    )


def test_a_seat_opens_no_door_before_it_is_heard_where_the_class_is() -> None:
    """Its move was heard first: with what was said of it then, it is neither here nor there."""
    scenario = given(known(ANN)).when(at(NOON, version=3), DAY_BEFORE)
    scenario.when(seat(stands=True, version=2), DAY_BEFORE).then(fact(ReservationHeard))
    scheduled_ = at(NOON - HOUR, version=1, located=True)
    asks = scheduled_.model_copy(update={"waiver_required": True})
    scenario.when(asks, DAY_BEFORE).then(
        fact(ClassWaiverHeard, required=True), fact(ClassHeard, location_id=HALL),
        fact(GrantOpened, valid_from=OPENS, location_id=HALL, waiver_required=True),
    )  # fmt: skip


def test_what_is_over_is_forgotten_when_something_new_is_granted() -> None:
    scenario = given(seated()).when(
        GrantEntry(client_id=ANN, grant_id=PASS), CLOSES + MINUTE, "staff:x", "owner"
    )
    assert list(scenario.gym.state(holder, ANN).grants) == [PASS]


def test_staff_grant_entry_and_end_it() -> None:
    granted = given(known(ANN)).when(GrantEntry(client_id=ANN, grant_id=PASS), NOON)
    granted.then(
        fact(GrantOpened, kind=AccessGrantKind.MEMBERSHIP, valid_from=NOON, valid_until=None)
    )
    granted.when(EndEntryGrant(client_id=ANN, grant_id=PASS), NOON + HOUR).then(
        fact(GrantClosed, closed_at=NOON + HOUR)
    )
    granted.when(EndEntryGrant(client_id=ANN, grant_id=PASS), NOON + 2 * HOUR).then_nothing()


def test_what_makes_no_sense_is_refused() -> None:
    grant = GrantEntry(client_id=ANN, grant_id=PASS)
    given().when(grant, NOON).then_refused(AccessCode.CLIENT_NOT_FOUND, field="client_id")
    given(known(ANN)).when(grant, NOON).when(grant, NOON).then_refused(AccessCode.ALREADY_GRANTED)
    ended = GrantEntry(client_id=ANN, grant_id=PASS, valid_until=NOON)
    given(known(ANN)).when(ended, NOON).then_refused(AccessCode.ENDS_BEFORE_IT_STARTS)
    given(seated()).when(EndEntryGrant(client_id=ANN, grant_id=PASS), NOON).then_refused(
        AccessCode.GRANT_NOT_FOUND
    )
    of_class = EndEntryGrant(client_id=ANN, grant_id=reservation_of(ANN))
    given(seated()).when(of_class, NOON).then_refused(AccessCode.GRANT_NOT_FOUND)


def test_an_impediment_is_set_once_and_cleared_once() -> None:
    hold = SetImpediment(client_id=ANN, impediment=Impediment.ON_HOLD)
    free = hold.model_copy(update={"present": False})
    scenario = given(member()).when(hold, NOON).then(fact(ImpedimentSet))
    scenario.when(hold, NOON).then_nothing()
    scenario.when(free, NOON).then(fact(ImpedimentCleared))
    scenario.when(free, NOON).then_nothing()
    given().when(hold, NOON).then_refused(AccessCode.CLIENT_NOT_FOUND)


@pytest.mark.parametrize(
    "command",
    [
        GrantEntry(client_id=ClientId(TOM), grant_id=PASS),
        SetImpediment(client_id=ClientId(TOM), impediment=Impediment.BANNED),
    ],
    ids=["let in", "kept out"],
)
def test_what_is_for_clients_is_not_said_of_staff(command: Command) -> None:
    """Who works here is let in as staff, and by no word of the desk kept out."""
    given(works()).when(command, NOON).then_refused(AccessCode.CLIENT_NOT_FOUND, field="client_id")


@pytest.mark.parametrize("order", [(False, True), (True, False), (True, True, False)])
def test_the_erased_stay_erased(order: tuple[bool, ...]) -> None:
    scenario = given()
    for erased in order:
        scenario.when(HearClient(client_id=ANN, erased=erased), NOON)
    assert scenario.gym.state(holder, ANN).is_erased
    assert scenario.gym.log[-1] == ClientHeard(client_id=ANN, erased=True)


def test_older_news_of_staff_is_passed_over() -> None:
    left = HearStaff(staff_id=TOM, works=False, version=2)
    hired = HearStaff(staff_id=TOM, works=True, version=1)
    given().when(left, NOON).then(fact(StaffHeard, works=False)).when(hired, NOON).then_nothing()
    given(works()).when(left, NOON).then(fact(StaffHeard, works=False))


def rule(*, required: bool, version: int) -> HearWaiverRule:
    return HearWaiverRule(session_id=SES, required=required, version=version)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_grant_asks_for_the_waiver_as_its_class_does_in_the_end(
    order: tuple[int, ...], *, last: bool
) -> None:
    born = at(NOON, version=1, located=True).model_copy(update={"waiver_required": last})
    story: tuple[Command, ...] = (
        born, seat(stands=True, version=2), rule(required=not last, version=3),
        rule(required=last, version=4),
    )  # fmt: skip
    scenario = given(known(ANN))
    for n in (*order, *order):
        scenario.when(story[n], DAY_BEFORE)
    (grant,) = scenario.gym.state(holder, ANN).grants.values()
    assert grant.waiver_required is last


def test_older_news_of_a_ban_is_passed_over() -> None:
    imposed = HearBan(client_id=ANN, banned=True, version=3)
    lifted = HearBan(client_id=ANN, banned=False, version=4)
    scenario = given(known(ANN)).when(lifted, NOON).then(fact(BanHeard, banned=False))
    scenario.when(imposed, NOON).then_nothing()
    again = imposed.model_copy(update={"version": 5, "until": NOON + HOUR})
    scenario.when(again, NOON).then(fact(BanHeard, banned=True, until=NOON + HOUR))


def test_a_waiver_accepted_is_heard_once() -> None:
    signed = HearWaiver(client_id=ANN)
    scenario = given(known(ANN)).when(signed, NOON).then(fact(WaiverHeard, client_id=ANN))
    scenario.when(signed, NOON).then_nothing()


def test_a_grant_for_hours_that_are_none_is_refused() -> None:
    grant = GrantEntry(client_id=ANN, grant_id=PASS, time_zone="Mars/Olympus")
    scenario = given(known(ANN)).when(grant, NOON)
    scenario.then_refused(AccessCode.UNKNOWN_TIME_ZONE, field="time_zone")
    backwards = (OpenHours(weekday=1, opens="12:00", closes="09:00"),)
    nowhen = GrantEntry(client_id=ANN, grant_id=PASS, hours=backwards)
    given(known(ANN)).when(nowhen, NOON).then_refused(AccessCode.INVALID_HOURS, field="hours")


CAUSE = BanCause(penalties=3, needed=3, window_days=90, counted_at=NOON, policy_version=1)


def heard(event: BookingBanImposed | BookingBanLifted, version: int) -> Command | None:
    """What access hears of it."""
    hearing = HEARS[type(event)].asks
    return hearing(event, version)


@pytest.mark.parametrize("cause", [None, CAUSE])
def test_a_ban_somebody_imposed_shuts_the_door_and_one_the_rules_imposed_does_not(
    cause: BanCause | None,
) -> None:
    imposed = BookingBanImposed(client_id=ANN, until=None, reason="x", cause=cause)
    command = heard(imposed, 7)
    assert (command is None) is (cause is not None)
    if command is not None:
        given(known(ANN)).when(command, NOON).then(fact(BanHeard, banned=True, version=7))


@pytest.mark.parametrize("until", [None, NOON + 30 * HOUR])
def test_nothing_the_rules_do_opens_the_door_to_whom_somebody_banned(
    until: datetime | None,
) -> None:
    mine = BookingBanImposed(client_id=ANN, until=until, reason="fight")
    theirs = BookingBanImposed(
        client_id=ANN, until=NOON + 60 * HOUR, reason="3 no-shows", cause=CAUSE
    )
    waived = BookingBanLifted(
        client_id=ANN, reason="was ill", remaining=StandingBan(until=until, because="fight")
    )
    banned, talked = heard(mine, 7), heard(BookingBanLifted(client_id=ANN, reason="talked"), 10)
    assert banned is not None
    assert talked is not None
    assert (heard(theirs, 8), heard(waived, 9)) == (None, None)
    scenario = given(known(ANN)).when(banned, NOON)
    scenario.then(fact(BanHeard, banned=True, until=until))
    scenario.when(talked, NOON).then(fact(BanHeard, banned=False))
