"""What we do ourselves because the library's way costs too much does what the library does."""

import dataclasses
import pickle
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from opentelemetry import trace

from chassis.clock import LOOK_EVERY, MovableClock
from chassis.decider import replace
from chassis.nats_headers import headers_of
from chassis.telemetry import span, traceparent, traces
from contracts.booking import GrantKind
from contracts.ids import new_id
from services.booking.domain.grant import Grant

TRACE = "0af7651916cd43dd8448eb211c80319c"
UNSAMPLED = f"00-{TRACE}-b7ad6b7169203331-00"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"

WORD = st.text("abAB-: \t\x1c\x1fé", max_size=6).map(str.encode) | st.binary(max_size=6)


@given(st.lists(st.tuples(WORD, st.sampled_from([b":", b": ", b""]), WORD), max_size=5))
def test_headers_are_read_as_nats_py_reads_them(lines: list[tuple[bytes, bytes, bytes]]) -> None:
    raw = b"\r\n".join(b"".join(line) for line in lines)

    assert headers_of(raw) == Client._parse_header_lines(raw)


@pytest.mark.usefixtures("kept")
def test_a_span_below_an_unsampled_one_is_not_recorded_and_keeps_the_trace() -> None:
    with span("outer", parent=UNSAMPLED) as outer, span("inner") as inner:
        told = (traceparent() or "").split("-")

    assert not outer.is_recording()
    assert not inner.is_recording()
    assert (told[1], told[3]) == (TRACE, "00")
    ids = {one.get_span_context().span_id for one in (outer, inner)}
    assert len(ids) == 2
    assert int("b7ad6b7169203331", 16) not in ids


@pytest.mark.usefixtures("kept")
def test_a_span_below_a_sampled_one_is_recorded_and_so_is_one_that_begins_a_trace() -> None:
    with span("outer", parent=SAMPLED) as outer, span("inner") as inner:
        told = traceparent() or ""
        recorded = [outer.is_recording(), inner.is_recording()]
    with span("root") as root:
        recorded.append(root.is_recording())

    assert recorded == [True, True, True]
    assert (told[3:35], told[-2:]) == (TRACE, "01")
    assert root.get_span_context().trace_flags.sampled


@pytest.mark.usefixtures("kept")
def test_without_an_exporter_a_trace_begins_unsampled_with_an_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traces, "_ratio", 0.0)

    with span("root") as root, span("below"):
        told = (traceparent() or "").split("-")

    assert not root.is_recording()
    assert int(told[1], 16) == root.get_span_context().trace_id != 0
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_moved_clock_is_seen_within_the_time_it_names(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock = MovableClock(file)
    before = clock.now()

    file.write_text("3600")
    time.sleep(LOOK_EVERY)  # the promise itself
    assert (clock.now() - before).total_seconds() >= 3600
    file.unlink()
    time.sleep(LOOK_EVERY)
    assert (clock.now() - before).total_seconds() < 3600


def test_a_new_id_is_the_standard_uuid_of_version_7_and_sorts_by_birth() -> None:
    made = [new_id() for _ in range(1_000)]

    assert made == sorted(set(made))
    for one in made[:10]:
        assert type(one) is UUID
        assert one.version == 7
        assert one == UUID(str(one)) == pickle.loads(pickle.dumps(one))
        assert hash(one) == hash(UUID(int=one.int))


def test_a_replaced_state_is_what_the_standard_library_makes_of_it() -> None:
    before = Grant(GrantKind.PACK, 10, datetime(2026, 1, 1, tzinfo=UTC), None, held=1)

    after = replace(before, held=2, is_ended=True)

    assert after == dataclasses.replace(before, held=2, is_ended=True)
    assert (before.held, before.is_ended) == (1, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        after.held = 3  # type: ignore[misc]
