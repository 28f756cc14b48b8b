"""How random histories ask: a gym, what was counted of it, and everything asked twice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.envelope import Command
from contracts.ids import ClientId, LocationId, SessionId
from tests.domain.booking import situations, told
from tests.domain.booking.language import FAR, HALL, HOUR, NOON, OTHER, SES
from tests.domain.booking.laws import CLIENTS, Laws

STARTS = {SES: NOON, OTHER: NOON + HOUR / 2, FAR: NOON + 1.5 * HOUR}
"""The first two overlap, the third begins when the second ends."""
PLACES = {SES: HALL, OTHER: HALL, FAR: LocationId(UUID(int=98))}
BIKES = ("a", "b", "c")
STAFF = ("staff:x", "owner")

clients = st.sampled_from(CLIENTS)
sessions = st.sampled_from(tuple(STARTS))
nths = st.integers(0, 11)


class Asked(Laws):
    """Whatever is asked is done or refused, and read."""

    def _do(
        self,
        command: Command,
        actor: str = "client:x",
        *roles: str,
        twice: bool = True,
        then: datetime | None = None,
    ) -> bool:
        """Whether it was done. Asked at once again (``twice``), the same changes nothing.

        ``then``: when what it tells of happened, if that is not now.
        """
        now, heard_at = then or self.now, self.now if then else None
        try:
            self.naive.now = self.now
            _, events = self.gym.do(command, now, actor, *roles, heard_at=heard_at)
        except Refused as refusal:
            self.reached[situations.of_refusal(command, refusal)] += 1
            told.must_be_true(self.naive, refusal, command)
            return False
        self.naive.read(events, self.now)
        self.reached.update(situations.of_events(events))
        self.reached.update(situations.of_seats(self.naive.sessions, events, self.now))
        if not twice:
            return True
        try:
            _, again = self.gym.do(command, now, actor, *roles, heard_at=heard_at)
        except Refused:
            again = []
        assert again == [], "asking twice is asking once"
        return True

    def _pairs(self, where: str) -> list[tuple[SessionId, ClientId]]:
        """Who is ``seated`` in, or in ``line`` for, which session."""
        return [
            (session, client)
            for session, seats in self.naive.sessions.items()
            for client in sorted(getattr(seats, where))
        ]

    def _pick(self, where: str, nth: int) -> dict[str, Any]:
        pairs = self._pairs(where)
        session, client = pairs[nth % len(pairs)]
        return {"session_id": session, "client_id": client}
