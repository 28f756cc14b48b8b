"""Takes traces as an OpenTelemetry collector does: OTLP over HTTP, in protobuf.

Tests look at what was sent; ``python -m bench.collector`` counts it in a process of its own.
"""

import asyncio
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from chassis.telemetry.web import Receive, Scope, Send

PATH = "/v1/traces"
PROTOBUF = b"application/x-protobuf"


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One that was sent, ids in hex."""

    service: str
    name: str
    kind: str
    """``SERVER``, ``PRODUCER``, ..."""
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    links: tuple[tuple[str, str], ...]
    """(trace id, span id) each."""
    attributes: Mapping[str, Any]
    failure: str | None
    """What is said about its failure; None when it did not fail."""
    began: int
    """Nanoseconds since 1970."""
    ended: int
    told: bytes
    """As it was sent, all of it."""


class Refused(Exception):
    """What was sent is not what the protocol says."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Collector:
    """An ASGI app that hands each span to ``take``."""

    def __init__(self, take: Callable[[Span], object]) -> None:
        self._take = take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        try:
            for span in _spans(_request(scope, body)):
                self._take(span)
        except Refused as refused:
            await _answer(send, refused.status, b"")
        else:
            await _answer(send, 200, ExportTraceServiceResponse().SerializeToString())


def _request(scope: Scope, body: bytes) -> ExportTraceServiceRequest:
    headers = dict(scope["headers"])
    if scope["path"] != PATH:
        raise Refused(404)
    if scope["method"] != "POST":
        raise Refused(405)
    if headers.get(b"content-type") != PROTOBUF:
        raise Refused(415)
    try:
        match headers.get(b"content-encoding"):
            case b"gzip":
                body = gzip.decompress(body)
            case b"deflate":
                body = zlib.decompress(body)
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
    except (DecodeError, OSError, zlib.error) as error:
        raise Refused(400) from error
    return request


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for of_process in request.resource_spans:
        service = _told(of_process.resource.attributes)["service.name"]
        for of_library in of_process.scope_spans:
            for span in of_library.spans:
                yield _span(str(service), span)


def _span(service: str, sent: trace_pb2.Span) -> Span:
    is_failed = sent.status.code == trace_pb2.Status.STATUS_CODE_ERROR
    return Span(
        service=service,
        name=sent.name,
        kind=trace_pb2.Span.SpanKind.Name(sent.kind).removeprefix("SPAN_KIND_"),
        trace_id=sent.trace_id.hex(),
        span_id=sent.span_id.hex(),
        parent_id=sent.parent_span_id.hex(),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in sent.links),
        attributes=_told(sent.attributes),
        failure=sent.status.message if is_failed else None,
        began=sent.start_time_unix_nano,
        ended=sent.end_time_unix_nano,
        told=sent.SerializeToString(),
    )


def _told(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)


async def _answer(send: Send, status: int, body: bytes, kind: bytes = PROTOBUF) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Counting:
    """A collector that keeps numbers only: ``GET /taken`` tells how many spans came from whom."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._collector = Collector(self._count)

    def _count(self, span: Span) -> None:
        self._taken[span.service] = self._taken.get(span.service, 0) + 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") in ("/taken", "/health/ready"):
            await _answer(send, 200, orjson.dumps(self._taken), b"application/json")
        else:
            await self._collector(scope, receive, send)


if __name__ == "__main__":
    asyncio.run(
        uvicorn.Server(
            uvicorn.Config(
                Counting(), host="127.0.0.1", port=int(os.environ["PORT"]), lifespan="off",
                access_log=False, log_level="warning",
            )
        ).serve()
    )  # fmt: skip
