"""What somebody says of a session they plan, and the part of a command it becomes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from contracts.ids import SessionId
from gateway import ids, policy_overrides
from gateway.policy_overrides import PolicyOverridesInput


@strawberry.input
class SessionPlanInput:
    idempotency_key: UUID
    title: str
    location_id: strawberry.ID
    room_id: strawberry.ID | None = None
    instructor_id: strawberry.ID | None = None
    starts_at: datetime
    ends_at: datetime
    time_zone: str = strawberry.field(description="IANA zone of the location.")
    capacity: int = strawberry.field(description="People, 1 to 500.")
    online_capacity: int | None = strawberry.field(
        default=None, description="Most seats members may take themselves; null: all."
    )
    spots: list[str] = strawberry.field(
        default_factory=list,
        description="A spot map: for every seat a label of its own, a line of at most 20 "
        "characters.",
    )
    waiver_required: bool = False
    class_type_id: strawberry.ID | None = None
    overrides: PolicyOverridesInput | None = None


def planned(session_id: SessionId, asked: SessionPlanInput) -> dict[str, Any]:
    """The fields of a ``SessionPlan``. Raises ``BadInput`` for an id that is none."""
    room, instructor, kind = asked.room_id, asked.instructor_id, asked.class_type_id
    return {
        "session_id": session_id, "title": asked.title,
        "location_id": ids.location(asked.location_id),
        "room_id": ids.room(room) if room else None,
        "instructor_id": ids.staff(instructor, "instructorId") if instructor else None,
        "starts_at": asked.starts_at, "ends_at": asked.ends_at, "time_zone": asked.time_zone,
        "capacity": asked.capacity, "online_capacity": asked.online_capacity,
        "spots": tuple(asked.spots), "waiver_required": asked.waiver_required,
        "class_type_id": ids.class_type(kind) if kind else None,
        "overrides": policy_overrides.asked(asked.overrides),
    }  # fmt: skip
