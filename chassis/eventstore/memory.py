"""The recorder in memory: the twin the store's own tests hold the Postgres recorder against.

Streams live in the ``eventsourcing`` library's own in-memory recorder, whose ``IntegrityError``
guards versions as the primary key does in Postgres.
"""

from collections.abc import Sequence
from uuid import UUID

from eventsourcing.popo import POPOAggregateRecorder

from chassis.eventstore.recorder import (
    Answer,
    Append,
    Claim,
    Deadline,
    Loaded,
    NewEvent,
    Objection,
    StreamKey,
    first_seen,
    net_claims,
    net_deadlines,
)
from contracts.ids import GymId


class MemoryRecorder:
    """Forgets everything with the process."""

    def __init__(self) -> None:
        self.log: list[NewEvent] = []
        """Every event in order; its index + 1 is its position."""
        self.deadlines: dict[tuple[GymId, str], Deadline] = {}
        self._streams: dict[tuple[GymId, str], POPOAggregateRecorder] = {}
        self._answers: dict[tuple[GymId, str, UUID], Answer] = {}
        self._claims: set[Claim] = set()
        self._snapshots: dict[StreamKey, tuple[int, int, bytes]] = {}

    async def append(self, batch: Sequence[Append]) -> list[int | None]:
        claims = net_claims(batch)
        if claims.behind:
            raise Objection(behind=claims.behind)
        # In this order: who comes again is answered as before, not told that it is taken.
        if lost := {key for key, seen in first_seen(batch).items() if self._head(key) != seen}:
            raise Objection(lost=lost)
        if answered := {n for n, one in enumerate(batch) if self._ident(one) in self._answers}:
            raise Objection(answered=answered)
        kept = self._claims - set(claims.released)
        if taken := {n: claim.kind for claim, n in claims.made.items() if claim in kept}:
            raise Objection(taken=taken)
        self._claims = (self._claims - set(claims.released)) | set(claims.made)
        wanted, forgotten = net_deadlines(batch)
        for one in forgotten:
            found = self.deadlines.get((one.gym_id, one.name))
            if found and (one.due_by is None or found.due_at <= one.due_by):
                del self.deadlines[(one.gym_id, one.name)]
        self.deadlines |= {(d.gym_id, d.name): d for d in wanted}
        return [self._write(command) for command in batch]

    def _write(self, command: Append) -> int | None:
        for event in command.events:
            self._room(event.stream).insert_events([event.stored])
            self.log.append(event)
        position = len(self.log) if command.events else None
        if command.answer:
            answer = Answer(command.answer.request_hash, command.answer.body, position)
            self._answers[self._ident(command)] = answer
        return position

    async def load(self, streams: Sequence[tuple[StreamKey, int]]) -> list[Loaded]:
        return [self._load(key, shape) for key, shape in streams]

    def _load(self, key: StreamKey, shape: int) -> Loaded:
        version, kept_shape, data = self._snapshots.get(key, (0, 0, b""))
        usable = shape != 0 and kept_shape == shape
        after = version if usable else None
        events = list(self._room(key).select_events(key.id, gt=after))
        return Loaded((version, data) if usable else None, events)

    async def answer(self, gym_id: GymId, actor: str, command_id: UUID) -> Answer | None:
        return self._answers.get((gym_id, actor, command_id))

    async def put_snapshot(self, stream: StreamKey, version: int, shape: int, data: bytes) -> None:
        self._snapshots[stream] = (version, shape, data)

    def _room(self, key: StreamKey) -> POPOAggregateRecorder:
        return self._streams.setdefault((key.gym_id, key.category), POPOAggregateRecorder())

    def _head(self, key: StreamKey) -> int:
        newest = self._room(key).select_events(key.id, desc=True, limit=1)
        return newest[0].originator_version if newest else 0

    @staticmethod
    def _ident(command: Append) -> tuple[GymId, str, UUID]:
        return command.gym_id, command.actor, command.command_id
