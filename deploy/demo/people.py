"""Who goes to a demo gym: names, habits and what they pay with, drawn from a seed. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random

from deploy.demo.gyms import DemoGym, Slot

FIRST = (
    "Alma", "Anton", "Bela", "Bruno", "Carla", "Cem", "Dara", "David", "Edda", "Emil", "Esra",
    "Farid", "Finn", "Gia", "Hana", "Hugo", "Ines", "Ivo", "Jana", "Joel", "Kaya", "Kim", "Lara",
    "Leon", "Lola", "Malik", "Mara", "Milo", "Nele", "Nico", "Olga", "Omar", "Paula", "Quinn",
    "Rosa", "Sami", "Selma", "Tara", "Tom", "Uma", "Vera", "Wim", "Yara", "Zoe",
)  # fmt: skip
LAST = (
    "Adler", "Baker", "Castro", "Diallo", "Engel", "Fischer", "Garcia", "Huber", "Ito", "Jansen",
    "Kowalski", "Lehmann", "Mendes", "Novak", "Okafor", "Peters", "Quist", "Rossi", "Santos",
    "Turner", "Ullmann", "Varga", "Weber", "Xu", "Young", "Zimmer", "Ahmed", "Bauer", "Cohen",
    "Duval", "Ellis", "Fuchs", "Green", "Haas", "Ivanova", "Jones", "Kern", "Lang", "Meyer",
    "Nguyen",
)  # fmt: skip

PACK = 10
"""Credits in a pack."""
PACK_LASTS = timedelta(days=60)
FOUNDERS = 0.25
"""Share of those who are there from the first day; the others join one by one."""


class Plan(StrEnum):
    """What somebody pays with."""

    UNLIMITED = "unlimited"
    THREE_A_WEEK = "three_a_week"
    PACK = "pack"


@dataclass(frozen=True, slots=True)
class Person:
    """A client of a demo gym."""

    name: str
    email: str
    signs_in: bool
    plan: Plan
    joins: float
    """When, as a share of the gym's history: 0 is its beginning, 1 the present."""
    habits: tuple[tuple[Slot, int], ...]
    """Classes and the ISO weekdays on which they go there, most weeks."""
    careless: float
    """How much more often than others they cancel late or do not come."""
    watchful: bool
    """Whether they look at their phone when they wait for a seat."""


def people_of(gym: DemoGym, count: int, seed: str) -> list[Person]:
    """``count`` clients, those who can sign in first. The same ``seed`` draws the same people."""
    chance = Random(f"{seed}/{gym.slug}/people")
    spare = [f"{first} {last}" for first in FIRST for last in LAST]
    names = [*gym.members, *chance.sample(spare, max(0, count - len(gym.members)))]
    return [_person(gym, name, nth, chance) for nth, name in enumerate(names[:count])]


def _person(gym: DemoGym, name: str, nth: int, chance: Random) -> Person:
    signs_in = nth < len(gym.members)
    plans, weights = (Plan.UNLIMITED, Plan.THREE_A_WEEK, Plan.PACK), (0.6, 0.2, 0.2)
    plan = chance.choices(plans, weights)[0]
    joined_late = chance.random() > FOUNDERS and not signs_in
    return Person(
        name=name,
        email=gym.email(name),
        signs_in=signs_in,
        plan=Plan.UNLIMITED if signs_in else plan,
        joins=chance.uniform(0.02, 0.97) if joined_late else 0.0,
        habits=tuple(_habits(gym, chance.choice(gym.visits_a_week), chance)),
        careless=chance.choice((0.3, 0.6, 1.0, 1.0, 1.4, 2.5)),
        watchful=chance.random() < 0.6,  # noqa: PLR2004
    )


def _habits(gym: DemoGym, wanted: int, chance: Random) -> list[tuple[Slot, int]]:
    """One class a day at most, the popular ones more often."""
    found: dict[int, Slot] = {}
    while len(found) < wanted:
        slot = chance.choices(gym.slots, [one.pull for one in gym.slots])[0]
        found.setdefault(chance.choice(slot.weekdays), slot)
    return sorted(((slot, day) for day, slot in found.items()), key=lambda one: one[1])
