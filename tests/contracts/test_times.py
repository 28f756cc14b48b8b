"""Commands speak of days and instants that everything can count with, and name the field if not."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args

import pytest
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from contracts import freeze
from contracts.envelope import COMMANDS, Command, promised
from contracts.permissions import MATRIX, SYSTEM
from contracts.times import Day, Instant, time_zones

freeze.load_all()

PEOPLES = [
    kind for name, kind in promised(COMMANDS).items() if MATRIX.get(name) != frozenset({SYSTEM})
]
"""Commands people may give; what a service tells another was true once."""


def spoken_of(model: type[BaseModel], inside: str = "") -> Iterator[tuple[str, str]]:
    """Every field with a day or an instant in it, and how it is declared."""
    for name, field in model.model_fields.items():
        yield from _of(f"{inside}{name}", field.annotation, repr(field.metadata))


def _of(name: str, kind: Any, limits: str) -> Iterator[tuple[str, str]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from spoken_of(kind, f"{name}.")
    elif kind in (date, datetime, AwareDatetime):
        yield name, limits
    elif len(parts := get_args(kind)) > 0:
        told = "".join(repr(part.metadata) for part in parts if isinstance(part, FieldInfo))
        for part in parts:
            yield from _of(name, part, limits + told)


@pytest.mark.parametrize("kind", PEOPLES, ids=lambda kind: kind.command_type)
def test_no_command_speaks_of_the_ends_of_time(kind: type[Command]) -> None:
    for name, limits in spoken_of(kind):
        assert "Ge(" in limits, f"{kind.__name__}.{name} has no first day"
        assert "Le(" in limits or "Lt(" in limits, f"{kind.__name__}.{name} has no last day"


def test_such_fields_are_found_wherever_they_are() -> None:
    class Inner(BaseModel):
        at: Instant
        loose: date | None = None

    class Outer(BaseModel):
        days: tuple[Day, ...]
        inner: Inner

    found = {name: "Ge(" in limits for name, limits in spoken_of(Outer)}

    assert found == {"days": True, "inner.at": True, "inner.loose": False}


def test_a_time_zone_is_a_place_and_not_whatever_the_machine_goes_by() -> None:
    assert {"Europe/Berlin", "America/New_York", "UTC"} <= time_zones()
    assert not {"localtime", "Factory", "posixrules"} & time_zones()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Instant, "2000-01-01T00:00:00Z", "1999-12-31T23:59:59Z"),
        (Instant, "2199-12-31T23:59:59Z", "2200-01-01T00:00:00Z"),
        (Instant, "2030-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59"),
        (Instant, "2030-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"),
        (Instant, "2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
        (Day, "2000-01-01", "1999-12-31"),
        (Day, "2199-12-31", "2200-01-01"),
    ],
)
def test_the_bounds_are_kept_to_the_second(kind: Any, good: str, bad: str) -> None:
    adapter = TypeAdapter(kind)

    adapter.validate_python(datetime.fromisoformat(good) if kind is Instant else good)
    with pytest.raises(ValidationError):
        adapter.validate_json(f'"{bad}"')
