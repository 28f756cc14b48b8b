"""Penalties, folded in a real database and read as the gateway reads them."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    Evidence,
    FeeAssessed,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeForgiven,
    FeeReversed,
    FeeWaived,
    Forgiveness,
    GrantKind,
    Violation,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    GymId,
    ReservationId,
    SessionId,
    new_id,
)
from contracts.money import Money
from services.projections import penalties
from services.projections.penalties import Penalty, Wanted
from services.projections.sessions import Incomplete
from tests.component.read_models.folding import batches, put
from tests.envelopes import RECORDED_AT, Recording

MIA, LEO = ClientId(new_id()), ClientId(new_id())
SPIN, YOGA = SessionId(new_id()), SessionId(new_id())
STAFF = new_id()
OWED = Money(minor=1500, currency="EUR")
FACTS = Evidence(
    starts_at=RECORDED_AT, free_until=RECORDED_AT, empty_seats=2, later_late_cancels=1,
    recent_violations=3,
)  # fmt: skip

pytestmark = pytest.mark.parametrize("size", [1, 100], ids=["one by one", "at once"])


class Seat:
    """One reservation, and what may be told of it."""

    def __init__(self, client: ClientId = MIA, session: SessionId = SPIN) -> None:
        self.client, self.session, self.reservation = client, session, ReservationId(new_id())
        self._names: dict[str, Any] = {
            "client_id": client, "session_id": session, "reservation_id": self.reservation,
        }  # fmt: skip

    def judged(self, days: int = 0, forgiven: Forgiveness | None = None) -> ViolationRecorded:
        return ViolationRecorded(
            **self._names, kind=Violation.NO_SHOW, grant_kind=GrantKind.UNLIMITED,
            forgiven=forgiven, policy_version=7, judged_at=RECORDED_AT + timedelta(days=days),
            evidence=FACTS,
        )  # fmt: skip

    def assessed(self) -> FeeAssessed:
        return FeeAssessed(
            **self._names, kind=Violation.NO_SHOW, amount=OWED, policy_version=7, evidence=FACTS,
            waivable_until=RECORDED_AT + timedelta(days=1),
            contestable_until=RECORDED_AT + timedelta(days=7),
        )  # fmt: skip

    def forgiven(self) -> FeeForgiven:
        return FeeForgiven(**self._names, forgiven=Forgiveness.FREE_PASS)

    def waived(self) -> FeeWaived:
        return FeeWaived(**self._names, by=f"staff:{STAFF}", reason="ill")

    def contested(self) -> FeeContested:
        return FeeContested(**self._names, by=f"client:{MIA}", reason="I was there")

    def resolved(self, *, stands: bool) -> FeeContestResolved:
        return FeeContestResolved(
            **self._names, fee_stands=stands, by=f"staff:{STAFF}", reason="seen on camera"
        )

    def due(self) -> FeeDue:
        return FeeDue(**self._names, kind=Violation.NO_SHOW, amount=OWED, policy_version=7)

    def cleared(self) -> tuple[ViolationCleared, FeeReversed]:
        return ViolationCleared(**self._names, reason="was there"), FeeReversed(
            **self._names, kind=Violation.NO_SHOW, amount=OWED, was_due=True, reason="was there"
        )


async def cases(reader: Pool, gym: GymId, wanted: Wanted, first: int = 50) -> list[Penalty]:
    return (await penalties.page(reader, gym, wanted, None, first))[1]


async def test_a_fee_that_is_asked_for_again_is_shown_as_a_new_one(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    seat = Seat()
    told = (
        seat.judged(), seat.assessed(), seat.contested(), seat.resolved(stands=True), seat.due(),
        *seat.cleared(), seat.judged(3), seat.assessed(),
    )  # fmt: skip
    await put(writer, penalties.MODEL, *batches(recording.of("penalty", MIA, *told), size))
    (case,) = await cases(reader, recording.gym_id, Wanted(client_id=MIA))
    shown = (case.status, case.contest, case.contest_reason, case.decided_by, case.reason)
    assert shown == ("pending", None, None, None, None)


async def test_a_case_shows_its_facts_and_how_far_its_fee_has_come(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    seat, gym = Seat(), recording.gym_id
    told: list[tuple[tuple[Event, ...], str]] = [
        ((seat.judged(),), "no_fee"), ((seat.assessed(),), "pending"),
        ((seat.contested(), seat.resolved(stands=True)), "pending"), ((seat.due(),), "due"),
        (seat.cleared(), "reversed"),
    ]  # fmt: skip
    for events, status in told:
        changed = await put(
            writer, penalties.MODEL, *batches(recording.of("penalty", MIA, *events), size)
        )
        assert changed == {(gym, str(MIA)), (gym, str(SPIN))}
        (case,) = await cases(reader, gym, Wanted(client_id=MIA))
        assert case.status == status

    assert (case.client_id, case.session_id, case.kind, case.grant_kind, case.policy_version) == (
        MIA, SPIN, "no_show", "unlimited", 7,
    )  # fmt: skip
    assert (case.amount_minor, case.currency, case.reason) == (1500, "EUR", "was there")
    assert (case.contest, case.contest_reason, case.decided_by) == (
        "fee_stands", "I was there", STAFF,
    )  # fmt: skip
    assert Evidence.model_validate(case.evidence) == FACTS
    assert case.version == 7


async def test_a_fee_is_let_off_by_the_rules_or_by_staff_and_a_case_judged_again_keeps_it(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    free, ill, back = Seat(), Seat(), Seat()
    events = recording.of(
        "penalty", MIA,
        free.judged(forgiven=Forgiveness.FREE_PASS), free.assessed(), free.forgiven(),
        ill.judged(), ill.assessed(), ill.waived(),
        back.judged(), back.assessed(), *back.cleared(), back.judged(days=1),
    )  # fmt: skip
    await put(writer, penalties.MODEL, *batches(events, size))
    found = {one.reservation_id: one for one in await cases(reader, recording.gym_id, Wanted())}
    assert (found[free.reservation].status, found[free.reservation].forgiven) == (
        "forgiven", "free_pass",
    )  # fmt: skip
    assert (found[ill.reservation].status, found[ill.reservation].decided_by) == ("waived", STAFF)
    assert found[back.reservation].status == "reversed"
    assert found[back.reservation].judged_at == RECORDED_AT + timedelta(days=1)


async def test_a_case_that_counts_again_shows_how_its_fee_had_ended(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    """Waived, or forgiven by a free pass; corrected to attended, and back."""
    free, ill, plain = Seat(), Seat(), Seat()

    async def shown(*told: Event) -> list[str]:
        await put(writer, penalties.MODEL, *batches(recording.of("penalty", MIA, *told), size))
        found = {one.reservation_id: one for one in await cases(reader, recording.gym_id, Wanted())}
        return [found[one.reservation].status for one in (free, ill, plain)]

    ended = await shown(
        free.judged(forgiven=Forgiveness.FREE_PASS), free.assessed(), free.forgiven(),
        ill.judged(), ill.assessed(), ill.waived(), plain.judged(),
    )  # fmt: skip
    assert ended == ["forgiven", "waived", "no_fee"]
    seats = (free, ill, plain)
    assert await shown(*(one.cleared()[0] for one in seats)) == ["cleared"] * 3
    assert await shown(*(one.judged(days=1) for one in seats)) == ended
    assert await shown(*(one.cleared()[0] for one in seats)) == ["cleared"] * 3


async def test_cases_are_found_by_client_session_status_and_contest_page_by_page(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    gym = recording.gym_id
    mine, other, theirs = Seat(), Seat(session=YOGA), Seat(LEO)
    told = [
        *recording.of("penalty", MIA, mine.judged(), mine.assessed(), mine.contested()),
        *recording.of("penalty", MIA, other.judged(days=1), other.assessed(), other.due()),
        *recording.of("penalty", LEO, theirs.judged(days=2), theirs.assessed()),
    ]
    await put(writer, penalties.MODEL, *batches(told, size))

    async def seen(wanted: Wanted) -> list[ReservationId]:
        return [one.reservation_id for one in await cases(reader, gym, wanted)]

    last, middle, first = theirs.reservation, other.reservation, mine.reservation
    assert await seen(Wanted()) == [last, middle, first]
    assert await seen(Wanted(client_id=MIA)) == [middle, first]
    assert await seen(Wanted(client_id=MIA, reservation_id=first)) == [first]
    assert await seen(Wanted(client_id=LEO, reservation_id=first)) == []
    assert await seen(Wanted(session_id=SPIN)) == [last, first]
    assert await seen(Wanted(session_id=SPIN, client_id=MIA)) == [first]
    assert await seen(Wanted(status="pending")) == [last, first]
    assert await seen(Wanted(contest="open")) == [first]
    assert await seen(Wanted(status="due", contest="open")) == []
    assert await seen(Wanted(client_id=MIA, status="due")) == [middle]
    for wanted in (Wanted(), Wanted(status="pending"), Wanted(client_id=MIA)):
        walked: list[ReservationId] = []
        before = None
        while page := (await penalties.page(reader, gym, wanted, before, 1))[1]:
            walked.append(page[0].reservation_id)
            before = page[0].judged_at, page[0].reservation_id
        assert walked == await seen(wanted)


async def test_a_fee_of_a_case_never_judged_stops_the_read_model(
    writer: Pool, recording: Recording, size: int
) -> None:
    told = recording.of("penalty", MIA, Seat().assessed())
    with pytest.raises(Incomplete):
        await put(writer, penalties.MODEL, *batches(told, size))


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    told = recording.of("penalty", MIA, Seat().judged())
    await put(writer, penalties.MODEL, *batches(told, size))

    assert await cases(reader, GymId(new_id()), Wanted(client_id=MIA)) == []
    assert await reader.fetch("SELECT * FROM views.penalties") == []
