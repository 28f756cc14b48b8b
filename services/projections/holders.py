"""Holders: what lets a client in besides their seats, and what keeps them out.

Tables     ``entry_grants`` (of the desk, until they are ended), ``impediments`` and ``door_bans``
           (those there are). Not the windows of classes: seats are in other read models
Rebuild    from EVT_ACCESS's beginning; the same events give the same rows
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.access import (
    AccessGrantKind,
    BanHeard,
    ClientHeard,
    GrantClosed,
    GrantOpened,
    ImpedimentCleared,
    ImpedimentSet,
    OpenHours,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, LocationId
from services.projections.entitlements import FOREVER
from services.projections.reading import ask
from services.projections.sessions import columns

GRANT = """
INSERT INTO entry_grants (gym_id, client_id, grant_id, valid_from, valid_until, location_ids, hours,
                          time_zone, version, position)
SELECT u.gym_id, u.client_id, u.grant_id, u.valid_from, u.valid_until, u.location_ids::jsonb,
       u.hours::jsonb, u.time_zone, u.version, u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[],
              $7::text[], $8::text[], $9::int[], $10::bigint[])
    AS u (gym_id, client_id, grant_id, valid_from, valid_until, location_ids, hours, time_zone,
          version, position)
"""
END = """
DELETE FROM entry_grants g USING unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (gym, client, id)
 WHERE g.gym_id = u.gym AND g.client_id = u.client AND g.grant_id = u.id
RETURNING g.gym_id, g.client_id
"""
IMPEDE = """
INSERT INTO impediments (gym_id, client_id, impediment, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
    ON CONFLICT (gym_id, client_id, impediment) DO UPDATE
   SET version = excluded.version, position = excluded.position
"""
CLEAR = """
DELETE FROM impediments i USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym, client, name)
 WHERE i.gym_id = u.gym AND i.client_id = u.client AND i.impediment = u.name
"""
BAN = """
INSERT INTO door_bans (gym_id, client_id, banned_until, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::bigint[])
    ON CONFLICT (gym_id, client_id) DO UPDATE
   SET banned_until = excluded.banned_until, version = excluded.version,
       position = excluded.position
"""
LIFT = """
DELETE FROM door_bans b USING unnest($1::uuid[], $2::uuid[]) AS u (gym, client)
 WHERE b.gym_id = u.gym AND b.client_id = u.client
"""
NO_GRANTS = """
DELETE FROM entry_grants g USING unnest($1::uuid[], $2::uuid[]) AS u (gym, client)
 WHERE g.gym_id = u.gym AND g.client_id = u.client
"""
NO_IMPEDIMENTS = """
DELETE FROM impediments i USING unnest($1::uuid[], $2::uuid[]) AS u (gym, client)
 WHERE i.gym_id = u.gym AND i.client_id = u.client
"""

_Client: TypeAlias = tuple[GymId, ClientId]
_Row: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class EntryGrant:
    """Lets the client in within [valid_from, valid_until], in the doors' hours."""

    grant_id: UUID
    valid_from: datetime
    valid_until: datetime | None
    """``None``: until it is ended."""
    location_ids: list[LocationId]
    """At their doors; none: at all."""
    hours: list[OpenHours]
    """Within any of them; none: always."""
    time_zone: str
    version: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A client at the gym's doors."""

    grants: list[EntryGrant]
    """First to begin first."""
    impediments: list[str]
    banned_until: datetime | None = None
    """By somebody at the gym; ``FOREVER`` until it is lifted, ``None`` without a ban."""


@dataclass(slots=True)
class _Batch:
    opened: dict[tuple[GymId, ClientId, UUID], _Row] = field(default_factory=dict)
    ended: list[tuple[GymId, ClientId, UUID]] = field(default_factory=list)
    impeded: dict[tuple[GymId, ClientId, str], _Row | None] = field(default_factory=dict)
    banned: dict[_Client, _Row | None] = field(default_factory=dict)
    erased: set[_Client] = field(default_factory=set)
    changed: set[_Client] = field(default_factory=set)

    def hear(self, envelope: Envelope) -> None:
        gym, at = envelope.gym_id, (envelope.version, envelope.position)
        match envelope.event:
            case GrantOpened(kind=AccessGrantKind.MEMBERSHIP) as e:
                places = json.dumps([str(one) for one in e.location_ids])
                hours = json.dumps([span.model_dump() for span in e.hours])
                self.opened[gym, e.client_id, e.grant_id] = (
                    e.valid_from, e.valid_until, places, hours, e.time_zone, *at
                )  # fmt: skip
            case GrantClosed() as e:
                if self.opened.pop((gym, e.client_id, e.grant_id), None) is None:
                    self.ended.append((gym, e.client_id, e.grant_id))
                    return  # it may be a class's: whoever had it as one of ours is told by the row
            case ImpedimentSet() as e:
                self.impeded[gym, e.client_id, e.impediment] = at
            case ImpedimentCleared() as e:
                self.impeded[gym, e.client_id, e.impediment] = None
            case BanHeard() as e:
                self.banned[gym, e.client_id] = (e.until or FOREVER, *at) if e.banned else None
            case ClientHeard(erased=True) as e:
                self._forget((gym, e.client_id))
            case _:
                return
        self.changed.add((gym, e.client_id))

    def _forget(self, client: _Client) -> None:
        """Nothing lets in who was erased and no impediment need keep them out; their ban stays."""
        self.opened = {key: row for key, row in self.opened.items() if key[:2] != client}
        self.impeded = {key: row for key, row in self.impeded.items() if key[:2] != client}
        self.erased.add(client)


@dataclass(frozen=True, slots=True)
class HoldersModel:
    """Written by the projector. Hints name clients."""

    name: str = "holders"
    source: str = "EVT_ACCESS"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("entry_grants", "impediments", "door_bans")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        if batch.ended:
            ended = await db.fetch(END, *columns(batch.ended))
            batch.changed.update((GymId(row[0]), ClientId(row[1])) for row in ended)
        statements: tuple[tuple[str, Sequence[_Row]], ...] = (
            (NO_GRANTS, list(batch.erased)), (NO_IMPEDIMENTS, list(batch.erased)),
            (LIFT, [key for key, row in batch.banned.items() if row is None]),
            (BAN, [(*key, *row) for key, row in batch.banned.items() if row is not None]),
            (CLEAR, [key for key, row in batch.impeded.items() if row is None]),
            (GRANT, [(*key, *row) for key, row in batch.opened.items()]),
            (IMPEDE, [(*key, *row) for key, row in batch.impeded.items() if row is not None]),
        )  # fmt: skip
        for statement, rows in statements:
            if rows:
                await db.execute(statement, *columns(rows))
        return {(gym, str(client)) for gym, client in batch.changed}


MODEL = HoldersModel()


async def of_client(
    pool: Pool, gym_id: GymId, client_id: ClientId, now: datetime
) -> tuple[int, Holder]:
    """What lets the client in or will, what keeps them out, and the position that reflects."""
    as_of, rows = await ask(pool, "holder", gym_id, client_id, now)
    if not rows:
        return as_of, Holder([], [])
    grants = [
        EntryGrant(
            grant_id=row[3], valid_from=row[4], valid_until=row[5],
            location_ids=[LocationId(UUID(one)) for one in json.loads(row[6])],
            hours=[OpenHours(**span) for span in json.loads(row[7])],
            time_zone=row[8], version=row[9],
        )
        for row in rows if row[3] is not None
    ]  # fmt: skip
    return as_of, Holder(grants, list(rows[0][2]), rows[0][1])
