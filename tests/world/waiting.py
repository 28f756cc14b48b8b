"""Waiting for something to be so, never for time to pass."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def until(once: Callable[[], Awaitable[Any]], within: float) -> Any:
    """What ``once`` returns as soon as it is something; ``AssertionError`` after ``within`` s."""
    ends = time.monotonic() + within
    while True:
        found = await once()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < ends, f"not within {within:.0f} s: {once}"
        await asyncio.sleep(0.05)
