"""``hot`` and ``spread``: booking commands, ours in this process against the function's callers.

Both sides do the whole command (idempotency, capacity, overlap, credit, events) and answer when it
is durable, on the same server and with the same driver. The function's callers share as many
connections as suit them best here, found before the rounds: a row that all wait for is served
faster to few, a thousand rows to many. Each round has a class, or classes, and clients of its own,
and ends with every client booked: the seats stored must be the seats acknowledged.
"""

from statistics import median

from bench.baselines.prd import Prd
from bench.booking import Booking, booking, must_have
from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from bench.write.commanders import commands_per_second
from contracts.ids import GymId, new_id

CONNECTIONS = 16
POOLS = (2, 4, 8, 16)
TRIALS = 3
TRIAL_PART = 0.25  # of a round's time


async def hot(ground: Ground) -> Figure:
    """All on one class."""
    return await _compare(ground, classes=1, rounds=ground.sizes.rounds)


async def spread(ground: Ground) -> Figure:
    """Each on a class drawn at random."""
    return await _compare(ground, classes=ground.sizes.classes, rounds=ground.sizes.rounds)


async def _compare(ground: Ground, *, classes: int, rounds: int) -> Figure:
    dsn = ground.installation.environment("booking")["DATABASE_URL"]
    prd = await _suited(ground, await ground.baseline_database("bench_prd"), classes)
    try:
        async with booking(dsn, connections=CONNECTIONS, gym_id=GymId(new_id())) as ours:

            async def mine() -> float:
                return await _ours(ours, ground, classes)

            async def theirs() -> float:
                return await _theirs(prd, ground, classes, ground.sizes.seconds)

            return await ratio(rounds, mine, theirs, unit="commands/s", tell=ground.tell)
    finally:
        await prd.close()


async def _ours(ours: Booking, ground: Ground, classes: int) -> float:
    people = ground.sizes.commanders
    sessions = await ours.schedule(people, count=classes)
    clients = await ours.clients(people)
    rate = await commands_per_second(ours, sessions, clients, ground.sizes.seconds)
    await must_have(ours, sessions, people)
    return rate


async def _suited(ground: Ground, dsn: str, classes: int) -> Prd:
    """The function, behind the pool it answers most commands a second through."""
    pools = {POOLS[0]: await Prd.made(dsn, connections=POOLS[0])}
    pools |= {size: await Prd.opened(dsn, connections=size) for size in POOLS[1:]}
    rates: dict[int, list[float]] = {size: [] for size in POOLS}
    for _ in range(TRIALS):
        for size, prd in pools.items():
            seconds = TRIAL_PART * ground.sizes.seconds
            rates[size].append(await _theirs(prd, ground, classes, seconds))
    best = max(rates, key=lambda size: median(rates[size]))
    ground.tell(f"the function's callers share {best} connections")
    for size, prd in pools.items():
        if size != best:
            await prd.close()
    return pools[best]


async def _theirs(prd: Prd, ground: Ground, classes: int, seconds: float) -> float:
    people = ground.sizes.commanders
    sessions = await prd.schedule(people, count=classes)
    clients = await prd.clients(people)
    rate = await commands_per_second(prd, sessions, clients, seconds)
    taken = sum([(await prd.seats(session))[0] for session in sessions])
    if taken != people:
        raise WrongResult(f"the function has {taken} seats taken, {people} were acknowledged")
    return rate
