"""Everything that happens in a demo gym up to the present, drawn from a seed. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from contracts.booking import BookClass
from contracts.permissions import Role
from deploy.demo.acts import Act, Wave
from deploy.demo.aftermath import aftermath
from deploy.demo.calendar import DAY, Calendar, Session
from deploy.demo.classes import Fate, course, fate_of
from deploy.demo.gyms import DemoGym
from deploy.demo.membership import client_id, joining, pack
from deploy.demo.opening import House, opening
from deploy.demo.people import PACK, Person, Plan, people_of
from deploy.demo.stories import NO_SEAT, Story, acts, story

SIGHT = timedelta(days=28)
"""So far ahead there are classes, and the calendar goes."""
STANDING = timedelta(days=8), timedelta(days=24)
"""So far ahead the desk has booked regulars in."""
SKIPS = 0.12
"""How often people skip a habit."""
EXTRA = 0.05
"""How often they come once more in a week."""


def diary(gym: DemoGym, people: int, seed: str, begins: datetime, present: datetime) -> list[Act]:
    """What happens in [begins, present], in order; the same for the same arguments."""
    return sorted(_Diary(gym, people, seed, begins, present).acts(), key=lambda a: (a.at, a.wave))


class _Diary:
    """One gym's, while it is being written."""

    def __init__(
        self, gym: DemoGym, people: int, seed: str, begins: datetime, present: datetime
    ) -> None:
        self.seed, self.present = f"{seed}/{gym.slug}", present
        self.calendar = Calendar(gym, seed, begins, present + SIGHT)
        self.house = House(self.calendar)
        self.people = people_of(gym, people, seed)
        self.fates = {one.id: fate_of(self._chance(one.id)) for one in self.calendar.sessions}
        self.watchers = frozenset[UUID](
            client_id(self.house, one) for one in self.people if one.watchful
        )

    def acts(self) -> Iterator[Act]:
        """All acts, in no particular order."""
        everything = [list(opening(self.house)), *(list(self._life(one)) for one in self.people)]
        clients = [client_id(self.house, one) for one in self.people if not one.joins]
        for session in self.calendar.sessions:
            chance = self._chance(f"{session.id} course")
            fate = self._fate(session)
            everything.append(list(course(self.house, session, fate, clients, chance)))
        return (act for some in everything for act in some if act.at <= self.present)

    def _chance(self, words: object) -> Random:
        return Random(f"{self.seed}/{words}")

    def _fate(self, session: Session) -> Fate:
        return self.fates[session.id]

    def _life(self, person: Person) -> Iterator[Act]:
        chance, begins = self._chance(person.email), self.calendar.begins
        joined = begins
        if person.joins > 0:
            day = begins + (self.present - begins) * person.joins
            joined = self.calendar.visit_from(day) or begins
        yield from joining(self.house, person, joined, chance)
        told = list(self._stories(person, joined, chance))
        if person.plan is Plan.PACK:
            yield from self._packs(person, told)
        for one in told:
            unseen = self._fate(one.session) is Fate.UNSEEN
            yield from acts(self.house, one, self.watchers, unseen=unseen)
            yield from aftermath(self.house, one, chance)
        if person.plan is Plan.UNLIMITED:
            yield from self._standing(person, joined, chance)

    def _stories(self, person: Person, joined: datetime, chance: Random) -> Iterator[Story]:
        for session in self._wanted(person, joined, chance):
            if (one := story(self.house, person, session, joined, chance)) is not None:
                yield one

    def _wanted(self, person: Person, joined: datetime, chance: Random) -> Iterator[Session]:
        """Habits, and now and then something else."""
        habits = {weekday: slot for slot, weekday in person.habits}
        for day in self.calendar.days:
            slot = habits.get(day.isoweekday())
            if slot is not None:
                wanted = self.calendar.by_slot.get((slot, day)) if chance.random() > SKIPS else None
            else:
                wanted = self._something(self.calendar.on(day), chance)
            if wanted is not None and wanted.starts_at > joined + DAY / 2:
                yield wanted

    def _something(self, sessions: Iterable[Session], chance: Random) -> Session | None:
        several = list(sessions)
        if chance.random() > EXTRA / 7 or not several:
            return None
        return chance.choices(several, [one.slot.pull for one in several])[0]

    def _packs(self, person: Person, told: list[Story]) -> Iterator[Act]:
        """A new pack before the last credit is gone."""
        desk, client = self.house.any(Role.FRONT_DESK), client_id(self.house, person)
        for nth, one in enumerate(told[PACK - 2 :: PACK - 2], start=1):
            buys = pack(self.house, person, nth, one.books_at)
            yield Act(one.books_at, Wave.GYM, (desk, buys), (self.house.lines, client))

    def _standing(self, person: Person, joined: datetime, chance: Random) -> Iterator[Act]:
        """The desk books some regulars in for the weeks to come, before others may book."""
        since = max(self.present - 3 * DAY, joined)
        recent = [at for at in self.calendar.visits if since < at <= self.present]
        if not recent or chance.random() > 0.4:  # noqa: PLR2004
            return
        at, desk = chance.choice(recent), self.house.any(Role.FRONT_DESK)
        first, last = self.present + STANDING[0], self.present + STANDING[1]
        client = client_id(self.house, person)
        for slot, weekday in person.habits:
            for day in self.calendar.days:
                one = self.calendar.by_slot.get((slot, day))
                if day.isoweekday() != weekday or one is None or not first < one.starts_at < last:
                    continue
                books = BookClass(session_id=one.id, client_id=client, reason="every week")
                yield Act(at, Wave.BOOKINGS, (desk, books), (one.id, client), NO_SEAT)
