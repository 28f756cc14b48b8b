"""Entries: the log of the doors: who stood where, when, and whether it opened.

Table      ``door_entries``, one row a decision, for ever
Rebuild    from EVT_ACCESS's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.access import AccessDenied, AccessGranted, EntryFacts
from contracts.envelope import Envelope
from contracts.ids import ClientId, DoorId, EntryId, GymId, SessionId, StaffId
from services.projections.reading import FAR_AHEAD, ask
from services.projections.sessions import columns

INSERT = """
INSERT INTO door_entries (gym_id, entry_id, door_id, at, position, client_id, staff_id,
                          with_credential, facts, session_id, reason)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[],
                     $6::uuid[], $7::uuid[], $8::boolean[], $9::text[], $10::uuid[],
                     $11::text[])
"""
Keyset = tuple[datetime, UUID]
"""Instant and id of the last entry seen; the next page begins before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a door decided. Without client and staff member: an unknown credential."""

    entry_id: EntryId
    door_id: DoorId
    at: datetime
    client_id: ClientId | None
    client_name: str | None
    staff_id: StaffId | None
    staff_name: str | None
    session_id: SessionId | None
    with_credential: bool
    reason: str | None
    """Why it stayed shut; ``None``: it opened."""
    facts: EntryFacts


@dataclass(frozen=True, slots=True)
class EntriesModel:
    """Written by the projector. Hints name doors."""

    name: str = "entries"
    source: str = "EVT_ACCESS"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("door_entries",)

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        rows, changed = [], set()
        for envelope in events:
            match envelope.event:
                case AccessGranted() as event:
                    rows.append((*_who(envelope, event), event.session_id, None))
                case AccessDenied() as event:
                    rows.append((*_who(envelope, event), None, event.reason))
                case _:
                    continue
            changed.add((envelope.gym_id, str(event.door_id)))
        if rows:
            await db.execute(INSERT, *columns(rows))
        return changed


MODEL = EntriesModel()


def _who(envelope: Envelope, event: AccessGranted | AccessDenied) -> tuple[object, ...]:
    return (
        envelope.gym_id, event.entry_id, event.door_id, envelope.occurred_at, envelope.position,
        event.client_id, event.staff_id, event.facts.credential is not None,
        event.facts.model_dump_json(exclude_none=True).replace("\\u0000", "\\ufffd"),
    )  # fmt: skip


async def page(
    pool: Pool, gym_id: GymId, door_id: DoorId | None, before: Keyset | None, first: int
) -> tuple[int, list[Entry]]:
    """Entries at one door, or at all, newest first; with the position they reflect."""
    return await _page(pool, gym_id, (None, door_id), before, first)


async def of_client(
    pool: Pool, gym_id: GymId, client_id: ClientId, before: Keyset | None, first: int
) -> tuple[int, list[Entry]]:
    """A client's entries, newest first; with the position they reflect."""
    return await _page(pool, gym_id, (client_id, None), before, first)


async def _page(
    pool: Pool,
    gym_id: GymId,
    whose: tuple[ClientId | None, DoorId | None],
    before: Keyset | None,
    first: int,
) -> tuple[int, list[Entry]]:
    key = before or (FAR_AHEAD, UUID(int=0))
    as_of, rows = await ask(pool, "entries_of", gym_id, *whose, *key, first)
    found = [list(row)[1:] for row in rows if row[1] is not None]
    for row in found:
        row[-1] = EntryFacts.model_validate_json(row[-1])
    return as_of, [Entry(*row) for row in found]
