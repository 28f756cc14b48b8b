"""What a resolver may use: who asks, the read models, the services."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID

import strawberry
from prometheus_client import Histogram

from chassis.bus.asker import Asker, Unavailable
from chassis.clock import Clock
from chassis.telemetry import traceparent
from chassis.tenancy import Pool
from contracts.envelope import Caller, Command, Reply
from contracts.ids import PLATFORM, ClientId, GymId, new_id
from contracts.permissions import GATEWAY, allows
from gateway.faults import Busy, Failed
from gateway.positions import Position
from gateway.progress import Progress
from gateway.pulses import Pulses
from gateway.serve import faults
from gateway.serve.calls import Call
from gateway.serve.hints import Hints
from services.projections.reading import ViewsAway, position_of

CATCH_UP_SECONDS = 0.5
UNKNOWN = "No answer in time, the outcome is unknown: repeat with the same idempotencyKey."
COMMAND_SECONDS = 10.0  # a rush may queue for seconds; giving up earlier would lose answers

SOURCES = {
    "calendar": "booking",
    "roster": "booking",
    "timetable": "booking",
    "ledgers": "booking",
    "people": "members",
    "organisation": "members",
    "doors": "access",
    "entries": "access",
    "holders": "access",
    "kpis": "booking",
    "receipts": "booking",
    "penalties": "booking",
    "invoices": "billing",
}
"""View -> the service whose events it shows."""
NAMED_BY = {
    "calendar": ("organisation", "people"),
    "roster": ("organisation", "people"),
    "entries": ("people",),
    "penalties": ("people",),
    "invoices": ("people",),
}
"""View -> the views of members' that tell what its places and people are called."""

WAITED = Histogram("b2b_gateway_catch_up_seconds", "Reads that waited for a view.", ["view"])

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, as the token proved; nobody in particular without one."""

    gym_id: GymId
    actor: str
    roles: frozenset[str]
    expires_at: float | None = None
    address: str = ""
    """Of nobody in particular: limits are theirs who call from there."""

    @property
    def subject(self) -> str:
        return f"{self.gym_id}/{self.actor}{self.address}"

    @property
    def is_one_person(self) -> bool:
        return self.is_known

    @property
    def scope(self) -> Hashable:
        return self.gym_id, self.roles

    @property
    def is_known(self) -> bool:
        return self.gym_id != PLATFORM

    @property
    def client_id(self) -> ClientId | None:
        """The client the asker is; ``None`` for staff."""
        kind, _, text = self.actor.partition(":")
        return ClientId(UUID(text)) if kind == "client" else None


NOBODY = Principal(PLATFORM, "system:gateway", frozenset({GATEWAY}))
"""A caller without a token: may sign in."""


@dataclass(frozen=True, slots=True)
class Services:
    """What all requests share."""

    views: Pool
    asker: Asker
    clock: Clock
    hints: Hints
    progress: Progress
    pulses: Pulses
    token_key: bytes = field(repr=False)
    """Makes the tokens of credentials."""


@dataclass(frozen=True, slots=True)
class Context:
    """Made once per operation, and once per shared look of a subscription."""

    principal: Principal
    call: Call
    services: Services

    @property
    def hints(self) -> Hints:
        return self.services.hints

    @property
    def gym_id(self) -> GymId:
        """The caller's gym. Raises ``Unauthenticated`` for nobody in particular."""
        if not self.principal.is_known:
            raise faults.Unauthenticated("Sign in first.")
        return self.principal.gym_id

    def must(self, operation: str, *, own: bool = False) -> GymId:
        """The caller's gym. Raises ``Forbidden`` unless the caller may do ``operation``."""
        gym_id = self.gym_id
        if not allows(operation, self.principal.roles, own=own):
            raise faults.Forbidden("Your roles do not allow this.")
        return gym_id

    async def read(
        self,
        view: str,
        at_least: Position | None,
        look: Callable[[Pool, GymId], Awaitable[tuple[int, T]]],
    ) -> tuple[Position, T]:
        """What ``look`` sees once ``view`` shows ``at_least``, and the position it reflects.

        So do the names in it. Raises ``ConsistencyTimeout`` when that takes over half a second,
        ``Unavailable`` when the read models cannot be asked; a live view gets ``ViewsAway`` instead
        and looks again.
        """
        source, gym_id = SOURCES[view], self.gym_id
        wanted = at_least.at(source) if at_least else 0
        try:
            if at_least is not None:
                for other in NAMED_BY.get(view, ()):
                    await self._shows(other, at_least.at(SOURCES[other]))
            as_of, found = await look(self.services.views, gym_id)
            if as_of < wanted:
                await self._reached(view, wanted)
                as_of, found = await look(self.services.views, gym_id)
        except ViewsAway as away:
            if self.call.operation == "subscription":
                raise
            raise faults.Unavailable("Cannot be read right now, try again.") from away
        if as_of < wanted:
            raise faults.ConsistencyTimeout("Not shown yet; ask again.")
        return Position.of(**{source: as_of}), found

    async def _shows(self, view: str, wanted: int) -> None:
        """Return once ``view`` shows ``wanted``. Raises ``ConsistencyTimeout``."""
        views = self.services.views
        if wanted == 0 or await position_of(views, view) >= wanted:
            return
        await self._reached(view, wanted)
        if await position_of(views, view) < wanted:
            raise faults.ConsistencyTimeout("Not shown yet; ask again.")

    async def _reached(self, view: str, wanted: int) -> None:
        with WAITED.labels(view).time():
            await self.services.progress.reached(view, wanted, CATCH_UP_SECONDS)

    async def send(self, command: Command, key: UUID, *, as_gateway: bool = False) -> Reply:
        """The service's ``done`` or ``refused`` or ``invalid``. Raises a ``Fault`` for the rest."""
        who = NOBODY if as_gateway else self.principal
        now = self.services.clock.now()
        caller = Caller(
            gym_id=who.gym_id, actor=who.actor, roles=tuple(sorted(who.roles)), command_id=key,
            correlation_id=new_id(), causation_id=key,
            deadline=now + timedelta(seconds=COMMAND_SECONDS), traceparent=traceparent(),
        )  # fmt: skip
        try:
            reply = await self.services.asker.ask(command, caller, COMMAND_SECONDS)
        except Unavailable as error:
            if error.outcome_unknown:
                raise faults.Unavailable(UNKNOWN) from error
            raise faults.Unavailable("Not available right now, nothing was done.") from error
        if reply.code == "OUTCOME_UNKNOWN":
            raise faults.Unavailable(UNKNOWN)
        if reply.outcome == "busy":
            raise Busy("Too much to do right now, nothing was done: try again.")
        if reply.outcome == "failed":
            raise Failed("This failed on our side: repeat with the same idempotencyKey.")
        if reply.code == "FORBIDDEN":
            raise faults.Forbidden(reply.message or "Your roles do not allow this.")
        return reply


Info: TypeAlias = strawberry.Info[Context, None]
