"""When the auditor looks at everything from zero, and that looks at what is new go on meanwhile."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import anyio
import asyncpg
import pytest

from chassis.clock import FixedClock
from chassis.projection import NotYet
from deploy.check.auditor import Auditor, Pace
from deploy.check.checker import Watch
from deploy.check.verdict import Verdict
from tests.world.waiting import until

EVENING = datetime(2027, 3, 1, 22, tzinfo=UTC)
WITHIN = 5.0  # seconds


class Looks:
    """Stands where a ``Watch`` stands, and counts."""

    def __init__(self, first: anyio.Event | None = None, fault: Exception | None = None) -> None:
        """``first``: what the look from zero waits for. ``fault``: what later ones end with."""
        self.taken, self.is_closed, self.must_begin_anew = 0, False, False
        self._first, self._fault = first, fault

    async def look(self) -> list[Verdict]:
        if self.taken == 0 and self._first is not None:
            await self._first.wait()
        self.taken += 1
        if self.taken > 1 and self._fault is not None:
            raise self._fault
        return [Verdict("I1", "", "")]

    def close(self) -> None:
        self.is_closed = True


@asynccontextmanager
async def looking(
    *watches: Looks, clock: FixedClock | None = None, again: float = 900
) -> AsyncIterator[tuple[Auditor, list[Looks]]]:
    """An auditor that begins with each of ``watches`` in turn; and those begun so far."""
    begun: list[Looks] = []

    async def begin() -> Watch:
        begun.append(watches[len(begun)])
        return cast(Watch, begun[-1])

    auditor = Auditor(begin, Pace(0.001, again, 3), clock or FixedClock(EVENING))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(auditor.run)
        yield auditor, begun
        tasks.cancel_scope.cancel()


def so(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return condition()

    return asked


async def test_the_first_look_is_from_zero_and_the_others_go_on_from_it() -> None:
    one = Looks()
    async with looking(one) as (auditor, begun):
        await until(so(lambda: one.taken > 5), WITHIN)
        assert begun == [one]
        assert auditor.can_look
    assert one.is_closed


async def test_every_night_everything_is_looked_at_from_zero_while_looks_go_on() -> None:
    clock, held, one = FixedClock(EVENING), anyio.Event(), Looks()
    two = Looks(first=held)
    async with looking(one, two, clock=clock) as (_, begun):
        await until(so(lambda: one.taken > 2), WITHIN)
        clock.advance(timedelta(hours=4, minutes=59))
        before = one.taken
        await until(so(lambda: one.taken > before + 2), WITHIN)
        assert begun == [one], "before three nothing begins anew"

        clock.advance(timedelta(minutes=2))
        await until(so(lambda: begun == [one, two]), WITHIN)
        before = one.taken
        await until(so(lambda: one.taken > before + 2), WITHIN)
        assert (two.taken, one.is_closed) == (0, False)

        held.set()
        await until(so(lambda: two.taken > 2), WITHIN)
        assert one.is_closed


async def test_what_only_a_look_from_zero_takes_back_brings_it_forward() -> None:
    one, two = Looks(), Looks()
    one.must_begin_anew = True
    async with looking(one, two, again=0.01) as (_, begun):
        await until(so(lambda: two.taken > 2), WITHIN)
        assert begun == [one, two]


@pytest.mark.parametrize("fault", [NotYet("members is away"), TimeoutError()])
async def test_a_fault_that_passes_costs_looks_and_nothing_else(fault: Exception) -> None:
    one = Looks(fault=fault)
    async with looking(one) as (auditor, begun):
        await until(so(lambda: one.taken > 5), WITHIN)
        assert not auditor.can_look
        assert begun == [one]


async def test_after_a_lost_database_it_begins_anew() -> None:
    one, two = Looks(fault=asyncpg.InterfaceError("closed")), Looks()
    async with looking(one, two) as (auditor, _):
        await until(so(lambda: two.taken > 2), WITHIN)
        assert one.is_closed
        assert auditor.can_look


async def test_a_look_that_goes_wrong_by_our_own_fault_ends_the_process() -> None:
    with pytest.raises(BaseExceptionGroup) as fault:
        async with looking(Looks(fault=KeyError("a defect"))):
            await anyio.sleep(WITHIN)
    assert fault.group_contains(KeyError)
