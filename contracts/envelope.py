"""How events and commands travel: the message, and who, where, when and why around it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.ids import GymId

K = TypeVar("K")

EVENTS: dict[str, type["Event"]] = {}
"""Event type -> class, for every event module imported so far."""

COMMANDS: dict[str, type["Command"]] = {}
"""Command type (``booking.book_class``) -> class, for every module imported so far."""


def promised(kinds: Mapping[str, type[K]]) -> dict[str, type[K]]:
    """Those of ``EVENTS`` or ``COMMANDS`` that are contracts, sorted; tests register probes too."""
    ours = {name: kind for name, kind in kinds.items() if kind.__module__.startswith("contracts.")}
    return dict(sorted(ours.items()))


Upcast = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]
UPCASTS: dict[str, Upcast] = {}
"""Retired event type -> its successor, and how old data becomes new data. Pure functions."""


class Event(BaseModel):
    """Something that happened in a gym: past tense, immutable, kept for ever.

    Readers ignore fields they do not know, so adding an optional field is compatible. Removing,
    renaming or re-typing a field needs a new class with a new ``event_type`` and an upcast.
    """

    # Every process imports all events and commands, and uses some: each is built at its first use.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    event_type: ClassVar[str] = ""
    """``context.event_in_snake_case.vN``. Stored with every event; never reused."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        if not cls.event_type:
            return  # an abstract event
        if cls.event_type in EVENTS:
            raise TypeError(f"{cls.event_type} is declared twice")
        EVENTS[cls.event_type] = cls


class Command(BaseModel):
    """A request a rule may refuse: imperative, immutable, carries only what the caller knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    command_type: ClassVar[str] = ""
    """``context.verb_noun``; the NATS subject is ``cmd.<command_type>``."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        if not cls.command_type:
            return
        if cls.command_type in COMMANDS:
            raise TypeError(f"{cls.command_type} is declared twice")
        COMMANDS[cls.command_type] = cls


class Query(Command):
    """A question to a service that owns the answer. Changes nothing; subject ``qry.<type>``."""


def subject_of(kind: type[Command]) -> str:
    """Where it is asked: ``cmd.<type>`` for commands, ``qry.<type>`` for queries."""
    return f"{'qry' if issubclass(kind, Query) else 'cmd'}.{kind.command_type}"


class Envelope(BaseModel):
    """One recorded event as it is published and consumed."""

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    """UUIDv7; the ``Nats-Msg-Id``."""
    event_type: str
    gym_id: GymId
    stream: str
    """``category-uuid``, such as ``session-0192f3...``."""
    version: int
    """Position in the stream, from 1, without gaps."""
    position: int
    """Position in the service's store: grows with every event, may have holes."""
    occurred_at: AwareDatetime
    """UTC; when it was true, by the clock the rule saw."""
    recorded_at: AwareDatetime
    """UTC; when the store recorded it."""
    actor: str
    """Who asked: ``client:<uuid>``, ``staff:<uuid>`` or ``system:<service>``."""
    command_id: UUID
    correlation_id: UUID
    """Shared by everything one request set in motion."""
    causation_id: UUID
    """The command or event that directly led to this one."""
    traceparent: str | None = None
    """W3C trace context of the request that led to it."""
    event: Event

    @property
    def stream_id(self) -> UUID:
        """The UUID in ``stream``."""
        return UUID(self.stream.partition("-")[2])


class UnknownEvent(Event):
    """An event of a type this process does not know (yet). Readers pass over it."""


def decode(event_type: str, data: Mapping[str, Any]) -> Event:
    """The event in ``data``, upcast to today's class.

    A type from the future becomes an ``UnknownEvent``: read models pass over it. Raises pydantic's
    ``ValidationError`` when the data break the type's promise.
    """
    known = data
    while event_type in UPCASTS:
        event_type, upcast = UPCASTS[event_type]
        known = upcast(dict(known))
    return EVENTS.get(event_type, UnknownEvent).model_validate(known)


class Caller(BaseModel):
    """Who sends a command, signed by the gateway (or by a service for itself) for one message."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    gym_id: GymId
    actor: str = Field(description="client:<uuid>, staff:<uuid> or system:<service>")
    roles: tuple[str, ...]
    command_id: UUID
    """The idempotency key: the same key and the same content give the same answer."""
    correlation_id: UUID
    causation_id: UUID
    deadline: AwareDatetime
    """UTC; after this instant nobody waits for the answer any more."""
    traceparent: str | None = None


class Reply(BaseModel):
    """What a service answers to a command or a query."""

    model_config = ConfigDict(frozen=True)

    outcome: str
    """``done``, ``refused`` (a rule said no), ``invalid``, ``busy`` or ``failed``."""
    result: dict[str, Any] | None = None
    """The command's typed result as JSON."""
    position: int | None = None
    """Store position a read must have reached to show the effect."""
    code: str | None = None
    """Stable upper-case code of a refusal."""
    message: str | None = None
    """A sentence for people."""
    field: str | None = None
    """The input field at fault, in snake_case."""
    details: dict[str, Any] | None = None
    """Facts the refusal rests on, such as the instant a window opens."""
