"""Who asks, for which gym, when, and as part of what."""

import math
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from chassis import telemetry
from contracts.envelope import Caller, Envelope
from contracts.ids import GymId, new_id


@dataclass(frozen=True, slots=True)
class Context:
    """Made once at the edge from a verified caller, then passed down by hand. Never global."""

    gym_id: GymId
    actor: str
    """``client:<uuid>``, ``staff:<uuid>`` or ``system:<service>``."""
    roles: frozenset[str]
    now: datetime
    """UTC. The only clock the rules ever see."""
    command_id: UUID
    """Idempotency key: within a gym and actor one key means one effect."""
    correlation_id: UUID
    causation_id: UUID
    traceparent: str | None = None
    waits_until: float = math.inf
    """By ``time.monotonic``, which no clock moves: then whoever asked has given up, and may have
    been told something else by another process."""
    heard_at: datetime | None = None
    """UTC. By the clock, in a reaction; ``now`` may be the moment of what it hears of."""

    @property
    def is_late(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return time.monotonic() >= self.waits_until

    @classmethod
    def of(cls, caller: Caller, now: datetime, traceparent: str | None) -> Self:
        """The context of a command that arrived over the bus with a verified ``caller``."""
        waits_until = time.monotonic() + (caller.deadline - now).total_seconds()
        return cls(
            caller.gym_id, caller.actor, frozenset(caller.roles), now, caller.command_id,
            caller.correlation_id, caller.causation_id, traceparent, waits_until,
        )  # fmt: skip

    @classmethod
    def because(
        cls, cause: Envelope, actor: str, now: datetime, heard_at: datetime | None = None
    ) -> Self:
        """The context of a reaction: same gym and correlation, caused by and keyed by ``cause``."""
        return cls(
            cause.gym_id, actor, frozenset({"system"}), now, cause.event_id,
            cause.correlation_id, cause.event_id, telemetry.traceparent(), heard_at=heard_at,
        )  # fmt: skip

    @classmethod
    def system(cls, gym_id: GymId, actor: str, now: datetime, command_id: UUID) -> Self:
        """The context of a deadline: nobody asked, the time came."""
        return cls(
            gym_id, actor, frozenset({"system"}), now, command_id, new_id(), command_id,
            telemetry.traceparent(),
        )  # fmt: skip
