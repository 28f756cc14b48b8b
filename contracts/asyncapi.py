"""The language as an AsyncAPI 3.0 document: every subject, who may write it, what it carries."""

from typing import Any

from pydantic import BaseModel

from contracts.envelope import COMMANDS, EVENTS, Caller, Envelope, Query, Reply, promised
from contracts.permissions import MATRIX

CONTEXTS = ("members", "booking", "billing", "access")


def document() -> dict[str, Any]:
    """The document; the same contracts give the same bytes."""
    events = {name: _event_channel(name) for name in promised(EVENTS)}
    asks = {name: _ask_channel(name) for name in promised(COMMANDS)}
    models: dict[str, type[BaseModel]] = {"Envelope": Envelope, "Caller": Caller, "Reply": Reply}
    messages = (*promised(EVENTS).values(), *promised(COMMANDS).values())
    models |= {one.__name__: one for one in messages}
    schemas = {
        name: model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, model in sorted(models.items())
    }
    for schema in list(schemas.values()):
        schemas |= schema.pop("$defs", {})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Back2Back OS",
            "version": "1",
            "description": "Events on JetStream, commands and queries by request and reply.",
        },
        "defaultContentType": "application/json",
        "channels": {**events, **asks},
        "operations": {**_event_operations(), **_ask_operations()},
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _event_channel(event_type: str) -> dict[str, Any]:
    event = EVENTS[event_type]
    return {
        "address": f"evt.{{gym}}.{event_type}",
        "description": event.__doc__,
        "parameters": {"gym": {"description": "UUID of the gym."}},
        "messages": {event.__name__: {"payload": _enveloped(event.__name__)}},
    }


def _enveloped(event: str) -> dict[str, Any]:
    own = {"properties": {"event": {"$ref": f"#/components/schemas/{event}"}}}
    return {"allOf": [{"$ref": "#/components/schemas/Envelope"}, own]}


def _ask_channel(command_type: str) -> dict[str, Any]:
    command = COMMANDS[command_type]
    payload = {"$ref": f"#/components/schemas/{command.__name__}"}
    return {
        "address": f"{_head(command_type)}.{command_type}",
        "description": command.__doc__,
        "messages": {
            command.__name__: {"payload": payload},
            "Reply": {"payload": {"$ref": "#/components/schemas/Reply"}},
        },
        "x-roles": sorted(MATRIX.get(command_type, ())),
    }


def _head(command_type: str) -> str:
    return "qry" if issubclass(COMMANDS[command_type], Query) else "cmd"


def _event_operations() -> dict[str, Any]:
    return {
        f"emit.{name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [_message(name, event.__name__)],
        }
        for name, event in promised(EVENTS).items()
    }


def _ask_operations() -> dict[str, Any]:
    return {
        f"answer.{name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [_message(name, command.__name__)],
            "reply": {"messages": [_message(name, "Reply")]},
        }
        for name, command in promised(COMMANDS).items()
    }


def _message(channel: str, message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{message}"}
