"""What ``kubectl kustomize`` makes of an overlay."""

from typing import Any

import yaml

from deploy.cluster import secrets
from deploy.schema import ROOT
from deploy.validate.objects import Object, Objects
from deploy.validate.programs import run
from deploy.validate.rules.references import SUPPLIED

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "production", "recovery", "encrypted")
NATS_TLS = ("tls.crt", "tls.key", "ca.crt")


def rendered(overlay: str, postgres: str = secrets.SERVER) -> Objects:
    """The overlay's objects. Dev's secrets, which a command makes, are added as it makes them."""
    built = run("kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay))
    objects: list[Object] = [each for each in parsed(built) if each]
    if overlay == "dev":
        objects += supplied(postgres)
    if overlay == "encrypted":
        objects.append(
            _secret("nats-tls", "docs/operations/secrets.md", dict.fromkeys(NATS_TLS, "-"))
        )
    return Objects(objects)


def supplied(postgres: str = secrets.SERVER) -> list[Object]:
    """What ``b2b secrets kubernetes`` would apply, for Postgres at HOST:PORT."""
    values = secrets.invented()
    return [
        _secret(each.name, "b2b secrets kubernetes", secrets.filled(each, values), each.type)
        for each in secrets.wanted(postgres)
    ]


def _secret(name: str, by: str, data: dict[str, str], type_: str = "Opaque") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "annotations": {SUPPLIED: by}},
        "type": type_,
        "stringData": data,
    }


def parsed(text: str) -> list[Any]:
    """Documents of YAML."""
    return list(yaml.load_all(text, Loader=_Loader))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads ``=`` as text, as some definitions have it among their words."""


_Loader.add_constructor(
    "tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node)
)
