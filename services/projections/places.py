"""Where people sit, who is offered a seat, and how people came in: more of the roster's rows.

Used by the roster after its rows are written, and by the calendar for what its sessions have; an
event that finds none of them changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chassis.tenancy import Db
from contracts.booking import (
    BookingCode,
    CheckedIn,
    CheckInUndone,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ReservationReinstated,
    SessionScheduled,
    SpotChanged,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, ReservationId, SessionId
from contracts.timetable import SessionChanged
from services.projections.sessions import columns

SIT = """
UPDATE reservations r
   SET spot = u.spot, overbooked = coalesce(u.overbooked, r.overbooked)
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bool[])
    AS u (gym_id, reservation_id, spot, overbooked)
 WHERE r.gym_id = u.gym_id AND r.reservation_id = u.reservation_id
"""
COME_IN = """
UPDATE reservations r SET check_in_source = u.source
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym_id, reservation_id, source)
 WHERE r.gym_id = u.gym_id AND r.reservation_id = u.reservation_id
"""
FLAG = """
UPDATE reservations r SET flag = u.flag
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym_id, reservation_id, flag)
 WHERE r.gym_id = u.gym_id AND r.reservation_id = u.reservation_id
"""
OFFER = """
UPDATE waitlist_entries w SET offered_until = u.until, seq = coalesce(u.seq, w.seq)
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[])
    AS u (gym_id, session_id, client_id, until, seq)
 WHERE w.gym_id = u.gym_id AND w.session_id = u.session_id AND w.client_id = u.client_id
"""
FURNISH = """
UPDATE {table} s
   SET online_capacity = u.online, spots = string_to_array(u.spots, e'\\n'),
       waiver_required = u.waiver
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bool[])
    AS u (gym_id, session_id, online, spots, waiver)
 WHERE s.gym_id = u.gym_id AND s.session_id = u.session_id
"""


@dataclass(slots=True)
class _Batch:
    spots: dict[tuple[GymId, ReservationId], tuple[str | None, bool | None]] = field(
        default_factory=dict
    )
    """With whether the session has no such seat; ``None``: as it was."""
    arrivals: dict[tuple[GymId, ReservationId], str | None] = field(default_factory=dict)
    flags: dict[tuple[GymId, ReservationId], str | None] = field(default_factory=dict)
    offers: dict[tuple[GymId, SessionId, ClientId], tuple[datetime | None, int | None]] = field(
        default_factory=dict
    )

    def hear(self, envelope: Envelope) -> None:
        gym, event = envelope.gym_id, envelope.event
        match event:
            case ReservationMade() | ReservationReinstated() | SpotChanged():
                self._sit((gym, event.reservation_id), event)
            case CheckedIn():
                self.arrivals[gym, event.reservation_id] = event.source
            case CheckInUndone():
                self.arrivals[gym, event.reservation_id] = None
            case ReservationFlagged() | ReservationCovered():
                why = event.reason if isinstance(event, ReservationFlagged) else None
                self.flags[gym, event.reservation_id] = why
            case (
                SpotOffered() | OfferShortened() | OfferWithdrawn() | OfferExpired()
                | OfferDeclined()
            ):  # fmt: skip
                until = (
                    event.expires_at if isinstance(event, SpotOffered | OfferShortened) else None
                )
                seq = event.seq if isinstance(event, OfferExpired) else self._seq(gym, event)
                self.offers[gym, event.session_id, event.client_id] = (until, seq)
            case WaitlistLeft() | WaitlistPromoted() | WaitlistJoined():
                seq = event.seq if isinstance(event, WaitlistJoined) else None
                key = (gym, event.session_id, event.client_id)
                if key in self.offers or seq is None:
                    self.offers[key] = (None, seq)

    def _sit(
        self,
        key: tuple[GymId, ReservationId],
        event: ReservationMade | ReservationReinstated | SpotChanged,
    ) -> None:
        if isinstance(event, ReservationMade):
            if event.spot is None and not event.overbooked:
                return  # as its row is born
            overbooked: bool | None = event.overbooked
        elif isinstance(event, ReservationReinstated):
            overbooked = BookingCode.SESSION_FULL in event.overrides
        else:
            overbooked = self.spots.get(key, (None, None))[1]
        self.spots[key] = (event.spot, overbooked)

    def _seq(
        self, gym: GymId, event: SpotOffered | OfferShortened | OfferWithdrawn | OfferDeclined
    ) -> int | None:
        return self.offers.get((gym, event.session_id, event.client_id), (None, None))[1]


async def apply(db: Db, events: Sequence[Envelope]) -> None:
    """Bring the roster's rows, which are there, up to ``events``."""
    batch = _Batch()
    for envelope in events:
        batch.hear(envelope)
    if batch.spots:
        await db.execute(SIT, *columns([(*key, *row) for key, row in batch.spots.items()]))
    if batch.arrivals:
        came = [(*key, source) for key, source in batch.arrivals.items()]
        await db.execute(COME_IN, *columns(came))
    if batch.flags:
        flagged = [(*key, why) for key, why in batch.flags.items()]
        await db.execute(FLAG, *columns(flagged))
    if batch.offers:
        await db.execute(OFFER, *columns([(*key, *row) for key, row in batch.offers.items()]))
    await furnish(db, "roster_sessions", events)


async def furnish(db: Db, table: str, events: Sequence[Envelope]) -> None:
    """Say in session rows, which are there, what seats and spots they have and what they ask."""
    said = {
        (one.gym_id, event.session_id): (
            event.online_capacity, "\n".join(event.spots) or None, event.waiver_required
        )
        for one in events
        if isinstance(event := one.event, SessionChanged)
        or (isinstance(event, SessionScheduled)
            and (event.online_capacity is not None or event.spots or event.waiver_required))
    }  # fmt: skip
    if said:
        rows = [(*key, *row) for key, row in said.items()]
        await db.execute(FURNISH.format(table=table), *columns(rows))
