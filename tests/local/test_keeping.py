"""A server that ended comes back, and nothing else waits for it."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from deploy.local.keeping import keep
from deploy.local.servers import Server
from tests.world.waiting import until

WITHIN = 20.0  # seconds


class Sleeper(Server):
    """Ready when somebody says so."""

    name = "sleeper"

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.starts = 0
        self.recovered = False

    def begin(self) -> None:
        self.starts += 1
        self._run([sys.executable, "-c", "import signal; signal.pause()"], None)

    def _answers(self) -> bool:
        return self.recovered


async def test_everything_else_goes_on_while_a_server_recovers(tmp_path: Path) -> None:
    sleeper, said = Sleeper(tmp_path / "log"), list[str]()
    sleeper.recovered = True
    sleeper.start()
    keeping = asyncio.create_task(keep([sleeper], said.append))

    sleeper.recovered = False
    sleeper.kill()

    async def again() -> bool:
        return sleeper.starts == 2 and sleeper.is_running

    await until(again, WITHIN)  # we have our turns while it is not ready
    assert said == [f"sleeper ended, see {sleeper.log}; starting it again in 0.5 s"]
    sleeper.recovered = True

    async def ready() -> bool:
        return said[1:] == ["sleeper is ready again"]

    await until(ready, WITHIN)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    sleeper.stop()
