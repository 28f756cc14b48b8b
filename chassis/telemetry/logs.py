"""Logs: one JSON object a line on stdout, tied to traces, free of personal data."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from opentelemetry import trace
from structlog.types import Processor

from chassis.telemetry.redaction import redact, redacted

QUIET = ("uvicorn.access", "uvicorn.error", "httpx", "opentelemetry", "asyncio")


def configure_logs(service: str, *, level: str = "info", development: bool = False) -> None:
    """Once per process, for structlog and the standard library alike.

    In ``development`` a logged exception tells its text too; in production only its type and
    place, because the text may quote what a person typed.
    """

    def owned(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        entry["service"] = service
        return entry

    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        owned,
        _traced,
        _Faults(with_text=development),
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *steps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def fault(error: BaseException, *, with_text: bool = False) -> list[str]:
    """Where ``error`` and its causes happened: ``file:line function`` frames, innermost last."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < 80:  # noqa: PLR2004 - enough to find any fault
        text = f": {redacted(str(seen))[:500]}" if with_text else ""
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}{text}")
        frames = traceback.extract_tb(seen.__traceback__)[-20:]
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        if isinstance(seen, BaseExceptionGroup):
            for part in seen.exceptions:
                lines += fault(part, with_text=with_text)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


class _Faults:
    """Turns ``exc_info`` into ``fault``, a list of lines."""

    def __init__(self, *, with_text: bool) -> None:
        self._with_text = with_text

    def __call__(
        self, _: object, __: str, entry: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        given = entry.pop("exc_info", None)
        if given is True:
            given = sys.exc_info()
        error = given[1] if isinstance(given, tuple) else given
        if isinstance(error, BaseException):
            entry["fault"] = fault(error, with_text=self._with_text)
        return entry


def _traced(_: object, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = f"{context.trace_id:032x}"
        entry["span_id"] = f"{context.span_id:016x}"
    return entry


def _json(entry: object, **_: object) -> str:
    return orjson.dumps(entry, default=str).decode()
