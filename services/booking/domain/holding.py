"""Moving holds: a session moved, and with it the time its people have set aside.

Taking and settling them is in ``holds``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from contracts.ids import ClientId, ReservationId
from contracts.timetable import HoldMoved
from services.booking.domain.client_ledger import LedgerEvent
from services.booking.domain.hold import Hold


def move(
    holds: Mapping[ReservationId, Hold],
    client: ClientId,
    reservation: ReservationId,
    starts_at: datetime,
    ends_at: datetime,
    *,
    on: date,
) -> Sequence[LedgerEvent]:
    """Set the time aside that the session has moved to; what it overlaps with is told, not lost."""
    held = holds.get(reservation)
    if held is None:
        return []
    overlaps = tuple(
        one.session_id
        for key, one in holds.items()
        if key != reservation and held.is_busy and one.is_busy
        and one.starts_at < ends_at and starts_at < one.ends_at
    )  # fmt: skip
    return [
        HoldMoved(
            client_id=client, reservation_id=reservation, session_id=held.session_id,
            starts_at=starts_at, ends_at=ends_at, previous_starts_at=held.starts_at,
            on=on, overlaps=overlaps,
        )
    ]  # fmt: skip
