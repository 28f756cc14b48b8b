"""What commands on series answer, in GraphQL: sessions placed, left out, called off, kept."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from contracts.timetable import SessionPart
from gateway import ids

strawberry.enum(SessionPart, description="What can be said for one session of a series alone.")


@strawberry.type(description="A date of a series on which no session takes place.")
class LeftOutDate:
    date: date
    reason: str


@strawberry.type(description="A session of a series and what was said for it alone.")
class KeptSession:
    session_id: strawberry.ID
    parts: list[SessionPart]


def sessions(result: Mapping[str, Any], part: str) -> list[strawberry.ID]:
    """The sessions a command's result names."""
    named = (one["session_id"] if isinstance(one, dict) else one for one in result.get(part, ()))
    return [ids.shown("ses", UUID(one)) for one in named]


def kept(result: Mapping[str, Any]) -> list[KeptSession]:
    """The sessions a command's result says keep something of their own."""
    return [
        KeptSession(
            session_id=ids.shown("ses", UUID(one["session_id"])),
            parts=[SessionPart(part) for part in one["parts"]],
        )
        for one in result.get("kept", ())
    ]  # fmt: skip


def left_out(result: Mapping[str, Any]) -> list[LeftOutDate]:
    """The dates a command's result leaves out."""
    return [
        LeftOutDate(date=date.fromisoformat(one["date"]), reason=one["reason"])
        for one in result.get("left_out", ())
    ]
