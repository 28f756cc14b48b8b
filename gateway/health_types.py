"""How the platform is, in GraphQL: each part with what it does, how well, and since when."""

from datetime import datetime
from enum import Enum

import strawberry

from gateway.positions import Position


@strawberry.enum(description="How well a part does its work.")
class HealthStatus(Enum):
    OK = "ok"
    DEGRADED = strawberry.enum_value(
        "degraded", description="It works, late or in part; or something waits for somebody."
    )
    DOWN = strawberry.enum_value("down", description="It does not work, or is not heard of.")


@strawberry.interface(description="Something that may be well or not.")
class HealthPart:
    status: HealthStatus
    since: datetime = strawberry.field(description="When the status became this one.")


@strawberry.type(description="One running process of a service.")
class ServiceInstance:
    version: str = strawberry.field(description="The release it runs.")
    started_at: datetime
    ready: bool
    failing: list[str] = strawberry.field(
        description="What it stands on and cannot reach, such as `database`."
    )


@strawberry.type(
    description="A service: DEGRADED when a process of it is not ready, DOWN when none answers."
)
class ServiceHealth(HealthPart):
    name: str
    instances: list[ServiceInstance] = strawberry.field(
        description="Those heard of in the last ten seconds."
    )


@strawberry.type(description="The way of a service's events from its store to its stream.")
class RelayHealth(HealthPart):
    service: str
    waiting: int | None = strawberry.field(
        description="Events not in the stream yet; null when nobody knows."
    )
    oldest_unsent_seconds: float | None
    position: Position | None = strawberry.field(
        description="Where the stream ended when it was last heard of."
    )


@strawberry.type(description="A view that screens read.")
class ReadModelHealth(HealthPart):
    name: str
    service: str = strawberry.field(description="Whose events it shows.")
    behind: int | None = strawberry.field(
        description="Events it does not show yet; while it is not heard of, at most so many."
    )
    lag_seconds: float | None = strawberry.field(description="Age of the oldest of them.")
    position: Position | None = strawberry.field(description="How far it has come.")


@strawberry.type(description="What a service does when its time has come.")
class DeadlineHealth(HealthPart):
    service: str
    overdue_seconds: float | None = strawberry.field(
        description="Age of the oldest deadline not carried out."
    )


@strawberry.type(description="Events a service could not react to and gave up.")
class DeadLetterHealth(HealthPart):
    service: str
    count: int | None = strawberry.field(description="Those kept until somebody has looked.")


@strawberry.type(description="An invariant that is looked at all day.")
class InvariantHealth:
    code: str
    offences: int = strawberry.field(description="Zero, always: else call an engineer.")


@strawberry.type(description="The auditor: DEGRADED when an invariant does not hold.")
class AuditHealth(HealthPart):
    looked_at: datetime | None = strawberry.field(description="Null before the first look's end.")
    whole_looked_at: datetime | None = strawberry.field(
        description="When everything was looked at, not only what was new."
    )
    invariants: list[InvariantHealth]


@strawberry.type(
    description="How the platform is that this gym runs on, as this gateway hears it from every "
    "process every two seconds. Figures are of the whole platform, none of a gym."
)
class Health(HealthPart):
    at: datetime
    position: Position = strawberry.field(description="Where the streams end, as far as known.")
    services: list[ServiceHealth]
    relays: list[RelayHealth]
    read_models: list[ReadModelHealth]
    deadlines: list[DeadlineHealth]
    dead_letters: list[DeadLetterHealth]
    audit: AuditHealth | None = strawberry.field(
        description="Null: no auditor has been heard of, nobody looks at the invariants."
    )
