"""Billing is killed, and hears everything again, while fees come and are taken back."""

from collections import Counter
from contextlib import nullcontext

import pytest

from contracts.billing import (
    FeeWithdrawn,
    InvoiceLineAdded,
    InvoiceLineReversed,
)
from contracts.booking import (
    FeeDue,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, ReservationId
from deploy.local.installation import Installation
from tests.component.fees.billing import billing, caught_up, forget_what_was_heard
from tests.component.fees.house import DAY, House, fees_of, of_kind


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("parts", "told_again"), [("", False), ("reactions", True)],
    ids=["the process, which goes on", "its reactions, which hear all again"],
)  # fmt: skip
async def test_kills_and_repeats_neither_double_nor_lose_a_line(
    town: Installation, house: House, parts: str, told_again: bool
) -> None:
    """Killed while fees come, away and killed again while four of them are reversed."""
    async with billing(town, "commands,deadlines,relay") if parts else nullcontext():
        session, seats = await house.missed(8)
        clients = list(seats)
        async with billing(town, parts) as kill:
            house.pass_by(DAY)
            await house.tells("booking", lambda told: len(of_kind(told, FeeDue)) >= 1)
            kill()
        if told_again:
            await forget_what_was_heard(town)
        for client in clients[:4]:
            await house.was_there(session, client)
        async with billing(town, parts) as kill:
            await house.billed(lines=1)
            kill()
        if told_again:
            await forget_what_was_heard(town)
        async with billing(town, parts):
            await caught_up(town)
            told = await house.tells("billing", lambda told: _settled(told, seats, clients[:4]))

    lines, credits_ = fees_of(told, InvoiceLineAdded), fees_of(told, InvoiceLineReversed)
    assert {seats[one] for one in clients[4:]} <= lines.keys()
    assert credits_.keys() <= lines.keys()
    assert {*lines.values(), *credits_.values()} == {1}
    _must_be_in_order(told)


def _settled(
    told: list[Envelope], seats: dict[ClientId, ReservationId], corrected: list[ClientId]
) -> bool:
    """Whether each fee has ended: on a line, or taken back, or withdrawn before it had one."""
    ended = fees_of(told, InvoiceLineReversed, FeeWithdrawn).keys()
    wanted = {seats[one] for one in corrected}
    return ended == wanted and fees_of(told, InvoiceLineAdded).keys() | ended == set(seats.values())


def _must_be_in_order(told: list[Envelope]) -> None:
    versions: Counter[str] = Counter()
    for each in told:
        versions[each.stream] += 1
        assert each.version == versions[each.stream]
    assert [each.position for each in told] == sorted(each.position for each in told)
