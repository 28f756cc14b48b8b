"""Limits of a local day counted again from the log: of all a client's sessions, or of a program."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts import booking as said
from contracts.ids import ClientId, ProgramId, ReservationId, SessionId
from tests.domain.booking.naive_seats import Seats


@dataclass
class Limits:
    """Of all clients."""

    sessions: Mapping[SessionId, Seats]
    counted: Mapping[ReservationId, said.CreditHeld]
    """What was not given back in time."""

    def on(self, client: ClientId, day: date) -> list[said.CreditHeld]:
        """The client's reservations of the day."""
        of_client = (one for one in self.counted.values() if one.client_id == client)
        return [one for one in of_client if self.sessions[one.session_id].day == day]

    def of(self, program: ProgramId, client: ClientId, day: date) -> list[said.CreditHeld]:
        """Those of them in sessions of the program."""
        booked = self.on(client, day)
        return [one for one in booked if self.sessions[one.session_id].program == program]

    def reached(
        self, client: ClientId, wanted: Seats, given_up: Iterable[ReservationId] = ()
    ) -> dict[str, int]:
        """The rules that allow no more of that day -> how many the client has booked by them."""
        booked = {"daily_limit": self.on(client, wanted.day)}
        if wanted.program is not None:
            booked["program_daily_limit"] = self.of(wanted.program, client, wanted.day)
        gone = set(given_up)
        counts = {
            name: sum(one.reservation_id not in gone for one in holds)
            for name, holds in booked.items()
        }
        return {
            name: count for name, count in counts.items()
            if 0 < getattr(wanted.policy, name) <= count
        }  # fmt: skip
