"""People: staff and clients, their personal fields opened for the screens that may show them.

Tables     ``clients``, ``staff``, one row each, and those of ``profiles``; PersonalDataErased
           clears a client's rows
Rebuild    from EVT_MEMBERS' beginning; who was erased comes back as "[erased]"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from chassis.projection import Change
from chassis.sealing import unseal
from chassis.tenancy import Db
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, StaffId
from contracts.members import (
    ClientContactChanged,
    ClientIdentityLinked,
    ClientRegistered,
    PersonalDataErased,
    StaffHired,
    StaffIdentityLinked,
    StaffQualificationsSet,
    StaffRolesChanged,
)
from services.projections.profiles import Person, Profiles, index_names
from services.projections.searching import phone_key
from services.projections.sessions import columns

CLIENTS = """
INSERT INTO clients (gym_id, client_id, name, sort_name, email, email_key, phone, phone_key, status,
                     version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[])
    ON CONFLICT (gym_id, client_id) DO UPDATE
   SET name = excluded.name, sort_name = excluded.sort_name, email = excluded.email,
       email_key = excluded.email_key, phone = excluded.phone, phone_key = excluded.phone_key,
       status = excluded.status, version = excluded.version, position = excluded.position
"""
CLIENT_VERSIONS = """
UPDATE clients c SET version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[])
    AS u (gym_id, client_id, version, position)
 WHERE c.gym_id = u.gym_id AND c.client_id = u.client_id
"""
STAFF = """
INSERT INTO staff (gym_id, staff_id, name, sort_name, email, roles, version, position)
SELECT gym_id, staff_id, name, sort_name, email, string_to_array(roles, ','), version, position
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
              $8::bigint[])
    AS u (gym_id, staff_id, name, sort_name, email, roles, version, position)
"""
STAFF_CHANGES = """
UPDATE staff s
   SET roles = coalesce(string_to_array(u.roles, ','), s.roles), version = u.version,
       position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
    AS u (gym_id, staff_id, roles, version, position)
 WHERE s.gym_id = u.gym_id AND s.staff_id = u.staff_id
"""
ERASED = "[erased]"

Contact: TypeAlias = ClientRegistered | ClientContactChanged | PersonalDataErased


class Keys(Protocol):
    """Where the keys of persons' fields come from."""

    async def of(self, persons: Iterable[Person]) -> Mapping[Person, bytes | None]:
        """The persons' keys; ``None`` for the erased. Raises ``chassis.projection.NotYet``."""


@dataclass(slots=True)
class _Batch:
    """What the events of one batch come to, person by person."""

    clients: dict[tuple[GymId, ClientId], Contact] = field(default_factory=dict)
    hired: dict[tuple[GymId, StaffId], StaffHired] = field(default_factory=dict)
    roles: dict[tuple[GymId, StaffId], str | None] = field(default_factory=dict)
    profiles: Profiles = field(default_factory=Profiles)
    names: dict[Person, str] = field(default_factory=dict)
    """What clients are found by from now on; empty for the erased."""
    at: dict[Person, tuple[int, int]] = field(default_factory=dict)

    def hear(self, envelope: Envelope) -> None:
        gym, concerned = envelope.gym_id, self.profiles.hear(envelope)
        match envelope.event:
            case ClientRegistered() | ClientContactChanged() | PersonalDataErased() as event:
                person: Person = (gym, event.client_id)
                self.clients[gym, event.client_id] = event
            case ClientIdentityLinked() as event:
                person = (gym, event.client_id)
            case StaffHired() as event:
                person = (gym, event.staff_id)
                self.hired[gym, event.staff_id] = event
                self.roles[gym, event.staff_id] = ",".join(event.roles)
            case StaffRolesChanged() as event:
                person = (gym, event.staff_id)
                self.roles[gym, event.staff_id] = ",".join(event.roles)
            case StaffIdentityLinked() | StaffQualificationsSet() as event:
                person = (gym, event.staff_id)
                self.roles.setdefault((gym, event.staff_id), None)
            case _ if concerned is not None:
                person = concerned
            case _:
                return
        self.at[person] = (envelope.version, envelope.position)

    @property
    def sealed(self) -> list[Person]:
        """Whose fields must be opened."""
        contacts = [p for p, e in self.clients.items() if not isinstance(e, PersonalDataErased)]
        return [*{*contacts, *self.hired, *self.profiles.sealed}]

    def client_rows(self, keys: Mapping[Person, bytes | None]) -> Sequence[tuple[object, ...]]:
        rows = []
        for person, event in self.clients.items():
            key = keys.get(person)
            self.names[person] = ""
            if isinstance(event, PersonalDataErased) or key is None:
                shown: tuple[str | None, ...] = (ERASED, "", None, None, None, None, "erased")
            else:
                self.names[person] = name = unseal(key, *person, "name", event.name)
                email = _open(key, person, "email", event.email)
                phone = _open(key, person, "phone", event.phone)
                folded = email.casefold() if email else None
                digits = phone_key(phone)
                shown = (name, name.casefold(), email, folded, phone, digits, "active")
            rows.append((*person, *shown, *self.at[person]))
        return rows

    def staff_rows(self, keys: Mapping[Person, bytes | None]) -> Sequence[tuple[object, ...]]:
        rows = []
        for person, event in self.hired.items():
            key = keys.get(person)
            name = unseal(key, *person, "name", event.name) if key else ERASED
            email = unseal(key, *person, "email", event.email) if key else ""
            rows.append((*person, name, name.casefold(), email, self.roles[person],
                         *self.at[person]))  # fmt: skip
        return rows


@dataclass(frozen=True, slots=True)
class PeopleModel:
    """Written by the projector. Keys are asked for batch by batch and never kept."""

    keys: Keys
    name: str = "people"
    source: str = "EVT_MEMBERS"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = (
        "clients", "staff", "client_words", "client_tags", "client_notes", "client_alerts",
        "staff_qualifications",
    )  # fmt: skip

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        keys = await self.keys.of(batch.sealed) if batch.sealed else {}
        staff = batch.hired.keys() | batch.roles.keys()
        linked = batch.at.keys() - batch.clients.keys() - staff
        changed = [(*p, roles, *batch.at[p])
                   for p, roles in batch.roles.items() if p not in batch.hired]  # fmt: skip
        clients = batch.client_rows(keys)
        for statement, rows in (
            (CLIENTS, clients),
            (CLIENT_VERSIONS, [(*person, *batch.at[person]) for person in sorted(linked)]),
            (STAFF, batch.staff_rows(keys)),
            (STAFF_CHANGES, changed),
        ):
            if rows:
                await db.execute(statement, *columns(rows))
        if clients:
            await index_names(db, batch.names)
        await batch.profiles.write(db, keys)
        return [(gym, str(person)) for gym, person in batch.at]


def _open(key: bytes, person: Person, name: str, sealed: str | None) -> str | None:
    return None if sealed is None else unseal(key, *person, name, sealed)
