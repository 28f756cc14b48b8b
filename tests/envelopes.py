"""Recorded events by hand: the envelopes of one gym, versions and positions counted."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from contracts.envelope import Envelope, Event
from contracts.ids import GymId, new_id

RECORDED_AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Recording:
    """What a service would have recorded for ``gym_id``."""

    def __init__(self, gym_id: GymId) -> None:
        self.gym_id = gym_id
        self._versions: Counter[str] = Counter()
        self._position = 0

    def of(self, category: str, stream_id: UUID, *events: Event) -> list[Envelope]:
        """Envelopes of ``events`` on one stream, behind everything recorded before."""
        return [self._one(f"{category}-{stream_id}", event) for event in events]

    def _one(self, stream: str, event: Event) -> Envelope:
        self._versions[stream] += 1
        self._position += 1
        command_id = new_id()
        return Envelope.model_construct(
            event_id=new_id(),
            event_type=event.event_type,
            gym_id=self.gym_id,
            stream=stream,
            version=self._versions[stream],
            position=self._position,
            occurred_at=RECORDED_AT,
            recorded_at=RECORDED_AT,
            actor="system:tests",
            command_id=command_id,
            correlation_id=command_id,
            causation_id=command_id,
            event=event,
        )
