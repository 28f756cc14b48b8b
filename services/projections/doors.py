"""Doors: where they are and when they open, what is locked down, and who has which credential.

Tables     ``doors``, ``lockdowns`` (those in force), ``credentials`` (one row each, for ever)
Rebuild    from EVT_ACCESS's beginning; the same events give the same rows
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.access import (
    CredentialActivated,
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    DoorAdded,
    DoorScheduleSet,
    LockdownEnded,
    LockdownStarted,
    OpenHours,
)
from contracts.envelope import Envelope, Event
from contracts.ids import ClientId, CredentialId, DoorId, GymId, LocationId
from services.projections.reading import ask
from services.projections.sessions import Incomplete, columns

DOORS = """
INSERT INTO doors (gym_id, door_id, location_id, name, time_zone, hours, version, position)
SELECT u.gym_id, u.door_id, u.location_id, u.name, 'UTC', '[]', u.version, u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::bigint[])
    AS u (gym_id, door_id, location_id, name, version, position)
"""
SCHEDULES = """
UPDATE doors d SET time_zone = u.time_zone, hours = u.hours::jsonb, version = u.version,
       position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[])
    AS u (gym_id, door_id, time_zone, hours, version, position)
 WHERE d.gym_id = u.gym_id AND d.door_id = u.door_id
"""
LOCK = """
INSERT INTO lockdowns (gym_id, place, reason, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
    ON CONFLICT (gym_id, place) DO UPDATE
   SET reason = excluded.reason, version = excluded.version, position = excluded.position
"""
UNLOCK = """
DELETE FROM lockdowns l USING unnest($1::uuid[], $2::uuid[]) AS u (gym_id, place)
 WHERE l.gym_id = u.gym_id AND l.place = u.place
"""
ISSUED = """
INSERT INTO credentials (gym_id, credential_id, status, version, position, holder_id, kind,
                         issued_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[],
                     $7::text[], $8::timestamptz[])
"""
STATUSES = """
UPDATE credentials c SET status = u.status, version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
    AS u (gym_id, credential_id, status, version, position)
 WHERE c.gym_id = u.gym_id AND c.credential_id = u.credential_id
"""
NOW: dict[type[Event], str] = {
    CredentialIssued: "pending",
    CredentialActivated: "active",
    CredentialSuspended: "suspended",
    CredentialReinstated: "active",
    CredentialRevoked: "revoked",
}
"""What a credential is after an event."""


@dataclass(frozen=True, slots=True)
class Door:
    """A door as screens show it."""

    door_id: DoorId
    location_id: LocationId
    name: str
    time_zone: str
    hours: list[OpenHours]
    """None: open at all hours."""
    lockdown: str | None
    """Why it is locked down."""
    version: int


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody holds to the reader."""

    credential_id: CredentialId
    kind: str
    status: str
    """``pending``, ``active``, ``suspended`` or ``revoked``."""
    issued_at: datetime
    version: int


@dataclass(slots=True)
class _Batch:
    added: list[tuple[object, ...]] = field(default_factory=list)
    schedules: dict[tuple[GymId, UUID], tuple[object, ...]] = field(default_factory=dict)
    lockdowns: dict[tuple[GymId, UUID], tuple[object, ...] | None] = field(default_factory=dict)
    issued: dict[tuple[GymId, UUID], tuple[object, ...]] = field(default_factory=dict)
    statuses: dict[tuple[GymId, UUID], tuple[object, ...]] = field(default_factory=dict)
    changed: set[Change] = field(default_factory=set)

    def hear(self, envelope: Envelope) -> None:
        gym, at = envelope.gym_id, (envelope.version, envelope.position)
        key = (gym, envelope.stream_id)
        match envelope.event:
            case DoorAdded() as e:
                self.added.append((gym, e.door_id, e.location_id, e.name, *at))
            case DoorScheduleSet() as e:
                hours = json.dumps([span.model_dump() for span in e.hours])
                self.schedules[key] = (e.time_zone, hours, *at)
            case LockdownStarted() as e:
                self.lockdowns[key] = (e.reason, *at)
            case LockdownEnded():
                self.lockdowns[key] = None
            case event if type(event) in NOW:
                if isinstance(event, CredentialIssued):
                    holder = event.client_id or event.staff_id
                    self.issued[key] = (holder, event.kind, envelope.occurred_at)
                self.statuses[key] = (NOW[type(event)], *at)
            case _:
                return
        self.changed.add((gym, str(envelope.stream_id)))


@dataclass(frozen=True, slots=True)
class DoorsModel:
    """Written by the projector. Hints name doors, locations or the gym, and credentials."""

    name: str = "doors"
    source: str = "EVT_ACCESS"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("doors", "lockdowns", "credentials")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        await _write(db, batch)
        return batch.changed


MODEL = DoorsModel()


async def _write(db: Db, batch: _Batch) -> None:
    old = {key: row for key, row in batch.statuses.items() if key not in batch.issued}
    statements: tuple[tuple[str, list[tuple[object, ...]], str], ...] = (
        (DOORS, batch.added, "INSERT 0"),
        (SCHEDULES, [(*key, *row) for key, row in batch.schedules.items()], "UPDATE"),
        (LOCK, [(*key, *row) for key, row in batch.lockdowns.items() if row], "INSERT 0"),
        (UNLOCK, [key for key, row in batch.lockdowns.items() if not row], ""),
        (ISSUED, [(*key, *batch.statuses[key], *row) for key, row in batch.issued.items()],
         "INSERT 0"),
        (STATUSES, [(*key, *row) for key, row in old.items()], "UPDATE"),
    )  # fmt: skip
    for statement, rows, expected in statements:
        if not rows:
            continue
        done = await db.execute(statement, *columns(rows))
        if expected and done != f"{expected} {len(rows)}":
            raise Incomplete(f"doors: {len(rows)} rows, {done}")


async def of_gym(pool: Pool, gym_id: GymId) -> tuple[int, list[Door]]:
    """The gym's doors by name, and the position in access's store they reflect."""
    as_of, rows = await ask(pool, "doors_of", gym_id)
    return as_of, [
        Door(row[1], row[2], row[3], row[4], _hours(row[5]), row[6], row[7])
        for row in rows if row[1] is not None
    ]  # fmt: skip


async def credentials_of(
    pool: Pool, gym_id: GymId, client_id: ClientId
) -> tuple[int, list[Credential]]:
    """The client's credentials, oldest first."""
    as_of, rows = await ask(pool, "credentials_of", gym_id, client_id)
    return as_of, [Credential(*tuple(row)[1:]) for row in rows if row[1] is not None]


def _hours(stored: str) -> list[OpenHours]:
    return [OpenHours(**span) for span in json.loads(stored)]
