"""What was measured: rounds, their median, and the two forms it is told in."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeAlias

from bench.goals import GOALS, WHY

Measure: TypeAlias = Callable[[], Awaitable[float]]


class WrongResult(AssertionError):
    """What was measured did not do its job: the figure means nothing, the run ends."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One goal's outcome."""

    values: list[float]
    """One a round, in order."""
    detail: str
    """The absolute medians behind it, for people."""

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


async def ratio(
    rounds: int, ours: Measure, theirs: Measure, *, unit: str, tell: Callable[[str], None]
) -> Figure:
    """Ours to theirs, measured in turn, who begins alternating; ``unit`` is of the measures."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            other = await theirs()
            pairs.append((await ours(), other))
        else:
            mine = await ours()
            pairs.append((mine, await theirs()))
        tell(f"round {number + 1}: " + " to ".join(f"{short(each)} {unit}" for each in pairs[-1]))
    mine, other = (median(pair[side] for pair in pairs) for side in (0, 1))
    detail = f"{short(mine)} {unit} to {short(other)} {unit}"
    return Figure([mine / other for mine, other in pairs], detail)


def as_json(figures: Mapping[str, Figure]) -> str:
    """For programs: id -> value, goal, op, unit, rounds, spread."""
    known: dict[str, Any] = {}
    for key, figure in figures.items():
        goal = GOALS[key]
        known[key] = {
            "value": round(figure.value, 4),
            "goal": goal.target,
            "op": goal.op,
            "unit": goal.unit,
            "rounds": len(figure.values),
            "spread": [round(each, 4) for each in figure.spread],
        }
    return json.dumps(known, indent=2) + "\n"


def as_markdown(figures: Mapping[str, Figure], *, about: str) -> str:
    """For people: one table, then a line for every goal that is missed."""
    lines = [
        "# Bench",
        "",
        "Written by `make bench`. Ratios (x) compare with a baseline on the same servers in the "
        "same run, in interleaved rounds; a value is the median of its rounds, the spread their "
        "lowest and highest. Absolute figures are of the machine below.",
        "",
        about,
        "",
        "| id | value | goal | met | spread | rounds | what | medians |",
        "|---|--:|--:|---|--:|--:|---|---|",
    ]
    lines += [_row(key, figure) for key, figure in figures.items()]
    missed = [key for key, figure in figures.items() if not GOALS[key].is_met(figure.value)]
    if missed:
        lines += ["", "## Missed", "", *(_missed(key, figures[key]) for key in missed)]
    absent = [key for key in GOALS if key not in figures]
    if absent:
        lines += ["", f"Not measured in this run: {', '.join(absent)}."]
    return "\n".join(lines) + "\n"


def _row(key: str, figure: Figure) -> str:
    goal = GOALS[key]
    op = {">=": "≥", "<=": "≤"}[goal.op]
    low, high = figure.spread
    cells = (
        f"`{key}`", f"{short(figure.value)} {goal.unit}", f"{op} {goal.target:g} {goal.unit}",
        "yes" if goal.is_met(figure.value) else "**no**", f"{short(low)} to {short(high)}",
        str(len(figure.values)), goal.what, figure.detail,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _missed(key: str, figure: Figure) -> str:
    goal = GOALS[key]
    off = abs(figure.value - goal.target) / goal.target
    side = "below" if goal.op == ">=" else "above"
    why = WHY.get(key, "The cause is not known yet.")
    return f"- `{key}` is {off:.0%} {side} its goal. {why}"


def short(value: float) -> str:
    """Three significant digits, or whole thousands with commas."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
