"""Golden samples: one stored event of every type ever released, which must decode for ever.

A sample is written once, when its type is new, and never changed. Types that are retired keep
theirs: ``UPCASTS`` must still lead from it to an event of today.
"""

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from contracts.envelope import Event

BORN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sample_of(event: type[Event]) -> dict[str, Any]:
    """A stored event of this type, as it lies in a stream: type and JSON data."""
    data = _model(event).model_dump(mode="json")
    return {"event_type": event.event_type, "data": data}


def _model(model: type[BaseModel]) -> BaseModel:
    values = {
        name: _value(name, field.annotation, order)
        for order, (name, field) in enumerate(model.model_fields.items(), start=1)
    }
    return model.model_validate(values)


def _value(name: str, kind: Any, order: int) -> Any:  # noqa: C901, PLR0911 - one line a kind
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return _value(name, next(one for one in arguments if one is not type(None)), order)
    if get_origin(kind) is tuple:
        return (_value(name, arguments[0], order),)
    if get_origin(kind) is not None and arguments:  # Annotated
        return _value(name, arguments[0], order)
    kind = getattr(kind, "__supertype__", kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind).model_dump()
    if kind is UUID:
        return UUID(int=order)
    if kind is bool:
        return True
    if kind is int:
        return order
    if kind is date:
        return BORN.date()
    if kind is str:
        return _TEXTS.get(name, f"{name} {order}")
    return BORN + timedelta(hours=order)


_TEXTS = {
    "time_zone": "America/New_York",
    "currency": "USD",
    "opens_at_local": "12:00",
    "opens": "06:00",
    "closes": "22:00",
    "starts_at": "09:00",
    "from_time": "09:00",
    "until_time": "16:00",
    "slug": "iron-and-oak",
}
