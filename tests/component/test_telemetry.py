"""Logs are JSON, tied to traces, and free of what must not be read there."""

import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import REGISTRY

from chassis.telemetry import configure_logs, span, trace_id, traceparent, traces
from chassis.telemetry.logs import fault
from chassis.telemetry.redaction import redact, redacted
from chassis.telemetry.web import Message, Observed, Receive, Scope, Send
from tests.world.spans import Kept, context, ids, links, parent

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
CARD = "4242 4242 4242 4242"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
SAMPLED = f"{PARENT[:-2]}01"


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """Puts the run's logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("mail to ann.lee+gym@example.co.uk bounced", "mail to [email] bounced"),
        (f"Bearer {JWT} refused", "Bearer [token] refused"),
        (f"paid with {CARD}", "paid with [card]"),
        ("paid with 4242-4242-4242-4242.", "paid with [card]."),
        ("order 4242 4242 4242 4241", "order 4242 4242 4242 4241"),
        ("postgres://app:s3cret@host/db", "postgres://app:[redacted]@host/db"),
        ("stream session-01930000-0000-7000-8000-000000000000",) * 2,
        ("took 12.345 s at 2027-03-01T12:00:00.000000Z",) * 2,
    ],
)
def test_personal_data_in_a_text_is_replaced(said: str, kept: str) -> None:
    assert redacted(said) == kept


def test_personal_keys_are_hidden_however_deep() -> None:
    entry = redact(None, "", {
        "event": "x", "phone": "+49 151 1234567", "owner_email": "not-a-mail", "seq": 4,
        "facts": {"first_name": "Ann", "seats": [1, "ann@example.com"]}, "password": 12345678,
    })  # fmt: skip

    assert entry == {
        "event": "x", "phone": "[redacted]", "owner_email": "[redacted]", "seq": 4,
        "facts": {"first_name": "[redacted]", "seats": [1, "[email]"]}, "password": "[redacted]",
    }  # fmt: skip


@pytest.mark.usefixtures("quiet_again")
def test_a_log_line_is_json_with_ids_and_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("booking")
    with (
        span("booking.book_class", parent=PARENT),
        structlog.contextvars.bound_contextvars(gym_id="g"),
    ):
        structlog.get_logger("b").info("booked", seats=3)
    logging.getLogger("nats").warning("to %s", "ann@example.com")

    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["seats"], ours["gym_id"], ours["service"]) == (
        "booked", 3, "g", "booking",
    )  # fmt: skip
    assert ours["trace_id"] == PARENT.split("-")[1]
    assert (theirs["event"], theirs["level"]) == ("to [email]", "warning")


@pytest.mark.usefixtures("quiet_again")
@pytest.mark.parametrize("development", [False, True])
def test_an_exception_tells_its_place_and_in_development_its_text(
    capsys: pytest.CaptureFixture[str], development: bool
) -> None:
    configure_logs("booking", development=development)
    try:
        raise ValueError("Ann is late")
    except ValueError:
        structlog.get_logger("b").exception("failed")

    [line] = _lines(capsys)
    assert line["fault"][0].startswith("builtins.ValueError")
    assert "test_telemetry.py" in line["fault"][1]
    assert ("Ann" in json.dumps(line)) is development


def test_causes_and_groups_are_told() -> None:
    cause, other = OSError("a"), KeyError("b")
    error = ExceptionGroup("both", [RuntimeError(), other])
    error.__cause__ = cause

    kinds = [line for line in fault(error) if not line.startswith(" ")]
    assert kinds == [
        "builtins.ExceptionGroup", "builtins.RuntimeError", "builtins.KeyError", "builtins.OSError",
    ]  # fmt: skip


def test_a_span_continues_its_parent_and_ends_with_the_block() -> None:
    with span("x", parent=PARENT, kind=SpanKind.SERVER):
        assert trace_id() == PARENT.split("-")[1]
        assert (traceparent() or "").startswith(PARENT[:36])

    assert (trace_id(), traceparent()) == (None, None)


def test_of_the_traces_that_begin_here_a_share_is_sampled(
    monkeypatch: pytest.MonkeyPatch, kept: Kept
) -> None:
    random.seed(7)
    monkeypatch.setattr(traces, "_ratio", 0.25)

    for told in (None, "not a traceparent"):
        for _ in range(2_000):
            with span("root", parent=told):
                pass
        with span("wanted by who asks", parent=SAMPLED):
            pass

    assert 800 < len(kept.named("root")) < 1_200
    assert len(kept.named("wanted by who asks")) == 2


def test_a_span_with_a_link_begins_a_trace_of_its_own(kept: Kept) -> None:
    with span("around"), span("replay", link=SAMPLED):
        own = trace_id()

    [replay] = kept.named("replay")
    assert (replay.parent, links(replay)) == (None, {ids(SAMPLED)})
    assert own not in (None, SAMPLED.split("-")[1])


def test_a_span_may_end_before_its_block_and_what_happens_then_is_not_its_own(kept: Kept) -> None:
    def stream() -> None:
        with span("early") as early:
            early.end()
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        stream()

    [early] = kept.named("early")
    assert early.status.is_unset


def test_a_failed_span_tells_the_kind_of_failure_alone(kept: Kept) -> None:
    with pytest.raises(ValueError, match="Ann"), span("failing"):
        raise ValueError("Ann is late")

    [failed] = kept.named("failing")
    assert (failed.status.status_code, failed.status.description) == (
        StatusCode.ERROR,
        "ValueError",
    )
    assert failed.events == ()


@pytest.mark.parametrize(("status", "is_failure"), [(200, False), (409, False), (503, True)])
async def test_a_requests_span_tells_what_came_of_it(
    kept: Kept, status: int, *, is_failure: bool
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    await Observed(app)({"type": "http", "method": "POST", "headers": []}, _nothing, _away)

    [request] = kept.named("HTTP POST")
    assert dict(request.attributes or {}) == {
        "http.route": "other", "http.response.status_code": status,
    }  # fmt: skip
    assert (request.status.status_code is StatusCode.ERROR) is is_failure


async def test_the_request_of_a_stream_of_events_is_over_when_the_stream_begins(
    kept: Kept,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        assert len(kept.named("HTTP POST")) == 1
        assert measured() == before + 1
        with span("in the stream"):
            pass

    def measured() -> float:
        labels = {"route": "other", "method": "POST", "status": "200"}
        return REGISTRY.get_sample_value("b2b_http_request_seconds_count", labels) or 0

    before = measured()
    await Observed(app)({"type": "http", "method": "POST", "headers": []}, _nothing, _away)
    assert measured() == before + 1, "and not once more when the stream ends"

    [request], [later] = kept.named("HTTP POST"), kept.named("in the stream")
    assert parent(later) == ids(context(request))


async def _nothing() -> Message:
    raise AssertionError("nobody asks")


async def _away(message: Message) -> None:
    """Nobody hears."""


@pytest.mark.parametrize(("ratio", "spans"), [(0.0, 0), (1.0, 1)])
async def test_a_stranger_decides_neither_what_is_sampled_nor_whose_trace_it_is(
    monkeypatch: pytest.MonkeyPatch, kept: Kept, ratio: float, spans: int
) -> None:
    monkeypatch.setattr(traces, "_ratio", ratio)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert trace_id() not in (None, SAMPLED.split("-")[1])
        await send({"type": "http.response.start", "status": 204, "headers": []})

    for told in (SAMPLED, "not a traceparent"):
        headers = [(b"traceparent", told.encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await Observed(app)(scope, _nothing, _away)

    found = kept.named("HTTP GET")
    assert len(found) == 2 * spans
    assert [len(one.links) for one in found] == [1, 0] * spans
    assert {one.parent for one in found} <= {None}


async def test_requests_are_measured_by_route_and_never_by_path() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def receive() -> Message:
        return {"type": "http.request"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "BREW", "path": "/pots/7",
        "headers": [(b"traceparent", PARENT.encode())],
    }  # fmt: skip
    await Observed(app)(scope, receive, send)

    labels = {"route": "other", "method": "other", "status": "204"}
    assert REGISTRY.get_sample_value("b2b_http_request_seconds_count", labels) == 1
    assert len(sent) == 2
