"""What a dashboard is made of, and the PromQL its lines share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: each query a line, named by its legend."""

    title: str
    unit: str
    """Grafana's name: ``s``, ``ops``, ``short``, ``percentunit``."""
    lines: tuple[tuple[str, str], ...]
    """(PromQL, legend)"""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of panels."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def rate(metric: str, by: str, **labels: str) -> str:
    """How often ``metric`` counts, for each ``by``."""
    chosen = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"sum by ({by}) (rate({metric}{{{chosen}}}[$__rate_interval]))"


def quantile(part: float, metric: str, by: str) -> str:
    """Below what ``part`` of the observations of a histogram are."""
    rates = f"sum by (le, {by}) (rate({metric}_bucket[$__rate_interval]))"
    return f"histogram_quantile({part}, {rates})"


def refused(name: str) -> str:
    """How many of a command are refused a minute, for each reason."""
    return f'60 * sum by (code) (rate(b2b_refusals_total{{command="{name}"}}[$__rate_interval]))'


def command(name: str, outcome: str = "done") -> str:
    """How many of a command a minute."""
    rates = f'rate(b2b_commands_total{{command="{name}",outcome="{outcome}"}}[$__rate_interval])'
    return f"60 * sum({rates})"
