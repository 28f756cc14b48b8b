"""How the platform is, for the owners' and admins' system page."""

import strawberry

from gateway.context import Info
from gateway.health_types import Health
from gateway.serve.live import live

TOPIC = "live.platform.health"
"""Nobody publishes there: our own pulses hint at it."""


def _topic(info: Info) -> str:
    info.context.must("read.health")
    return TOPIC


@strawberry.type
class HealthQuery:
    @strawberry.field(description="How every part of the platform is, and since when.")
    async def health(self, info: Info) -> Health:
        return await _health(info)


@strawberry.type
class HealthSubscription:
    @live(
        topics=lambda info: [_topic(info)],
        scope=_topic,
        description="The same now, and again whenever a status or a figure changes.",
    )
    async def health_changed(self, info: Info) -> Health:
        return await _health(info)


async def _health(info: Info) -> Health:
    info.context.must("read.health")
    return await info.context.services.pulses.health()
