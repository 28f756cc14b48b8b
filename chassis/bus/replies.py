"""Every way a command can end, as a ``Reply``: the asker never has to guess from silence."""

from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chassis.decider import Refused
from contracts.envelope import Reply

FIELD_LENGTH = 64
TOO_LATE = "DEADLINE_PASSED"
ECHOING = frozenset({"union_tag_invalid", "enum", "literal_error"})
"""Faults whose text repeats the input or a long list."""


class Outcome(Protocol):
    """What a command's handler returns: the event store's ``Done`` is one."""

    @property
    def result(self) -> dict[str, Any] | None: ...

    @property
    def position(self) -> int | None: ...


def done(outcome: Outcome) -> Reply:
    """It happened; a read at ``position`` or later shows it."""
    return Reply(outcome="done", result=outcome.result, position=outcome.position)


def refused(refusal: Refused) -> Reply:
    """A rule said no."""
    return Reply(
        outcome="refused", code=refusal.code, message=refusal.message, field=refusal.field,
        details=refusal.details or None,
    )  # fmt: skip


def invalid(error: ValidationError) -> Reply:
    """The body is not the command it claims to be. Names the first field at fault, no value."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = None if first["type"] == "extra_forbidden" else _field(first)
    return Reply(outcome="invalid", code="INVALID_INPUT", field=field, message=_sentence(first))


def unverified() -> Reply:
    """The caller's signature does not fit; deliberately without a reason."""
    return Reply(
        outcome="refused", code="UNVERIFIED_CALLER", message="The caller could not be verified."
    )


def forbidden() -> Reply:
    """The caller is who they say and may not."""
    return Reply(outcome="refused", code="FORBIDDEN", message="You may not do this.")


def too_late(now: datetime) -> Reply:
    """Nobody waits any more by the clock of who says so, so nothing was done."""
    return Reply(
        outcome="busy", code=TOO_LATE, message="The deadline passed; nothing was done.",
        details={"now": now.isoformat()},
    )  # fmt: skip


def told_at(too_late: Reply) -> datetime | None:
    """When it was ``too_late``, by the clock of who said so; ``None``: an older release said it."""
    told = (too_late.details or {}).get("now")
    return None if told is None else datetime.fromisoformat(told)


def busy() -> Reply:
    """The store cannot take it now, and has nothing of it; the same key may be used again."""
    return Reply(outcome="busy", code="BUSY", message="Too busy just now. Please try again.")


def unknown() -> Reply:
    """Whoever was writing it went away, or is still at it; a repeat with its key finds out."""
    return Reply(
        outcome="busy", code="OUTCOME_UNKNOWN",
        message="This may have been done. Please try again with the same key.",
    )  # fmt: skip


def failed(trace_id: str | None) -> Reply:
    """Our fault. The trace id finds the log line."""
    return Reply(
        outcome="failed", code="INTERNAL", message="Something went wrong on our side.",
        details={"trace_id": trace_id} if trace_id else None,
    )  # fmt: skip


def _field(fault: ErrorDetails) -> str | None:
    return ".".join(map(str, fault["loc"]))[:FIELD_LENGTH] or None


def _sentence(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "Unknown field."
    if kind in ECHOING:
        return "Not one of the permitted values."
    text = fault["msg"].removeprefix("Value error, ")
    if kind.endswith(("_parsing", "_invalid")):  # "..., found `x` at 1" repeats the input
        text = text.partition(",")[0].partition(":")[0]
    return f"{text}."
