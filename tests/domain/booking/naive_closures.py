"""The closed days of a location counted apart from the rules: whole local days, said and opened."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.ids import ClosureId

Days = tuple[date, date]  # the first and the last


@dataclass
class ClosedDays:
    """What somebody closed, and what of it was opened again."""

    zone: ZoneInfo
    on: dict[ClosureId, Days] = field(default_factory=dict)
    opened: list[Days] = field(default_factory=list)

    def close(self, closure: ClosureId, first: date, last: date) -> None:
        """Nothing when just these days are closed."""
        if (first, last) not in self.on.values():
            self.on[closure] = (first, last)

    def open_again(self, closure: ClosureId) -> None:
        self.opened.append(self.on.pop(closure))

    def cover(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.on.values())

    def covered(self, day: date) -> bool:
        """Whether the day was closed, and is not any more."""
        return not self.cover(day) and any(first <= day <= last for first, last in self.opened)

    @property
    def ends(self) -> set[str]:
        """The instants at which something opens by itself, as refusals tell them."""
        midnights = (
            datetime.combine(last + timedelta(days=1), time(), tzinfo=self.zone)
            for _, last in self.on.values()
        )
        return {one.astimezone(ZoneInfo("UTC")).isoformat() for one in midnights}

    def shifts(self, days: Days) -> bool:
        """Whether the clocks change on these days."""
        first, last = (datetime.combine(one, time(), tzinfo=self.zone) for one in days)
        return first.utcoffset() != (last + timedelta(days=1)).utcoffset()
