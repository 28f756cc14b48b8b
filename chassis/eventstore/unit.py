"""One command's view of several streams: what it saw, and what it wants written."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel

from chassis.context import Context
from chassis.decider import Aggregate
from chassis.eventstore.events import encode, meta
from chassis.eventstore.recorder import (
    Answer,
    Append,
    Claim,
    Deadline,
    Forgotten,
    NewEvent,
    StreamKey,
)
from chassis.eventstore.residents import Resident, Residents
from contracts.envelope import Command, Event
from contracts.ids import new_id

S = TypeVar("S")
E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=Command)


class Absent(BaseException):
    """The rule needs streams that are not in memory. No ``except Exception`` may swallow it."""

    def __init__(self, wanted: list[tuple[StreamKey, Aggregate[Any, Any]]]) -> None:
        super().__init__()
        self.wanted = wanted


class View:
    """A stream as one unit sees it."""

    __slots__ = ("kind", "resident", "seen", "state", "version")

    def __init__(self, resident: Resident, kind: Aggregate[Any, Any]) -> None:
        self.resident = resident
        self.kind = kind
        self.state = resident.state
        self.seen = self.version = resident.version


class Unit:
    """One command's view of the store."""

    def __init__(self, ctx: Context, residents: Residents) -> None:
        self.ctx = ctx
        self._residents = residents
        self._views: dict[tuple[str, UUID], View] = {}
        self._events: list[tuple[StreamKey, int, Event]] = []
        self._claimed: list[Claim] = []
        self._released: list[Claim] = []
        self._deadlines: list[Deadline] = []
        self._forgotten: list[Forgotten] = []

    def state(self, aggregate: Aggregate[S, Any], stream_id: UUID) -> S:
        """The stream's state, with what this unit has recorded on it."""
        found: S = self._view(aggregate, stream_id).state
        return found

    def states(self, aggregate: Aggregate[S, Any], stream_ids: Iterable[UUID]) -> list[S]:
        """Several streams' states; they are loaded together."""
        wanted = list(stream_ids)
        absent = [
            (StreamKey(self.ctx.gym_id, aggregate.category, one), aggregate)
            for one in wanted
            if (aggregate.category, one) not in self._views
            and self._residents.get(self.ctx.gym_id, aggregate.category, one) is None
        ]
        if absent:
            raise Absent(absent)
        return [self.state(aggregate, one) for one in wanted]

    def version(self, aggregate: Aggregate[Any, Any], stream_id: UUID) -> int:
        """The stream's version, with what this unit has recorded on it; 0 if it does not exist."""
        return self._view(aggregate, stream_id).version

    def record(self, aggregate: Aggregate[S, E], stream_id: UUID, events: Iterable[E]) -> S:
        """Stage ``events`` on the stream; its state after them."""
        view = self._view(aggregate, stream_id)
        for event in events:
            view.version += 1
            view.state = aggregate.evolve(view.state, event)
            self._events.append((view.resident.key, view.version, event))
        after: S = view.state
        return after

    def _view(self, aggregate: Aggregate[Any, Any], stream_id: UUID) -> View:
        name = (aggregate.category, stream_id)
        view = self._views.get(name)
        if view is None:
            resident = self._residents.get(self.ctx.gym_id, *name)
            if resident is None:
                raise Absent([(StreamKey(self.ctx.gym_id, *name), aggregate)])
            view = self._views[name] = View(resident, aggregate)
        return view

    def claim(self, kind: str, subject: UUID) -> None:
        """Take ``subject`` for this gym; ``execute`` raises ``ClaimTaken`` when it is taken."""
        self._claimed.append(Claim(self.ctx.gym_id, kind, subject))

    def release(self, kind: str, subject: UUID) -> None:
        """Give ``subject`` up."""
        self._released.append(Claim(self.ctx.gym_id, kind, subject))

    def wake(self, name: str, at: datetime, command: Command) -> None:
        """Have ``command`` carried out at ``at``; replaces the gym's deadline of that name.

        Raises ``ValueError`` for an instant without a time zone.
        """
        if at.utcoffset() is None:
            raise ValueError(f"deadline {name} has no time zone")
        body = command.model_dump_json().encode()
        self._deadlines.append(Deadline(self.ctx.gym_id, name, at, command.command_type, body))

    def forget(self, name: str, *, due_by: datetime | None = None) -> None:
        """Drop the gym's deadline of that name, if there is one; with ``due_by`` if due by then.

        So of one that this command has set: of what it says of a name the last word counts.
        """
        if due_by is None:
            self._deadlines = [one for one in self._deadlines if one.name != name]
        self._forgotten.append(Forgotten(self.ctx.gym_id, name, due_by))

    @property
    def views(self) -> list[View]:
        """Every stream this unit has looked at."""
        return list(self._views.values())

    def look(self) -> Append:
        """A share of a batch that writes nothing but asks whether all that was seen is still so."""
        return Append(self.ctx.gym_id, self.ctx.actor, self.ctx.command_id, self._seen())

    def to_append(self, answer: Answer) -> Append:
        """What is to be written."""
        stored_meta = meta(self.ctx) if self._events else b""
        events = [
            NewEvent(key, version, new_id(), event.event_type, encode(event), stored_meta)
            for key, version, event in self._events
        ]
        return Append(
            self.ctx.gym_id, self.ctx.actor, self.ctx.command_id, self._seen(), events, answer,
            self._claimed, self._released, self._deadlines, self._forgotten,
            relies=any(view.version == view.seen for view in self._views.values()),
        )  # fmt: skip

    def _seen(self) -> dict[StreamKey, int]:
        return {view.resident.key: view.seen for view in self._views.values()}


Result: TypeAlias = BaseModel | dict[str, Any] | None
"""What the caller is answered."""
Rule: TypeAlias = Callable[[C, Unit], Result]
"""How a command is carried out; may run more than once, so it does nothing but look and record."""
Rules: TypeAlias = Mapping[type[Command], Rule[Any]]
"""Which rule carries out which command."""
