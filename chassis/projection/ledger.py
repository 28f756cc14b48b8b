"""One copy of a read model and its checkpoint: both move in one transaction or not at all."""

from collections.abc import Callable, Iterable

import asyncpg

from chassis.projection.model import Change, NotYet, ReadModel
from chassis.reader import Message
from chassis.tenancy import CONNECTION_LOST, Pool
from chassis.wire import read, unpack
from contracts.envelope import Envelope, UnknownEvent

# Unqualified: the pool's search_path says which copy.
_ENTER = """
INSERT INTO checkpoints (name, source, seq, position) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING
"""
_LOAD = "SELECT seq, position FROM checkpoints WHERE name = $1"
_MOVE = """
UPDATE checkpoints SET seq = $3, position = $4, at = clock_timestamp()
WHERE name = $1 AND seq = $2 RETURNING seq
"""

POISON = ValueError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError
"""The event, not the database, is at fault; the driver's own complaint is a ``ValueError``."""
TRANSIENT = asyncpg.PostgresError, *CONNECTION_LOST, NotYet
"""What passes by itself: tried again. Consulted after ``POISON``."""


class Fenced(Exception):
    """Somebody else has moved this checkpoint: load it again."""


class Poison(Exception):
    """An event that cannot be applied. Names it, never shows its content."""

    def __init__(self, seq: int, position: int | None, why: str) -> None:
        at = f"sequence {seq}" if position is None else f"sequence {seq} (position {position})"
        super().__init__(f"the event at {at} cannot be applied: {why}")
        self.seq, self.position = seq, position


class Opened:
    """Messages taken apart, up to the first that cannot be."""

    def __init__(self, after: int, opening: Callable[[bytes], Envelope] = read) -> None:
        """``after``: the position of the event before them."""
        self.position = after
        """Of the last event."""
        self.messages: list[Message] = []
        self.envelopes: list[Envelope] = []
        self.poison: Poison | None = None
        """The message they end before."""
        self._opening = opening

    @property
    def seq(self) -> int:
        """Of the last message, 0 before the first."""
        return self.messages[-1].seq if self.messages else 0

    def add(self, batch: Iterable[Message]) -> None:
        """Take ``batch`` apart as well."""
        for message in batch:
            if self.poison is not None:
                return
            try:
                envelope = self._opening(message.data)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.poison = Poison(message.seq, None, type(error).__name__)
                self.poison.__cause__ = error
                return
            if envelope.position <= self.position:
                why = f"it follows position {self.position}: another history than before, rebuild"
                self.poison = Poison(message.seq, envelope.position, why)
                return
            self.position = envelope.position
            self.messages.append(message)
            self.envelopes.append(envelope)


class Ledger:
    """Applies messages to the copy of ``model`` that ``pool`` points at."""

    def __init__(self, model: ReadModel, pool: Pool, *, is_watched: bool = True) -> None:
        """``is_watched``: somebody will want to know what changed."""
        self.seq = self.position = 0
        self._model, self._pool, self._is_watched = model, pool, is_watched
        self._changes: set[Change] = set()

    async def load(self, *, enter: bool = True) -> None:
        """Learn where the copy is; a new one is entered at zero or, unasked, raises ``Fenced``."""
        async with self._pool.acquire() as db:
            row = await db.fetchrow(_LOAD, self._model.name)
            if row is None and enter:
                await db.execute(_ENTER, self._model.name, self._model.source)
                row = await db.fetchrow(_LOAD, self._model.name)
        if row is None:
            raise Fenced(self._model.name)
        self.seq, self.position = row["seq"], row["position"]

    def opened(self, batch: Iterable[Message]) -> Opened:
        """``batch``, which follows what was applied, taken apart."""
        opened = Opened(self.position, unpack)
        opened.add(batch)
        return opened

    async def commit(self, opened: Opened) -> None:
        """Apply what is ``opened`` behind our position, in order.

        Raises ``Poison`` with everything before the poison applied, ``Fenced``, or one of
        ``TRANSIENT`` with a prefix of the batch applied; ``seq`` tells how much.
        """
        if opened.messages:
            try:
                await self._move(opened.seq, opened.envelopes)
            except Exception as error:
                if not _is_poison(error):
                    raise
                # One by one, so that all before it is applied and the poison has a name.
                for message, envelope in zip(opened.messages, opened.envelopes, strict=True):
                    await self._move_one(message, envelope)
        if opened.poison is not None:
            raise opened.poison

    def take_changes(self) -> set[Change]:
        """What the commits since the last call changed."""
        changes, self._changes = self._changes, set()
        return changes

    async def _move_one(self, message: Message, envelope: Envelope) -> None:
        try:
            await self._move(message.seq, [envelope])
        except Exception as error:
            if not _is_poison(error):
                raise
            why = type(error).__name__
            raise Poison(message.seq, envelope.position, why) from error

    async def _move(self, seq: int, envelopes: list[Envelope]) -> None:
        known = [each for each in envelopes if type(each.event) is not UnknownEvent]
        position = envelopes[-1].position
        changes: Iterable[Change] = ()
        async with self._pool.acquire() as db, db.transaction():
            # First: the row lock keeps a second projector, and a swap, out until we are done.
            if await db.fetchval(_MOVE, self._model.name, self.seq, seq, position) is None:
                raise Fenced(self._model.name)
            if known:
                changes = await self._model.apply(db, known)
        self.seq, self.position = seq, position
        if self._is_watched:
            self._changes.update(changes)


def _is_poison(error: Exception) -> bool:
    return isinstance(error, POISON) or not isinstance(error, (Fenced, *TRANSIENT))
