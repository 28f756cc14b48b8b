"""``b2b check``: what the operator is told of an installation that is well."""

from tests.world import documents
from tests.world.gym import Gym
from tests.world.system import System

CODES = [
    "I1",
    "I2",
    "I3",
    "I4",
    "I4b",
    "I5",
    "I6",
    "I7",
    "I8",
    "I9",
    "I9b",
    "I10",
    "I11",
    "I12",
    "I13",
    "I13b",
    "I14",
    "I14b",
    "I14c",
]


async def test_every_invariant_holds_and_says_what_it_looked_at(system: System, gym: Gym) -> None:
    mia, leo, session = await gym.member(), await gym.member(), await gym.session(capacity=1)
    await mia.at.done(documents.BOOK, sessionId=session)
    await leo.at.done(documents.BOOK, sessionId=session, orWaitlist=True)

    said = await system.b2b("check")

    told = [line.split("│") for line in said.splitlines() if "│" in line]
    rows = [[cell.strip() for cell in row] for row in told if row[0].strip()]
    assert [code for code, *_ in rows] == CODES
    assert {holds for *_, holds in rows} == {"yes"}
    looked_at = {code: int(looked.split()[0]) for code, _, looked, _ in rows}
    assert all(
        looked_at[code] for code in ("I1", "I3", "I9", "I9b", "I10", "I11", "I13", "I14", "I14b")
    )
