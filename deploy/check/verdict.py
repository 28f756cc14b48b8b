"""What became of one invariant."""

from dataclasses import dataclass, field

SHOWN = 20  # offenders told one by one


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
