"""What a data folder remembers of its demo: begun, finished, and how its clock stood before."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

GATEWAY = "<gateway>"
"""In what is told: wherever the gateway is then."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A demo that is being made: whoever goes on with it needs the same beginning."""

    present: str
    """ISO 8601, UTC; up to when the gyms live."""
    offset: str | None
    """What stood in the clock file; ``None``: there was none."""
    days: int
    clients: int
    seed: str = "back2back"  # of one begun before it could be chosen

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.present)


class Marks:
    """Files in the data folder."""

    def __init__(self, data: Path, clock_file: Path) -> None:
        self._begun, self._made = data / "demo.begun", data / "demo.made"
        self._clock = clock_file

    @property
    def is_made(self) -> bool:
        return self._made.exists()

    @property
    def begun(self) -> Begun | None:
        """The demo that was begun and not finished."""
        try:
            return Begun(**json.loads(self._begun.read_text()))
        except FileNotFoundError:
            return None

    def begin(self, present: datetime, days: int, clients: int, seed: str) -> Begun:
        """Remember how things stood."""
        offset = self._clock.read_text() if self._clock.exists() else None
        begun = Begun(present.isoformat(), offset, days, clients, seed)
        new = self._begun.with_suffix(".new")
        new.write_text(json.dumps(asdict(begun)))
        os.replace(new, self._begun)
        return begun

    def mend_clock(self) -> None:
        """Give the clock back that a demo was killed with. Idempotent."""
        begun = self.begun
        if begun is None:
            return
        if begun.offset is None:
            self._clock.unlink(missing_ok=True)
        else:
            self._clock.write_text(begun.offset)

    def told(self, gateway_url: str) -> list[str]:
        """What to say of the demo; nothing when there is none."""
        if not self.is_made:
            return []
        return self._made.read_text().replace(GATEWAY, gateway_url).splitlines()

    def finish(self, told: list[str]) -> None:
        """The demo is there; ``told`` is to be said of it whenever it is started."""
        self._made.write_text("\n".join(told))
        self._begun.unlink(missing_ok=True)
