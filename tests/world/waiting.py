"""Waiting for something to be so, never for time to pass."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(once: Callable[[], Any], within: float = 30) -> Any:
    """What ``once`` returns, awaited if need be, as soon as it is something.

    Raises ``AssertionError`` after ``within`` s.
    """
    ends = time.monotonic() + within
    while True:
        found = once()
        if inspect.isawaitable(found):
            found = await found
        if found is not None and found is not False:
            return found
        assert time.monotonic() < ends, f"not within {within:.0f} s: {once}"
        await asyncio.sleep(0.05)
