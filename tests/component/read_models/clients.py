"""Clients who join, are tagged and change, and how a gym finds them."""

from typing import Any

from chassis.tenancy import Pool
from contracts.envelope import Envelope, Event
from contracts.ids import ClientId, GymId, StaffId, new_id
from contracts.members import (
    ClientRegistered,
    StaffHired,
    TagAdded,
)
from services.projections import directory
from services.projections.searching import parsed
from tests.component.read_models.folding import People


def joins(people: People, name: str, phone: str | None = None) -> tuple[ClientId, list[Envelope]]:
    client = ClientId(new_id())
    event = ClientRegistered(
        client_id=client, name=people.sealed(client, "name", name),
        phone=people.sealed(client, "phone", phone) if phone else None,
    )  # fmt: skip
    return client, people.recording.of("client", client, event)


def tagged(people: People, client: ClientId, tag: str) -> TagAdded:
    return TagAdded(client_id=client, tag_id=new_id(), tag=people.sealed(client, "tag", tag))


def happens(people: People, person: ClientId | StaffId, *events: Event) -> list[Envelope]:
    kind = "staff_member" if isinstance(events[0], StaffHired) else "client"
    return people.recording.of(kind, person, *events)


class Finder:
    """Names found, all pages of two."""

    def __init__(self, reader: Pool, gym_id: GymId) -> None:
        self._reader, self._gym = reader, gym_id

    async def __call__(self, search: str | None = None, tag: str | None = None) -> list[str]:
        found: list[str] = []
        after: tuple[str, Any] | None = None
        while True:
            _, page = await directory.clients(
                self._reader, self._gym, parsed(search, tag), after, 2
            )
            found += [client.name for client in page]
            if not page:
                return found
            after = (page[-1].sort_name, page[-1].client_id)
