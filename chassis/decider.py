"""The shape of all business rules: fold past events, decide, get new events.

Pure. Domain packages may import this module and ``contracts``, nothing else of ours.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, TypeVar

S = TypeVar("S")  # state
E = TypeVar("E")  # events


class Refused(Exception):
    """The rules say no. Expected: shown to the caller, never retried, never paged.

    ``code`` is stable and upper case for programs, ``message`` is a sentence for people, ``field``
    names the input at fault, ``details`` are the JSON facts the refusal rests on.
    """

    def __init__(
        self, code: str, message: str, *, field: str | None = None, **details: object
    ) -> None:
        super().__init__(message)
        self.code = str(code)
        self.message = message
        self.field = field
        self.details: dict[str, Any] = details


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - for others to import
else:

    def replace(state: S, /, **changes: object) -> S:
        """``dataclasses.replace`` for states: frozen dataclasses without slots.

        Folding does little else. This copies the old state's fields in one go, where the standard
        one reads and writes them one by one and checks each: a third of the time.
        """
        new = object.__new__(type(state))
        fields = new.__dict__
        fields.update(state.__dict__)
        fields.update(changes)
        return new


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S, E]):
    """One kind of stream: its category, its empty state, and how an event changes a state.

    ``evolve`` is total: it never refuses, whatever today's rules say. The rules themselves are
    plain functions beside it, ``(state, command, ..., now) -> events``; they raise ``Refused``.
    """

    category: str
    """First part of the stream's name, such as ``session``. Stored for ever."""
    initial: S
    evolve: Callable[[S, E], S]
    snapshot_every: int = 0
    """Keep a snapshot about every so many events; 0 for streams that stay short."""
    shape: int = 1
    """Raise it when ``evolve`` gives a field another meaning: snapshots taken before are ignored.

    That fields came, went or changed their type is noticed without it.
    """

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """The state after ``events``."""
        return reduce(self.evolve, events, self.initial if state is None else state)
