"""What somebody does at one moment of the demo's days, and who does it. Data only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from contracts.envelope import Command
from contracts.ids import ClientId, GymId, ReservationId, SessionId


class Wave(IntEnum):
    """What happens at one moment to one person or class happens in this order."""

    GYM = 0
    """Staff arrange things: places, series, grants, sessions called off."""
    BOOKS = 1
    """Coaches close the books of classes that are over."""
    CANCELS = 2
    CLAIMS = 3
    """People in line take what came free."""
    BOOKINGS = 4
    ARRIVALS = 5
    WALK_INS = 6


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody of a gym, as the gateway would name them."""

    gym_id: GymId
    actor: str
    roles: tuple[str, ...]


@dataclass(slots=True)
class Memory:
    """What the actors remember from the answers they got."""

    lines: dict[SessionId, dict[ClientId, Who]] = field(default_factory=dict)
    """Who was told that they are in line, and not yet that they have a seat."""
    freed: set[SessionId] = field(default_factory=set)
    """Sessions somebody gave a seat up in at this moment."""
    late: dict[tuple[SessionId, ClientId], ReservationId] = field(default_factory=dict)
    """Seats that were given up late."""


Asking = tuple[Who, Command]
"""Who asks what."""
Found = Callable[[Memory], Asking | None]
"""Tells who asks what from what is remembered; ``None``: nobody asks anything after all."""


@dataclass(frozen=True, slots=True)
class Act:
    """One command of one person at one moment."""

    at: datetime
    wave: Wave
    asking: Asking | Found
    about: tuple[UUID | str, ...] = ()
    """What it concerns: two acts of a moment that share one of these keep their order."""
    may_be: frozenset[str] = frozenset()
    """Refusals that are part of life. Any other stops the demo."""
    patient: frozenset[str] = frozenset()
    """Refusals that mean one service has not heard of another's news yet: ask again."""
    otherwise: Command | None = None
    """What to do when refused for one of ``may_be``."""
