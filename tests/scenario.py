"""given / when / then for rules. A failing scenario prints events, not objects.

``Gym`` is a store in memory: no database, no clock, no waiting, nobody else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

from chassis.context import Context
from chassis.decider import Aggregate, Refused
from chassis.eventstore.store import Rules, Unit
from contracts.envelope import Command, Event
from contracts.ids import GymId, new_id

Home = Callable[[Event], tuple[Aggregate[Any, Any], UUID]]
"""The stream an event belongs to."""


Stream = tuple[str, UUID]


class _Unit:
    """What a rule sees of the gym; nothing is kept until it is committed."""

    def __init__(self, ctx: Context, streams: Mapping[Stream, tuple[Any, int]]) -> None:
        self.ctx = ctx
        self.next: dict[Stream, tuple[Any, int]] = {}
        self.events: list[Event] = []
        self.wanted: dict[str, tuple[datetime, Command] | None] = {}
        self._streams = streams

    def _now(self, kind: Aggregate[Any, Any], stream_id: UUID) -> tuple[Any, int]:
        stream = (kind.category, stream_id)
        return self.next.get(stream) or self._streams.get(stream) or (kind.initial, 0)

    def state(self, kind: Aggregate[Any, Any], stream_id: UUID) -> Any:
        return self._now(kind, stream_id)[0]

    def states(self, kind: Aggregate[Any, Any], stream_ids: Iterable[UUID]) -> list[Any]:
        return [self.state(kind, one) for one in stream_ids]

    def version(self, kind: Aggregate[Any, Any], stream_id: UUID) -> int:
        return self._now(kind, stream_id)[1]

    def record(self, kind: Aggregate[Any, Any], stream_id: UUID, events: Iterable[Event]) -> Any:
        for event in events:
            state, version = self._now(kind, stream_id)
            self.next[kind.category, stream_id] = kind.evolve(state, event), version + 1
            self.events.append(event)
        return self.state(kind, stream_id)

    def wake(self, name: str, at: datetime, command: Command) -> None:
        self.wanted[name] = (at, command)

    def forget(self, name: str) -> None:
        self.wanted[name] = None


@dataclass
class Gym:
    """Carries out commands at once and keeps the log."""

    rules: Rules
    home: Home
    gym_id: GymId = field(default_factory=lambda: GymId(new_id()))
    log: list[Event] = field(default_factory=list)
    deadlines: dict[str, tuple[datetime, Command]] = field(default_factory=dict)
    _streams: dict[Stream, tuple[Any, int]] = field(default_factory=dict)

    def happened(self, *events: Event) -> None:
        """These events are history."""
        for event in events:
            kind, stream_id = self.home(event)
            state, version = self._streams.get((kind.category, stream_id), (kind.initial, 0))
            self._streams[kind.category, stream_id] = kind.evolve(state, event), version + 1
            self.log.append(event)

    def state(self, kind: Aggregate[Any, Any], stream_id: UUID) -> Any:
        """The state of a stream now."""
        return self._streams.get((kind.category, stream_id), (kind.initial, 0))[0]

    def do(
        self,
        command: Command,
        at: datetime,
        actor: str = "system:tests",
        *roles: str,
        heard_at: datetime | None = None,
    ) -> tuple[Any, list[Event]]:
        """The command's answer and what happened. Raises ``Refused``."""
        key = new_id()
        ctx = Context(
            self.gym_id, actor, frozenset(roles), at, key, key, key, heard_at=heard_at
        )  # fmt: skip
        unit = _Unit(ctx, self._streams)
        answer = self.rules[type(command)](command, cast(Unit, unit))
        self._streams |= unit.next
        self.log += unit.events
        for name, due in unit.wanted.items():
            self.deadlines.pop(name, None)
            if due is not None:
                self.deadlines[name] = due
        return answer, unit.events


@dataclass(frozen=True)
class Fact:
    """An event of this type with these values; what is not named may be anything."""

    kind: type[Event]
    values: Mapping[str, object]

    def fits(self, event: Event) -> bool:
        return type(event) is self.kind and all(
            getattr(event, name) == value for name, value in self.values.items()
        )


def fact(kind: type[Event], /, **values: object) -> Fact:
    """What a scenario expects to happen."""
    assert values.keys() <= kind.model_fields.keys(), f"{kind.__name__} has no such field"
    return Fact(kind, values)


@dataclass
class Scenario:
    """``given(...).when(command, at).then(fact(...), ...)``."""

    gym: Gym
    answer: Any = None
    outcome: Sequence[Event] | Refused = ()

    def when(
        self,
        command: Command,
        at: datetime,
        actor: str = "staff:x",
        *roles: str,
        heard_at: datetime | None = None,
    ) -> Self:
        """``heard_at``: when it is heard of, if that is not ``at``."""
        try:
            self.answer, self.outcome = self.gym.do(command, at, actor, *roles, heard_at=heard_at)
        except Refused as refusal:
            self.outcome = refusal
        return self

    def then(self, *expected: Fact) -> Self:
        """Exactly these events, in this order."""
        told = self._told()
        assert not isinstance(self.outcome, Refused), told
        fits = len(expected) == len(self.outcome) and all(
            one.fits(event) for one, event in zip(expected, self.outcome, strict=True)
        )
        assert fits, f"expected\n{_lines(expected)}\nbut\n{told}"
        return self

    def then_nothing(self) -> Self:
        return self.then()

    def then_answered(self, **values: object) -> Self:
        """The answer has these values."""
        assert not isinstance(self.outcome, Refused), self._told()
        assert {name: getattr(self.answer, name) for name in values} == values
        return self

    def then_refused(self, code: str, *, field: str | None = None, **details: object) -> Self:
        """Refused with this code, this field and at least these details."""
        assert isinstance(self.outcome, Refused), f"not refused, but\n{self._told()}"
        assert self.outcome.code == code, self._told()
        if field is not None:
            assert self.outcome.field == field
        assert details.items() <= self.outcome.details.items(), self.outcome.details
        return self

    def _told(self) -> str:
        if isinstance(self.outcome, Refused):
            return f"refused: {self.outcome.code} {self.outcome.details}"
        return _lines(self.outcome) or "nothing happened"


def _lines(them: Sequence[object]) -> str:
    return "\n".join(f"  {one!r}" for one in them)
