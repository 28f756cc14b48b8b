"""Folding recorded events into a read model, as the engine does, without a stream."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.projection import Change, NotYet, ReadModel
from chassis.sealing import new_key, seal
from chassis.tenancy import Pool
from contracts.envelope import Envelope
from contracts.ids import ClientId, StaffId, new_id
from contracts.members import ClientRegistered
from services.projections.people import PeopleModel
from services.projections.profiles import Person
from tests.envelopes import Recording


async def put(pool: Pool, model: ReadModel, *batches: Sequence[Envelope]) -> set[Change]:
    """Apply each batch in a transaction of its own; what screens would be told."""
    changed: set[Change] = set()
    for batch in batches:
        async with pool.acquire() as db, db.transaction():
            changed |= set(await model.apply(db, batch))
    return changed


def batches(events: list[Envelope], size: int) -> list[list[Envelope]]:
    """Batches of so many, the last of what is left."""
    return [events[n : n + size] for n in range(0, len(events), size)]


@dataclass
class Keyring:
    """Keys of persons, in memory, as members would hand them out."""

    known: dict[Person, bytes | None] = field(default_factory=dict)
    away: bool = False

    async def of(self, persons: Iterable[Person]) -> Mapping[Person, bytes | None]:
        if self.away:
            raise NotYet("members does not answer")
        return {person: self.known[person] for person in persons}


@dataclass
class People:
    """A gym's persons, recorded with sealed fields and projected."""

    recording: Recording
    writer: Pool
    keys: Keyring = field(default_factory=Keyring)

    def sealed(self, person: ClientId | StaffId, name: str, text: str) -> str:
        gym = self.recording.gym_id
        key = self.keys.known.setdefault((gym, person), new_key()) or new_key()
        return seal(key, gym, person, name, text)

    def registered(self, name: str, email: str | None = None) -> tuple[ClientId, list[Envelope]]:
        client = ClientId(new_id())
        event = ClientRegistered(
            client_id=client,
            name=self.sealed(client, "name", name),
            email=self.sealed(client, "email", email) if email else None,
        )
        return client, self.recording.of("client", client, event)

    async def put(self, events: list[Envelope]) -> None:
        async with self.writer.acquire() as db, db.transaction():
            await PeopleModel(self.keys).apply(db, events)
