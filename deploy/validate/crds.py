"""Custom resources against their operators' definitions: strictly, with defaults and CEL rules.

The definitions are files, one CustomResourceDefinition each, in ``CRDS_DIR``. Stricter than a
server's default: a field it would silently drop is a fault.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema

from deploy.validate import cel, object_store
from deploy.validate.objects import Fault, Object, Objects, place
from deploy.validate.programs import CannotCheck
from deploy.validate.render import parsed
from deploy.validate.schemas import is_custom

Schemas = Mapping[tuple[str, str], Object]
"""(apiVersion, kind) -> OpenAPI schema."""

OURS: Schemas = {object_store.KIND: object_store.SCHEMA}
"""What nobody ships a definition of."""


def definitions(folder: Path) -> dict[tuple[str, str], Object]:
    """Every served version of every definition. Raises ``CannotCheck`` when there is none."""
    found = {}
    for file in sorted(folder.glob("*.yaml")):
        for document in parsed(file.read_text()):
            spec = document["spec"]
            for version in spec["versions"]:
                if version["served"]:
                    key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
                    found[key] = version["schema"]["openAPIV3Schema"]
    if not found:
        raise CannotCheck(f"{folder} holds no definitions of custom resources")
    return found


def faults(objects: Objects, schemas: Schemas) -> Iterator[Fault]:
    """What an API server, told to be strict, would refuse."""
    known = {**OURS, **schemas}
    for each in objects.all:
        if not is_custom(each):
            continue
        api, kind = key_of(each)
        if (api, kind) not in known:
            yield Fault("crd", place(each), f"no definition of {kind} {api} to check against")
            continue
        for text in _against(each, known[api, kind]):
            yield Fault("crd", place(each), text)


def key_of(each: Object) -> tuple[str, str]:
    """What its schema is found by."""
    return str(each.get("apiVersion")), str(each.get("kind"))


def _against(each: Object, schema: Object) -> Iterator[str]:
    whole = dict(schema, properties=schema["properties"] | {"metadata": _METADATA})
    value = defaulted(deepcopy(each), whole)
    found = list(jsonschema.Draft202012Validator(strict(whole)).iter_errors(value))
    for error in found:
        yield f"{'.'.join(map(str, error.path)) or 'the whole'}: {error.message[:300]}"
    if not found:
        yield from cel.refusals(value, whole)


_METADATA: Object = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def strict(schema: Any) -> Any:
    """JSON Schema for an OpenAPI one: fields nobody declared are refused."""
    if not isinstance(schema, dict):
        return schema
    made = {key: _inner(key, value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    keeps = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and "additionalProperties" not in schema and not keeps:
        made["additionalProperties"] = False
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    return made


def _inner(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: strict(inner) for name, inner in value.items()}
    if key in ("items", "additionalProperties"):
        return strict(value)
    return value  # `allOf`, `anyOf`, `not`: they narrow, and declare no fields


def defaulted(value: Any, schema: Object) -> Any:
    """``value`` with what the server would fill in before it looks at rules."""
    if isinstance(value, dict):
        for name, inner in (schema.get("properties") or {}).items():
            if name not in value and "default" in inner:
                value[name] = deepcopy(inner["default"])
            if name in value:
                value[name] = defaulted(value[name], inner)
        rest = schema.get("additionalProperties")
        if isinstance(rest, dict):
            return {key: defaulted(each, rest) for key, each in value.items()}
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [defaulted(each, schema["items"]) for each in value]
    return value
