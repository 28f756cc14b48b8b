"""What an alert is: a symptom, for how long it holds, and whether it may wait."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether it may wait."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Alert:
    """One symptom."""

    name: str
    expr: str
    """PromQL; the alert is on for each series it returns."""
    holds: str
    """For how long before it is told: ``1m``; ``0s`` at once."""
    severity: Severity
    summary: str
    """One line, with Prometheus' templates."""
    labels: tuple[tuple[str, str], ...] = ()
