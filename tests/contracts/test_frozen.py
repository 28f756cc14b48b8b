"""What was promised stays readable: every event ever released still decodes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts import envelope, freeze, ids, permissions
from contracts.asyncapi import document
from contracts.booking import CapacityChanged, SessionCancelled
from contracts.envelope import COMMANDS, EVENTS, UnknownEvent, decode, promised

freeze.load_all()


HALVES = {"timetable": "booking"}
"""Modules that hold a part of a context's language -> the context."""


@pytest.mark.parametrize("event_type", promised(EVENTS))
def test_the_schema_is_the_frozen_one(event_type: str) -> None:
    path = freeze.SCHEMAS / f"{event_type}.json"
    assert path.exists(), f"new event: run `make freeze` and commit {path.name}"
    assert freeze.schema_of(event_type) == path.read_text(), (
        f"{event_type} changed. Add an optional field and re-freeze by hand, "
        "or make a new class with the next version and an upcast."
    )


@pytest.mark.parametrize("path", sorted(freeze.SAMPLES.glob("*.json")), ids=lambda p: p.stem)
def test_every_golden_sample_still_decodes(path: Path) -> None:
    stored = json.loads(path.read_text())

    event = decode(stored["event_type"], stored["data"])

    assert not isinstance(event, UnknownEvent)
    if stored["event_type"] in EVENTS:
        kept = json.loads(event.model_dump_json())
        assert _told_of(kept, stored["data"]) == stored["data"]


def test_every_frozen_type_has_a_golden_sample() -> None:
    frozen = {path.name for path in freeze.SCHEMAS.glob("*.json")}
    assert {path.name for path in freeze.SAMPLES.glob("*.json")} == frozen


def test_fields_from_the_future_are_ignored() -> None:
    data = {"session_id": UUID(int=1), "reason": "storm", "weather": "hail"}
    assert decode("booking.session_cancelled.v1", data) == SessionCancelled(
        session_id=ids.SessionId(UUID(int=1)), reason="storm"
    )


def test_a_type_from_the_future_is_passed_over() -> None:
    assert isinstance(decode("booking.spot_swapped.v1", {"anything": 1}), UnknownEvent)


def test_a_retired_type_is_read_as_its_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    became = ("booking.capacity_changed.v1", lambda old: {**old, "capacity": old["seats"]})
    monkeypatch.setitem(envelope.UPCASTS, "booking.seats_changed.v1", became)

    old = {"session_id": UUID(int=1), "seats": 9, "previous": 8}
    event = decode("booking.seats_changed.v1", old)

    assert isinstance(event, CapacityChanged)
    assert event.capacity == 9


@pytest.mark.parametrize("event_type", promised(EVENTS))
def test_an_event_type_is_context_dot_event_dot_version(event_type: str) -> None:
    context, name, version = event_type.split(".")
    cls = EVENTS[event_type]
    assert context == _context(cls)
    assert name == _snake(cls.__name__)
    assert version == "v1" or cls.__name__.endswith(version.upper())


@pytest.mark.parametrize("command_type", promised(COMMANDS))
def test_a_command_type_is_context_dot_command(command_type: str) -> None:
    cls = COMMANDS[command_type]
    assert command_type == f"{_context(cls)}.{_snake(cls.__name__)}"


@pytest.mark.parametrize("command_type", promised(COMMANDS))
def test_every_command_says_who_may(command_type: str) -> None:
    assert command_type in permissions.MATRIX, "what is not listed nobody may"


def test_the_asyncapi_document_is_the_committed_one() -> None:
    assert freeze.as_text(document()) == freeze.ASYNCAPI.read_text(), "run `make freeze`"


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    told = document()

    for reference in _references(told):
        found = told
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_operation_names_its_channel_and_its_messages_there() -> None:
    for name, told in document()["operations"].items():
        channel = told["channel"]["$ref"]
        messages = told["messages"] + told.get("reply", {}).get("messages", [])
        assert channel == f"#/channels/{name.partition('.')[2]}"
        assert told["messages"], name
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in messages)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from _references(part)


def test_ids_are_readable_and_name_their_kind() -> None:
    session = ids.new_id()
    assert ids.read("ses", ids.show("ses", session)) == session
    for wrong in ("", "ses_", ids.show("cli", session), "ses_" + "g" * 32, str(session)):
        with pytest.raises(ids.MalformedId):
            ids.read("ses", wrong)


def _told_of(kept: object, stored: object) -> object:
    """What ``stored`` told, as ``kept`` tells it: fields that are newer than it are left out."""
    if isinstance(kept, dict) and isinstance(stored, dict):
        return {name: _told_of(kept[name], value) for name, value in stored.items()}
    return kept


def _context(cls: type) -> str:
    language = cls.__module__.split(".")[1]
    return HALVES.get(language, language)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
