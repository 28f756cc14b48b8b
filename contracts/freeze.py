"""Freeze the language: one committed JSON Schema and one golden sample per event type.

``python -m contracts.freeze`` writes what is missing and the AsyncAPI document. It never
overwrites a schema or a sample: one that differs is a broken promise to every stored event, and
``tests/contracts`` says so.
"""

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import contracts
from contracts.asyncapi import document
from contracts.envelope import EVENTS, promised
from contracts.golden import sample_of

ROOT = Path(__file__).parent
SCHEMAS = ROOT / "schemas"
SAMPLES = ROOT / "golden"
ASYNCAPI = ROOT / "asyncapi.json"


def load_all() -> None:
    """Import every contract module, so that ``EVENTS`` and ``COMMANDS`` are complete."""
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        if not module.name.endswith(".freeze"):
            import_module(module.name)


def schema_of(event_type: str) -> str:
    """The promise itself: names, types and limits, without prose, which may still improve."""
    return as_text(_without_prose(EVENTS[event_type].model_json_schema()))


def as_text(value: object) -> str:
    """JSON as it is committed."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def freeze() -> list[str]:
    """Write what does not exist yet and the AsyncAPI document; the names of new files."""
    load_all()
    new = []
    for event_type in promised(EVENTS):
        for path, text in (
            (SCHEMAS / f"{event_type}.json", schema_of(event_type)),
            (SAMPLES / f"{event_type}.json", as_text(sample_of(EVENTS[event_type]))),
        ):
            if not path.exists():
                path.write_text(text)
                new.append(path.name)
    ASYNCAPI.write_text(as_text(document()))
    return new


def _without_prose(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    prose = {"title", "description"} if {"type", "$ref", "anyOf", "allOf"} & node.keys() else set()
    return {key: _without_prose(value) for key, value in node.items() if key not in prose}


if __name__ == "__main__":
    for name in freeze():
        print(f"froze {name}")  # noqa: T201 - a command's answer
