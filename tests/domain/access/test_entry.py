"""Who may enter, and why not: every reason, and which comes first."""

from datetime import datetime
from uuid import UUID

import pytest

from contracts.access import (
    AccessCode,
    AccessDenied,
    AccessGranted,
    AccessGrantKind,
    BanHeard,
    ClientHeard,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    DenialReason,
    DoorAdded,
    DoorScheduleSet,
    GrantClosed,
    GrantOpened,
    Impediment,
    ImpedimentCleared,
    ImpedimentSet,
    LockdownEnded,
    LockdownStarted,
    OpenHours,
    StaffHeard,
    WaiverHeard,
)
from contracts.envelope import Event
from contracts.ids import ClientId, SessionId
from contracts.permissions import MATRIX, SYSTEM, Role
from services.access.entries import READ_TOKEN
from tests.domain.access.language import (
    ANN,
    ANNEX,
    BACK,
    BEN,
    CARD,
    CLOSES,
    FRONT,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OPENS,
    SECOND,
    SES,
    SHOWS_CARD,
    TOM,
    at_door,
    carries_card,
    given,
    known,
    member,
    reservation_of,
    seated,
    works,
)
from tests.scenario import Scenario, fact

LOCKED = LockdownStarted(location_id=None, reason="gas")
MONDAYS = DoorScheduleSet(
    door_id=FRONT, time_zone="UTC", hours=(OpenHours(weekday=1, opens="06:00", closes="12:00"),)
)
SUSPENDED = CredentialSuspended(credential_id=CARD, reason="lost")
REVOKED = CredentialRevoked(credential_id=CARD, reason="replaced")
LEFT = GrantClosed(client_id=ANN, grant_id=reservation_of(ANN), closed_at=NOON - HOUR)
ERASED = ClientHeard(client_id=ANN, erased=True)
NEXT = SessionId(UUID(int=2))
"""Half an hour after the other."""


AFTERNOONS = (OpenHours(weekday=1, opens="12:01", closes="18:00"),)
SIGNED = WaiverHeard(client_id=ANN)


def banned(*, until: datetime | None = None) -> BanHeard:
    return BanHeard(client_id=ANN, banned=True, until=until, version=9)


def impeded(reason: Impediment) -> ImpedimentSet:
    return ImpedimentSet(client_id=ANN, impediment=reason)


def denied(scenario: Scenario, reason: DenialReason) -> Scenario:
    return scenario.then(fact(AccessDenied, reason=reason)).then_answered(
        granted=False, reason=reason
    )


@pytest.mark.parametrize(
    ("minutes", "which"), [(-5, SES), (10, SES), (16, NEXT), (25, NEXT)],
    ids=["before the first", "late for it", "nearer to the second", "before the second"],
)  # fmt: skip
def test_of_two_classes_in_a_row_the_one_that_starts_nearest_lets_them_in(
    minutes: int, which: SessionId
) -> None:
    second = GrantOpened(
        client_id=ANN, grant_id=NEXT, kind=AccessGrantKind.CLASS, session_id=NEXT,
        valid_from=NOON + 10 * MINUTE, valid_until=NOON + 2 * HOUR, location_id=HALL,
        given_at=NOON - 24 * HOUR,
    )  # fmt: skip
    given(seated(), member(), second).when(at_door(), NOON + minutes * MINUTE).then(
        fact(AccessGranted, session_id=which)
    )


@pytest.mark.parametrize("at", [OPENS, NOON, CLOSES])
def test_a_seat_opens_the_door_from_twenty_minutes_before_to_fifteen_after(at: datetime) -> None:
    given(seated()).when(at_door(), at).then(
        fact(
            AccessGranted, client_id=ANN, grant_kind=AccessGrantKind.CLASS, session_id=SES,
            grant_id=reservation_of(ANN), door_id=FRONT, location_id=HALL,
        )
    ).then_answered(granted=True, session_id=SES)  # fmt: skip


@pytest.mark.parametrize("at", [OPENS - SECOND, CLOSES + SECOND])
def test_outside_its_window_a_seat_opens_nothing(at: datetime) -> None:
    denied(given(seated()).when(at_door(), at), DenialReason.NO_RESERVATION)


def test_who_is_too_early_is_told_when_to_come_back() -> None:
    early = given(seated()).when(at_door(), OPENS - HOUR)
    assert early.answer.facts.next_grant_from == OPENS


REASONS: list[tuple[DenialReason, tuple[Event | tuple[Event, ...], ...]]] = [
    (DenialReason.UNKNOWN_CREDENTIAL, (member(),)),
    (DenialReason.UNKNOWN_CREDENTIAL, (member(), carries_card(), REVOKED)),
    (DenialReason.UNKNOWN_CREDENTIAL, (member(), carries_card(), ERASED)),
    (DenialReason.CREDENTIAL_SUSPENDED, (member(), carries_card(), SUSPENDED)),
    (DenialReason.CREDENTIAL_SUSPENDED, (member(), carries_card()[0], carries_card()[2])),
    (DenialReason.BANNED, (member(), carries_card(), impeded(Impediment.BANNED))),
    (DenialReason.OUTSIDE_HOURS, (member(), carries_card(), MONDAYS)),
    (DenialReason.WAIVER_MISSING, (member(), carries_card(), impeded(Impediment.WAIVER_MISSING))),
    (DenialReason.ON_HOLD, (member(), carries_card(), impeded(Impediment.ON_HOLD))),
    (DenialReason.PAST_DUE, (member(), carries_card(), impeded(Impediment.PAST_DUE))),
    (DenialReason.MEMBERSHIP_ENDED, (member(until=NOON - SECOND), carries_card())),
    (DenialReason.NO_RESERVATION, (seated(), LEFT, carries_card())),
    (DenialReason.NO_GRANT, (known(ANN), carries_card())),
    (DenialReason.LOCKDOWN, (member(), carries_card(), LOCKED)),
    (DenialReason.BANNED, (seated(), carries_card(), banned())),
    (DenialReason.BANNED, (seated(), carries_card(), banned(until=NOON + SECOND))),
    (DenialReason.OUTSIDE_HOURS, (member(hours=AFTERNOONS), carries_card())),
    (DenialReason.WAIVER_MISSING, (seated(waiver=True), carries_card())),
    (DenialReason.NO_GRANT, (member(where=(ANNEX,)), carries_card())),
]


@pytest.mark.parametrize(("reason", "past"), REASONS)
def test_every_reason_keeps_the_door_shut(
    reason: DenialReason, past: tuple[Event | tuple[Event, ...], ...]
) -> None:
    denied(given(*past).when(SHOWS_CARD, NOON, "staff:x", "front_desk"), reason)


def test_every_reason_there_is_has_an_example() -> None:
    assert {reason for reason, _ in REASONS} == set(DenialReason)


def test_the_first_check_that_fails_is_the_reason() -> None:
    """Undoing the reasons one by one, in the order of the checks, ends at an open door."""
    everything: list[Event | tuple[Event, ...]] = [
        known(ANN), carries_card(), SUSPENDED, impeded(Impediment.BANNED), MONDAYS,
        impeded(Impediment.WAIVER_MISSING), impeded(Impediment.ON_HOLD),
        impeded(Impediment.PAST_DUE), LOCKED,
    ]  # fmt: skip
    undoing: list[tuple[DenialReason | None, Event | tuple[Event, ...]]] = [
        (DenialReason.CREDENTIAL_SUSPENDED, CredentialReinstated(credential_id=CARD)),
        (DenialReason.LOCKDOWN, LockdownEnded(location_id=None)),
        (DenialReason.BANNED, cleared(Impediment.BANNED)),
        (DenialReason.OUTSIDE_HOURS, DoorScheduleSet(door_id=FRONT, time_zone="UTC", hours=())),
        (DenialReason.WAIVER_MISSING, cleared(Impediment.WAIVER_MISSING)),
        (DenialReason.ON_HOLD, cleared(Impediment.ON_HOLD)),
        (DenialReason.PAST_DUE, cleared(Impediment.PAST_DUE)),
        (DenialReason.NO_GRANT, member()),
    ]
    for reason, undo in undoing:
        shut = given(*everything).when(SHOWS_CARD, NOON, "staff:x", "owner")
        assert shut.answer.reason is reason
        everything.append(undo)
    given(*everything).when(SHOWS_CARD, NOON, "staff:x", "owner").then(
        fact(AccessGranted, client_id=ANN, credential_id=CARD)
    )


def cleared(reason: Impediment) -> ImpedimentCleared:
    return ImpedimentCleared(client_id=ANN, impediment=reason)


def test_a_class_grant_opens_the_doors_of_its_own_location_only() -> None:
    annexed = DoorAdded(door_id=BACK, location_id=ANNEX, name="Back")
    denied(given(annexed, seated()).when(at_door(at=BACK), NOON), DenialReason.NO_RESERVATION)
    given(annexed, member()).when(at_door(at=BACK), NOON).then(fact(AccessGranted))


def test_a_lockdown_of_another_location_shuts_nothing_here() -> None:
    elsewhere = LockdownStarted(location_id=ANNEX, reason="flood")
    given(member(), elsewhere).when(at_door(), NOON).then(fact(AccessGranted))
    here = LockdownStarted(location_id=HALL, reason="flood")
    shut = denied(given(member(), here).when(at_door(), NOON), DenialReason.LOCKDOWN)
    assert shut.answer.facts.lockdown == "flood"


def test_whoever_is_banned_after_booking_stays_outside_until_the_ban_is_over() -> None:
    later = given(seated(), banned(until=NOON)).when(at_door(), NOON - SECOND)
    assert denied(later, DenialReason.BANNED).answer.facts.banned_until == NOON
    given(seated(), banned(until=NOON)).when(at_door(), NOON).then(fact(AccessGranted))
    lifted = BanHeard(client_id=ANN, banned=False, until=None, version=10)
    given(seated(), banned(), lifted).when(at_door(), NOON).then(fact(AccessGranted))


def test_a_class_that_asks_for_the_waiver_opens_to_whoever_accepted_it() -> None:
    given(seated(waiver=True), SIGNED).when(at_door(), NOON).then(
        fact(AccessGranted, session_id=SES)
    )
    given(seated(waiver=True), member()).when(at_door(), NOON).then(
        fact(AccessGranted, session_id=None, grant_kind=AccessGrantKind.MEMBERSHIP)
    )


def test_a_grant_for_off_peak_opens_in_its_hours_and_at_its_locations_only() -> None:
    in_time = given(member(hours=AFTERNOONS, where=(HALL, ANNEX)))
    in_time.when(at_door(), NOON + MINUTE).then(fact(AccessGranted))
    berlin = given(member(hours=AFTERNOONS, zone="Europe/Berlin"))
    berlin.when(at_door(), NOON - 30 * MINUTE).then(fact(AccessGranted))
    other_day = given(member(hours=AFTERNOONS)).when(at_door(), NOON + 25 * HOUR)
    denied(other_day, DenialReason.OUTSIDE_HOURS)


def test_in_a_lockdown_nobody_enters_staff_and_the_entitled_included() -> None:
    shut = given(works(), LOCKED).when(at_door(None), NOON, f"staff:{TOM}", "owner")
    assert denied(shut, DenialReason.LOCKDOWN).answer.facts.lockdown == "gas"
    denied(given(seated(), banned(), LOCKED).when(at_door(), NOON), DenialReason.LOCKDOWN)
    denied(given(known(ANN), LOCKED).when(at_door(), NOON), DenialReason.LOCKDOWN)


def test_a_seat_counts_before_a_membership_so_that_booking_learns_of_it() -> None:
    given(seated(), member()).when(at_door(), NOON).then(fact(AccessGranted, session_id=SES))


def test_staff_enter_at_any_hour_with_or_without_a_card() -> None:
    before_hours = given(works(), MONDAYS).when(at_door(None), NOON, f"staff:{TOM}", "trainer")
    before_hours.then(fact(AccessGranted, staff_id=TOM, grant_kind=AccessGrantKind.STAFF))
    given(works(), carries_card(None, TOM)).when(SHOWS_CARD, NOON, "staff:x", "owner").then(
        fact(AccessGranted, staff_id=TOM, credential_id=CARD)
    )


def test_who_no_longer_works_here_stays_outside() -> None:
    gone = StaffHeard(staff_id=TOM, works=False, version=2)
    denied(
        given(works(), gone).when(at_door(None), NOON, f"staff:{TOM}", "trainer"),
        DenialReason.NO_GRANT,
    )


def test_a_door_that_is_not_there_decides_nothing() -> None:
    given(member()).when(at_door(at=BACK), NOON).then_refused(
        AccessCode.DOOR_NOT_FOUND, field="door_id"
    )


@pytest.mark.parametrize("past", [(), (works(),)], ids=["another gym's", "staff"])
def test_whoever_is_no_client_of_the_gym_is_not_decided_on(past: tuple[Event, ...]) -> None:
    """Nothing that names them is on record, nor in the doors' log."""
    given(*past).when(at_door(ClientId(TOM)), NOON).then_refused(
        AccessCode.CLIENT_NOT_FOUND, field="client_id"
    )


def test_whom_members_are_not_heard_of_yet_is_decided_on() -> None:
    """They ask for themselves, or have a seat."""
    themselves = given().when(at_door(), NOON, f"client:{ANN}", "member")
    denied(themselves, DenialReason.NO_GRANT)
    given(*seated()[1:]).when(at_door(), NOON).then(fact(AccessGranted, client_id=ANN))


def test_who_it_is_must_be_clear() -> None:
    both = SHOWS_CARD.model_copy(update={"client_id": BEN})
    given(member()).when(both, NOON).then_refused(AccessCode.WHO_IS_UNCLEAR)
    nobody = at_door(None)
    given(member()).when(nobody, NOON, "system:x").then_refused(AccessCode.WHO_IS_UNCLEAR)


def test_readers_belong_to_the_front_desk() -> None:
    given(member(), carries_card()).when(SHOWS_CARD, NOON, f"client:{BEN}", "member").then_refused(
        AccessCode.FORBIDDEN
    )


@pytest.mark.parametrize("role", [*Role, SYSTEM])
def test_whose_card_a_reader_read_is_told_to_those_the_matrix_names(role: str) -> None:
    asked = given(member(), carries_card()).when(SHOWS_CARD, NOON, "staff:x", role)
    if role in MATRIX[READ_TOKEN]:
        asked.then(fact(AccessGranted, client_id=ANN))
    else:
        asked.then_refused(AccessCode.FORBIDDEN)


def test_a_decision_is_made_once() -> None:
    again = given(member()).when(at_door(), NOON).when(at_door(), NOON + MINUTE)
    again.then_refused(AccessCode.ALREADY_REQUESTED)
