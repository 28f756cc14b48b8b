"""What a bench run tells, to people and to programs."""

import json

import pytest
import typer

from bench.__main__ import BENCHES, chosen
from bench.figures import Figure, as_json, as_markdown, ratio
from bench.goals import GOALS, WHY


async def steady(value: float) -> float:
    return value


async def test_a_ratio_is_the_median_of_its_rounds() -> None:
    ours = iter([10.0, 30.0, 20.0])

    figure = await ratio(
        3, lambda: steady(next(ours)), lambda: steady(10.0), unit="commands/s", tell=lambda _: None
    )

    assert figure.value == 2
    assert figure.spread == (1, 3)


async def test_ours_and_theirs_take_turns_in_beginning() -> None:
    order = []

    async def measured(who: str) -> float:
        order.append(who)
        return 1.0

    await ratio(2, lambda: measured("ours"), lambda: measured("theirs"), unit="s", tell=print)

    assert order == ["ours", "theirs", "theirs", "ours"]


def test_every_goal_is_measured() -> None:
    assert list(BENCHES) == list(GOALS)


def test_of_every_goal_it_is_known_why_it_may_be_missed() -> None:
    assert list(WHY) == list(GOALS)


def test_figures_are_chosen_by_how_their_ids_begin() -> None:
    assert chosen([]) == list(BENCHES)
    assert chosen(["replicas", "hot"]) == ["hot", "replicas_rush", "replicas_spread"]
    with pytest.raises(typer.BadParameter, match="rapid"):
        chosen(["hot", "rapid"])


def test_programs_read_value_goal_and_spread() -> None:
    told = json.loads(as_json({"hot": Figure([4.0, 6.0, 5.0], "")}))

    assert told == {
        "hot": {
            "value": 5.0, "goal": 5.0, "op": ">=", "unit": "x", "rounds": 3, "spread": [4.0, 6.0]
        }
    }  # fmt: skip


def test_a_missed_goal_says_by_how_much_and_why() -> None:
    told = as_markdown({"hot": Figure([4.0], "")}, about="")

    assert "**no**" in told
    assert f"`hot` is 20% below its goal. {WHY['hot']}" in told


def test_a_goal_that_is_met_is_not_explained() -> None:
    told = as_markdown({"rush": Figure([0.9], "")}, about="")

    assert "Missed" not in told
