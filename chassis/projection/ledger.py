"""One copy of a read model and its checkpoint: both move in one transaction or not at all."""

from collections.abc import Iterable, Sequence

import asyncpg

from chassis.projection.model import Change, NotYet, ReadModel
from chassis.reader import Message
from chassis.tenancy import Pool
from chassis.wire import unpack
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
TRANSIENT = asyncpg.PostgresError, asyncpg.InterfaceError, NotYet, TimeoutError, OSError
"""What passes by itself: tried again. Consulted after ``POISON``."""


class Fenced(Exception):
    """Somebody else has moved this checkpoint: load it again."""


class Poison(Exception):
    """An event that cannot be applied. Names it, never shows its content."""

    def __init__(self, seq: int, position: int | None, why: str) -> None:
        at = f"sequence {seq}" if position is None else f"sequence {seq} (position {position})"
        super().__init__(f"the event at {at} cannot be applied: {why}")
        self.seq, self.position = seq, position


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

    async def apply(self, batch: Sequence[Message]) -> None:
        """Apply ``batch``, in order.

        Raises ``Poison`` with everything before the poison applied, ``Fenced``, or one of
        ``TRANSIENT`` with a prefix of the batch applied; ``seq`` tells how much.
        """
        envelopes, poison = self._opened(batch)
        if envelopes:
            try:
                await self._commit(batch[len(envelopes) - 1].seq, envelopes)
            except Exception as error:
                if not _is_poison(error):
                    raise
                # One by one, so that all before it is applied and the poison has a name.
                for message, envelope in zip(batch, envelopes, strict=False):
                    await self._commit_one(message, envelope)
        if poison is not None:
            raise poison

    def take_changes(self) -> set[Change]:
        """What the commits since the last call changed."""
        changes, self._changes = self._changes, set()
        return changes

    def _opened(self, batch: Sequence[Message]) -> tuple[list[Envelope], Poison | None]:
        envelopes: list[Envelope] = []
        last = self.position
        for message in batch:
            try:
                envelope = unpack(message.data)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                poison = Poison(message.seq, None, type(error).__name__)
                poison.__cause__ = error
                return envelopes, poison
            if envelope.position <= last:
                why = f"it follows position {last}: another history than before, rebuild"
                return envelopes, Poison(message.seq, envelope.position, why)
            last = envelope.position
            envelopes.append(envelope)
        return envelopes, None

    async def _commit_one(self, message: Message, envelope: Envelope) -> None:
        try:
            await self._commit(message.seq, [envelope])
        except Exception as error:
            if not _is_poison(error):
                raise
            why = type(error).__name__
            raise Poison(message.seq, envelope.position, why) from error

    async def _commit(self, seq: int, envelopes: list[Envelope]) -> None:
        known = [each for each in envelopes if not isinstance(each.event, UnknownEvent)]
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
