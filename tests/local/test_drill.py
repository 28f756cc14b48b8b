"""The drill notices what is not as it was, and refuses to play with what somebody needs."""

import pytest
from graphql import build_schema, parse, validate
from typer.testing import CliRunner

from deploy.backup.fingerprint import Sum
from deploy.commands import drill
from deploy.drill import apps
from deploy.drill.apps import Screens
from deploy.drill.proofs import Held, History, must_be_equal, must_be_what_was
from deploy.drill.steps import Failed, Steps
from deploy.schema import ROOT
from deploy.trouble import Trouble

WAS: History = {"booking": [(1, "a"), (2, "b"), (4, "c"), (5, "d")], "billing": []}
COMPLETE = {"booking": 2, "billing": 0}
"""Up to here a backup that was taken in the midst of it must have everything."""


@pytest.mark.parametrize(
    ("kept", "later"),
    [
        ([(1, "a"), (2, "b"), (4, "c"), (5, "d")], 0),
        ([(1, "a"), (2, "b"), (5, "d")], 1),  # 4 was written and not yet committed
        ([(1, "a"), (2, "b")], 2),
    ],
)
def test_events_after_the_moment_of_a_backup_may_be_missing(
    kept: list[tuple[int, str]], later: int
) -> None:
    assert must_be_what_was(WAS, {"booking": kept, "billing": []}, COMPLETE) == later


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ([(1, "a"), (4, "c")], "booking has lost 1 events, the first at 2"),
        ([(1, "a"), (2, "B")], "booking holds 1 events that never were"),
        ([(1, "a"), (2, "b"), (3, "x")], "booking holds 1 events that never were"),
    ],
)
def test_an_event_that_is_lost_changed_or_made_up_is_noticed(
    kept: list[tuple[int, str]], says: str
) -> None:
    with pytest.raises(Failed, match=says):
        must_be_what_was(WAS, {"booking": kept, "billing": []}, COMPLETE)


def test_a_screen_that_shows_something_else_is_named() -> None:
    before, after = Screens({"calendar": [1, 2], "cards": {"rate": 1}}), Screens({"calendar": [1]})

    assert before.differing(before) == []
    with pytest.raises(Failed, match="2 screens differ: calendar; cards"):
        must_be_equal(before.differing(after), "screens differ")


def test_what_it_asks_may_be_asked() -> None:
    schema = build_schema((ROOT / "gateway/schema.graphql").read_text())
    documents = {
        name: text
        for name, text in vars(apps).items()
        if name.isupper() and name[0] != "_" and "{" in str(text)
    }

    assert len(documents) > 8
    for name, text in documents.items():
        assert validate(schema, parse(text)) == [], name


def test_what_is_held_is_told_as_a_figure() -> None:
    held = Held.of({"a es.events": Sum(1200, "1/1"), "b es.events": Sum(34, ""), "c x": Sum(1, "")})

    assert str(held) == "3 tables, 1,235 rows, 1,234 of them events"


def test_each_step_is_told_and_the_one_that_fails_is_the_last() -> None:
    said: list[str] = []
    steps = Steps(said.append)
    with steps.step("backup") as told:
        told += ["3 MB", "2 tables"]
    with pytest.raises(Failed), steps.step("restore"):
        raise Failed("1 tables differ")

    assert said[0].startswith("ok   backup ")
    assert said[0].endswith("s  3 MB, 2 tables")
    assert said[1].startswith("FAIL restore ")


@pytest.mark.parametrize("variable", drill.ELSEWHERE)
def test_it_plays_with_servers_of_its_own_only(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "postgresql://somebody:else@127.0.0.1:1/x")

    result = CliRunner().invoke(drill.cli)

    assert isinstance(result.exception, Trouble)
    assert str(result.exception).startswith(f"{variable} set: the drill destroys")
