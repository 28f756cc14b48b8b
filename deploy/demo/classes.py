"""What the gym itself does about a class: called off, given by another, its books closed. Pure."""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from random import Random

from contracts.booking import AddWalkIn, BookingCode, CancelSession, FinalizeAttendance
from contracts.ids import ClientId
from contracts.permissions import Role
from contracts.timetable import SubstituteInstructor
from deploy.demo.acts import Act, Wave
from deploy.demo.calendar import BOOKS_TAKE, DAY, Session
from deploy.demo.opening import House
from deploy.demo.stories import NO_SEAT, NOT_NOW, comes_by_door


class Fate(Enum):
    """What becomes of a class."""

    COACH_CLOSES = auto()
    CLOCK_CLOSES = auto()
    """The coach forgets; two hours later the clock closes the books."""
    UNSEEN = auto()
    """Nobody takes attendance: it counts as not recorded."""
    CALLED_OFF = auto()
    SUBSTITUTED = auto()


FATES = (Fate.COACH_CLOSES, Fate.CLOCK_CLOSES, Fate.UNSEEN, Fate.CALLED_OFF, Fate.SUBSTITUTED)
LIKELY = (0.78, 0.16, 0.015, 0.015, 0.03)
WALK_IN = 0.25
"""How often somebody without a seat comes along."""
NOT_LET_IN = NO_SEAT | {BookingCode.CHECK_IN_NOT_OPEN.value}


def fate_of(chance: Random) -> Fate:
    """Drawn by ``chance``."""
    return chance.choices(FATES, LIKELY)[0]


def course(
    house: House, session: Session, fate: Fate, clients: Sequence[ClientId], chance: Random
) -> Iterator[Act]:
    """What staff does before, at and after the class."""
    coach, about = house.coach_of(session.slot), (house.lines, session.id)
    before = house.calendar.visits_on(session.day - DAY) or [session.visit]
    first = house.calendar.visits_on(session.day)[0]
    if fate is Fate.CALLED_OFF:
        off = CancelSession(session_id=session.id, reason="The coach is ill.")
        yield Act(first, Wave.GYM, (house.any(Role.ADMIN), off), about, NOT_NOW)
        return
    if fate is Fate.SUBSTITUTED and len(house.gym.trainers) > 1:
        others = [one for n, one in enumerate(house.gym.trainers) if n != session.slot.coach]
        substitute = house.staff_id(chance.choice(others))
        gives = SubstituteInstructor(session_id=session.id, instructor_id=substitute)
        yield Act(before[-1], Wave.GYM, (house.any(Role.ADMIN), gives), about, NOT_NOW)
    if chance.random() < WALK_IN and not comes_by_door(house, session) and fate is not Fate.UNSEEN:
        client = chance.choice(clients)
        comes = AddWalkIn(session_id=session.id, client_id=client)
        desk = house.any(Role.FRONT_DESK)
        yield Act(session.visit, Wave.WALK_INS, (desk, comes), (session.id, client), NOT_LET_IN)
    closes_at = house.calendar.visit_from(session.ends_at + BOOKS_TAKE)
    if fate in (Fate.COACH_CLOSES, Fate.SUBSTITUTED) and closes_at is not None:
        closes = FinalizeAttendance(session_id=session.id)
        yield Act(closes_at, Wave.BOOKS, (coach, closes), about, NOT_NOW)
