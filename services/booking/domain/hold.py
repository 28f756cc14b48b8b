"""One hold: what a reservation has set aside on its client's ledger."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from chassis.decider import replace
from contracts.ids import GrantId, ProgramId, SessionId
from contracts.timetable import HoldMoved


@dataclass(frozen=True)
class Hold:
    """What a reservation has set aside: a credit of a pack, else 0, and the time."""

    grant_id: GrantId
    session_id: SessionId
    starts_at: datetime  # UTC
    ends_at: datetime  # UTC
    credits: int
    is_busy: bool = True  # False after a late cancel
    on: date | None = None  # the session's local date
    program_id: ProgramId | None = None  # the session's

    def is_busy_in(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the client has to be there at some time of [starts_at, ends_at)."""
        return self.is_busy and self.starts_at < ends_at and starts_at < self.ends_at

    def moved(self, event: HoldMoved) -> Self:
        """When its session takes place by now, and what it is of."""
        return replace(
            self, starts_at=event.starts_at, ends_at=event.ends_at, on=event.on,
            program_id=event.program_id or self.program_id,
        )  # fmt: skip
