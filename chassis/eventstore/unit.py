"""One command's view of several streams: what it saw, and what it wants written."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from chassis.context import Context
from chassis.decider import Aggregate
from chassis.eventstore.events import encode, meta
from chassis.eventstore.recorder import (
    Answer,
    Append,
    Claim,
    Deadline,
    NewEvent,
    StoredEvent,
    StreamKey,
)
from chassis.eventstore.residents import Residents
from contracts.envelope import Command, Event
from contracts.ids import GymId, new_id

S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Absent(BaseException):
    """The rule needs streams that are not in memory. No ``except Exception`` may swallow it."""

    def __init__(self, wanted: list[tuple[StreamKey, Aggregate[Any, Any]]]) -> None:
        super().__init__()
        self.wanted = wanted


class Unit:
    """One command's view of the store."""

    def __init__(self, ctx: Context, residents: Residents) -> None:
        self.ctx = ctx
        self._residents = residents
        self._seen: dict[StreamKey, int] = {}
        self._next: dict[StreamKey, tuple[Any, int]] = {}
        self._kinds: dict[StreamKey, Aggregate[Any, Any]] = {}
        self._events: list[tuple[StreamKey, int, Event]] = []
        self._claimed: list[Claim] = []
        self._released: list[Claim] = []
        self._deadlines: list[Deadline] = []
        self._forgotten: list[tuple[GymId, str]] = []

    def state(self, aggregate: Aggregate[S, Any], stream_id: UUID) -> S:
        """The stream's state, with what this unit has recorded on it."""
        return self.states(aggregate, (stream_id,))[0]

    def states(self, aggregate: Aggregate[S, Any], stream_ids: Iterable[UUID]) -> list[S]:
        """Several streams' states; they are loaded together."""
        keys = [StreamKey(self.ctx.gym_id, aggregate.category, one) for one in stream_ids]
        found, absent = [], []
        for key in keys:
            if (staged := self._next.get(key)) is not None:
                found.append(staged[0])
            elif (resident := self._residents.get(key)) is None:
                absent.append((key, aggregate))
            else:
                self._seen[key] = resident.version
                found.append(resident.state)
        if absent:
            raise Absent(absent)
        return found

    def version(self, aggregate: Aggregate[Any, Any], stream_id: UUID) -> int:
        """The stream's version, with what this unit has recorded on it; 0 if it does not exist."""
        key = StreamKey(self.ctx.gym_id, aggregate.category, stream_id)
        self.state(aggregate, stream_id)
        return self._next[key][1] if key in self._next else self._seen[key]

    def record(self, aggregate: Aggregate[S, E], stream_id: UUID, events: Iterable[E]) -> S:
        """Stage ``events`` on the stream; its state after them."""
        key = StreamKey(self.ctx.gym_id, aggregate.category, stream_id)
        state, version = self.state(aggregate, stream_id), self.version(aggregate, stream_id)
        for event in events:
            version += 1
            state = aggregate.evolve(state, event)
            self._events.append((key, version, event))
        if version != self._seen[key]:
            self._next[key] = (state, version)
            self._kinds[key] = aggregate
        return state

    def claim(self, kind: str, subject: UUID) -> None:
        """Take ``subject`` for this gym; ``execute`` raises ``ClaimTaken`` when it is taken."""
        self._claimed.append(Claim(self.ctx.gym_id, kind, subject))

    def release(self, kind: str, subject: UUID) -> None:
        """Give ``subject`` up."""
        self._released.append(Claim(self.ctx.gym_id, kind, subject))

    def wake(self, name: str, at: datetime, command: Command) -> None:
        """Have ``command`` carried out at ``at``; replaces the gym's deadline of that name."""
        body = command.model_dump_json().encode()
        self._deadlines.append(Deadline(self.ctx.gym_id, name, at, command.command_type, body))

    def forget(self, name: str) -> None:
        """Drop the gym's deadline of that name, if there is one."""
        self._forgotten.append((self.ctx.gym_id, name))

    @property
    def after(self) -> dict[StreamKey, tuple[Any, int]]:
        """State and version of every stream this unit has recorded on."""
        return self._next

    def look(self) -> Append:
        """A share of a batch that writes nothing but asks whether all that was seen is still so."""
        return Append(self.ctx.gym_id, self.ctx.actor, self.ctx.command_id, self._seen)

    def to_append(self, answer: Answer | None) -> Append:
        """What is to be written."""
        stored_meta = meta(self.ctx) if self._events else b""
        events = [
            NewEvent(
                key,
                new_id(),
                StoredEvent(key.id, version, event.event_type, encode(event)),
                stored_meta,
            )
            for key, version, event in self._events
        ]
        return Append(
            self.ctx.gym_id, self.ctx.actor, self.ctx.command_id, self._seen, events, answer,
            self._claimed, self._released, self._deadlines, self._forgotten,
        )  # fmt: skip

    def snapshots(self) -> list[tuple[StreamKey, int, int, Any]]:
        """Streams long enough for a new snapshot: stream, version, shape, state."""
        due = []
        for key, (state, version) in self._next.items():
            kind = self._kinds[key]
            every = kind.snapshot_every
            if every and version // every > self._seen[key] // every:
                due.append((key, version, kind.shape, state))
        return due
