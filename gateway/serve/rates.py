"""How much somebody may ask for over time: a steady rate, and some of it saved up for a rush.

Kept in this process: several gateways allow several times as much.
"""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from gateway.serve.faults import RateLimited

KEPT = 100_000
"""Whoever is remembered at most; who has saved up everything needs no memory."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one key may take."""

    per_second: float
    burst: float
    """Saved up at most, and allowed at once."""


class Rate:
    """An allowance for each of many keys. One number a key: when it will have everything again."""

    def __init__(
        self, allowance: Allowance, named: str, *, kept: int = KEPT,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``named`` tells the refused what there was too much of."""
        self._each = 1 / allowance.per_second
        self._saved = allowance.burst / allowance.per_second
        self._named, self._kept, self._now = named, kept, now
        self._whole_at: dict[Hashable, float] = {}

    def take(self, key: Hashable, amount: float = 1.0) -> None:
        """Raises ``RateLimited``, and takes nothing, when ``key`` has less than ``amount``."""
        now = self._now()
        whole_at = max(self._whole_at.get(key, 0.0), now) + amount * self._each
        wait = whole_at - now - self._saved
        if wait > 0:
            raise RateLimited(self._named, math.ceil(wait))
        self._whole_at[key] = whole_at
        if len(self._whole_at) > self._kept:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Who has everything again; if they are few, also who came first of the others."""
        kept = {key: at for key, at in self._whole_at.items() if at > now}
        for key in list(kept)[: max(0, len(kept) - self._kept * 9 // 10)]:
            del kept[key]
        self._whole_at = kept
