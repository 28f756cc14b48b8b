"""Whole pasts stay readable: today's rules fold what lies in stores into what it was then.

A golden sample shows that an event decodes; a golden stream that it still means the same.
"""

import json
from dataclasses import fields
from typing import Any

import pytest

from contracts import freeze
from tests.contracts.golden_streams import AGGREGATES, STREAMS, events_of, folded, remembered

freeze.load_all()

ANEW = "when its state is only told otherwise: `python -m tests.contracts.golden_streams`"


@pytest.mark.parametrize("name", AGGREGATES)
def test_a_recorded_stream_folds_into_what_it_was(name: str) -> None:
    file = STREAMS / f"{name}.json"

    now, then = folded(name, events_of(file)), remembered(name, file)

    told = json.loads(file.read_text())["state"]
    assert _parts(now, told) == _parts(then, told), ANEW


@pytest.mark.parametrize("name", AGGREGATES)
def test_a_recorded_stream_that_lost_its_end_is_another(name: str) -> None:
    file = STREAMS / f"{name}.json"
    events = events_of(file)

    assert folded(name, events[: len(events) // 2]) != remembered(name, file)


def test_every_file_is_of_a_stream_we_fold() -> None:
    assert {file.stem for file in STREAMS.glob("*.json")} == set(AGGREGATES)


def _parts(state: Any, told: dict[str, Any]) -> dict[str, Any]:
    """What was told of the state; fields that are newer are left out."""
    gone = told.keys() - {field.name for field in fields(state)}
    assert not gone, f"{type(state).__name__} has no {', '.join(sorted(gone))}: {ANEW}"
    return {name: getattr(state, name) for name in told}
