"""Roster: who has a seat in a session and who waits; and the same by client, "my bookings".

Tables     ``roster_sessions`` (the sessions, so that a roster is one consistent picture),
           ``reservations`` (one row each, for ever), ``waitlist_entries`` (who is in line now)
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.projection import Change
from chassis.tenancy import Db
from contracts.booking import (
    Attendance,
    AttendanceFinalized,
    AttendanceUnrecorded,
    CapacityChanged,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    SessionScheduled,
    SpotChanged,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, ReservationId, SessionId
from services.projections import places, seat_status, session_slots, sessions
from services.projections.session_slots import turns_slot
from services.projections.sessions import Incomplete, Key, columns

RESERVE = """
INSERT INTO reservations (gym_id, reservation_id, status, version, position, session_id, client_id,
                          source, free_until, made_at, starts_at)
SELECT u.*, s.starts_at
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::uuid[],
              $8::text[], $9::timestamptz[], $10::timestamptz[])
    AS u (gym_id, reservation_id, status, version, position, session_id, client_id, source,
          free_until, made_at)
  JOIN roster_sessions s ON s.gym_id = u.gym_id AND s.session_id = u.session_id
"""
CHANGE = """
UPDATE reservations r SET status = u.status, version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
    AS u (gym_id, reservation_id, status, version, position)
 WHERE r.gym_id = u.gym_id AND r.reservation_id = u.reservation_id
"""
FINALIZE = """
UPDATE reservations r SET status = 'attended', version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[])
    AS u (gym_id, session_id, version, position)
 WHERE r.gym_id = u.gym_id AND r.session_id = u.session_id AND r.status = 'checked_in'
"""
JOIN_LINE = """
INSERT INTO waitlist_entries (gym_id, session_id, client_id, seq, joined_at, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::timestamptz[], $6::int[],
                     $7::bigint[])
    ON CONFLICT (gym_id, session_id, client_id) DO UPDATE
   SET seq = excluded.seq, joined_at = excluded.joined_at, version = excluded.version,
       position = excluded.position
"""
LEAVE_LINE = """
DELETE FROM waitlist_entries w
 USING unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (gym_id, session_id, client_id)
 WHERE w.gym_id = u.gym_id AND w.session_id = u.session_id AND w.client_id = u.client_id
"""
IN_LINE = """
SELECT w.gym_id, w.client_id FROM waitlist_entries w
  JOIN unnest($1::uuid[], $2::uuid[]) AS u (gym_id, session_id)
    ON w.gym_id = u.gym_id AND w.session_id = u.session_id
"""
SEATED = IN_LINE.replace("waitlist_entries", "reservations")


@dataclass(slots=True)
class _Batch:
    """What the events of one batch come to, row by row."""

    made: dict[tuple[GymId, ReservationId], tuple[Envelope, ReservationMade]] = field(
        default_factory=dict
    )
    status: dict[tuple[GymId, ReservationId], tuple[str, int, int]] = field(default_factory=dict)
    """What became of reservations, those of this batch included."""
    line: dict[tuple[GymId, SessionId, ClientId], tuple[int, datetime, int, int] | None] = field(
        default_factory=dict
    )
    finalized: dict[Key, tuple[int, int]] = field(default_factory=dict)
    clients: set[tuple[GymId, UUID]] = field(default_factory=set)
    queues: set[Key] = field(default_factory=set)
    """Sessions in whose line somebody moved."""
    header: set[Key] = field(default_factory=set)
    """Sessions whose own facts changed: everybody with a booking sees that."""

    def hear(self, envelope: Envelope) -> None:
        gym, at = envelope.gym_id, (envelope.version, envelope.position)
        event = envelope.event
        match event:
            case ReservationMade():
                self.made[gym, event.reservation_id] = (envelope, event)
                self.clients.add((gym, event.client_id))
            case _ if isinstance(event, seat_status.Turn):
                self.status[gym, event.reservation_id] = (seat_status.after(event), *at)
                self.clients.add((gym, event.client_id))
            case (
                SpotChanged() | SpotOffered() | OfferShortened() | OfferWithdrawn()
                | OfferExpired() | OfferDeclined() | ReservationFlagged() | ReservationCovered()
            ):  # fmt: skip
                self.queues.add((gym, event.session_id))
                self.clients.add((gym, event.client_id))
            case WaitlistJoined():
                self._stand(gym, event, (event.seq, envelope.occurred_at, *at))
            case WaitlistLeft() | WaitlistPromoted():
                self._stand(gym, event, None)
            case AttendanceFinalized():
                self.finalized[gym, event.session_id] = at
                for seat in event.excused:
                    self.status[gym, seat] = (seat_status.CORRECTED[Attendance.EXCUSED], *at)
                self.header.add((gym, event.session_id))
            case CapacityChanged() | AttendanceUnrecorded():
                self.header.add((gym, event.session_id))
            case _ if turns_slot(event) and not isinstance(event, SessionScheduled):
                self.header.add((gym, event.session_id))

    def _stand(
        self,
        gym: GymId,
        event: WaitlistJoined | WaitlistLeft | WaitlistPromoted,
        row: tuple[int, datetime, int, int] | None,
    ) -> None:
        self.line[gym, event.session_id, event.client_id] = row
        if row is None:  # who joins stands last: nobody else moves
            self.queues.add((gym, event.session_id))
        self.clients.add((gym, event.client_id))


@dataclass(frozen=True, slots=True)
class RosterModel:
    """Written by the projector. Hints name sessions and clients."""

    name: str = "roster"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("roster_sessions", "reservations", "waitlist_entries")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        changed = await sessions.apply(db, "roster_sessions", events)
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        await _seats(db, batch)
        await session_slots.move_seats(db, events)
        await _line(db, batch)
        await places.apply(db, events)
        clients = batch.clients | await _onlookers(db, batch)
        return ((gym, str(key)) for gym, key in (*changed, *clients))


MODEL = RosterModel()


async def _seats(db: Db, batch: _Batch) -> None:
    turns = batch.status
    new = [
        (*key, *(turns.pop(key, None) or ("reserved", envelope.version, envelope.position)),
         event.session_id, event.client_id, event.source, event.free_until, envelope.occurred_at)
        for key, (envelope, event) in batch.made.items()
    ]  # fmt: skip
    old = [(*key, *turn) for key, turn in turns.items()]
    if new:
        _all(await db.execute(RESERVE, *columns(new)), f"INSERT 0 {len(new)}")
    if old:
        _all(await db.execute(CHANGE, *columns(old)), f"UPDATE {len(old)}")
    if batch.finalized:
        ended = [(*key, *at) for key, at in batch.finalized.items()]
        await db.execute(FINALIZE, *columns(ended))


async def _line(db: Db, batch: _Batch) -> None:
    joined = [(*key, *row) for key, row in batch.line.items() if row is not None]
    left = [key for key, row in batch.line.items() if row is None]
    if joined:
        await db.execute(JOIN_LINE, *columns(joined))
    if left:
        await db.execute(LEAVE_LINE, *columns(left))


async def _onlookers(db: Db, batch: _Batch) -> set[tuple[GymId, UUID]]:
    """Clients whose own events say nothing, but whose place in line or session moved."""
    moved = batch.queues | batch.header
    seen: set[tuple[GymId, UUID]] = set()
    if moved:
        seen |= {(gym, client) for gym, client in await db.fetch(IN_LINE, *columns([*moved]))}
    if batch.header:
        told = await db.fetch(SEATED, *columns([*batch.header]))
        seen |= {(gym, client) for gym, client in told}
    return seen


def _all(done: str, wanted: str) -> None:
    if done != wanted:
        raise Incomplete(f"reservations: {wanted} expected, {done}")
