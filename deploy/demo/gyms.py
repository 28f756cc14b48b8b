"""The two demo gyms on paper: places, timetables, staff and rules. Wall-clock times are local."""

from dataclasses import dataclass
from datetime import time

from contracts.booking import BookingPolicy
from contracts.money import Price
from contracts.permissions import Role
from contracts.timetable import PRESETS, Preset

PASSWORD = "back2back-demo"

WORKDAYS, WEEKEND = (1, 2, 3, 4, 5), (6, 7)


@dataclass(frozen=True, slots=True)
class Room:
    """A room; ``spots`` are the labels of its bikes or reformers, if it has such."""

    name: str
    capacity: int
    spots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassKind:
    """A class type."""

    name: str
    program: str
    minutes: int
    capacity: int
    room: int
    """Index into the gym's rooms."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One weekly series."""

    kind: str
    weekdays: tuple[int, ...]
    starts_at: time
    coach: int
    """Index into the gym's trainers."""
    pull: float
    """How often people make it their habit, beside the other slots."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A staff member."""

    name: str
    email: str
    role: Role
    labels: tuple[str, ...] = ()
    """Qualifications beside those for the classes they give."""


@dataclass(frozen=True, slots=True)
class DemoGym:
    """One gym."""

    slug: str
    name: str
    zone: str
    currency: str
    preset: Preset
    policy: BookingPolicy
    location: str
    opens: time
    closes: time
    rooms: tuple[Room, ...]
    kinds: tuple[ClassKind, ...]
    slots: tuple[Slot, ...]
    staff: tuple[Colleague, ...]
    members: tuple[str, ...]
    """The clients who can sign in; all the others come from ``people``."""
    visits_a_week: tuple[int, ...]
    """What clients want, one drawn for each."""
    keeps_desk_from: time
    """Before it nobody is at the desk: people come in by the door, and are checked in by it."""
    has_open_gym: bool
    """Whether people may come in and train without a class."""

    @property
    def trainers(self) -> list[Colleague]:
        return [one for one in self.staff if one.role is Role.TRAINER]

    def one(self, role: Role) -> Colleague:
        """The first of that role."""
        return next(one for one in self.staff if one.role is role)

    def kind(self, name: str) -> ClassKind:
        return next(one for one in self.kinds if one.name == name)

    def email(self, name: str) -> str:
        """Where somebody of that name is written to."""
        return f"{name.lower().replace(' ', '.')}@{self.slug}.example"


HARBOR = DemoGym(
    slug="harbor",
    name="Harbor Strength",
    zone="America/New_York",
    currency="USD",
    preset=Preset.FUNCTIONAL,
    policy=PRESETS[Preset.FUNCTIONAL],
    location="Red Hook",
    opens=time(5, 30),
    closes=time(21),
    rooms=(Room("Main floor", 16), Room("Barbell room", 10)),
    kinds=(
        ClassKind("WOD", "Functional fitness", 60, 12, 0),
        ClassKind("Engine", "Functional fitness", 45, 12, 0),
        ClassKind("Barbell", "Strength", 60, 10, 1),
    ),
    slots=(
        Slot("WOD", (1, 3, 5), time(6), 0, 2.0),
        Slot("WOD", WORKDAYS, time(12), 2, 5.0),
        Slot("Barbell", (1, 3), time(12), 3, 1.6),
        Slot("WOD", (2, 4), time(17, 30), 1, 1.4),
        Slot("WOD", WEEKEND, time(8), 1, 2.4),
        Slot("Engine", WEEKEND, time(9, 15), 2, 1.0),
    ),
    staff=(
        Colleague("Olivia Grant", "owner@harbor.example", Role.OWNER),
        Colleague("Andre Lewis", "admin@harbor.example", Role.ADMIN),
        Colleague("Dana Flores", "desk@harbor.example", Role.FRONT_DESK, ("First aid",)),
        Colleague("Tess Moreno", "coach@harbor.example", Role.TRAINER, ("First aid", "Level 2")),
        Colleague("Theo Park", "theo@harbor.example", Role.TRAINER, ("Level 1",)),
        Colleague("Tina Russo", "tina@harbor.example", Role.TRAINER, ("Level 2",)),
        Colleague("Troy Bennett", "troy@harbor.example", Role.TRAINER, ("Weightlifting",)),
    ),
    members=("Ada Reyes", "Ben Carter", "Cleo Jordan", "Dev Shah", "Eli Stone", "Fay Lopez"),
    visits_a_week=(0, 0, 1, 1, 1, 2),
    keeps_desk_from=time(8),
    has_open_gym=True,
)
VELO = DemoGym(
    slug="velo",
    name="Velo & Flow",
    zone="Europe/Berlin",
    currency="EUR",
    preset=Preset.BOUTIQUE,
    policy=PRESETS[Preset.BOUTIQUE].model_copy(
        update={
            "late_cancel_fee": Price(minor=1000, currency="EUR"),
            "no_show_fee": Price(minor=1500, currency="EUR"),
        }
    ),
    location="Kreuzberg",
    opens=time(6, 30),
    closes=time(21, 30),
    rooms=(
        Room("Ride room", 12, tuple(f"Bike {n}" for n in range(1, 13))),
        Room("Flow room", 12),
        Room("Reformer room", 8, tuple(f"Reformer {n}" for n in range(1, 9))),
    ),
    kinds=(
        ClassKind("Ride", "Cycling", 45, 12, 0),
        ClassKind("Vinyasa", "Yoga", 60, 12, 1),
        ClassKind("Reformer", "Pilates", 50, 8, 2),
    ),
    slots=(
        Slot("Ride", (1, 3, 5), time(12), 0, 2.0),
        Slot("Reformer", (2, 4), time(18), 2, 1.6),
        Slot("Ride", WORKDAYS, time(18), 0, 5.0),
        Slot("Vinyasa", (1, 3), time(18), 1, 1.8),
        Slot("Ride", WEEKEND, time(14), 0, 2.4),
        Slot("Vinyasa", WEEKEND, time(15, 15), 1, 1.4),
    ),
    staff=(
        Colleague("Jule Hartmann", "owner@velo.example", Role.OWNER),
        Colleague("Emre Yilmaz", "admin@velo.example", Role.ADMIN),
        Colleague("Greta Lang", "desk@velo.example", Role.FRONT_DESK, ("First aid",)),
        Colleague("Lukas Brandt", "coach@velo.example", Role.TRAINER, ("Indoor cycling",)),
        Colleague("Nora Seidel", "nora@velo.example", Role.TRAINER, ("RYT 500",)),
        Colleague("Pia Vogt", "pia@velo.example", Role.TRAINER, ("First aid", "Reformer")),
    ),
    members=("Mia Sommer", "Jonas Keller", "Lea Winter", "Noah Busch", "Ida Kraus", "Max Roth"),
    visits_a_week=(0, 0, 1, 1, 1, 2),
    keeps_desk_from=time(6),
    has_open_gym=False,
)
GYMS = (HARBOR, VELO)
