"""Scalars: instants in UTC with Z, positions, and free JSON facts."""

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from strawberry.types.scalar import ScalarDefinition, scalar

from gateway import positions


def _show(at: datetime) -> str:
    """By the encoder of our answers, which writes the same text in a fraction of the time."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return orjson.dumps(utc, option=orjson.OPT_UTC_Z)[1:-1].decode()


def _read(text: object) -> datetime:
    if not isinstance(text, str):
        raise ValueError("expected an instant such as 2027-03-01T12:00:00Z")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("expected an instant such as 2027-03-01T12:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset: append Z for UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant must have a date in UTC") from None


DATE_TIME: ScalarDefinition = scalar(
    name="DateTime",
    description="An instant, RFC 3339. We always answer in UTC, with Z.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_show,
    parse_value=_read,
)

SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: DATE_TIME,
    positions.Position: positions.SCALAR,
}
