"""The rules that definitions state in CEL (``x-kubernetes-validations``), evaluated as written."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import celpy
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

from deploy.validate.objects import Object
from deploy.validate.programs import CannotCheck

_ESCAPED = re.compile(r"__([a-z]+)__")
"""How a field named like a word of CEL is written."""


def refusals(value: Any, schema: Object, path: str = "") -> Iterator[str]:
    """What the rules of ``schema`` and of everything in it say against ``value``.

    Rules about a change (``oldSelf``) have nothing to say about a new object.
    Raises ``CannotCheck`` for a rule that this CEL does not understand.
    """
    for stated in schema.get("x-kubernetes-validations") or ():
        rule = stated["rule"]
        if "oldSelf" not in rule and not _holds(rule, value):
            yield f"{path or 'the whole'}: {stated.get('message') or rule}"
    if isinstance(value, dict):
        properties, rest = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, inner in value.items():
            below = properties.get(key, rest)
            if isinstance(below, dict):
                yield from refusals(inner, below, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, inner in enumerate(value):
            yield from refusals(inner, schema["items"], f"{path}[{index}]")


def _holds(rule: str, value: Any) -> bool:
    try:
        return bool(_program(rule).evaluate({"self": json_to_cel(value)}))
    except CELEvalError as error:
        raise CannotCheck(f"CEL rule {rule!r}: {error}") from error


@lru_cache(None)
def _program(rule: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(_ESCAPED.sub(r"\1", rule)))
