"""What every process last said of itself; kept in memory for as long as it may still be true."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.health import SILENCE, Beat, RelayTold


@dataclass(frozen=True, slots=True)
class Heard:
    """A process's last beat."""

    beat: Beat
    at: datetime
    ends: Mapping[str, int] = field(default_factory=dict)
    """Service -> the last sequence of its stream, as far as it was known then."""

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may still be so."""
        return (now - self.at).total_seconds() < SILENCE


class Heartbeats:
    """The last beats by process and instance; of who fell silent one is kept, the last."""

    def __init__(self, since: datetime) -> None:
        """``since``: when listening began."""
        self.since = since
        self._heard: dict[str, dict[str, Heard]] = {}

    def hear(self, beat: Beat, now: datetime) -> None:
        """Take note of a beat."""
        known = self._heard.setdefault(beat.process, {})
        known[beat.instance] = Heard(beat, now, self._ends())
        for one in [one for one, heard in known.items() if not heard.is_fresh(now)]:
            del known[one]

    def of(self, process: str, now: datetime) -> list[Heard]:
        """The process's instances that are alive."""
        return [one for one in self._heard.get(process, {}).values() if one.is_fresh(now)]

    def last_of(self, process: str) -> Heard | None:
        """What was heard last, however long ago; nothing when it was never heard of."""
        return max(self._heard.get(process, {}).values(), key=lambda one: one.at, default=None)

    def have_heard(self, processes: Iterable[str]) -> bool:
        """Whether each of them was heard of."""
        return all(one in self._heard for one in processes)

    def end_of(self, service: str) -> RelayTold | None:
        """Where the service's stream ended when that was last told."""
        told = [one.beat.relay for one in self._heard.get(service, {}).values()]
        return max((one for one in told if one and one.seq), key=lambda one: one.seq, default=None)

    def _ends(self) -> dict[str, int]:
        ends = {process: self.end_of(process) for process in self._heard}
        return {process: end.seq for process, end in ends.items() if end}
