"""What may be taken once in a gym, and by whom it is when commands get in each other's way."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.recorder import Append, Objection, Recorder
from chassis.eventstore.store import ClaimTaken, EventStore, Unit
from contracts.ids import new_id
from tests.component.eventstore.conftest import LIMIT, count
from tests.component.eventstore.together import Gated, again, in_memory, one_batch

Rule = Callable[[Unit], Any]


def claiming(subject: Any, *, first: Rule = lambda _: None) -> Rule:
    def rule(unit: Unit) -> None:
        first(unit)
        unit.claim("email", subject)

    return rule


async def test_a_repeat_that_claims_is_answered_as_before(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    rule = claiming(new_id())
    first = await store.execute(ctx, rule)

    repeat = await other.execute(ctx, rule)

    assert repeat.replayed
    assert repeat.result == first.result


async def test_a_repeat_that_claims_is_answered_beside_others_who_claim_the_same(
    recorder: Recorder, ctx: Context
) -> None:
    rule = claiming(new_id())
    gated = Gated(recorder)
    async with EventStore(recorder) as elsewhere, EventStore(gated) as store:
        await elsewhere.execute(ctx, rule)
        rival, repeat = await one_batch(store, gated, ctx, (again(ctx), rule), (ctx, rule))

    assert isinstance(rival, ClaimTaken)
    assert not isinstance(repeat, BaseException)
    assert repeat.replayed


async def test_a_claim_the_command_itself_made_elsewhere_is_not_taken(
    recorder: Recorder, ctx: Context
) -> None:
    class SeesItsOwnClaim:
        """Another replica carries the same command out between two looks of this one."""

        async def append(self, batch: Sequence[Append]) -> list[int | None]:
            await recorder.append(batch)
            raise Objection(taken={0: "email"})

        def __getattr__(self, name: str) -> Any:
            return getattr(recorder, name)

    async with EventStore(SeesItsOwnClaim()) as store:
        done = await store.execute(ctx, claiming(new_id()))

    assert done.replayed


async def test_nothing_is_taken_by_a_command_that_did_not_come_about(
    recorder: Recorder, ctx: Context
) -> None:
    """Both claims travel in one batch; the first command rests on a state that is no longer so."""
    stream, subject = new_id(), new_id()
    gated = Gated(recorder)
    async with EventStore(recorder) as elsewhere, EventStore(gated) as store:
        await in_memory(store, ctx, stream)
        await elsewhere.execute(again(ctx), count(stream, by=LIMIT))
        both = claiming(subject, first=count(stream)), claiming(subject)
        late, second = await one_batch(store, gated, ctx, *((again(ctx), one) for one in both))

    assert isinstance(late, Refused)
    assert not isinstance(second, BaseException)


async def test_a_command_that_is_turned_away_leaves_claims_as_they_were(
    store: EventStore, ctx: Context
) -> None:
    free, taken = new_id(), new_id()
    await store.execute(again(ctx), claiming(taken))

    with pytest.raises(ClaimTaken):
        await store.execute(
            again(ctx), claiming(taken, first=lambda unit: unit.release("email", free))
        )

    await store.execute(again(ctx), claiming(free))
