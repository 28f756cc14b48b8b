"""given / when / then for rules. A failing scenario prints events, not objects.

``Gym`` is a store in memory: real units over real aggregates, no database, no clock, no waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from chassis.context import Context
from chassis.decider import Aggregate, Refused
from chassis.eventstore.memory import MemoryRecorder
from chassis.eventstore.recorder import StreamKey
from chassis.eventstore.residents import Resident, Residents
from chassis.eventstore.unit import Absent, Unit
from contracts.envelope import Command, Event
from contracts.ids import GymId, new_id

Rules = Mapping[type[Command], Callable[[Any, Unit], Any]]
Home = Callable[[Event], tuple[Aggregate[Any, Any], UUID]]
"""The stream an event belongs to."""


class _Streams(Residents):
    """All there is, in memory; what was never written is empty."""

    def __init__(self) -> None:
        super().__init__(MemoryRecorder())
        self.all: dict[StreamKey, Resident] = {}

    def get(self, key: StreamKey) -> Resident | None:
        return self.all.get(key)

    def __getitem__(self, key: StreamKey) -> Resident:
        return self.all[key]


@dataclass
class Gym:
    """Carries out commands at once and keeps the log."""

    rules: Rules
    home: Home
    gym_id: GymId = field(default_factory=lambda: GymId(new_id()))
    log: list[Event] = field(default_factory=list)
    deadlines: dict[str, tuple[datetime, str, bytes]] = field(default_factory=dict)
    _streams: _Streams = field(default_factory=_Streams)

    def happened(self, *events: Event) -> None:
        """These events are history."""
        for event in events:
            kind, stream_id = self.home(event)
            key = StreamKey(self.gym_id, kind.category, stream_id)
            one = self._streams.all.setdefault(key, Resident(kind.initial, 0))
            one.state, one.version = kind.evolve(one.state, event), one.version + 1
            self.log.append(event)

    def state(self, kind: Aggregate[Any, Any], stream_id: UUID) -> Any:
        """The state of a stream now."""
        one = self._streams.get(StreamKey(self.gym_id, kind.category, stream_id))
        return kind.initial if one is None else one.state

    def do(
        self, command: Command, at: datetime, actor: str = "system:tests", *roles: str
    ) -> tuple[Any, list[Event]]:
        """The command's answer and what happened. Raises ``Refused``."""
        ids = new_id()
        ctx = Context(self.gym_id, actor, frozenset(roles), at, ids, ids, ids)
        while True:
            unit = Unit(ctx, self._streams)
            try:
                answer = self.rules[type(command)](command, unit)
            except Absent as absent:
                for key, kind in absent.wanted:
                    self._streams.all[key] = Resident(kind.initial, 0)
                continue
            return answer, self._commit(unit)

    def _commit(self, unit: Unit) -> list[Event]:
        for key, (state, version) in unit.after.items():
            self._streams.all[key] = Resident(state, version)
        append = unit.to_append(None)
        for _, name in append.forgotten:
            self.deadlines.pop(name, None)
        for wanted in append.deadlines:
            self.deadlines[wanted.name] = (wanted.due_at, wanted.command_type, wanted.data)
        events = [event for _, _, event in unit._events]
        self.log += events
        return events


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

    def when(self, command: Command, at: datetime, actor: str = "staff:x", *roles: str) -> Self:
        try:
            self.answer, self.outcome = self.gym.do(command, at, actor, *roles)
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
