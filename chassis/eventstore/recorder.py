"""What the writer asks of a recorder, and the words they share.

The vocabulary is that of the ``eventsourcing`` library: a ``StoredEvent`` names its originator,
version, topic (our event type) and state (the JSON bytes); ``IntegrityError`` means that somebody
else wrote first. Two recorders pass the same tests: ``postgres`` and ``memory``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from contracts.ids import GymId

__all__ = [
    "Answer",
    "Append",
    "Away",
    "Claim",
    "Deadline",
    "Forgotten",
    "IntegrityError",
    "Loaded",
    "NewEvent",
    "Objection",
    "Recorder",
    "StoredEvent",
    "StreamKey",
    "Unconfirmed",
]


class StreamKey:
    """One stream of one gym; its public name is ``category-uuid``.

    Keys are looked up many times a command, so the hash is computed once.
    """

    __slots__ = ("_hash", "category", "gym_id", "id")

    def __init__(self, gym_id: GymId, category: str, id: UUID) -> None:  # noqa: A002
        self.gym_id = gym_id
        self.category = category
        self.id = id
        self._hash = hash((gym_id, category, id))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, StreamKey)
            and (self.gym_id, self.category, self.id) == (other.gym_id, other.category, other.id)
        )

    def __repr__(self) -> str:
        return f"{self.category}-{self.id}"


class Claim(NamedTuple):
    """Something that may exist once in a gym."""

    gym_id: GymId
    kind: str
    subject: UUID


class Deadline(NamedTuple):
    """A command to be carried out at ``due_at`` (UTC). ``name`` is unique in its gym."""

    gym_id: GymId
    name: str
    due_at: datetime
    command_type: str
    data: bytes
    written_by: str = ""
    """The transaction that set it; empty until it is."""


class Forgotten(NamedTuple):
    """A deadline to drop; with ``due_by`` only one due by then, not one it was moved to since."""

    gym_id: GymId
    name: str
    due_by: datetime | None = None


class NewEvent(NamedTuple):
    """One event to append."""

    stream: StreamKey
    version: int
    event_id: UUID
    type: str
    data: bytes
    meta: bytes

    @property
    def stored(self) -> StoredEvent:
        """In the library's form."""
        return StoredEvent(self.stream.id, self.version, self.type, self.data)


class Answer(NamedTuple):
    """What a command was answered, to be repeated when the command is."""

    request_hash: bytes
    body: bytes
    """JSON."""
    position: int | None = None


@dataclass(slots=True)
class Append:
    """One command's share of a batch: what it rests on and what it wants written."""

    gym_id: GymId
    actor: str
    command_id: UUID
    seen: Mapping[StreamKey, int]
    """The version of every stream the decision looked at, as it was then."""
    events: Sequence[NewEvent] = ()
    answer: Answer | None = None
    """None when nothing is to be remembered: a refusal. An earlier answer is looked for anyway."""
    claimed: Sequence[Claim] = ()
    released: Sequence[Claim] = ()
    deadlines: Sequence[Deadline] = ()
    forgotten: Sequence[Forgotten] = ()
    relies: bool = False
    """Whether it writes because of what it saw in a stream it does not write."""

    @property
    def writes(self) -> bool:
        """Whether anything but an answer is to be written."""
        return bool(
            self.events or self.claimed or self.released or self.deadlines or self.forgotten
        )


@dataclass(slots=True)
class Objection(Exception):
    """The batch was not written; by index of the command in it, why."""

    lost: set[StreamKey] = field(default_factory=set)
    """Streams that have moved on."""
    answered: set[int] = field(default_factory=set)
    """Commands that were carried out before."""
    behind: set[int] = field(default_factory=set)
    """Commands that claim what one before them claims: who has it is known once that is written."""
    taken: dict[int, str] = field(default_factory=dict)
    """Commands whose claim of this kind is taken."""


class Away(Exception):
    """The store cannot be reached now. Whether what was under way got written is unknown."""


class Unconfirmed(Away):
    """What was found may be on one disk only, and be lost with it."""


class Loaded(NamedTuple):
    """A stream as read: a snapshot if there is one of the wanted shape, and the events after it."""

    snapshot: tuple[int, bytes] | None
    events: list[StoredEvent]


class Recorder(Protocol):
    """Keeps streams, answers, claims and deadlines of every gym of one service."""

    async def append(self, batch: Sequence[Append]) -> list[int | None]:
        """Write the whole batch or nothing; the position of each command's last event.

        Several commands may follow one another on one stream. Raises ``Objection`` when something
        stands against the batch, ``IntegrityError`` when another writer got in between (send it
        again), ``Away`` when the outcome is unknown.
        """

    async def load(self, streams: Sequence[tuple[StreamKey, int]]) -> list[Loaded]:
        """Streams, each with the wanted snapshot shape (0: none), in the order asked."""

    async def answer(self, gym_id: GymId, actor: str, command_id: UUID) -> Answer | None:
        """The answer a command got before; ``Unconfirmed`` when it may yet be lost."""

    async def put_snapshot(self, stream: StreamKey, version: int, shape: int, data: bytes) -> None:
        """Keep the newest snapshot of a stream."""


def first_seen(batch: Sequence[Append]) -> dict[StreamKey, int]:
    """The version each stream must have in the store before the batch: as its first user saw it."""
    heads: dict[StreamKey, int] = {}
    for command in batch:
        for stream, version in command.seen.items():
            heads.setdefault(stream, version)
    return heads


@dataclass(slots=True)
class NetClaims:
    """Claims of a batch after its commands, in order, made and gave them up."""

    made: dict[Claim, int]
    """With the index of the command that made it."""
    released: list[Claim]
    behind: set[int]
    """Commands that claim what one before them claims."""


def net_claims(batch: Sequence[Append]) -> NetClaims:
    """What remains to be written of the batch's claims."""
    made: dict[Claim, int] = {}
    released: list[Claim] = []
    behind: set[int] = set()
    for index, command in enumerate(batch):
        released += [claim for claim in command.released if made.pop(claim, None) is None]
        for claim in command.claimed:
            if made.setdefault(claim, index) != index:
                behind.add(index)
    return NetClaims(made, released, behind)


def net_deadlines(batch: Sequence[Append]) -> tuple[list[Deadline], list[Forgotten]]:
    """Deadlines to set and to forget after all commands of the batch, the last word winning."""
    last: dict[tuple[GymId, str], Deadline | Forgotten] = {}
    for command in batch:
        for one in command.forgotten:
            before = last.get((one.gym_id, one.name))
            if one.due_by is None or before is None or _is_due(before, one.due_by):
                last[(one.gym_id, one.name)] = one
        for deadline in command.deadlines:
            last[(deadline.gym_id, deadline.name)] = deadline
    wanted = [one for one in last.values() if isinstance(one, Deadline)]
    return wanted, [one for one in last.values() if isinstance(one, Forgotten)]


def _is_due(set_before: Deadline | Forgotten, by: datetime) -> bool:
    return isinstance(set_before, Deadline) and set_before.due_at <= by
