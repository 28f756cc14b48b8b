"""Who was erased, counted from the log alone. What ``naive`` is for seats.

Reading an event it objects to what must never happen: something booked for nobody, a miss judged,
money asked for.
"""

from dataclasses import dataclass, field
from typing import Any

from contracts import booking as said
from contracts.ids import ClientId, ReservationId

Books = (
    said.ReservationMade | said.ReservationReinstated | said.CreditHeld | said.WaitlistJoined
    | said.WaitlistPromoted | said.SpotOffered
)  # fmt: skip
Judges = (
    said.MarkedNoShow | said.ViolationRecorded | said.FeeAssessed | said.FeeForgiven | said.FeeDue
)  # fmt: skip
ERASED = "erased"
"""Why, as seats, lines and fees tell it."""


@dataclass
class Erased:
    """Of all clients."""

    clients: set[ClientId] = field(default_factory=set)
    freed: set[ReservationId] = field(default_factory=set)
    """What they had ahead and gave up by it."""

    def read(self, event: Any) -> None:
        match event:
            case said.BookingBanImposed():
                assert event.client_id not in self.clients, "they are kept out for good"
                if event.erased:
                    assert event.until is None
                    self.clients.add(event.client_id)
            case said.BookingBanLifted():
                assert event.client_id not in self.clients, "nobody lets them in again"
            case said.ReservationCancelled() if event.reason == ERASED:
                assert event.client_id in self.clients
                assert event.kind is said.Cancellation.STAFF, "it costs them nothing"
                self.freed.add(event.reservation_id)
            case said.WaitlistLeft() if event.reason == ERASED:
                assert event.client_id in self.clients
            case _ if isinstance(event, Books):
                assert event.client_id not in self.clients, "booked for nobody"
            case _ if isinstance(event, Judges):
                assert event.client_id not in self.clients, "nobody is left to be judged"
