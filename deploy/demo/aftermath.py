"""What comes after a class for some: fees waived or contested, books corrected. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from contracts.booking import (
    Attendance,
    BookingCode,
    ContestFee,
    CorrectAttendance,
    ResolveContest,
    WaiveFee,
)
from contracts.ids import ClientId, ReservationId, SessionId
from contracts.permissions import Role
from deploy.demo.acts import Act, Asking, Memory, Wave, Who
from deploy.demo.calendar import DAY
from deploy.demo.membership import client_id, member
from deploy.demo.opening import House
from deploy.demo.stories import NOT_NOW, Story

WAIVED, CONTESTED, CORRECTED = 0.15, 0.15, 0.08
"""Of late cancels, of the others of them, and of the missed classes."""

C = BookingCode
NO_FEE = frozenset({
    C.FEE_NOT_FOUND.value, C.FEE_NOT_PENDING.value, C.FEE_CLOSED.value, C.CONTEST_CLOSED.value,
    C.NOT_CONTESTED.value, C.ALREADY_CONTESTED.value,
})  # fmt: skip
NOT_WRONG = NOT_NOW | {C.NOT_FINALIZED.value, C.NOT_BOOKED.value}


def aftermath(house: House, told: Story, chance: Random) -> Iterator[Act]:
    """Drawn by ``chance``; the morning after, and the one after that."""
    client, about = client_id(house, told.person), (house.lines, told.session.id)
    draw = chance.random()
    tomorrow = house.calendar.visit_from(told.session.ends_at + DAY / 2)
    if tomorrow is None:
        return
    if told.late and draw < WAIVED:
        waives = _Fee(told.session.id, client, house.any(Role.FRONT_DESK), "waive")
        yield Act(tomorrow, Wave.GYM, waives, about, NO_FEE)
    elif told.late and draw < WAIVED + CONTESTED:
        contests = _Fee(told.session.id, client, member(house, told.person), "contest")
        yield Act(tomorrow, Wave.GYM, contests, about, NO_FEE)
        resolves = _Fee(told.session.id, client, house.any(Role.OWNER), "resolve")
        later = house.calendar.visit_from(tomorrow + DAY)
        if later is not None:
            yield Act(later, Wave.GYM, resolves, about, NO_FEE)
    elif not told.comes and told.gives_up_at is None and draw < CORRECTED:
        corrects = CorrectAttendance(
            session_id=told.session.id, client_id=client, becomes=Attendance.ATTENDED,
            reason="Was there; the coach remembers.",
        )  # fmt: skip
        desk = house.any(Role.FRONT_DESK)
        yield Act(tomorrow, Wave.GYM, (desk, corrects), about, NOT_WRONG)


@dataclass(frozen=True, slots=True)
class _Fee:
    """Something about the fee for a seat that was given up late; nothing without such a seat."""

    session_id: SessionId
    client: ClientId
    who: Who
    what: str

    def __call__(self, memory: Memory) -> Asking | None:
        seat = memory.late.get((self.session_id, self.client))
        return None if seat is None else (self.who, self._command(seat))

    def _command(self, seat: ReservationId) -> WaiveFee | ContestFee | ResolveContest:
        if self.what == "waive":
            return WaiveFee(client_id=self.client, reservation_id=seat, reason="Was ill.")
        if self.what == "contest":
            reason = "The train stood still for an hour."
            return ContestFee(client_id=self.client, reservation_id=seat, reason=reason)
        stands = self.client.int % 2 == 0
        reason = "There was time to tell us." if stands else "We believe it."
        return ResolveContest(
            client_id=self.client, reservation_id=seat, fee_stands=stands, reason=reason
        )
