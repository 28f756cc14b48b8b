"""Bans counted again from the log: somebody's and the rules' own, side by side."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts import booking as said
from contracts.ids import ClientId


@dataclass
class Bans:
    """Of all clients."""

    by_somebody: dict[ClientId, said.BookingBanImposed] = field(default_factory=dict)
    by_rules: dict[ClientId, said.BookingBanImposed] = field(default_factory=dict)
    lifted: dict[ClientId, datetime] = field(default_factory=dict)  # by staff, the last time

    @property
    def all(self) -> dict[ClientId, said.BookingBanImposed]:
        """One of each client who has any."""
        return {**self.by_somebody, **self.by_rules}

    def impose(self, event: said.BookingBanImposed) -> None:
        kept = self.by_somebody if event.cause is None else self.by_rules
        kept[event.client_id] = event
        if event.cause is not None and event.client_id in self.lifted:
            assert event.cause.counted_at > self.lifted[event.client_id], "staff lifted that"
        if event.erased:  # that is for good, whatever the rules' own rested on
            self.by_rules.pop(event.client_id, None)

    def lift(self, event: said.BookingBanLifted, now: datetime) -> None:
        """Of the rules' own alone, when the event names what remains."""
        assert event.kind is not said.BanEnd.SERVED or not self.keep_out(event.client_id, now)
        if event.kind is said.BanEnd.STAFF:
            self.lifted[event.client_id] = now
        by_rules = self.by_rules.pop(event.client_id, None)
        if (stays := event.remaining) is not None:
            ban = self.by_somebody[event.client_id]
            assert by_rules is not None
            assert event.kind is said.BanEnd.FELL
            assert (ban.until, ban.reason) == (stays.until, stays.because)
            assert self.keep_out(event.client_id, now)
        else:
            assert self.by_somebody.pop(event.client_id, by_rules) is not None
            assert event.kind is not said.BanEnd.FELL or by_rules is not None

    def keep_out(self, client: ClientId, now: datetime) -> bool:
        bans = (self.by_somebody.get(client), self.by_rules.get(client))
        return any(ban and (ban.until is None or now < ban.until) for ban in bans)
