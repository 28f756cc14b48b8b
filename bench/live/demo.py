"""``demo``: how long the first ``make run`` takes over the demo gyms.

Two gyms through the public commands under a moved clock: 300 clients, ninety days lived, four weeks
ahead. From when the services take commands until every screen shows all of it, the start of read
models and gateway included, which come when the past is there. ``b2b seed`` where they run already
shows each moment as it comes, and takes some ten seconds longer.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, WrongResult
from bench.ground import Ground
from bench.live.start import running, set_up

BEGUN, LIVED, SHOWN = "making the demo gyms", "| demo: ", "the demo gyms are there"
"""What ``make run`` says of it, in this order."""
PATIENCE = 600.0  # seconds


async def demo(ground: Ground) -> Figure:
    """Seconds of it."""
    await set_up()
    sizes, seconds, told = ground.sizes, [], ""
    for _ in range(sizes.starts):
        said = _Said()
        with TemporaryDirectory(prefix="back2back-demo-") as folder:
            wanted = {
                "B2B_DEMO": "1", "B2B_DEMO_DAYS": str(sizes.demo_days),
                "B2B_DEMO_CLIENTS": str(sizes.demo_clients),
            }  # fmt: skip
            async with running(Path(folder), heard=said.hear, patience=PATIENCE, **wanted):
                seconds.append(said.at(SHOWN) - said.at(BEGUN))
        told = said.of(f"{LIVED}{sizes.demo_days} days")
    ground.tell(told)
    return Figure(seconds, f"{sizes.demo_days} days and {sizes.demo_clients} clients in two gyms")


class _Said:
    """What a run says, and when it first says so."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, float]] = []

    def hear(self, line: str) -> None:
        self._lines.append((line, time.perf_counter()))

    def of(self, words: str) -> str:
        """The first line with ``words``. Raises ``WrongResult`` when there is none."""
        return self._first(words)[0]

    def at(self, words: str) -> float:
        """When that was said."""
        return self._first(words)[1]

    def _first(self, words: str) -> tuple[str, float]:
        for line, at in self._lines:
            if words in line:
                return line, at
        raise WrongResult(f"make run did not say {words!r}")
