"""What became of one invariant."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

SHOWN = 20  # offenders told one by one


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is that a rule is asked."""

    now: datetime
    """By the clock the processes go by."""
    settled_before: datetime
    """By the databases' clocks: what was recorded from then on may still be on its way."""


@dataclass(slots=True)
class Verdict:
    """An invariant, what was looked at, and who offends."""

    code: str
    """``I1``; stable."""
    says: str
    unit: str
    """What is counted in ``looked_at``."""
    looked_at: int = 0
    offences: int = 0
    offenders: list[str] = field(default_factory=list)
    """The first of them: ids and facts, never anything personal."""

    @property
    def holds(self) -> bool:
        return self.offences == 0

    def accuse(self, offender: str) -> None:
        """Note one more."""
        self.offences += 1
        if len(self.offenders) < SHOWN:
            self.offenders.append(offender)


def summed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """One verdict for each code, in the order of the codes."""
    found: dict[str, Verdict] = {}
    for one in verdicts:
        known = found.setdefault(one.code, replace(one, looked_at=0, offences=0, offenders=[]))
        known.looked_at += one.looked_at
        known.offences += one.offences
        known.offenders += one.offenders[: SHOWN - len(known.offenders)]
    return sorted(found.values(), key=lambda one: (len(one.code.rstrip("bc")), one.code))
