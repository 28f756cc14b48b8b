"""Profiles: what staff note about clients and what they are qualified for, opened row by row.

Part of the people read model: the same events, the same transaction, the same keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from chassis.sealing import unseal
from chassis.tenancy import Db
from contracts.envelope import Envelope
from contracts.ids import GymId
from contracts.members import (
    AlertCleared,
    AlertSet,
    NoteAdded,
    PersonalDataErased,
    StaffAssigned,
    StaffQualificationsSet,
    TagAdded,
    TagRemoved,
)
from services.projections.searching import tag_key, words
from services.projections.sessions import columns

Person: TypeAlias = tuple[GymId, UUID]
Keys: TypeAlias = Mapping[Person, bytes | None]
Row: TypeAlias = tuple[object, ...]

TAGS = """
INSERT INTO client_tags (gym_id, client_id, tag_id, tag, tag_key, position, sort_name)
SELECT u.*, c.sort_name
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
    AS u (gym_id, client_id, tag_id, tag, tag_key, position)
  JOIN clients c ON c.gym_id = u.gym_id AND c.client_id = u.client_id
    ON CONFLICT (gym_id, client_id, tag_id) DO UPDATE
   SET tag = excluded.tag, tag_key = excluded.tag_key, position = excluded.position
"""
UNTAG = """
DELETE FROM client_tags t USING unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (gym, client, tag)
 WHERE t.gym_id = u.gym AND t.client_id = u.client AND t.tag_id = u.tag
"""
NOTES = """
INSERT INTO client_notes (gym_id, client_id, note_id, note, author, noted_at, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],
                     $6::timestamptz[], $7::bigint[])
"""
ALERTS = """
INSERT INTO client_alerts (gym_id, client_id, level, alert, set_at, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::bigint[])
    ON CONFLICT (gym_id, client_id, level) DO UPDATE
   SET alert = excluded.alert, set_at = excluded.set_at, position = excluded.position
"""
CLEAR = """
DELETE FROM client_alerts a USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym, client, lvl)
 WHERE a.gym_id = u.gym AND a.client_id = u.client AND a.level = u.lvl
"""
ASSIGN = """
UPDATE clients c SET assigned_staff_id = u.staff
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (gym, client, staff)
 WHERE c.gym_id = u.gym AND c.client_id = u.client
"""
UNQUALIFY = """
DELETE FROM staff_qualifications q USING unnest($1::uuid[], $2::uuid[]) AS u (gym, staff)
 WHERE q.gym_id = u.gym AND q.staff_id = u.staff
"""
QUALIFY = """
INSERT INTO staff_qualifications (gym_id, staff_id, place, class_type_id, label, expires_on)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::date[])
"""
FORGET = """
DELETE FROM {table} t USING unnest($1::uuid[], $2::uuid[]) AS u (gym, client)
 WHERE t.gym_id = u.gym AND t.client_id = u.client
"""
RENAME = """
UPDATE client_tags t SET sort_name = u.name
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym, client, name)
 WHERE t.gym_id = u.gym AND t.client_id = u.client
"""
WORDS = """
INSERT INTO client_words (gym_id, client_id, word)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
"""


@dataclass(slots=True)
class Profiles:
    """What the events of one batch come to."""

    tags: dict[tuple[GymId, UUID, UUID], Envelope] = field(default_factory=dict)
    alerts: dict[tuple[GymId, UUID, str], Envelope] = field(default_factory=dict)
    notes: list[Envelope] = field(default_factory=list)
    assigned: dict[Person, UUID | None] = field(default_factory=dict)
    qualified: dict[Person, StaffQualificationsSet] = field(default_factory=dict)
    erased: set[Person] = field(default_factory=set)

    def hear(self, envelope: Envelope) -> Person | None:
        """Whom the event concerns; ``None`` when it says nothing about a profile."""
        gym = envelope.gym_id
        match envelope.event:
            case TagAdded() | TagRemoved() as event:
                self.tags[gym, event.client_id, event.tag_id] = envelope
            case AlertSet() | AlertCleared() as event:
                self.alerts[gym, event.client_id, event.level] = envelope
            case NoteAdded() as event:
                self.notes.append(envelope)
            case StaffAssigned() as event:
                self.assigned[gym, event.client_id] = event.staff_id
            case PersonalDataErased() as event:
                self.erased.add((gym, event.client_id))
            case StaffQualificationsSet() as event:
                self.qualified[gym, event.staff_id] = event
                return gym, event.staff_id
            case _:
                return None
        return gym, event.client_id

    @property
    def sealed(self) -> set[Person]:
        """Whose text must be opened."""
        whose = {key[:2] for key in (*self.tags, *self.alerts)}
        noted = {(e.gym_id, e.stream_id) for e in self.notes}
        return (whose | noted | self.qualified.keys()) - self.erased

    async def write(self, db: Db, keys: Keys) -> None:
        """Bring the tables up to the batch. Who was erased before we open it has no row."""
        gone = self.erased
        changes: list[tuple[str, Sequence[Row]]] = [
            (TAGS, self._tags(keys)),
            (UNTAG, [k for k, e in self.tags.items() if isinstance(e.event, TagRemoved)]),
            (NOTES, self._notes(keys)),
            (ALERTS, self._alerts(keys)),
            (CLEAR, [k for k, e in self.alerts.items() if isinstance(e.event, AlertCleared)]),
            (ASSIGN, [(*person, staff) for person, staff in self.assigned.items()]),
            (ASSIGN, [(*person, None) for person in gone]),
            (UNQUALIFY, list(self.qualified)),
            (QUALIFY, self._qualifications(keys)),
            *((FORGET.format(table=table), list(gone))
              for table in ("client_tags", "client_notes", "client_alerts", "client_words")),
        ]  # fmt: skip
        for statement, rows in changes:
            if rows:
                await db.execute(statement, *columns(rows))

    def _tags(self, keys: Keys) -> list[Row]:
        rows: list[Row] = []
        for (gym, client, tag_id), envelope in self.tags.items():
            key = keys.get((gym, client))
            if isinstance(envelope.event, TagAdded) and key:
                tag = unseal(key, gym, client, "tag", envelope.event.tag)
                rows.append((gym, client, tag_id, tag, tag_key(tag), envelope.position))
        return rows

    def _alerts(self, keys: Keys) -> list[Row]:
        rows: list[Row] = []
        for (gym, client, level), envelope in self.alerts.items():
            key = keys.get((gym, client))
            if isinstance(envelope.event, AlertSet) and key:
                alert = unseal(key, gym, client, "alert", envelope.event.alert)
                at: datetime = envelope.occurred_at
                rows.append((gym, client, level, alert, at, envelope.position))
        return rows

    def _notes(self, keys: Keys) -> list[Row]:
        rows: list[Row] = []
        for envelope in self.notes:
            gym, event = envelope.gym_id, envelope.event
            if isinstance(event, NoteAdded) and (key := keys.get((gym, event.client_id))):
                note = unseal(key, gym, event.client_id, "note", event.note)
                rows.append((gym, event.client_id, event.note_id, note, envelope.actor,
                             envelope.occurred_at, envelope.position))  # fmt: skip
        return rows

    def _qualifications(self, keys: Keys) -> list[Row]:
        return [
            (*person, place, one.class_type_id,
             unseal(key, *person, "qualification", one.label) if one.label else None,
             one.expires_on)
            for person, event in self.qualified.items() if (key := keys.get(person))
            for place, one in enumerate(event.qualifications, start=1)
        ]  # fmt: skip


async def index_names(db: Db, names: Mapping[Person, str]) -> None:
    """Let these clients be found by the words of their names, and by no earlier ones."""
    sorted_by = [(*person, name.casefold()) for person, name in names.items()]
    await db.execute(RENAME, *columns(sorted_by))
    await db.execute(FORGET.format(table="client_words"), *columns(list(names)))
    rows: list[Row] = [(*person, word) for person, name in names.items() for word in words(name)]
    if rows:
        await db.execute(WORDS, *columns(rows))
