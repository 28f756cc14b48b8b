"""What a door that opened means for booking: whoever has a seat just then is here.

An entry from half an hour before the start (the policy says when check-in opens) to a quarter of
an hour after it is a check-in. Everything else means nothing to booking: no seat here, too early,
checked in already, books closed. Domain rules 3.8.
"""

from datetime import timedelta

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import BookingOutcome, CheckIn, CheckInAtDoor, CheckInSource
from services.booking import attendances
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger

EARLIEST = timedelta(days=1)  # before the start; no policy opens check-in earlier
LATEST = timedelta(minutes=15)  # after the start


def check_in_at_door(command: CheckInAtDoor, unit: Unit) -> BookingOutcome | None:
    """Check the client in where they have a seat here about now; ``None`` when that is nowhere."""
    now, client = unit.ctx.now, command.client_id
    holds = unit.state(client_ledger, client).holds.values()
    near = sorted(
        (hold.starts_at, hold.session_id) for hold in holds
        if hold.is_busy and hold.starts_at - EARLIEST <= now <= hold.starts_at + LATEST
    )  # fmt: skip
    for _, session_id in near:
        if unit.state(class_session, session_id).slot.location_id != command.location_id:
            continue
        arrival = CheckIn(session_id=session_id, client_id=client, source=CheckInSource.DOOR)
        try:
            return attendances.check_in(arrival, unit)
        except Refused:
            continue
    return None
