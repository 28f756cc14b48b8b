"""How far each read model is, as its projector tells; for whoever waits to see their own write."""

import asyncio
from collections import defaultdict


class Progress:
    """Hears ``progress.<view>``; best effort, so whoever waits looks again at the end."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._waiting: dict[str, list[tuple[int, asyncio.Future[None]]]] = defaultdict(list)

    def heard(self, view: str, position: int) -> None:
        """The view shows everything up to ``position`` of its source."""
        self._at[view] = max(position, self._at.get(view, 0))
        still = []
        for wanted, future in self._waiting.pop(view, ()):
            if wanted > position:
                still.append((wanted, future))
            elif not future.done():
                future.set_result(None)
        if still:
            self._waiting[view] = still

    async def reached(self, view: str, wanted: int, seconds: float) -> bool:
        """Return once the view shows ``wanted``; false when ``seconds`` went by without word."""
        if self._at.get(view, 0) >= wanted:
            return True
        future = asyncio.get_running_loop().create_future()
        entry = (wanted, future)
        self._waiting[view].append(entry)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            waiting = self._waiting.get(view, [])
            if entry in waiting:
                waiting.remove(entry)
        return True
